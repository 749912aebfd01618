// The whole pipeline on a disk that breaks.
//
// Goal: however a commit breaks while many clients wait for their answers, every acknowledged
// payment is there after a restart, none is half there, the auditor agrees with all of the store,
// and after a failed write nothing more is accepted until the restart (I7).
//
// Method: clients keep payments outstanding in the real verifier and sequencer, on the RocksDB
// store of a file system that breaks. For every file operation that the commits of a run perform,
// flushes among them: let it fail in one of several ways, once or for ever; end the process; take
// away what was not synced, half of it, or nothing; open again on a healthy disk, audit, look for
// every payment, send all of them again, and audit once more. Then the same with disks that are
// slow or lose power at a random moment, and with a limit of the operating system on files.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fault_sweep.h"
#include "faulty_files.h"
#include "server/storage/rocksdb_store.h"
#include "server/storage/rocksdb_store_testing.h"
#include "temporary_directory.h"
#include "tests/support/books.h"
#include "tests/support/community.h"
#include "tests/support/pipeline_rig.h"

namespace kengred {
namespace {

namespace fs = std::filesystem;

using storage::Store;
using testing::Community;
using testing::Damage;
using testing::FaultyFiles;
using testing::kNowSeconds;
using testing::Loss;
using testing::Operation;
using testing::PipelineRig;
using testing::Sent;
using testing::Told;

// So small that a run of the sweep flushes.
constexpr size_t kSmallBuffers = 64 * 1024;

storage::RocksDbOptions Options(const std::string& path) {
  storage::RocksDbOptions options;
  options.path = path;
  options.write_buffer_bytes = kSmallBuffers;
  return options;
}

size_t TablesIn(const std::string& path) {
  size_t tables = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    tables += entry.path().extension() == ".sst" ? 1U : 0U;
  }
  return tables;
}

using Payments = std::vector<std::vector<Sent>>;

class PipelineFault : public ::testing::Test {
 protected:
  // A ledger after its founding, as files.
  void SetUp() override {
    storage::RocksDbOptions options = Options(image_);
    options.create_if_missing = true;
    auto store = storage::OpenRocksDbStore(options);
    ASSERT_TRUE(store.ok()) << store.status();
    testing::FoundIn(store->get(), &community_);
    store->reset();
    // With all of it in tables, so that only commits write.
    ASSERT_TRUE(storage::OpenRocksDbStore(Options(image_)).ok());
  }

  // What `clients` clients are going to pay. Every second payment spends what the one before it has
  // brought, so that it is refused wherever the order is not kept.
  Payments MakePayments(size_t clients, size_t of_each, size_t memo_bytes) {
    Payments payments(clients);
    for (size_t client = 0; client < clients; ++client) {
      for (size_t i = 0; i < of_each; ++i) {
        payments[client].push_back(
            i % 2 == 0 ? testing::MakePayment(community_, kNowSeconds, "choir", {"chloe", 3},
                                              {"librairie", 2}, number_++, memo_bytes)
                       : testing::MakePayment(community_, kNowSeconds, "chloe", {"biocoop", 1},
                                              {"denis", 2}, number_++, memo_bytes));
      }
    }
    return payments;
  }

  void CopyImage() {
    fs::remove_all(path_);
    fs::copy(image_, path_, fs::copy_options::recursive);
  }

  // A server's life on `files`, which `test` spoils; then the process is gone, with what `loss`
  // takes away.
  template <typename Test>
  void LiveAndDie(FaultyFiles* files, Loss loss, Test&& test) {
    auto store = storage::OpenRocksDbStoreOn(Options(path_), files->env());
    ASSERT_TRUE(store.ok()) << store.status();
    {
      PipelineRig rig(community_, store->get());
      test(&rig, store->get());
      files->Kill();
    }
    store->reset();
    files->Restart(loss);
  }

  // Waits for what the run leaves to be written in the background, so that its operations come,
  // too.
  void AwaitFlush(Store* store) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (store->head().ok() && TablesIn(path_) <= TablesIn(image_)) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nothing is flushed";
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }

  // Opens on a healthy disk and demands all that must hold; then everything is sent again, and what
  // was there counts once.
  void ExpectSoundAndGoesOn(Payments* payments) {
    const auto store = storage::OpenRocksDbStore(Options(path_));
    ASSERT_TRUE(store.ok()) << store.status();
    testing::ExpectAuditAgrees(store->get(), community_);
    size_t present = 0;
    size_t all = 0;
    for (std::vector<Sent>& of_one : *payments) {
      testing::ExpectWholeOrAbsent(store->get(), community_, &of_one);
      if (HasFailure()) return;
      for (const Sent& sent : of_one) present += sent.present ? 1U : 0U;
      all += of_one.size();
    }
    {
      PipelineRig rig(community_, store->get());
      // All at once: each client still sends what brings before what spends.
      const Told told = testing::RunClients(&rig, payments, all);
      EXPECT_EQ(told.accepted, all);
      EXPECT_EQ(told.duplicates, present);
      EXPECT_EQ(rig.stops(), 0);
    }
    const uint64_t entries = testing::ExpectAuditAgrees(store->get(), community_);
    EXPECT_EQ(entries, FoundingEntries() + all);
  }

  static uint64_t FoundingEntries() { return 1 + Community().Found(kNowSeconds).size(); }

  const testing::TemporaryDirectory directory_;
  const std::string image_ = directory_ / "image";
  const std::string path_ = directory_ / "store";
  Community community_;
  uint64_t number_ = 0;
};

