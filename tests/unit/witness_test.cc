// Goal: a witness cosigns what continues and nothing else, with the statuses of C2SP tlog-witness,
// and never answers with more than it has kept.
//
// Method: a log in memory with forks of it; the statuses as a table; a store that fails; threads
// that ask at once; directories on disk, opened again and damaged.
#include "witness/witness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "kengred/core/base64.h"
#include "kengred/core/checkpoint.h"
#include "kengred/core/limits.h"
#include "kengred/core/merkle.h"
#include "kengred/core/witness_request.h"
#include "nlohmann/json.hpp"
#include "tests/support/shared_files.h"
#include "tests/support/test_log.h"
#include "witness/commands.h"
#include "witness/directory.h"
#include "witness/serve.h"

namespace kengred::witness {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::KeyOf;
using testing::TestLog;

constexpr auto& kOrigin = testing::kTestOrigin;
constexpr int64_t kNow = 1'800'000'000;

class WitnessTest : public ::testing::Test {
 protected:
  WitnessTest() { log_.GrowTo(300); }

  // A witness of log_, and of another one.
  Witness& Start(std::vector<VerifierKey> more_keys = {}) {
    more_keys.insert(more_keys.begin(), log_.key());
    witness_ = std::make_unique<Witness>(
        &cosigner_, std::vector<KnownLog>{{kOrigin, more_keys, {}}, {"other", {other_.key()}, {}}},
        [this](const std::string& origin, const std::string& note) {
          if (fail_) return absl::ResourceExhaustedError("the disk is full");
          kept_[origin] = note;
          return absl::OkStatus();
        },
        [this] { return now_.load(); },
        [this](const Event& event) { events_.push_back(FormatEvent(event)); });
    return *witness_;
  }
  int Ask(const std::string& body) { return (answer_ = witness_->AddCheckpoint(body)).status; }
  // The answer is a valid cosignature of that checkpoint at that time.
  void ExpectCosigned(const TestLog& log, uint64_t size, int64_t time) {
    EXPECT_EQ(answer_.status, 200) << answer_.body;
    const auto lines = ParseNoteSignatures(answer_.body);
    ASSERT_TRUE(lines.ok()) << answer_.body;
    ASSERT_EQ(lines->size(), 1u);
    EXPECT_EQ(
        CosignatureTime(cosigner_.verifier_key(), *FormatCheckpoint(log.At(size)), lines->front()),
        time);
  }
  net::HttpResponse Get(const std::string& target, const std::string& method = "GET") {
    return Serve(witness_.get(), {method, target, {}, "", "127.0.0.1"});
  }

