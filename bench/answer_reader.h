// Reads of the server's answers only what a load driver counts, without making messages of them:
// the driver shares its cores with the server that it measures.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "kengred/core/ids.h"
#include "kengred/v1/verdict.pb.h"

namespace kengred::bench {

// What became of one transaction.
struct AnswerRead {
  Sequence sequence = 0;  // 0: refused
  bool duplicate = false;
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;  // where refused
};

// Of a serialized SubmitTransactionResponse; false where it is none.
bool ReadAnswer(std::string_view bytes, AnswerRead* answer);
// Of a serialized SubmitTransactionsResponse: calls `on_answer` for each result, in order; false
// where it is none, perhaps after some calls.
bool ReadAnswers(std::string_view bytes, const std::function<void(const AnswerRead&)>& on_answer);

}  // namespace kengred::bench
