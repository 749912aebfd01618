// Goal: whatever a server shows its auditor, what it has signed decides: a good journal is found
// good whole, however often the connection is cut; and each way of lying, withholding or refusing
// ends with a finding that is named or an error that says what to do. Method: `audit --server` in
// this process against a server that shows a real small ledger, after changing it as a test says.
#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "kengred/core/checkpoint.h"
#include "kengred/core/limits.h"
#include "kengred/core/verdict.h"
#include "kengred/keys/key_file.h"
#include "kengred/v1/journal.pb.h"
#include "kengred/v1/ledger_service.grpc.pb.h"
#include "kengred/v1/transparency_service.grpc.pb.h"
#include "server/main/audit_command.h"
#include "server/publish/proofs.h"
#include "tests/support/audited_ledger.h"
#include "tests/support/server_process.h"

namespace kengred::server {
namespace {

using ::testing::AllOf;
using testing::Community;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LedgerData;

// What a server answers when the ledger says no.
grpc::Status Refuse(v1::Verdict verdict) {
  const Refusal refusal{verdict, {}};
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  info.set_domain("kengred");
  info.set_reason(VerdictName(verdict));
  details.set_code(static_cast<int>(StatusCodeOf(verdict)));
  details.set_message(VerdictSentence(refusal));
  details.add_details()->PackFrom(info);
  return grpc::Status(static_cast<grpc::StatusCode>(details.code()), details.message(),
                      details.SerializeAsString());
}

// Shows a ledger to its auditor.
class FakeServer final : public v1::LedgerService::Service,
                         public v1::TransparencyService::Service {
 public:
  using Writer = grpc::ServerWriter<v1::StreamEntriesResponse>;

  FakeServer(const Community& community, LedgerData data)
      : community_(community), data_(std::move(data)), store_(testing::StoreOf(data_)) {}

  // How it lies; empty: it does not.
  std::function<void(v1::GetCheckpointResponse*)> on_checkpoint;
  std::function<void(v1::ListCheckpointsResponse*)> on_list;
  std::function<void(v1::StreamEntriesResponse*)> on_entries;
  // Before each message of the n-th stream (from 1); what it returns, where not OK, ends the
  // stream.
  std::function<grpc::Status(int stream, grpc::ServerContext*)> before_message;
  std::string charter;  // empty: the community's
  size_t per_message = 7;
  bool has_account = true;

  grpc::Status GetLedger(grpc::ServerContext*, const v1::GetLedgerRequest*,
                         v1::GetLedgerResponse* response) override {
    response->set_ledger_id(community_.ledger_id().ToBytes());
    response->set_charter(charter.empty() ? community_.charter_bytes() : charter);
    return grpc::Status::OK;
  }
  grpc::Status GetAccount(grpc::ServerContext*, const v1::GetAccountRequest*,
                          v1::GetAccountResponse* response) override {
    if (!has_account) return Refuse(v1::VERDICT_ACCOUNT_UNKNOWN);
    response->mutable_account()->set_account_id(community_.account("auditor").ToBytes());
    return grpc::Status::OK;
  }
  grpc::Status GetCheckpoint(grpc::ServerContext*, const v1::GetCheckpointRequest*,
                             v1::GetCheckpointResponse* response) override {
    const publish::ProofReader proofs(store_.get());
    response->set_checkpoint(proofs.LatestCheckpoint()->note);
    const auto log_keys = proofs.LogKeys(community_.charter());
    for (const publish::LogKeyPeriod& period : *log_keys) {
      v1::LogKey* key = response->add_log_keys();
      key->set_public_key(period.public_key.ToBytes());
      key->set_since_sequence(period.since);
      if (period.since == 1) continue;
      v1::JournalEntry entry;
      entry.ParseFromString(data_.journal[period.since - 1]);
      *key->mutable_rotation() = entry.signed_transaction();
    }
    if (on_checkpoint) on_checkpoint(response);
    return grpc::Status::OK;
  }
  grpc::Status ListCheckpoints(grpc::ServerContext*, const v1::ListCheckpointsRequest* request,
                               v1::ListCheckpointsResponse* response) override {
    // Small pages, so that there are several.
    const auto checkpoints =
        publish::ProofReader(store_.get())
            .Checkpoints(request->after_size(),
                         static_cast<size_t>(std::min(request->page_size(), 5)));
    for (const publish::StoredCheckpoint& checkpoint : *checkpoints) {
      response->add_checkpoints(checkpoint.note);
    }
    if (on_list) on_list(response);
    return grpc::Status::OK;
  }
  grpc::Status StreamEntries(grpc::ServerContext* context, const v1::StreamEntriesRequest* request,
                             Writer* writer) override {
    int stream = 0;
    {
      absl::MutexLock lock(&mutex_);
      after_.push_back(request->after_sequence());
      stream = static_cast<int>(after_.size());
      const auto found = context->client_metadata().find("authorization");
      tokens_ += found == context->client_metadata().end() ? 0 : 1;
    }
    for (size_t after = request->after_sequence(); after < data_.journal.size();) {
      if (before_message) {
        if (grpc::Status status = before_message(stream, context); !status.ok()) return status;
      }
      v1::StreamEntriesResponse response;
      response.set_first_sequence(after + 1);
      for (size_t i = 0; i < per_message && after < data_.journal.size(); ++i) {
        response.add_entries(data_.journal[after++]);
      }
      if (on_entries) on_entries(&response);
      if (!writer->Write(response)) return grpc::Status::CANCELLED;
    }
    return grpc::Status::OK;
  }

  // From where each stream began.
  std::vector<uint64_t> after() const {
    absl::MutexLock lock(&mutex_);
    return after_;
  }
  int tokens() const {
    absl::MutexLock lock(&mutex_);
    return tokens_;
  }

 private:
  const Community& community_;
  const LedgerData data_;
  const std::unique_ptr<storage::Store> store_;
  mutable absl::Mutex mutex_;
  std::vector<uint64_t> after_ ABSL_GUARDED_BY(mutex_);
  int tokens_ ABSL_GUARDED_BY(mutex_) = 0;
};

// How a command has ended.
struct Ended {
  int exit_code = -1;
  std::string out;
  std::string err;
  nlohmann::json json;
};

class RemoteAuditTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    community_ = new Community();
    data_ = new LedgerData(testing::MakeAuditedLedger(community_));
  }
  static void TearDownTestSuite() {
    delete data_;
    delete community_;
  }

