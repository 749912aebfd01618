#include "witness/commands.h"

#include <absl/time/time.h>

#include <nlohmann/json.hpp>

#include "kengred/core/base64.h"
#include "witness/directory.h"

namespace kengred::witness {
namespace {

// In the order written here, as people read them.
using Json = nlohmann::ordered_json;

ExitCode Complain(const absl::Status& status, std::ostream& err) {
  const bool usage = absl::IsInvalidArgument(status) || absl::IsAlreadyExists(status);
  return witness::Complain(std::string(status.message()), usage ? kExitUsage : kExitDirectory, err);
}

std::string Text(const Json& json) {
  // Origins are UTF-8; what is not is replaced rather than thrown about.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string TimeText(int64_t seconds) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(seconds),
                          absl::UTCTimeZone());
}

}  // namespace

ExitCode Complain(const std::string& why, ExitCode code, std::ostream& err) {
  err << "kengred-witness: " << why << "\n";
  return code;
}

ExitCode RunInit(const InitOptions& options, std::ostream& out, std::ostream& err) {
  if (const absl::Status made = Directory::Make(options.data, options.name); !made.ok()) {
    return Complain(made, err);
  }
  const auto directory = Directory::Open(options.data, Directory::Access::kRead);
  if (!directory.ok()) return Complain(directory.status(), err);
  const std::string key = (*directory)->cosigner().verifier_key().Format();
  if (options.json) {
    out << Text({{"verifier_key", key}, {"data", options.data}});
    return kExitOk;
  }
  out << "The witness is made: " << options.data << "\n\n  verifier key  " << key
      << "\n\nNext:\n  1. give this key to the ledgers that you will watch: it goes into their "
         "charters, under `witnesses`\n  2. kengred-witness add --data "
      << options.data << " --log THEIR_VERIFIER_KEY\n  3. kengred-witness serve --data "
      << options.data << "\n";
  return kExitOk;
}

ExitCode RunAdd(const AddOptions& options, std::ostream& out, std::ostream& err) {
  const auto key = VerifierKey::Parse(options.verifier_key);
  if (!key.ok()) return Complain(key.status(), err);
  const auto directory = Directory::Open(options.data, Directory::Access::kAlone);
  if (!directory.ok()) return Complain(directory.status(), err);
  const std::string origin = options.origin.empty() ? key->name() : options.origin;
  if (const absl::Status added = (*directory)->Add(origin, *key); !added.ok()) {
    return Complain(added, err);
  }
  if (options.json) {
    out << Text({{"origin", origin}, {"origin_hash", OriginHash(origin)}});
  } else {
    out << "The log " << origin
        << " is watched from the next start of `kengred-witness serve` on.\n";
  }
  return kExitOk;
}

ExitCode RunList(const ShowOptions& options, std::ostream& out, std::ostream& err) {
  const auto directory = Directory::Open(options.data, Directory::Access::kRead);
  if (!directory.ok()) return Complain(directory.status(), err);
  const auto logs = (*directory)->Logs();
  if (!logs.ok()) return Complain(logs.status(), err);
  if (options.json) {
    Json list = Json::array();
    for (const KnownLog& log : *logs) {
      Json keys = Json::array();
      for (const VerifierKey& key : log.keys) keys.push_back(key.Format());
      Json one = {{"origin", log.origin}, {"origin_hash", OriginHash(log.origin)}, {"keys", keys}};
      if (log.last) {
        one["size"] = log.last->checkpoint.size;
        one["root"] = EncodeBase64(log.last->checkpoint.root.view());
        one["time"] = TimeText(log.last->time_seconds);
      }
      list.push_back(std::move(one));
    }
    out << Text({{"logs", list}});
    return kExitOk;
  }
  if (logs->empty()) {
    err << "No log is watched; add one with `kengred-witness add --log VERIFIER_KEY`.\n";
  }
  for (const KnownLog& log : *logs) {
    out << log.origin << "\n";
    for (const VerifierKey& key : log.keys) out << "  key        " << key.Format() << "\n";
    if (log.last) {
      out << "  cosigned   " << log.last->checkpoint.size << " entries, "
          << TimeText(log.last->time_seconds) << "\n  root       "
          << EncodeBase64(log.last->checkpoint.root.view()) << "\n";
    } else {
      out << "  cosigned   nothing yet\n";
    }
  }
  return kExitOk;
}

ExitCode RunKey(const ShowOptions& options, std::ostream& out, std::ostream& err) {
  const auto directory = Directory::Open(options.data, Directory::Access::kRead);
  if (!directory.ok()) return Complain(directory.status(), err);
  const std::string key = (*directory)->cosigner().verifier_key().Format();
  out << (options.json ? Text({{"verifier_key", key}}) : key + "\n");
  return kExitOk;
}

}  // namespace kengred::witness