  TestLog log_;
  TestLog other_{'o', "other"};
  Cosigner cosigner_ = *Cosigner::Make("witness.example/w1", KeyOf('w'));
  std::atomic<int64_t> now_ = kNow;
  bool fail_ = false;
  std::map<std::string, std::string> kept_;
  std::vector<std::string> events_;
  net::HttpResponse answer_;
  std::unique_ptr<Witness> witness_;
};

TEST_F(WitnessTest, CosignsALogThatGrows) {
  Start();
  uint64_t old_size = 0;
  for (const uint64_t size : {0u, 1u, 2u, 2u, 7u, 8u, 255u, 256u, 257u, 300u, 300u}) {
    now_ = now_ + 1;
    ASSERT_EQ(Ask(log_.Request(old_size, size)), 200) << size << answer_.body;
    ExpectCosigned(log_, size, now_);
    // What it shows is what it has kept, and proves itself.
    EXPECT_EQ(Get("/" + OriginHash(kOrigin) + "/checkpoint").body, kept_[kOrigin]);
    const VerifierKey keys[] = {log_.key()};
    const auto kept = OpenCheckpoint(kept_[kOrigin], keys);
    ASSERT_TRUE(kept.ok()) << kept.status();
    EXPECT_EQ(kept->checkpoint, log_.At(size));
    const VerifierKey witnesses[] = {cosigner_.verifier_key()};
    EXPECT_EQ(VerifyCosignatures(kept->note, witnesses)->size(), 1u);
    old_size = size;
  }
}

TEST_F(WitnessTest, StatusesOfTheSpecification) {
  TestLog fork;
  fork.GrowTo(4);
  fork.GrowTo(300, "forged ");
  const auto with = [](WitnessRequest request, const std::function<void(WitnessRequest*)>& change) {
    change(&request);
    return *FormatWitnessRequest(request);
  };
  const WitnessRequest good = *ParseWitnessRequest(log_.Request(5, 9));
  const std::string bad_empty = *SignNote(
      std::string(kOrigin) + "\n0\n" + EncodeBase64(std::string(32, 'x')) + "\n", log_.signer());
  struct Row {
    const char* what;
    int status;
    std::string body;
  };
  const Row rows[] = {
      {"nothing", 400, ""},
      {"garbage", 400, "garbage"},
      {"no note", 400, "old 5\n\nx"},
      {"a note that is no checkpoint", 400, "old 5\n\n" + *SignNote("a\nb\n", log_.signer())},
      {"an old size beyond the checkpoint", 400,
       with(good, [](auto* request) { request->old_size = 10; })},
      {"another log", 404, TestLog('l', "unknown").Request(0, 0)},
      {"another log, with an old size", 404,
       with(*ParseWitnessRequest(TestLog('l', "unknown").Request(0, 0)),
            [](auto* request) { request->old_size = 5; })},
      {"a stranger's signature", 403,
       with(good,
            [](auto* request) {
              TestLog stranger('s');
              stranger.GrowTo(9);
              request->checkpoint = stranger.Note(9);
            })},
      {"the other log's key", 403,
       with(good,
            [this](auto* request) {
              const std::string text = ParseNote(request->checkpoint)->text;
              request->checkpoint = *SignNote(text, other_.signer());
            })},
      {"a known name and id over a wrong signature", 403,
       with(good,
            [](auto* request) {
              SignedNote note = *ParseNote(request->checkpoint);
              note.signatures[0].signature[5] ^= 1;
              request->checkpoint = *FormatNote(note);
            })},
      {"one good and one wrong signature of the same key", 403,
       with(good,
            [](auto* request) {
              SignedNote note = *ParseNote(request->checkpoint);
              note.signatures.push_back(note.signatures[0]);
              note.signatures[1].signature[5] ^= 1;
              request->checkpoint = *FormatNote(note);
            })},
      {"a smaller old size", 409, log_.Request(4, 9)},
      {"a larger old size", 409, log_.Request(6, 9)},
      {"no old size", 409, log_.Request(0, 9)},
      {"a size that was cosigned before", 409, log_.Request(3, 4)},
      {"a fork", 422, fork.Request(5, 9)},
      {"a fork of the same size", 422, fork.Request(5, 5)},
      {"no proof", 422, with(good, [](auto* request) { request->proof.clear(); })},
      {"a proof too long", 422, with(good, [](auto* request) { request->proof.emplace_back(); })},
      {"a proof of something else", 422,
       with(good, [this](auto* request) { request->proof = log_.Proof(5, 10); })},
      {"a proof between equal sizes", 422,
       with(*ParseWitnessRequest(log_.Request(5, 5)),
            [](auto* request) { request->proof.emplace_back(); })},
      {"what continues", 200, log_.Request(5, 9)},
  };
  for (const Row& row : rows) {
    Start();
    ASSERT_EQ(Ask(log_.Request(0, 5)), 200);
    const std::string kept = kept_[kOrigin];
    EXPECT_EQ(Ask(row.body), row.status) << row.what << ": " << answer_.body;
    EXPECT_EQ(answer_.content_type,
              row.status == 409 ? "text/x.tlog.size" : "text/plain; charset=utf-8");
    EXPECT_TRUE(row.status != 409 || answer_.body == "5\n") << answer_.body;
    if (row.status == 200) continue;
    EXPECT_EQ(kept_[kOrigin], kept) << row.what;
    // And it goes on.
    EXPECT_EQ(Ask(log_.Request(5, 9)), 200) << row.what;
  }
  // Before anything has been cosigned.
  Start();
  EXPECT_EQ(Ask(log_.Request(1, 2)), 409);
  EXPECT_EQ(answer_.body, "0\n");
  EXPECT_EQ(Ask("old 0\n\n" + bad_empty), 422);
  EXPECT_EQ(Ask(with(*ParseWitnessRequest(log_.Request(0, 5)),
                     [](auto* request) { request->proof.emplace_back(); })),
            422);
}

TEST_F(WitnessTest, SignaturesOfStrangersAreIgnoredAndNotKept) {
  Start();
  const TestLog stranger('s');
  const std::string text = *FormatCheckpoint(log_.At(5));
  SignedNote note{text, {stranger.signer().Sign(text), log_.signer().Sign(text)}};
  EXPECT_EQ(Ask("old 0\n\n" + *FormatNote(note)), 200) << answer_.body;
  const auto kept = ParseNote(kept_[kOrigin]);
  ASSERT_EQ(kept->signatures.size(), 2u);
  EXPECT_TRUE(IsSignatureOf(kept->signatures[0], log_.key()));
  EXPECT_TRUE(IsSignatureOf(kept->signatures[1], cosigner_.verifier_key()));
}

TEST_F(WitnessTest, ALogMayHaveSeveralKeys) {
  const NoteSigner next = *NoteSigner::Make(kOrigin, KeyOf('n'));
  Start({next.verifier_key()});
  EXPECT_EQ(Ask(log_.Request(0, 5)), 200);
  const std::string rotated = *SignCheckpoint(log_.At(9), next);
  EXPECT_EQ(Ask(*FormatWitnessRequest({5, log_.Proof(5, 9), rotated})), 200);
  EXPECT_EQ(Ask(log_.Request(9, 10)), 200);
}

TEST_F(WitnessTest, LogsDoNotTouchEachOther) {
  Start();
  other_.GrowTo(7);
  EXPECT_EQ(Ask(log_.Request(0, 5)), 200);
  EXPECT_EQ(Ask(other_.Request(0, 7)), 200);
  EXPECT_EQ(Ask(log_.Request(5, 6)), 200);
  EXPECT_EQ(Ask(other_.Request(7, 7)), 200);
}

TEST_F(WitnessTest, WhatCannotBeKeptIsNotCosigned) {
  Start();
  ASSERT_EQ(Ask(log_.Request(0, 5)), 200);
  fail_ = true;
  EXPECT_EQ(Ask(log_.Request(5, 9)), 500);
  EXPECT_THAT(answer_.body, Not(HasSubstr("witness.example")));
  EXPECT_THAT(events_.back(), HasSubstr("not_kept"));
  fail_ = false;
  EXPECT_EQ(Ask(log_.Request(9, 10)), 409);
  EXPECT_EQ(answer_.body, "5\n");
  EXPECT_EQ(Ask(log_.Request(5, 9)), 200);
}

TEST_F(WitnessTest, TimeDoesNotGoBack) {
  Start();
  ASSERT_EQ(Ask(log_.Request(0, 5)), 200);
  now_ = kNow - 1000;
  ASSERT_EQ(Ask(log_.Request(5, 9)), 200);
  ExpectCosigned(log_, 9, kNow);
}

TEST_F(WitnessTest, ARefusalIsToldOnceWithItsEvidence) {
  Start();
  TestLog fork;
  fork.GrowTo(300, "forged ");
  ASSERT_EQ(Ask(log_.Request(0, 5)), 200);
  events_.clear();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Ask(fork.Request(5, 9)), 422);
  ASSERT_EQ(events_.size(), 1u);
  EXPECT_THAT(events_[0], ::testing::StartsWith("warning refused origin=log.example/1 "
                                                "known_size=5 size=9 "));
  EXPECT_THAT(events_[0], HasSubstr(EncodeBase64(fork.At(9).root.view())));
  EXPECT_THAT(events_[0], HasSubstr(EncodeBase64(log_.At(5).root.view())));
  EXPECT_EQ(events_[0].find('\n'), std::string::npos);
  EXPECT_EQ(Ask(fork.Request(5, 10)), 422);
  EXPECT_EQ(events_.size(), 2u);
}