  void SetUp() override { Serve(*data_); }
  void TearDown() override { server_->Shutdown(std::chrono::system_clock::now()); }

  void Serve(const LedgerData& data) {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
    fake_ = std::make_unique<FakeServer>(*community_, data);
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + scratch_.path() + "/server",
                             grpc::InsecureServerCredentials());
    builder.SetMaxSendMessageSize(2 * static_cast<int>(kMessageBytesMax));
    builder.RegisterService(static_cast<v1::LedgerService::Service*>(fake_.get()));
    builder.RegisterService(static_cast<v1::TransparencyService::Service*>(fake_.get()));
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
  }

  // A wallet's key file; empty: without passphrase.
  std::string KeyFile(const std::string& name, const std::string& passphrase = "") {
    keys::KeyFileContent content{"default", "", keys::Mnemonic::Generate(keys::Language::kEnglish),
                                 0};
    keys::WriteKeyFileOptions options;
    options.overwrite = true;
    options.cost = passphrase.empty() ? keys::kCostMin : keys::Argon2Cost{2, 8 * 1024};
    const absl::Status status = keys::WriteKeyFile(
        scratch_ / name, content,
        keys::SecretString::CopyOf(passphrase.empty() ? keys::kNoPassphrase : passphrase), options);
    EXPECT_TRUE(status.ok()) << status;
    return scratch_ / name;
  }

  AuditOptions Options() {
    AuditOptions options;
    options.remote.target = "unix:" + scratch_.path() + "/server";
    options.remote.auditor_key = KeyFile("key");
    options.threads = 2;
    options.json = true;
    return options;
  }
  Ended Run(const AuditOptions& options) {
    std::ostringstream out;
    std::ostringstream err;
    std::istringstream in;
    Io io{out, err, in, false, [] { return absl::ToUnixMicros(absl::Now()); }, false};
    Ended ended;
    ended.exit_code = RunAudit(options, io);
    ended.out = out.str();
    ended.err = err.str();
    ended.json = nlohmann::json::parse(ended.out, nullptr, /*allow_exceptions=*/false);
    return ended;
  }
  // A file for a secret.
  void Write(const std::string& name, const std::string& content, bool others_read = false) {
    testing::WriteFileOrDie(scratch_ / name, content);
    auto permissions = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
    if (others_read) permissions |= std::filesystem::perms::others_read;
    std::filesystem::permissions(scratch_ / name, permissions);
  }
  // A finding of this fault; answers its sentence.
  std::string ExpectFinding(const std::string& fault, uint64_t sequence) {
    const Ended ended = Run(Options());
    EXPECT_EQ(ended.exit_code, kExitNo) << ended.out << ended.err;
    if (!ended.json.contains("finding")) return "";
    EXPECT_EQ(ended.json["finding"]["fault"], fault) << ended.out;
    EXPECT_EQ(ended.json["finding"]["sequence"], sequence) << ended.out;
    EXPECT_EQ(ended.json["state_compared"], false);
    return ended.json["finding"]["sentence"];
  }
  // An error that no journal can be blamed for.
  std::string ExpectError(const AuditOptions& options, ExitCode code = kExitStore) {
    const Ended ended = Run(options);
    EXPECT_EQ(ended.exit_code, code) << ended.out << ended.err;
    EXPECT_THAT(ended.out, IsEmpty());
    EXPECT_THAT(ended.err, HasSubstr("kengred-server: "));
    return ended.err;
  }

  static Community* community_;
  static LedgerData* data_;
  const testing::ScratchDirectory scratch_;
  std::unique_ptr<FakeServer> fake_;
  std::unique_ptr<grpc::Server> server_;
};

