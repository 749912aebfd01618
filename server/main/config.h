// The server's configuration: one Options struct per stage, all filled here and nowhere else.
//
// Each setting can be given in four places; the first that has it wins:
//   1. a flag            --log-level debug
//   2. the environment   KENGRED_LOG_LEVEL=debug
//   3. the file          [log]
//                        level = "debug"
//   4. its default
// deploy/kengred.toml lists them all. The names of flag and variable follow from the file's, but
// for
// --witness, which is cosign.witness in the file.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/log_server.h"
#include "server/main/log.h"
#include "server/rpc/server.h"
#include "server/sequence/sequencer.h"
#include "server/storage/rocksdb_store.h"
#include "server/verify/verifier.h"

namespace kengred::server {

// What concerns the process and no stage of it.
struct ProcessOptions {
  // The files of the keys that sign checkpoints; at least one.
  std::vector<std::string> log_keys;
  // Written when the server is ready, removed when it stops; empty: none.
  std::string port_file;
  // The submission prefixes of the witnesses that are asked to cosign.
  std::vector<std::string> witness_urls;
  // Serve beyond this machine without TLS. Over HTTP this is for entries only: the rest is public.
  bool allow_plaintext = false;
  // PEM files; empty: no TLS, or no client certificates asked for.
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_client_ca;
  // How long a stopping server may take to finish what it has begun.
  size_t stop_seconds = 10;
};

// Ready for the stages, but for what is known only at run time (clocks, the ledger id, the content
// of the TLS files).
struct Config {
  Config();

  storage::RocksDbOptions store;
  verify::VerifierOptions verify;
  sequence::SequencerOptions sequence;
  rpc::RpcOptions rpc;
  http::HttpOptions http;
  LogOptions log;
  ProcessOptions process;

  // Where each setting came from, by its name in the file: "flag --listen".
  std::map<std::string, std::string> origins;
};

// One setting, for the command line and for documentation.
struct SettingInfo {
  std::string name;      // in the file: "log.level"
  std::string flag;      // "--log-level"
  std::string variable;  // "KENGRED_LOG_LEVEL"
  std::string value;     // what to write: "FILE"; empty for one that is on or off
  std::string help;
  bool list = false;     // whether the flag may be repeated
  std::string standard;  // its default, as on the command line; empty: none, or off
};
const std::vector<SettingInfo>& Settings();

struct ConfigSources {
  // By the setting's name in the file. A list is separated by commas.
  std::map<std::string, std::string> flags;
  // Null where a variable is not set.
  std::function<const char*(const char* variable)> environment = [](const char*) {
    return static_cast<const char*>(nullptr);
  };
  // The file's text and how messages call it; nothing where no file is used.
  std::optional<std::string> file_text;
  std::string file_name;
};

// InvalidArgument names every wrong setting, where it came from and what to write.
absl::StatusOr<Config> ResolveConfig(const ConfigSources& sources);

// The configuration as a file that says the same, each line with where its value came from.
std::string PrintConfig(const Config& config);

// Whether an address can only be reached from this machine.
bool IsLoopback(std::string_view address);

}  // namespace kengred::server
