// SubmitTransaction, the call that there are most of. Transactions that arrive together are handed
// to the verifier together, and the answers of a commit go out together, on the queue's thread:
// the committer only leaves them there, but for an answer that is the commit's only one, which it
// sends itself.
//
// Who goes away before the answer, or whose deadline passes, has submitted all the same: the
// transaction takes its way, and its answer is dropped. Sent again it gets the same answer.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "server/rpc/call_queue.h"
#include "server/rpc/served_service.h"
#include "server/verify/verifier.h"

namespace kengred::rpc {

class SubmitCalls {
 public:
  // All outlive it, and it outlives the queue's thread. The service leaves SubmitTransaction out
  // of its methods.
  SubmitCalls(verify::Verifier* verifier, ServedService* ledger, CallQueue* queue);
  ~SubmitCalls();

  // ---- on the queue's thread ----
  // Takes calls, until the server shuts down.
  void Await();
  // Hands on what has arrived since the last time.
  void HandOn();

 private:
  class OneCall;

  // Lets another call wait for a client, where fewer than kWaiting do.
  void AwaitMore();
  void Arrived(OneCall* call);
  void Ended(OneCall* call);

  verify::Verifier& verifier_;
  ServedService& ledger_;
  CallQueue& queue_;
  size_t waiting_ = 0;
  bool stopping_ = false;
  std::vector<OneCall*> arrived_;
  // Done with one client and ready for the next.
  std::vector<std::unique_ptr<OneCall>> free_;
};

}  // namespace kengred::rpc