Community* RemoteAuditTest::community_ = nullptr;
LedgerData* RemoteAuditTest::data_ = nullptr;

TEST_F(RemoteAuditTest, FindsAGoodLedgerGood) {
  const Ended ended = Run(Options());
  EXPECT_EQ(ended.exit_code, kExitOk) << ended.out << ended.err;
  EXPECT_EQ(ended.json["good"], true);
  EXPECT_EQ(ended.json["source"], "server");
  EXPECT_EQ(ended.json["state_compared"], false);
  EXPECT_EQ(ended.json["entries"], data_->journal.size());
  // The charter has no transaction.
  EXPECT_GE(ended.json["signatures"], data_->journal.size() - 1);
  EXPECT_EQ(ended.json["checkpoints"], data_->journal.size());
  EXPECT_EQ(ended.json["root"], data_->RootOf(data_->journal.size()).ToHex());
  EXPECT_EQ(ended.json["ledger_id"], community_->ledger_id().ToHex());
  EXPECT_EQ(ended.json["log_key"], community_->log_keys(3)[2]->verifier_key().Format());
  EXPECT_THAT(fake_->after(), ElementsAre(0)) << "one call is enough";
  EXPECT_EQ(fake_->tokens(), 1);

  AuditOptions options = Options();
  options.json = false;
  options.ledger_id = community_->ledger_id().ToHex();
  const Ended text = Run(options);
  EXPECT_EQ(text.exit_code, kExitOk);
  EXPECT_THAT(text.out, AllOf(HasSubstr("The journal is good"),
                              HasSubstr("a server shows the journal and its checkpoints, not its "
                                        "store"),
                              HasSubstr(community_->ledger_id().ToHex())));
}

TEST_F(RemoteAuditTest, GoesOnAfterEveryCut) {
  fake_->per_message = 1;
  int messages = 0;
  fake_->before_message = [&messages](int, grpc::ServerContext*) {
    return ++messages % 4 == 0 ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "cut")
                               : grpc::Status::OK;
  };
  const Ended ended = Run(Options());
  EXPECT_EQ(ended.exit_code, kExitOk) << ended.out << ended.err;
  EXPECT_EQ(ended.json["entries"], data_->journal.size());
  const std::vector<uint64_t> after = fake_->after();
  EXPECT_THAT(after.size(), Gt(data_->journal.size() / 4));
  EXPECT_TRUE(std::is_sorted(after.begin(), after.end()));
  EXPECT_EQ(fake_->tokens(), static_cast<int>(after.size())) << "each call has a token";
}