TEST_F(PipelineFault, EveryOperationOfCommits) {
  constexpr size_t kClients = 3;
  constexpr size_t kOfEach = 8;
  constexpr size_t kAhead = 4;
  const Payments fresh = MakePayments(kClients, kOfEach, 4000);

  uint64_t stopped = 0;
  size_t accepted = 0;
  const uint64_t struck = testing::SweepFaults([&](const testing::Fault& fault) {
    bool more = true;
    CopyImage();
    FaultyFiles files;
    Payments payments = fresh;
    LiveAndDie(&files, fault.loss, [&](PipelineRig* rig, Store* store) {
      fault.PlanIn(&files);
      const Told told = testing::RunClients(rig, &payments, kAhead);
      if (told.stopped == 0) AwaitFlush(store);
      more = files.Struck();
      accepted += told.accepted;
      EXPECT_EQ(told.stopping, 0U);
      if (told.stopped == 0) {
        // It struck nothing that a commit needs.
        EXPECT_EQ(told.accepted, kClients * kOfEach);
        return;
      }
      ++stopped;
      EXPECT_TRUE(more);
      EXPECT_EQ(rig->stops(), 1);
      EXPECT_FALSE(rig->sequencer().healthy());
      EXPECT_TRUE(absl::IsUnavailable(store->head().status()));
      // For good, though a fault that came once is over.
      for (const Sent* sent : {&payments[0].front(), &payments[0].back()}) {
        EXPECT_EQ(testing::VerdictOf(rig->SubmitAndWait(sent->request)),
                  v1::VERDICT_STORAGE_STOPPED);
      }
    });
    if (!HasFailure()) ExpectSoundAndGoesOn(&payments);
    return more;
  });
  if (HasFailure()) return;
  std::printf("faults that struck: %llu, that stopped the pipeline: %llu, payments accepted: %zu\n",
              static_cast<unsigned long long>(struck), static_cast<unsigned long long>(stopped),
              accepted);
  // A sweep that strikes nothing shows nothing.
  EXPECT_GT(stopped, 30U);
}

TEST_F(PipelineFault, ASlowDiskMakesBatchesGrow) {
  constexpr size_t kClients = 4;
  constexpr size_t kOfEach = 100;
  CopyImage();
  FaultyFiles files;
  Payments payments = MakePayments(kClients, kOfEach, 0);
  LiveAndDie(&files, Loss::kAll, [&](PipelineRig* rig, Store* /*store*/) {
    files.SlowLogSyncs(std::chrono::milliseconds(30));
    const Told told = testing::RunClients(rig, &payments, 64);
    EXPECT_EQ(told.accepted, kClients * kOfEach);
    const uint64_t commits = rig->sequencer().counters().commits;
    std::printf("%zu payments in %llu commits\n", told.accepted,
                static_cast<unsigned long long>(commits));
    // Most of the time 256 of them wait for a sync.
    EXPECT_LE(commits, told.accepted / 4);
    // A lone one waits for no other.
    Payments lone = MakePayments(1, 1, 0);
    EXPECT_EQ(testing::RunClients(rig, &lone, 1).accepted, 1U);
    EXPECT_EQ(rig->sequencer().counters().commits, commits + 1);
    payments.push_back(std::move(lone.front()));
  });
  ExpectSoundAndGoesOn(&payments);
}

TEST_F(PipelineFault, PowerLostAtAnyMomentOfASlowDiskLosesNothingAcknowledged) {
  constexpr int kRounds = 16;
  constexpr size_t kClients = 4;
  const Payments fresh = MakePayments(kClients, 40, 0);
  size_t acknowledged = 0;
  size_t all = 0;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    CopyImage();
    FaultyFiles files;
    Payments payments = fresh;
    LiveAndDie(&files, static_cast<Loss>(1 + round % 2), [&](PipelineRig* rig, Store* /*store*/) {
      files.SlowLogSyncs(std::chrono::milliseconds(5));
      std::thread power([&files, wait = 1 + 37 * round % 60] {
        std::this_thread::sleep_for(std::chrono::milliseconds(wait));
        files.Kill();
      });
      const Told told = testing::RunClients(rig, &payments, 16);
      power.join();
      EXPECT_EQ(told.accepted + told.stopped, kClients * fresh.front().size());
      acknowledged += told.accepted;
      all += told.accepted + told.stopped;
    });
    ExpectSoundAndGoesOn(&payments);
    if (HasFailure()) return;
  }
  std::printf("%zu of %zu payments acknowledged before the cut\n", acknowledged, all);
  EXPECT_GT(acknowledged, 0U);
  EXPECT_LT(acknowledged, all);
}

// The operating system's own limit on the size of files, for the whole process. Like a full disk it
// cuts a write short and fails the next; unlike one it needs no rights.
class FileLimit {
 public:
  explicit FileLimit(uint64_t bytes_max) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    rlimit limit = before_;
    limit.rlim_cur = bytes_max;
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileLimit() {
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before_), 0);
    std::signal(SIGXFSZ, handler_);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  void (*const handler_)(int);
  rlimit before_{};
};

TEST_F(PipelineFault, ADiskThatIsFullInMidCommitStopsThePipeline) {
  const Payments fresh = MakePayments(3, 12, 2500);
  // In steps that fall anywhere in a commit, up to where the first log ends.
  for (uint64_t limit = 500; limit < kSmallBuffers / 2; limit += 2741) {
    SCOPED_TRACE("files of at most " + std::to_string(limit) + " bytes");
    CopyImage();
    FaultyFiles files;
    Payments payments = fresh;
    LiveAndDie(&files, Loss::kNone, [&](PipelineRig* rig, Store* /*store*/) {
      const FileLimit full(limit);
      const Told told = testing::RunClients(rig, &payments, 5);
      EXPECT_GT(told.stopped, 0U);
      EXPECT_EQ(rig->stops(), 1);
    });
    ExpectSoundAndGoesOn(&payments);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace kengred