// Whoever asks first wins; nobody else is granted anything from the same state.
TEST_F(WitnessTest, TwoThatAskAtOnceGetOneHistory) {
  TestLog fork;
  fork.GrowTo(5);
  fork.GrowTo(300, "forged ");
  for (int round = 0; round < 50; ++round) {
    Start();
    ASSERT_EQ(Ask(log_.Request(0, 5)), 200);
    std::atomic<int> granted = 0;
    std::atomic<bool> go = false;
    std::vector<std::thread> threads;
    for (uint64_t i = 0; i < 4; ++i) {
      threads.emplace_back([&, body = (i % 2 == 0 ? log_ : fork).Request(5, 6 + i / 2)] {
        while (!go) std::this_thread::yield();
        const int status = witness_->AddCheckpoint(body).status;
        EXPECT_TRUE(status == 200 || status == 409) << status;
        if (status == 200) ++granted;
      });
    }
    go = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(granted, 1);
  }
}

TEST_F(WitnessTest, Addresses) {
  Start();
  const std::string checkpoint = "/" + OriginHash(kOrigin) + "/checkpoint";
  EXPECT_EQ(Get(checkpoint).status, 404);
  EXPECT_EQ(Get("/" + OriginHash("unknown") + "/checkpoint").status, 404);
  for (const char* path : {"/x", "/checkpoint", "//checkpoint", "/../checkpoint", "", "x",
                           "/add-checkpoint/", "/ADD-CHECKPOINT"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
  EXPECT_THAT(Get("/").body, HasSubstr(cosigner_.verifier_key().Format()));
  EXPECT_EQ(Get("/add-checkpoint").status, 405);
  EXPECT_EQ(Get(checkpoint, "POST").status, 405);
  EXPECT_EQ(Get("/", "PUT").Header("Allow"), "GET, HEAD");
  ASSERT_EQ(Serve(witness_.get(), {"POST", "/add-checkpoint", {}, log_.Request(0, 5), ""}).status,
            200);
  EXPECT_EQ(Get(checkpoint, "HEAD").status, 200);
  // The origin hash is lower case.
  std::string upper = checkpoint;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(Get(upper).status, 404);
}

// The checkpoints of a public log, in the order it published them.
TEST_F(WitnessTest, APublicLog) {
  const auto folder = testing::FindSharedFile("vectors/c2sp/tessera_log");
  if (!folder) GTEST_SKIP() << "the shared test log is not here";
  std::string key_text = testing::ReadWholeFile(*folder / "VKEY.txt");
  key_text.erase(key_text.find_last_not_of(" \n") + 1);
  const auto key = VerifierKey::Parse(key_text);
  ASSERT_TRUE(key.ok()) << key_text << key.status();
  // Its leaf hashes, from its tiles.
  class Tiles : public HashReader {
   public:
    explicit Tiles(fs::path root) : root_(std::move(root)) {}
    absl::StatusOr<std::vector<Digest>> Read(uint32_t level, uint64_t first,
                                             size_t count) override {
      char name[64];
      std::snprintf(name, sizeof(name), "tile/%u/%03u", level / 8,
                    static_cast<unsigned>(first / 256));
      std::string bytes = testing::ReadWholeFile(root_ / name);
      for (size_t width = 255; bytes.empty() && width >= count; --width) {
        bytes = testing::ReadWholeFile(root_ / (name + std::string(".p/") + std::to_string(width)));
      }
      std::vector<Digest> hashes;
      for (size_t i = 0; i < count && bytes.size() >= 32 * (i + 1); ++i) {
        hashes.push_back(*Digest::FromBytes(std::string_view(bytes).substr(32 * i, 32)));
      }
      return hashes;
    }

   private:
    const fs::path root_;
  } tiles(*folder);
  std::map<uint64_t, std::string> notes;
  for (const auto& file : fs::directory_iterator(*folder)) {
    if (file.path().filename().string().rfind("checkpoint", 0) != 0) continue;
    const std::string note = testing::ReadWholeFile(file.path());
    notes[ParseCheckpoint(ParseNote(note)->text)->size] = note;
  }
  const std::string origin = ParseCheckpoint(ParseNote(notes.begin()->second)->text)->origin;
  Witness witness(
      &cosigner_, {{origin, {*key}, {}}},
      [](const std::string&, const std::string&) { return absl::OkStatus(); }, [] { return kNow; },
      [](const Event&) {});
  uint64_t old_size = 0;
  for (const auto& [size, note] : notes) {
    const auto proof = ConsistencyProof(old_size, size, tiles);
    ASSERT_TRUE(proof.ok()) << proof.status();
    const auto answer = witness.AddCheckpoint(*FormatWitnessRequest({old_size, *proof, note}));
    EXPECT_EQ(answer.status, 200) << size << answer.body;
    old_size = size;
  }
  EXPECT_GT(notes.size(), 10u);
}

// ---- on disk ----

class WitnessDirectoryTest : public ::testing::Test {
 protected:
  WitnessDirectoryTest()
      : path_(::testing::TempDir() + "witness_test_" + std::to_string(getpid())) {
    fs::remove_all(path_);
    log_.GrowTo(20);
  }
  ~WitnessDirectoryTest() override { fs::remove_all(path_); }

  ExitCode Init() { return RunInit({path_, "witness.example/w1", false}, out_, err_); }
  ExitCode Add(const std::string& key, const std::string& origin = "") {
    return RunAdd({path_, key, origin, false}, out_, err_);
  }
  std::unique_ptr<Directory> Open() {
    auto directory = Directory::Open(path_, Directory::Access::kAlone);
    EXPECT_TRUE(directory.ok()) << directory.status();
    return *std::move(directory);
  }
  // Asks a witness that is opened for it alone.
  int Ask(uint64_t old_size, uint64_t size) {
    const auto directory = Open();
    Witness witness(
        &directory->cosigner(), *directory->Logs(),
        [&](const std::string& origin, const std::string& note) {
          return directory->SaveCheckpoint(origin, note);
        },
        [] { return kNow; }, [](const Event&) {});
    return witness.AddCheckpoint(log_.Request(old_size, size)).status;
  }
  std::string CheckpointFile() const {
    return path_ + "/logs/" + OriginHash(kOrigin) + ".checkpoint";
  }

  const std::string path_;
  TestLog log_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(WitnessDirectoryTest, RemembersAcrossStarts) {
  ASSERT_EQ(Init(), kExitOk) << err_.str();
  ASSERT_EQ(Add(log_.key().Format()), kExitOk) << err_.str();
  EXPECT_EQ(Ask(0, 5), 200);
  EXPECT_EQ(Ask(0, 5), 409);
  EXPECT_EQ(Ask(5, 9), 200);
  EXPECT_EQ(Ask(9, 9), 200);
  EXPECT_EQ(Open()->Logs()->front().last->checkpoint.size, 9u);
}

TEST_F(WitnessDirectoryTest, TheKeyIsItsOwnersAndStays) {
  ASSERT_EQ(Init(), kExitOk);
  EXPECT_EQ(fs::status(path_ + "/key").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_all);
  const std::string key = Open()->cosigner().verifier_key().Format();
  EXPECT_THAT(out_.str(), HasSubstr(key));
  EXPECT_EQ(Init(), kExitUsage);
  EXPECT_EQ(Open()->cosigner().verifier_key().Format(), key);
  fs::permissions(path_ + "/key", fs::perms::group_read, fs::perm_options::add);
  EXPECT_EQ(RunKey({path_, false}, out_, err_), kExitDirectory);
  EXPECT_THAT(err_.str(), HasSubstr("chmod 600"));
}

TEST_F(WitnessDirectoryTest, OneAtATime) {
  ASSERT_EQ(Init(), kExitOk);
  const auto held = Open();
  EXPECT_TRUE(
      absl::IsFailedPrecondition(Directory::Open(path_, Directory::Access::kAlone).status()));
  EXPECT_EQ(Add(log_.key().Format()), kExitDirectory);
  EXPECT_THAT(err_.str(), HasSubstr("in use"));
  // Looking is allowed.
  EXPECT_EQ(RunList({path_, false}, out_, err_), kExitOk);
}

TEST_F(WitnessDirectoryTest, KeysAreAddedOnce) {
  ASSERT_EQ(Init(), kExitOk);
  const auto next = NoteSigner::Make("log.example/next", KeyOf('n'));
  EXPECT_EQ(Add(log_.key().Format()), kExitOk);
  EXPECT_EQ(Add(log_.key().Format()), kExitUsage);
  EXPECT_EQ(Add(next->verifier_key().Format(), kOrigin), kExitOk);
  ASSERT_EQ(Open()->Logs()->size(), 1u);
  EXPECT_EQ(Open()->Logs()->front().keys.size(), 2u);
  EXPECT_EQ(Add("nonsense"), kExitUsage);
  EXPECT_EQ(Add(Cosigner::Make("w", KeyOf('w'))->verifier_key().Format()), kExitUsage);
  EXPECT_EQ(Add(next->verifier_key().Format(), "two\nlines"), kExitUsage);
  for (size_t i = 2; i <= kLogKeysMax; ++i) {
    const auto one = NoteSigner::Make("k" + std::to_string(i), KeyOf('n'));
    EXPECT_EQ(Add(one->verifier_key().Format(), kOrigin),
              i < kLogKeysMax ? kExitOk : kExitDirectory);
  }
}

TEST_F(WitnessDirectoryTest, DamageIsNamedAndNothingIsServed) {
  ASSERT_EQ(Init(), kExitOk);
  ASSERT_EQ(Add(log_.key().Format()), kExitOk);
  ASSERT_EQ(Ask(0, 5), 200);
  const std::string note = testing::ReadWholeFile(CheckpointFile());
  const std::string uncosigned = log_.Note(5);
  for (const std::string& damaged :
       {std::string(), std::string("x"), note.substr(0, note.size() / 2), uncosigned}) {
    std::ofstream(CheckpointFile(), std::ios::trunc) << damaged;
    EXPECT_TRUE(absl::IsDataLoss(Open()->Logs().status())) << damaged;
  }
  std::string changed = note;
  changed[std::string(kOrigin).size() + 1] = '6';
  std::ofstream(CheckpointFile(), std::ios::trunc) << changed;
  EXPECT_TRUE(absl::IsDataLoss(Open()->Logs().status()));
  EXPECT_EQ(RunList({path_, false}, out_, err_), kExitDirectory);
  EXPECT_EQ(RunServe({path_, "127.0.0.1:0", ""}, out_, err_), kExitDirectory);
  EXPECT_THAT(err_.str(), HasSubstr("is damaged"));
}

TEST_F(WitnessDirectoryTest, WhatIsNoWitnessIsNotServed) {
  EXPECT_EQ(RunServe({path_, "127.0.0.1:0", ""}, out_, err_), kExitDirectory);
  EXPECT_THAT(err_.str(), HasSubstr("kengred-witness init"));
  EXPECT_EQ(RunInit({path_, "two words", false}, out_, err_), kExitUsage);
}

TEST_F(WitnessDirectoryTest, ListAsJson) {
  ASSERT_EQ(Init(), kExitOk);
  ASSERT_EQ(Add(log_.key().Format()), kExitOk);
  const auto list = [this] {
    std::ostringstream out;
    EXPECT_EQ(RunList({path_, true}, out, err_), kExitOk);
    return nlohmann::json::parse(out.str());
  };
  EXPECT_FALSE(list()["logs"][0].contains("size"));
  ASSERT_EQ(Ask(0, 5), 200);
  EXPECT_EQ(list()["logs"][0]["size"], 5);
  EXPECT_EQ(list()["logs"][0]["origin"], kOrigin);
  EXPECT_EQ(list()["logs"][0]["keys"][0], log_.key().Format());
  EXPECT_EQ(list()["logs"][0]["time"], "2027-01-15T08:00:00Z");
}

}  // namespace
}  // namespace kengred::witness
