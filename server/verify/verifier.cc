#include "server/verify/verifier.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "kengred/core/limits.h"
#include "kengred/core/verification.h"

namespace kengred::verify {
namespace {

// A thread takes several at once where many wait, so that the lock costs little beside them.
constexpr size_t kTakenMax = 16;

// What is verified by the thread that brings it, where nobody else wants that thread: an ordinary
// payment, whose signature takes no longer than waking another thread for it.
constexpr size_t kLoneBytesMax = 1024;
constexpr int kLoneSignaturesMax = 1;

bool IsSmall(const v1::SubmitTransactionRequest& request) {
  const v1::SignedTransaction& transaction = request.signed_transaction();
  return transaction.transaction().size() <= kLoneBytesMax &&
         transaction.signatures().size() <= kLoneSignaturesMax;
}

}  // namespace

Verifier::Verifier(VerifierOptions options, sequence::Sequencer* sequencer)
    : options_(options),
      threads_max_(options.threads > 0 ? options.threads
                                       : std::max<size_t>(1, std::thread::hardware_concurrency())),
      sequencer_(sequencer) {
  for (size_t i = 0; i < threads_max_; ++i) threads_.emplace_back([this] { Run(); });
}

Verifier::~Verifier() {
  std::deque<Arrival> left;
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
    left.swap(queue_);
  }
  for (const Arrival& arrival : left) arrival.done(Refusal{v1::VERDICT_STOPPING, {}});
  for (std::thread& thread : threads_) thread.join();
  // What is left will not come any more.
  sequencer_->Enqueue({}, places_.size());
}

void Verifier::Submit(v1::SubmitTransactionRequest request, publish::Done done) {
  std::vector<Arrival> arrivals;
  arrivals.push_back({std::move(request), std::move(done)});
  Submit(std::move(arrivals));
}

bool Verifier::SubmitAlone(Arrival* arrival) {
  if (!IsSmall(arrival->request) || !sequencer_->idle()) return false;
  uint64_t ticket = 0;
  {
    const absl::MutexLock lock(&mutex_);
    if (stopping_ || !places_.empty()) return false;
    ticket = first_ticket_;
    places_.emplace_back();
  }
  sequencer_->Announce(1);
  std::vector<std::unique_ptr<sequence::Submission>> submissions;
  submissions.push_back(Verify(std::move(*arrival)));
  HandOn(ticket, std::move(submissions));
  return true;
}

void Verifier::Submit(std::vector<Arrival> arrivals) {
  if (arrivals.size() == 1 && SubmitAlone(&arrivals.front())) return;
  v1::Verdict verdict = v1::VERDICT_QUEUE_FULL;
  size_t taken = 0;
  {
    const absl::MutexLock lock(&mutex_);
    if (stopping_) {
      verdict = v1::VERDICT_STOPPING;
    } else if (!sequencer_->full()) {
      for (; taken < arrivals.size() && places_.size() < options_.queue_transactions_max; ++taken) {
        queue_.push_back(std::move(arrivals[taken]));
        places_.emplace_back();
      }
      // Before any of them can be handed on.
      sequencer_->Announce(taken);
    }
  }
  for (; taken < arrivals.size(); ++taken) arrivals[taken].done(Refusal{verdict, {}});
}

size_t Verifier::queued() const {
  const absl::MutexLock lock(&mutex_);
  return places_.size();
}

void Verifier::Run() {
  // What `top -H` shows.
  ::pthread_setname_np(::pthread_self(), "verify");
  std::vector<Arrival> taken;
  while (true) {
    uint64_t ticket = 0;
    {
      const absl::MutexLock lock(&mutex_);
      const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return stopping_ || !queue_.empty();
      };
      mutex_.Await(absl::Condition(&ready));
      if (queue_.empty()) return;
      // What waits is the end of what has a place. A thread leaves the others their share.
      ticket = first_ticket_ + places_.size() - queue_.size();
      const size_t share = (queue_.size() + threads_max_ - 1) / threads_max_;
      for (size_t count = std::min(share, kTakenMax); count > 0; --count) {
        taken.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
    }
    std::vector<std::unique_ptr<sequence::Submission>> submissions;
    submissions.reserve(taken.size());
    for (Arrival& arrival : taken) submissions.push_back(Verify(std::move(arrival)));
    taken.clear();
    HandOn(ticket, std::move(submissions));
  }
}

void Verifier::HandOn(uint64_t ticket,
                      std::vector<std::unique_ptr<sequence::Submission>> submissions) {
  {
    const absl::MutexLock lock(&mutex_);
    size_t place = ticket - first_ticket_;
    for (auto& submission : submissions) places_[place++] = {true, std::move(submission)};
    if (handing_on_) return;
    handing_on_ = true;
  }
  while (true) {
    std::vector<std::unique_ptr<sequence::Submission>> next;
    size_t count = 0;
    {
      const absl::MutexLock lock(&mutex_);
      for (; !places_.empty() && places_.front().verified; ++count) {
        if (places_.front().submission) next.push_back(std::move(places_.front().submission));
        places_.pop_front();
        ++first_ticket_;
      }
      handing_on_ = count > 0;
      if (count == 0) return;
    }
    sequencer_->Enqueue(std::move(next), count);
  }
}

std::unique_ptr<sequence::Submission> Verifier::Verify(Arrival arrival) {
  if (arrival.request.side_records().size() > static_cast<int>(kSideRecordsMax)) {
    arrival.done(Refusal{v1::VERDICT_REQUEST_MALFORMED, {{"field", "side_records"}}});
    return nullptr;
  }
  auto parsed = Parse(std::move(*arrival.request.mutable_signed_transaction()), options_.ledger_id);
  if (auto* refusal = std::get_if<Refusal>(&parsed)) {
    arrival.done(std::move(*refusal));
    return nullptr;
  }
  auto verified = VerifySignatures(std::get<ParsedTransaction>(std::move(parsed)));
  if (auto* refusal = std::get_if<Refusal>(&verified)) {
    arrival.done(std::move(*refusal));
    return nullptr;
  }
  auto submission = std::make_unique<sequence::Submission>(sequence::Submission{
      std::get<VerifiedTransaction>(std::move(verified)),
      {arrival.request.side_records().begin(), arrival.request.side_records().end()},
      arrival.request.validate_only(),
      std::move(arrival.done)});
  return submission;
}

}  // namespace kengred::verify