TEST_F(RemoteAuditTest, GoesOnFromAnEarlierAudit) {
  AuditOptions options = Options();
  options.save_verified = scratch_ / "seen";
  EXPECT_EQ(Run(options).exit_code, kExitOk);
  options.save_verified.clear();
  options.from_verified = scratch_ / "seen";
  const Ended ended = Run(options);
  EXPECT_EQ(ended.exit_code, kExitOk) << ended.err;
  EXPECT_EQ(ended.json["signatures"], 0);
  EXPECT_EQ(ended.json["verified_before"], data_->journal.size());
}

TEST_F(RemoteAuditTest, ReadsAsFarAsTheCheckpointThatWasShown) {
  // The ledger has grown since.
  const size_t size = data_->journal.size() - 3;
  fake_->on_checkpoint = [&](v1::GetCheckpointResponse* response) {
    const auto earlier = testing::SourceOf(*data_)->Checkpoints(size - 1, 1);
    response->set_checkpoint(earlier->front().note);
    while (response->log_keys().rbegin()->since_sequence() > size) {
      response->mutable_log_keys()->RemoveLast();
    }
  };
  const Ended ended = Run(Options());
  EXPECT_EQ(ended.exit_code, kExitOk) << ended.out << ended.err;
  EXPECT_EQ(ended.json["entries"], size);
}

TEST_F(RemoteAuditTest, NamesATamperedEntry) {
  fake_->on_entries = [](v1::StreamEntriesResponse* response) {
    if (response->first_sequence() != 8) return;
    std::string& entry = *response->mutable_entries(2);
    entry[entry.size() / 2] ^= 1;
  };
  const Ended ended = Run(Options());
  EXPECT_EQ(ended.exit_code, kExitNo) << ended.err;
  EXPECT_EQ(ended.json["finding"]["sequence"], 10) << ended.out;
}

TEST_F(RemoteAuditTest, NamesADroppedEntryThatIsPassedOver) {
  fake_->on_entries = [](v1::StreamEntriesResponse* response) {
    if (response->first_sequence() != 8) return;
    response->mutable_entries()->DeleteSubrange(2, 1);
  };
  // The place where the next one stands.
  ExpectFinding("SEQUENCE_GAP", 10);
}

TEST_F(RemoteAuditTest, NamesAForkBetweenTwoCalls) {
  const uint64_t size = data_->journal.size();
  const std::string other_root(32, 'x');
  fake_->on_checkpoint = [&](v1::GetCheckpointResponse* response) {
    const Checkpoint fork{community_->charter().origin(), size, *Digest::FromBytes(other_root), {}};
    response->set_checkpoint(*SignCheckpoint(fork, *community_->log_keys(3)[2]));
  };
  EXPECT_THAT(ExpectFinding("ROOT_DIFFERS", size),
              AllOf(HasSubstr("two checkpoints of " + std::to_string(size) + " entries"),
                    HasSubstr(Digest::FromBytes(other_root)->ToHex()),
                    HasSubstr(data_->RootOf(size).ToHex())));
}

TEST_F(RemoteAuditTest, NamesACheckpointThatIsNotItsLogs) {
  fake_->on_checkpoint = [&](v1::GetCheckpointResponse* response) {
    const Checkpoint checkpoint = *ParseCheckpoint(ParseNote(response->checkpoint())->text);
    response->set_checkpoint(*SignCheckpoint(checkpoint, *community_->log_keys(8)[7]));
  };
  EXPECT_THAT(ExpectFinding("CHECKPOINT_INVALID", 0), HasSubstr("ALARM"));
  EXPECT_EQ(fake_->tokens(), 0);
}

