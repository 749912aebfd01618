#include "kengred/client/client.h"

#include <algorithm>
#include <utility>

#include "kengred/client/channel.h"
#include "kengred/client/entry_stream.h"
#include "kengred/client/log_check.h"
#include "kengred/client/session.h"
#include "kengred/client/status.h"
#include "kengred/client/submit_all.h"
#include "kengred/client/watch.h"

namespace kengred::client {
namespace {

using Ledger = v1::LedgerService::Stub;
using Programmes = v1::ProgrammeService::Stub;
using Directory = v1::DirectoryService::Stub;
using Transparency = v1::TransparencyService::Stub;

// Longer than anybody waits, and short enough that no sum of times overflows.
constexpr std::chrono::hours kTimeoutMax{24 * 365};

}  // namespace

struct Client::Impl {
  // Shared with the watches, which may outlive the client.
  std::shared_ptr<Session> session;
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

absl::StatusOr<Client> Client::Connect(const ClientOptions& options) {
  InitializeCrypto();
  ClientOptions complete = options;
  complete.target = CompleteTarget(options.target);
  for (auto* duration : {&complete.timeout, &complete.connect_timeout, &complete.watch_silence}) {
    *duration =
        std::clamp<std::chrono::milliseconds>(*duration, std::chrono::milliseconds(1), kTimeoutMax);
  }
  auto channel = MakeChannel(complete);
  if (!channel.ok()) return channel.status();
  auto impl = std::make_unique<Impl>();
  impl->session = std::make_shared<Session>(complete, *channel);
  const absl::Status status =
      impl->session->Identify(std::min(complete.timeout, complete.connect_timeout));
  if (!status.ok()) return status;
  if (complete.log_memory != nullptr || complete.witness_policy.witnesses_needed > 0) {
    const auto log = client::CheckLog(impl->session.get());
    if (!log.ok()) return log.status();
  }
  return Client(std::move(impl));
}

absl::StatusOr<LogState> Client::CheckLog() { return client::CheckLog(impl_->session.get()); }

absl::Status Client::StreamEntries(const Reader& reader, Sequence after,
                                   const std::function<bool(Sequence, std::string)>& on_entry) {
  return client::StreamEntries(impl_->session.get(), reader, after, on_entry);
}

absl::StatusOr<v1::ListCheckpointsResponse> Client::ListCheckpoints(
    const v1::ListCheckpointsRequest& request) {
  Session* session = impl_->session.get();
  return session->Call(session->transparency(), &Transparency::ListCheckpoints, request);
}

absl::StatusOr<CheckedReceipt> Client::GetReceipt(const Reader& reader, const TransactionId& id) {
  v1::GetReceiptRequest request;
  request.set_transaction_id(id.ToBytes());
  Session* session = impl_->session.get();
  auto response = session->Call(session->ledger(), &Ledger::GetReceipt, request, &reader);
  if (!response.ok()) return response.status();
  // After it, so that the log has every key that may have signed it.
  auto log = client::CheckLog(session);
  if (!log.ok()) return log.status();
  const auto receipt = ParseReceipt(response->receipt());
  if (!receipt.ok())
    return AlarmError("the receipt given: " + std::string(receipt.status().message()));
  auto verified = VerifyReceipt(*receipt, KeysOf(log->keys), {}, 0);
  if (!verified.ok())
    return AlarmError("the receipt given does not hold: " +
                      std::string(verified.status().message()));
  if (verified->ledger_id != ledger_id() || !verified->transaction ||
      verified->transaction->id() != id) {
    return AlarmError("the server answered with the receipt of another transaction");
  }
  if (absl::Status status = FollowLog(session, receipt->checkpoint, log->keys); !status.ok()) {
    return status;
  }
  return CheckedReceipt{std::move(*response->mutable_receipt()), *std::move(verified)};
}

const LedgerId& Client::ledger_id() const { return impl_->session->ledger_id(); }
const v1::Charter& Client::charter() const { return impl_->session->charter(); }

absl::StatusOr<v1::GetLedgerResponse> Client::GetLedger() {
  Session* session = impl_->session.get();
  auto response = session->Call(session->ledger(), &Ledger::GetLedger, v1::GetLedgerRequest());
  if (response.ok() && response->ledger_id() != ledger_id().view()) {
    return absl::FailedPreconditionError("the server at " + session->options().target +
                                         " keeps another ledger than before. Connect again.");
  }
  return response;
}

absl::StatusOr<v1::SubmitTransactionResponse> Client::Submit(
    const v1::SubmitTransactionRequest& request) {
  Session* session = impl_->session.get();
  auto response = session->Call(session->ledger(), &Ledger::SubmitTransaction, request);
  if (response.ok() || RefusalOf(response.status())) return response;
  const absl::Status& status = response.status();
  if (!IsPassing(status) && !absl::IsDeadlineExceeded(status)) return status;
  return Annotate(status,
                  " It may or may not have been accepted; sending the same transaction again is "
                  "safe and tells.");
}

absl::Status Client::SubmitAll(
    const std::vector<v1::SubmitTransactionRequest>& requests,
    const std::function<void(size_t index, const v1::SubmitResult& result)>& on_result,
    size_t per_message, size_t messages_ahead) {
  return client::SubmitAll(impl_->session.get(), requests, on_result, per_message, messages_ahead);
}

absl::StatusOr<v1::GetTransactionResponse> Client::GetTransaction(const Reader& reader,
                                                                  const TransactionId& id) {
  v1::GetTransactionRequest request;
  request.set_transaction_id(id.ToBytes());
  Session* session = impl_->session.get();
  return session->Call(session->ledger(), &Ledger::GetTransaction, request, &reader);
}

absl::StatusOr<v1::GetAccountResponse> Client::GetAccount(const AccountId& account,
                                                          const Reader* reader) {
  v1::GetAccountRequest request;
  request.set_account_id(account.ToBytes());
  Session* session = impl_->session.get();
  return session->Call(session->ledger(), &Ledger::GetAccount, request, reader);
}

absl::StatusOr<v1::GetAccountResponse> Client::GetAccountByKey(const PublicKey& key) {
  v1::GetAccountRequest request;
  request.set_public_key(key.ToBytes());
  Session* session = impl_->session.get();
  return session->Call(session->ledger(), &Ledger::GetAccount, request);
}

absl::StatusOr<v1::ListBalancesResponse> Client::ListBalances(const Reader& reader,
                                                              const AccountId& account) {
  v1::ListBalancesRequest request;
  request.set_account_id(account.ToBytes());
  Session* session = impl_->session.get();
  return session->Call(session->ledger(), &Ledger::ListBalances, request, &reader);
}

absl::StatusOr<v1::ListHistoryResponse> Client::ListHistory(const Reader& reader,
                                                            const v1::ListHistoryRequest& request) {
  Session* session = impl_->session.get();
  return session->Call(session->ledger(), &Ledger::ListHistory, request, &reader);
}

absl::StatusOr<v1::ListReconversionsResponse> Client::ListReconversions(
    const Reader& reader, const v1::ListReconversionsRequest& request) {
  Session* session = impl_->session.get();
  return session->Call(session->ledger(), &Ledger::ListReconversions, request, &reader);
}

absl::StatusOr<std::unique_ptr<Watch>> Client::WatchAccount(const Reader& reader,
                                                            const AccountId& account,
                                                            Sequence after) {
  auto watch = std::make_unique<AccountWatch>(impl_->session, &reader, account, after);
  const absl::Status status = watch->Open(impl_->session->options().timeout);
  if (!status.ok()) return status;
  return watch;
}

absl::StatusOr<v1::GetProgrammeResponse> Client::GetProgramme(const AccountId& programme,
                                                              const Reader* reader) {
  v1::GetProgrammeRequest request;
  request.set_programme_account_id(programme.ToBytes());
  Session* session = impl_->session.get();
  return session->Call(session->programmes(), &Programmes::GetProgramme, request, reader);
}

absl::StatusOr<v1::ListProgrammesResponse> Client::ListProgrammes(
    const v1::ListProgrammesRequest& request) {
  Session* session = impl_->session.get();
  return session->Call(session->programmes(), &Programmes::ListProgrammes, request);
}

absl::StatusOr<v1::CheckAwardsResponse> Client::CheckAwards(const Reader& reader,
                                                            const v1::CheckAwardsRequest& request) {
  Session* session = impl_->session.get();
  return session->Call(session->programmes(), &Programmes::CheckAwards, request, &reader);
}

absl::StatusOr<v1::ListDirectoryEntriesResponse> Client::ListDirectoryEntries(
    const v1::ListDirectoryEntriesRequest& request) {
  Session* session = impl_->session.get();
  return session->Call(session->directory(), &Directory::ListDirectoryEntries, request);
}

absl::StatusOr<v1::LookupAliasResponse> Client::LookupAlias(const std::string& alias) {
  v1::LookupAliasRequest request;
  request.set_alias(alias);
  Session* session = impl_->session.get();
  return session->Call(session->directory(), &Directory::LookupAlias, request);
}

}  // namespace kengred::client
