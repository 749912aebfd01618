// A witness, as C2SP tlog-witness specifies it: for each log that it knows, it cosigns checkpoints
// that continue the last one it has cosigned, and no others.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/synchronization/mutex.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kengred/core/cosignature.h"
#include "net/http_message.h"
#include "witness/directory.h"
#include "witness/log.h"

namespace kengred::witness {

// Where a checkpoint is kept before its cosignature leaves: OK only once it is durable.
using SaveCheckpoint =
    std::function<absl::Status(const std::string& origin, const std::string& note)>;

// Thread-safe: requests about one log wait for each other, so that two can never be granted from
// the same state.
class Witness {
 public:
  // `cosigner` outlives it; `now_seconds` is the time in seconds since 1970.
  Witness(const Cosigner* cosigner, std::vector<KnownLog> logs, SaveCheckpoint save,
          std::function<int64_t()> now_seconds, OnEvent on_event);

  // add-checkpoint. The statuses of the specification:
  //   200  cosigned: the signature line. Kept before it is returned; its time is never before that
  //        of the log's last one
  //   400  malformed, or its old size is larger than the checkpoint
  //   403  no key that is known for this log has signed, or one wrongly
  //   404  the log is not known
  //   409  the old size is not that of the last checkpoint, which is the body (text/x.tlog.size)
  //   422  it does not continue the last checkpoint, or nothing proves that it does
  // and 500 where it could not be kept: then nothing has changed.
  net::HttpResponse AddCheckpoint(std::string_view body);

  // The last checkpoint of the log with that OriginHash: 200 or 404.
  net::HttpResponse GetCheckpoint(std::string_view origin_hash) const;

  const VerifierKey& verifier_key() const { return cosigner_.verifier_key(); }
  size_t logs() const { return logs_.size(); }

 private:
  struct Log {
    explicit Log(KnownLog log)
        : origin(std::move(log.origin)), keys(std::move(log.keys)), last(std::move(log.last)) {}

    const std::string origin;
    const std::vector<VerifierKey> keys;
    mutable absl::Mutex mutex;
    std::optional<Cosigned> last ABSL_GUARDED_BY(mutex);
    // The checkpoints whose refusal the operator was told of since it grew.
    std::set<std::string> told ABSL_GUARDED_BY(mutex);
  };
  // What a log has signed and asks to be cosigned.
  struct Request;

  net::HttpResponse Judge(Log* log, const Request& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(log->mutex);
  net::HttpResponse Cosign(Log* log, const Request& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(log->mutex);
  net::HttpResponse Refuse(Log* log, const Request& request, int status, const std::string& why)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(log->mutex);

  const Cosigner& cosigner_;
  const SaveCheckpoint save_;
  const std::function<int64_t()> now_seconds_;
  const OnEvent on_event_;
  // By OriginHash.
  std::map<std::string, std::unique_ptr<Log>, std::less<>> logs_;
};

}  // namespace kengred::witness
