// The client library: how shops and tools talk to a ledger.
//
//   kengred::client::ClientOptions options;
//   options.target = "127.0.0.1:4365";
//   auto client = kengred::client::Client::Connect(options);
//   if (!client.ok()) ...
//   auto ledger = client->GetLedger();
//
// Every call has a deadline (ClientOptions::timeout) and answers a StatusOr of the contract's own
// messages. Where the ledger said no, RefusalOf(status) has the verdict and its figures; every
// other error is the network's or the server's.
//
// Reads and submissions that failed for a passing reason (UNAVAILABLE, RESOURCE_EXHAUSTED, a lost
// answer) are sent again, the same bytes, with growing pauses until the deadline: the ledger takes
// the same transaction once, for ever, so a retry never pays twice.
//
// Thread safety: a Client may be used by any number of threads at once. A Watch belongs to one
// thread.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kengred/client/log_memory.h"
#include "kengred/core/checkpoint.h"
#include "kengred/core/ids.h"
#include "kengred/core/log_trust.h"
#include "kengred/core/receipt.h"
#include "kengred/core/signed_note.h"
#include "kengred/core/signing.h"
#include "kengred/core/verdict.h"
#include "kengred/v1/directory_service.pb.h"
#include "kengred/v1/ledger_service.pb.h"
#include "kengred/v1/programme_service.pb.h"
#include "kengred/v1/transparency_service.pb.h"

namespace kengred::client {

// Who reads. Makes the short-lived tokens of private calls; holds no password.
class Reader {
 public:
  // `key` must be one of the account's keys. Shared, since a wallet signs and reads with the same
  // key.
  Reader(std::shared_ptr<const SecretKey> key, const AccountId& account)
      : key_(std::move(key)), account_(account) {}
  const AccountId& account() const { return account_; }
  const SecretKey& key() const { return *key_; }

