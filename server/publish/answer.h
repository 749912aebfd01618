// What becomes of a submitted transaction, on its way back.
#pragma once

#include <cstddef>
#include <functional>
#include <variant>
#include <vector>

#include "kengred/core/verdict.h"
#include "kengred/v1/ledger_service.pb.h"

namespace kengred::publish {

// Accepted (and durable, unless validate_only), or refused.
using Answer = std::variant<v1::SubmitTransactionResponse, Refusal>;

// Called exactly once per transaction, on a thread of the pipeline: must not block, nor call back
// into the pipeline's destructors.
using Done = std::function<void(Answer)>;

// Answers that are given one after the other, as those of one commit. Who gets many of them, as a
// stream does, puts them aside and acts once, at the group's end. For one thread; groups do not
// nest.
class AnswerGroup {
 public:
  // Of so many answers, at most.
  explicit AnswerGroup(size_t size);
  ~AnswerGroup();
  AnswerGroup(const AnswerGroup&) = delete;
  AnswerGroup& operator=(const AnswerGroup&) = delete;

  // Called by a Done: runs `act` when the group of this thread ends, at once where there is none;
  // of several calls with the same `who` one after the other only the first counts.
  static void AtEnd(const void* who, std::function<void()> act);

  // Whether the answer that this thread is giving is the only one of its group: nobody waits behind
  // it for the thread.
  static bool IsAlone();

 private:
  const size_t size_;
  const void* last_ = nullptr;
  std::vector<std::function<void()>> acts_;
};

}  // namespace kengred::publish
