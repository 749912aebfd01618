#include "server/verify/verifier.h"

#include <algorithm>
#include <utility>

#include "kengred/core/limits.h"
#include "kengred/core/verification.h"

namespace kengred::verify {

Verifier::Verifier(VerifierOptions options, sequence::Sequencer* sequencer)
    : options_(options), sequencer_(sequencer) {
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
    } else if (places_.size() >= options_.queue_transactions_max) {
      verdict = v1::VERDICT_QUEUE_FULL;
    } else {
      queue_.push_back({first_ticket_ + places_.size(), std::move(request), std::move(done)});
      places_.emplace_back();
      return;
    }
  }
  done(Refusal{verdict, {}});
}

size_t Verifier::queued() const {
  const absl::MutexLock lock(&mutex_);
  return places_.size();
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
    const uint64_t ticket = job.ticket;
    HandOn(ticket, Verify(std::move(job)));
  }
}

void Verifier::HandOn(uint64_t ticket, std::optional<sequence::Submission> submission) {
  std::deque<Place> next;
  {
    const absl::MutexLock lock(&mutex_);
    places_[ticket - first_ticket_] = {true, std::move(submission)};
    if (handing_on_) return;
    handing_on_ = true;
  }
  while (true) {
    {
      const absl::MutexLock lock(&mutex_);
      while (!places_.empty() && places_.front().verified) {
        next.push_back(std::move(places_.front()));
        places_.pop_front();
        ++first_ticket_;
      }
      handing_on_ = !next.empty();
      if (next.empty()) return;
    }
    for (Place& place : next) {
      if (place.submission) sequencer_->Enqueue(*std::move(place.submission));
    }
    next.clear();
  }
}

std::optional<sequence::Submission> Verifier::Verify(Job job) {
  if (job.request.side_records().size() > static_cast<int>(kSideRecordsMax)) {
    job.done(Refusal{v1::VERDICT_REQUEST_MALFORMED, {{"field", "side_records"}}});
    return std::nullopt;
  }
  auto parsed = Parse(std::move(*job.request.mutable_signed_transaction()), options_.ledger_id);
  if (auto* refusal = std::get_if<Refusal>(&parsed)) {
    job.done(std::move(*refusal));
    return std::nullopt;
  }
  auto verified = VerifySignatures(std::get<ParsedTransaction>(std::move(parsed)));
  if (auto* refusal = std::get_if<Refusal>(&verified)) {
    job.done(std::move(*refusal));
    return std::nullopt;
  }
  return sequence::Submission{
      std::get<VerifiedTransaction>(std::move(verified)),
      {job.request.side_records().begin(), job.request.side_records().end()},
      job.request.validate_only(),
      std::move(job.done)};
}

}  // namespace kengred::verify