 private:
  std::shared_ptr<const SecretKey> key_;
  AccountId account_;
};

// How many of the witnesses that the charter names must vouch for the log. A ledger alone could
// show one history to some and another to others, each consistent in itself; it cannot where
// witnesses have cosigned one of them.
struct WitnessPolicy {
  // So many distinct witnesses; 0: none is asked for.
  size_t witnesses_needed = 0;
  // A cosignature counts for so long: what an older one covers may be far behind.
  std::chrono::seconds age_max{24 * 3600};
};

// Every field has a default: Client::Connect({.target = "unix:/run/kengred"}).
struct ClientOptions {
  // "host", "host:port" or "unix:/path".
  std::string target = "127.0.0.1:4365";
  // TLS: PEM texts, not file names. Without `tls` the connection is in clear, and Connect refuses
  // (INVALID_ARGUMENT) a target beyond this machine unless that is said to be wanted: signatures
  // still protect the money, but everybody on the way reads along.
  bool tls = false;
  bool allow_plaintext = false;
  std::string root_certificates_pem{};   // empty: the system's
  std::string client_certificate_pem{};  // mutual TLS: both or none
  std::string client_key_pem{};
  // The most one call may take, retries included.
  std::chrono::milliseconds timeout{10'000};
  // The most Connect may take, where that is less: a person waits for "is the server running?".
  std::chrono::milliseconds connect_timeout{3'000};
  // The first pause before a retry; each later one doubles, up to 2 s, with jitter.
  std::chrono::milliseconds retry_pause{50};
  // A watch that hears nothing for so long, not even a keep-alive (every 30 s), connects again.
  std::chrono::milliseconds watch_silence{75'000};
  // Where set, the server must keep this ledger: FAILED_PRECONDITION at Connect otherwise.
  std::optional<LedgerId> ledger_id{};
  // Where set, Connect checks the ledger's log against what is remembered of it (see CheckLog), and
  // remembers what it finds.
  std::shared_ptr<LogMemory> log_memory{};
  // Where it asks for any, Connect and CheckLog fail while fewer have cosigned; see
  // WitnessShortageOf.
  WitnessPolicy witness_policy{};
};

// What a witness of the charter has last cosigned, of what the server shows.
struct WitnessState {
  VerifierKey key;
  // The checkpoint's entries, and when it was cosigned (seconds since 1970); 0: nothing.
  uint64_t size = 0;
  int64_t time_seconds = 0;
  // Whether it counts for the policy: neither too old, nor from the future.
  bool counts = false;
};

// Too few witnesses vouch for the log.
struct WitnessShortage {
  size_t needed = 0;
  std::vector<WitnessState> witnesses;  // of the charter
};

// The log of a ledger, checked.
struct LogState {
  Checkpoint checkpoint;
  std::string note;  // the same, as it was signed
  // All its keys, for receipts of any time.
  std::vector<TrustedLogKey> keys;
  // One for each witness of the charter, in its order. What they have cosigned is consistent with
  // the checkpoint.
  std::vector<WitnessState> witnesses;
};

// A receipt that was checked.
struct CheckedReceipt {
  std::string text;  // what to keep in a file
  VerifiedReceipt verified;
};

// The verdict behind an error, where the ledger said no. VERDICT_UNSPECIFIED with the figures where
// this build does not know the verdict; the status's message says it in a sentence.
std::optional<Refusal> RefusalOf(const absl::Status& status);

// Whether an error is an alarm: what the ledger has shown contradicts what it has signed before, or
// is not signed by its log at all. Not a passing fault, and nothing to try again.
bool IsAlarm(const absl::Status& status);

// What is missing, where an error says that ClientOptions::witness_policy is not met. No alarm:
// witnesses may be away, or the server may not have asked them. Nothing for every other error.
std::optional<WitnessShortage> WitnessShortageOf(const absl::Status& status);

// Whether a target lies beyond this machine, so that Connect wants TLS for it.
bool NeedsTls(const std::string& target);

// A history that goes on. Reconnects by itself after the last entry it handed out: nothing is
// skipped, nothing comes twice.
class Watch {
 public:
  virtual ~Watch() = default;
  // The next entry; waits at most `timeout` (DEADLINE_EXCEEDED then; call again). A refusal ends
  // it.
  virtual absl::StatusOr<v1::HistoryItem> Next(std::chrono::milliseconds timeout) = 0;
  // Everything up to here has been handed out: where a later watch may resume.
  virtual Sequence sequence() const = 0;
  // Makes Next return CANCELLED; from any thread.
  virtual void Cancel() = 0;
};

class Client {
 public:
  // Connects and reads which ledger it is. UNAVAILABLE names the target; DATA_LOSS where the server
  // shows a charter that is not its ledger's, or one that this version cannot use; or, with a
  // log memory, where it does not continue what is remembered.
  static absl::StatusOr<Client> Connect(const ClientOptions& options);

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // Fixed for the life of a ledger, read once by Connect.
  const LedgerId& ledger_id() const;
  const v1::Charter& charter() const;

  absl::StatusOr<v1::GetLedgerResponse> GetLedger();

  // Submits; answers when it is durable. The whole transaction is built and signed by the caller
  // (kengred/core/transaction_builder.h).
  absl::StatusOr<v1::SubmitTransactionResponse> Submit(const v1::SubmitTransactionRequest& request);
  // Submits many over one stream, at most `messages_ahead` messages of `per_message` transactions
  // unanswered. `on_result(index, result)` is called in order, once for each, on the calling
  // thread. A lost connection is resumed by sending what was not answered again, and so is what was
  // refused for a passing reason (QUEUE_FULL, STOPPING, ...) with all that came after it. What had
  // been accepted before that comes as a `duplicate` then. An error only where the stream cannot be
  // resumed before the deadline, which counts from the last result; what had been answered by then
  // has been handed out.
  absl::Status SubmitAll(
      const std::vector<v1::SubmitTransactionRequest>& requests,
      const std::function<void(size_t index, const v1::SubmitResult& result)>& on_result,
      size_t per_message = 64, size_t messages_ahead = 8);

  absl::StatusOr<v1::GetTransactionResponse> GetTransaction(const Reader& reader,
                                                            const TransactionId& id);
  // A receipt of a transaction, verified with the log's keys; its checkpoint must agree with the
  // one remembered. DATA_LOSS where it does not hold.
  absl::StatusOr<CheckedReceipt> GetReceipt(const Reader& reader, const TransactionId& id);
  // Fetches the last checkpoint and demands that it continues the one remembered. DATA_LOSS is an
  // alarm: a fork, a rollback, or a key that is not the log's; it names both checkpoints, and the
  // evidence is kept by the memory. FAILED_PRECONDITION where too few witnesses have cosigned (see
  // WitnessShortageOf). Whoever stays connected should call it now and then.
  absl::StatusOr<LogState> CheckLog();
  // The entries after `after` as they are stored, for auditors: `on_entry` is called for each, in
  // order and once, on the calling thread, until it answers false or the last one has come. A lost
  // connection is resumed after the last entry handed out, with a new token. Nothing of an entry is
  // verified but its place and size: DATA_LOSS where the server sends another than the next. The
  // deadline counts from the last entry: a stream that stalls fails within twice the timeout.
  absl::Status StreamEntries(const Reader& reader, Sequence after,
                             const std::function<bool(Sequence, std::string)>& on_entry);
  // Notes as the server shows them: nothing is verified.
  absl::StatusOr<v1::ListCheckpointsResponse> ListCheckpoints(
      const v1::ListCheckpointsRequest& request);

  // Without a reader: what a payer may know.
  absl::StatusOr<v1::GetAccountResponse> GetAccount(const AccountId& account,
                                                    const Reader* reader = nullptr);
  absl::StatusOr<v1::GetAccountResponse> GetAccountByKey(const PublicKey& key);
  absl::StatusOr<v1::ListBalancesResponse> ListBalances(const Reader& reader,
                                                        const AccountId& account);
  absl::StatusOr<v1::ListHistoryResponse> ListHistory(const Reader& reader,
                                                      const v1::ListHistoryRequest& request);
  absl::StatusOr<v1::ListReconversionsResponse> ListReconversions(
      const Reader& reader, const v1::ListReconversionsRequest& request);
  // Answers when the server has taken the watch. The reader must outlive it; this client need not.
  absl::StatusOr<std::unique_ptr<Watch>> WatchAccount(const Reader& reader,
                                                      const AccountId& account, Sequence after);

  absl::StatusOr<v1::GetProgrammeResponse> GetProgramme(const AccountId& programme,
                                                        const Reader* reader = nullptr);
  absl::StatusOr<v1::ListProgrammesResponse> ListProgrammes(
      const v1::ListProgrammesRequest& request);
  absl::StatusOr<v1::CheckAwardsResponse> CheckAwards(const Reader& reader,
                                                      const v1::CheckAwardsRequest& request);

  absl::StatusOr<v1::ListDirectoryEntriesResponse> ListDirectoryEntries(
      const v1::ListDirectoryEntriesRequest& request);
  absl::StatusOr<v1::LookupAliasResponse> LookupAlias(const std::string& alias);

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kengred::client
