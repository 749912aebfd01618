#include "kengred/client/session.h"

#include "kengred/core/charter.h"
#include "kengred/core/token.h"

namespace kengred::client {
namespace {

constexpr int64_t kTokenSeconds = 300;
// Renewed while it is still good, so that it does not end on its way to the server.
constexpr int64_t kTokenRenewSeconds = 240;
static_assert(kTokenRenewSeconds < kTokenSeconds && kTokenSeconds <= kTokenSecondsMax);

int64_t NowSeconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

std::string TokenCache::TokenFor(const Reader& reader, const std::string& address_prefix,
                                 const LedgerId& ledger_id, int64_t now_seconds) {
  const std::pair key(reader.account(), reader.key().public_key());
  {
    absl::MutexLock lock(&mutex_);
    const auto found = entries_.find(key);
    // A clock that was set back makes a cached token one from the future.
    if (found != entries_.end() && now_seconds < found->second.renew_seconds &&
        now_seconds >= found->second.renew_seconds - kTokenRenewSeconds) {
      return found->second.token;
    }
  }
  const Entry entry{MakeToken(reader.key(), reader.account(), address_prefix, ledger_id,
                              now_seconds, kTokenSeconds),
                    now_seconds + kTokenRenewSeconds};
  absl::MutexLock lock(&mutex_);
  // Whoever has read for many accounts does not keep their old tokens.
  std::erase_if(entries_,
                [now_seconds](const auto& old) { return old.second.renew_seconds <= now_seconds; });
  entries_[key] = entry;
  return entry.token;
}

void TokenCache::Forget(const Reader& reader) {
  absl::MutexLock lock(&mutex_);
  entries_.erase({reader.account(), reader.key().public_key()});
}

Session::Session(ClientOptions options, const std::shared_ptr<grpc::Channel>& channel)
    : options_(std::move(options)),
      ledger_(v1::LedgerService::NewStub(channel)),
      programmes_(v1::ProgrammeService::NewStub(channel)),
      directory_(v1::DirectoryService::NewStub(channel)),
      transparency_(v1::TransparencyService::NewStub(channel)) {}

absl::Status Session::Identify(std::chrono::milliseconds timeout) {
  const auto response =
      Call(ledger(), &v1::LedgerService::Stub::GetLedger, v1::GetLedgerRequest(), nullptr, timeout);
  if (!response.ok()) return response.status();
  const auto id = LedgerId::FromBytes(response->ledger_id());
  if (!id || *id != LedgerIdOf(response->charter()) ||
      !charter_.ParseFromString(response->charter())) {
    return absl::DataLossError("the server at " + options_.target +
                               " shows a charter that is not its ledger's. Do not use it.");
  }
  if (options_.ledger_id && *options_.ledger_id != *id) {
    return absl::FailedPreconditionError("the server at " + options_.target +
                                         " keeps another ledger: \"" + charter_.name() + "\", " +
                                         id->ToHex() + ", not " + options_.ledger_id->ToHex());
  }
  if (const absl::Status status = ValidateCharter(charter_); !status.ok()) {
    return absl::DataLossError(
        "the charter of the ledger at " + options_.target +
        " is not one this version can use: " + std::string(status.message()));
  }
  ledger_id_ = *id;
  return absl::OkStatus();
}

void Session::Authorize(const Reader& reader, grpc::ClientContext* context) {
  context->AddMetadata(
      "authorization",
      "Bearer " + tokens_.TokenFor(reader, charter_.address_prefix(), ledger_id_, NowSeconds()));
}

absl::Status Session::Finish(const grpc::Status& status, const Reader* reader) {
  if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED && reader != nullptr) {
    tokens_.Forget(*reader);
  }
  return ToStatus(status, options_.target, options_.tls);
}

}  // namespace kengred::client