TEST_F(RemoteAuditTest, NamesStoredCheckpointsThatAreWrong) {
  const uint64_t size = data_->journal.size();
  const auto with = [this](const std::function<void(v1::ListCheckpointsResponse*)>& lie) {
    fake_->on_list = lie;
  };
  with([](v1::ListCheckpointsResponse* response) { response->clear_checkpoints(); });
  EXPECT_THAT(ExpectFinding("CHECKPOINT_INVALID", size), HasSubstr("no checkpoint covers the end"));
  // Without the last: the pages end before.
  with([&](v1::ListCheckpointsResponse* response) {
    const std::string last = "\n" + std::to_string(size) + "\n";
    auto* notes = response->mutable_checkpoints();
    if (!notes->empty() && notes->rbegin()->find(last) != std::string::npos) notes->RemoveLast();
  });
  EXPECT_THAT(ExpectFinding("CHECKPOINT_INVALID", size), HasSubstr("no checkpoint covers the end"));
  with([](v1::ListCheckpointsResponse* response) {
    if (response->checkpoints_size() > 2) response->set_checkpoints(2, "garbage");
  });
  ExpectFinding("CHECKPOINT_INVALID", 3);
  with([](v1::ListCheckpointsResponse* response) {
    if (response->checkpoints_size() > 2) response->mutable_checkpoints()->SwapElements(1, 2);
  });
  ExpectFinding("CHECKPOINT_INVALID", 4);
}

TEST_F(RemoteAuditTest, NamesAnotherLedger) {
  AuditOptions options = Options();
  options.ledger_id = std::string(64, '0');
  const Ended ended = Run(options);
  EXPECT_EQ(ended.exit_code, kExitNo) << ended.err;
  EXPECT_EQ(ended.json["finding"]["fault"], "LEDGER_DIFFERS");
  EXPECT_EQ(ended.json["ledger_id"], community_->ledger_id().ToHex());
  EXPECT_EQ(fake_->tokens(), 0);
}

TEST_F(RemoteAuditTest, ReportsWhatIsNoJournal) {
  fake_->on_entries = [](v1::StreamEntriesResponse* response) {
    if (response->first_sequence() == 8) response->set_first_sequence(9);
  };
  EXPECT_THAT(ExpectError(Options()), HasSubstr("sent entry 9 where entry 8 comes next"));
  fake_->on_entries = [](v1::StreamEntriesResponse* response) {
    if (response->first_sequence() == 8) response->clear_entries();
  };
  EXPECT_THAT(ExpectError(Options()), HasSubstr("without entries where entry 8 comes next"));
  fake_->on_entries = [](v1::StreamEntriesResponse* response) {
    if (response->first_sequence() == 8) {
      response->set_entries(1, std::string(kEntryBytesMax + 1, 'x'));
    }
  };
  EXPECT_THAT(ExpectError(Options()), HasSubstr("sent an entry 9 of 786433 bytes"));
  fake_->on_entries = [](v1::StreamEntriesResponse* response) {
    if (response->first_sequence() == 8) response->set_entries(0, "");
  };
  EXPECT_THAT(ExpectError(Options()), HasSubstr("sent an entry 8 of 0 bytes"));
  fake_->on_entries = [](v1::StreamEntriesResponse* response) {
    if (response->first_sequence() == 8) {
      response->set_entries(1, std::string(kMessageBytesMax, 'x'));
    }
  };
  EXPECT_THAT(ExpectError(Options()), HasSubstr("too large"));
}

TEST_F(RemoteAuditTest, ReportsEntriesThatAreWithheld) {
  const uint64_t size = data_->journal.size() + 100;
  fake_->on_checkpoint = [&](v1::GetCheckpointResponse* response) {
    const Checkpoint more{
        community_->charter().origin(), size, *Digest::FromBytes(std::string(32, 'x')), {}};
    response->set_checkpoint(*SignCheckpoint(more, *community_->log_keys(3)[2]));
  };
  EXPECT_THAT(ExpectError(Options()),
              HasSubstr("has signed a checkpoint of " + std::to_string(size) +
                        " entries and gives only " + std::to_string(data_->journal.size())));
}

