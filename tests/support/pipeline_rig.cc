#include "tests/support/pipeline_rig.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <variant>

namespace kengred::testing {
namespace {

constexpr size_t kVerifierThreads = 2;

[[noreturn]] void Die(const std::string& what, const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), why.c_str());
  std::abort();
}

// One client's side: what it has sent and been told. Answers on their way keep it alive.
class Client : public std::enable_shared_from_this<Client> {
 public:
  Client(PipelineRig* rig, std::vector<Sent>* payments)
      : rig_(rig), payments_(payments), answers_(payments->size(), 0) {}

  void Run(size_t ahead) {
    for (size_t i = 0; i < payments_->size(); ++i) {
      bool told_to_stop = false;
      {
        const absl::MutexLock lock(&mutex_);
        const auto room = [this, ahead]()
                              ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return unanswered_ < ahead; };
        mutex_.Await(absl::Condition(&room));
        ++unanswered_;
        told_to_stop = told_.stopped > 0;
      }
      rig_->Submit((*payments_)[i].request,
                   [self = shared_from_this(), i, told_to_stop](const publish::Answer& answer) {
                     self->Take(i, told_to_stop, answer);
                   });
    }
    const absl::MutexLock lock(&mutex_);
    const auto done = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return unanswered_ == 0; };
    mutex_.Await(absl::Condition(&done));
    for (const int answers : answers_) EXPECT_EQ(answers, 1);
  }

  Told told() const {
    const absl::MutexLock lock(&mutex_);
    return told_;
  }

 private:
  void Take(size_t i, bool told_to_stop, const publish::Answer& answer) {
    const absl::MutexLock lock(&mutex_);
    ++answers_[i];
    --unanswered_;
    Sent& sent = (*payments_)[i];
    const auto* response = std::get_if<v1::SubmitTransactionResponse>(&answer);
    if (response == nullptr) {
      const v1::Verdict verdict = VerdictOf(answer);
      told_.stopped += verdict == v1::VERDICT_STORAGE_STOPPED ? 1U : 0U;
      told_.stopping += verdict == v1::VERDICT_STOPPING ? 1U : 0U;
      EXPECT_TRUE(verdict == v1::VERDICT_STORAGE_STOPPED || verdict == v1::VERDICT_STOPPING)
          << v1::Verdict_Name(verdict);
      return;
    }
    EXPECT_FALSE(told_to_stop) << "accepted after the store had stopped";
    if (sent.sequence) {
      EXPECT_EQ(response->sequence(), *sent.sequence);
    }
    EXPECT_GT(response->sequence(), last_sequence_);
    last_sequence_ = response->sequence();
    sent.sequence = response->sequence();
    ++told_.accepted;
    told_.duplicates += response->duplicate() ? 1U : 0U;
  }

  PipelineRig* const rig_;
  std::vector<Sent>* const payments_;
  mutable absl::Mutex mutex_;
  size_t unanswered_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t last_sequence_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<int> answers_ ABSL_GUARDED_BY(mutex_);
  Told told_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

v1::Verdict VerdictOf(const publish::Answer& answer) {
  const auto* refusal = std::get_if<Refusal>(&answer);
  return refusal == nullptr ? v1::VERDICT_UNSPECIFIED : refusal->verdict;
}

void FoundIn(storage::Store* store, Community* community) {
  const auto ledger = sequence::InitializeLedger(
      store, community->charter_bytes(), community->log_keys().front(), kNowSeconds * 1'000'000);
  if (!ledger.ok()) Die("no ledger could be made", ledger.status().ToString());
  PipelineRig rig(*community, store);
  for (const v1::SubmitTransactionRequest& request : community->Found(kNowSeconds)) {
    const v1::Verdict verdict = VerdictOf(rig.SubmitAndWait(request));
    if (verdict != v1::VERDICT_UNSPECIFIED) Die("no founding", v1::Verdict_Name(verdict));
  }
}

PipelineRig::PipelineRig(const Community& community, storage::Store* store, RigOptions options) {
  sequence::SequencerOptions sequencer_options;
  sequencer_options.queue_transactions_max = options.sequencer_queue_max;
  sequencer_options.log_keys = community.log_keys();
  sequencer_options.now_us =
      options.now_us ? std::move(options.now_us) : [] { return kNowSeconds * int64_t{1'000'000}; };
  sequencer_options.on_storage_stopped = [this](const std::string& /*why*/) { ++stops_; };
  auto sequencer = sequence::Sequencer::Start(std::move(sequencer_options), store, &hub_);
  if (!sequencer.ok()) Die("the sequencer does not start", sequencer.status().ToString());
  sequencer_ = *std::move(sequencer);
  verify::VerifierOptions verifier_options;
  verifier_options.ledger_id = community.ledger_id();
  verifier_options.threads = kVerifierThreads;
  verifier_options.queue_transactions_max = options.verifier_queue_max;
  verifier_ = std::make_unique<verify::Verifier>(std::move(verifier_options), sequencer_.get());
}

PipelineRig::~PipelineRig() { Stop(); }

void PipelineRig::Submit(v1::SubmitTransactionRequest request, publish::Done done) {
  verifier_->Submit(std::move(request), std::move(done));
}

publish::Answer PipelineRig::SubmitAndWait(v1::SubmitTransactionRequest request) {
  const auto promise = std::make_shared<std::promise<publish::Answer>>();
  Submit(std::move(request),
         [promise](publish::Answer answer) { promise->set_value(std::move(answer)); });
  return promise->get_future().get();
}

void PipelineRig::Stop() {
  if (verifier_ == nullptr) return;
  verifier_.reset();
  sequencer_->Stop();
}

Told RunClients(PipelineRig* rig, std::vector<std::vector<Sent>>* payments, size_t ahead) {
  std::vector<std::shared_ptr<Client>> clients;
  std::vector<std::thread> threads;
  for (std::vector<Sent>& of_one : *payments) {
    clients.push_back(std::make_shared<Client>(rig, &of_one));
    threads.emplace_back([client = clients.back().get(), ahead] { client->Run(ahead); });
  }
  for (std::thread& thread : threads) thread.join();
  Told all;
  for (const auto& client : clients) {
    const Told told = client->told();
    all.accepted += told.accepted;
    all.duplicates += told.duplicates;
    all.stopped += told.stopped;
    all.stopping += told.stopping;
  }
  return all;
}

}  // namespace kengred::testing
