#include "server/verify/verifier.h"

#include <algorithm>

#include "kengred/core/limits.h"
#include "kengred/core/verification.h"
#include "server/sequence/sequencer.h"

namespace kengred::verify {

Verifier::Verifier(VerifierOptions options, sequence::Sequencer* sequencer)
    : options_(std::move(options)), sequencer_(sequencer) {
  const size_t cores = std::max<size_t>(1, std::thread::hardware_concurrency());
  const size_t threads = options_.threads == 0 ? cores : options_.threads;
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

Verifier::~Verifier() {
  std::deque<Job> left;
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
    left.swap(queue_);
  }
  for (Job& job : left) job.done(Refusal{v1::VERDICT_STOPPING, {}});
  for (std::thread& thread : threads_) thread.join();
}

void Verifier::Submit(v1::SubmitTransactionRequest request, publish::Done done) {
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
  {
    const absl::MutexLock lock(&mutex_);
    if (stopping_) {
      verdict = v1::VERDICT_STOPPING;
    } else if (queue_.size() >= options_.queue_transactions_max) {
      verdict = v1::VERDICT_QUEUE_FULL;
    } else {
      queue_.push_back({std::move(request), std::move(done)});
      return;
    }
  }
  done(Refusal{verdict, {}});
}

size_t Verifier::queued() const {
  const absl::MutexLock lock(&mutex_);
  return queue_.size();
}

void Verifier::Run() {
  while (true) {
    Job job;
    {
      const absl::MutexLock lock(&mutex_);
      const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return stopping_ || !queue_.empty();
      };
      mutex_.Await(absl::Condition(&ready));
      if (queue_.empty()) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    Verify(std::move(job));
  }
}

void Verifier::Verify(Job job) {
  if (job.request.side_records().size() > static_cast<int>(kSideRecordsMax)) {
    job.done(Refusal{v1::VERDICT_REQUEST_MALFORMED, {{"field", "side_records"}}});
    return;
  }
  auto parsed = Parse(std::move(*job.request.mutable_signed_transaction()), options_.ledger_id);
  if (auto* refusal = std::get_if<Refusal>(&parsed)) {
    job.done(std::move(*refusal));
    return;
  }
  auto verified = VerifySignatures(std::get<ParsedTransaction>(std::move(parsed)));
  if (auto* refusal = std::get_if<Refusal>(&verified)) {
    job.done(std::move(*refusal));
    return;
  }
  sequencer_->Enqueue({std::get<VerifiedTransaction>(std::move(verified)),
                       {job.request.side_records().begin(), job.request.side_records().end()},
                       job.request.validate_only(),
                       std::move(job.done)});
}

}  // namespace kengred::verify