TEST_F(RemoteAuditTest, ReportsAStreamThatStalls) {
  // One message, then silence.
  std::atomic<int> messages = 0;
  fake_->before_message = [&messages](int, grpc::ServerContext* context) {
    if (++messages == 1) return grpc::Status::OK;
    while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(1));
    return grpc::Status::CANCELLED;
  };
  AuditOptions options = Options();
  options.remote.timeout_seconds = 1;
  EXPECT_THAT(ExpectError(options), HasSubstr("did not answer in time"));
}

TEST_F(RemoteAuditTest, SaysWhyItMayNotRead) {
  v1::Verdict verdict = v1::VERDICT_READ_NOT_ALLOWED;
  fake_->before_message = [&verdict](int, grpc::ServerContext*) { return Refuse(verdict); };
  EXPECT_THAT(ExpectError(Options()),
              AllOf(HasSubstr(community_->address("auditor")), HasSubstr("no auditor's role"),
                    HasSubstr("kengred role grant")));
  verdict = v1::VERDICT_TOKEN_INVALID;
  EXPECT_THAT(ExpectError(Options()), HasSubstr("does not take this key"));
  verdict = v1::VERDICT_TOKEN_EXPIRED;
  EXPECT_THAT(ExpectError(Options()), HasSubstr("clock"));
  verdict = v1::VERDICT_TOKEN_MISSING;
  EXPECT_THAT(ExpectError(Options()), HasSubstr("token"));
  fake_->has_account = false;
  EXPECT_THAT(ExpectError(Options()), HasSubstr("has no account on this ledger"));
}

TEST_F(RemoteAuditTest, SaysWhatIsWrongWithTheCommandLine) {
  AuditOptions options = Options();
  options.export_file = scratch_ / "export";
  EXPECT_THAT(ExpectError(options, kExitUsage), HasSubstr("say what to audit"));
  options = Options();
  options.remote.auditor_key.clear();
  EXPECT_THAT(ExpectError(options, kExitUsage), HasSubstr("--auditor-key"));
  options.remote.auditor_key = scratch_ / "missing";
  EXPECT_THAT(ExpectError(options, kExitUsage), HasSubstr("missing"));
  options = Options();
  options.remote.ca_file = scratch_ / "no-ca";
  EXPECT_THAT(ExpectError(options, kExitUsage), HasSubstr("no-ca"));
  options = Options();
  options.remote.target = "unix:" + scratch_.path() + "/nobody";
  options.remote.timeout_seconds = 1;
  EXPECT_THAT(ExpectError(options), HasSubstr("cannot reach the ledger server"));
  // Beyond this machine there is TLS, unless somebody says otherwise.
  options.remote.target = "192.0.2.1:4365";
  options.remote.certificate_file = KeyFile("certificate");
  EXPECT_THAT(ExpectError(options, kExitUsage), HasSubstr("mutual TLS needs both"));
}

TEST_F(RemoteAuditTest, TakesThePassphraseFromAFile) {
  AuditOptions options = Options();
  options.remote.auditor_key = KeyFile("sealed", "correct horse");
  options.remote.passphrase_file = scratch_ / "passphrase";
  Write("passphrase", "correct horse\n");
  EXPECT_EQ(Run(options).exit_code, kExitOk);
  Write("passphrase", "battery staple\n");
  EXPECT_THAT(ExpectError(options, kExitUsage), HasSubstr("this is not the passphrase of "));
  Write("passphrase", "\n");
  EXPECT_THAT(ExpectError(options, kExitUsage), HasSubstr("the passphrase is empty"));
  Write("passphrase", std::string(5000, 'x'));
  EXPECT_THAT(ExpectError(options, kExitUsage), HasSubstr("longer than 4096 bytes"));
  Write("passphrase", "correct horse\n", true);
  EXPECT_THAT(ExpectError(options, kExitUsage), HasSubstr("chmod 600"));
  options.remote.passphrase_file = scratch_ / "missing";
  EXPECT_THAT(ExpectError(options, kExitUsage), HasSubstr("missing"));
}

}  // namespace
}  // namespace kengred::server
