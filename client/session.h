// What every call of one client shares. Internal to this folder.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/synchronization/mutex.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "kengred/client/client.h"
#include "kengred/client/retry.h"
#include "kengred/client/status.h"
#include "kengred/core/limits.h"
#include "kengred/v1/directory_service.grpc.pb.h"
#include "kengred/v1/ledger_service.grpc.pb.h"
#include "kengred/v1/programme_service.grpc.pb.h"
#include "kengred/v1/transparency_service.grpc.pb.h"

namespace kengred::client {

// Tokens of private reads, made when needed and used until shortly before their end. Thread-safe.
class TokenCache {
 public:
  std::string TokenFor(const Reader& reader, const std::string& address_prefix,
                       const LedgerId& ledger_id, int64_t now_seconds);
  // The server did not take it: the next one is made anew.
  void Forget(const Reader& reader);

 private:
  struct Entry {
    std::string token;
    int64_t renew_seconds = 0;
  };

  absl::Mutex mutex_;
  // By account and key, since an account may have several keys.
  std::map<std::pair<AccountId, PublicKey>, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

// Thread-safe: after Connect only the token cache changes.
class Session {
 public:
  // `options.target` is complete.
  Session(ClientOptions options, const std::shared_ptr<grpc::Channel>& channel);

  const ClientOptions& options() const { return options_; }
  v1::LedgerService::Stub* ledger() const { return ledger_.get(); }
  v1::ProgrammeService::Stub* programmes() const { return programmes_.get(); }
  v1::DirectoryService::Stub* directory() const { return directory_.get(); }
  v1::TransparencyService::Stub* transparency() const { return transparency_.get(); }
  const LedgerId& ledger_id() const { return ledger_id_; }
  const v1::Charter& charter() const { return charter_; }

  // Reads which ledger it is, within `timeout`.
  absl::Status Identify(std::chrono::milliseconds timeout);
  // Adds the reader's token to a call.
  void Authorize(const Reader& reader, grpc::ClientContext* context);
  // What became of a call: forgets a token that was refused.
  absl::Status Finish(const grpc::Status& status, const Reader* reader);

  // One call, tried again within `timeout` while it fails for a passing reason.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(
      Stub* stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
      const Request& request, const Reader* reader, std::chrono::milliseconds timeout) {
    if (request.ByteSizeLong() > kMessageBytesMax) {
      return absl::InvalidArgumentError("the request has " +
                                        std::to_string(request.ByteSizeLong()) +
                                        " bytes; at most " + std::to_string(kMessageBytesMax));
    }
    const SteadyTime deadline = std::chrono::steady_clock::now() + timeout;
    Response response;
    bool again = false;
    const absl::Status status = Retry(deadline, Backoff(options_.retry_pause), [&] {
      response.Clear();
      grpc::ClientContext context;
      // gRPC counts deadlines by the wall clock; what is left is counted by the steady one.
      context.set_deadline(std::chrono::system_clock::now() +
                           (deadline - std::chrono::steady_clock::now()));
      // The first try says at once why there is no connection. A later one waits for it, since
      // gRPC attends to a connection in the making only while a call waits for it.
      context.set_wait_for_ready(std::exchange(again, true));
      if (reader != nullptr) Authorize(*reader, &context);
      return Finish((stub->*method)(&context, request, &response), reader);
    });
    if (!status.ok()) return status;
    return response;
  }
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub* stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request, const Reader* reader = nullptr) {
    return Call(stub, method, request, reader, options_.timeout);
  }

 private:
  const ClientOptions options_;
  const std::unique_ptr<v1::LedgerService::Stub> ledger_;
  const std::unique_ptr<v1::ProgrammeService::Stub> programmes_;
  const std::unique_ptr<v1::DirectoryService::Stub> directory_;
  const std::unique_ptr<v1::TransparencyService::Stub> transparency_;
  LedgerId ledger_id_;
  v1::Charter charter_;
  TokenCache tokens_;
};

}  // namespace kengred::client
