#include "server/main/config.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "kengred/core/limits.h"
#include "net/address.h"
#include "server/main/log_key.h"
#include "server/main/toml_reader.h"

namespace kengred::server {
namespace {

constexpr size_t kMebibyte = 1024 * 1024;
constexpr char kOff[] = "off";

absl::Status Invalid(const std::string& why) { return absl::InvalidArgumentError(why); }

struct Setting {
  SettingInfo info;
  // Reads a value from its text.
  std::function<absl::Status(const std::string& text, Config* config)> set;
  // The value as TOML.
  std::function<std::string(const Config& config)> show;
};

SettingInfo Info(const std::string& name, const std::string& value, const std::string& help) {
  std::string flag = "--" + name;
  std::string variable = "KENGRED_" + name;
  for (char& c : flag) {
    if (c == '.' || c == '_') c = '-';
  }
  for (char& c : variable) {
    c = c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return {name, flag, variable, value, help, value.ends_with(",..."), ""};
}

// A basic string of TOML.
std::string TomlText(const std::string& text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted.push_back('\\');
      quoted.push_back(c);
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += "\\u00";
      quoted.push_back(kDigits[byte >> 4]);
      quoted.push_back(kDigits[byte & 15]);
    } else {
      quoted.push_back(c);
    }
  }
  return quoted + "\"";
}

Setting Text(const std::string& name, const std::string& value, const std::string& help,
             std::function<std::string&(Config&)> of) {
  return {Info(name, value, help),
          [of](const std::string& text, Config* config) {
            of(*config) = text;
            return absl::OkStatus();
          },
          [of](const Config& config) {
            Config copy = config;
            return TomlText(of(copy));
          }};
}

// A whole number from `min` to `max`, stored multiplied by `unit`.
Setting Number(const std::string& name, const std::string& help, size_t min, size_t max,
               size_t unit, std::function<size_t&(Config&)> of) {
  return {Info(name, "NUMBER", help),
          [=](const std::string& text, Config* config) {
            size_t number = 0;
            const char* const end = text.data() + text.size();
            const auto [rest, error] = std::from_chars(text.data(), end, number);
            if (error != std::errc() || rest != end || number < min || number > max) {
              return Invalid("\"" + text + "\" is not possible; write a whole number from " +
                             std::to_string(min) + " to " + std::to_string(max));
            }
            of(*config) = number * unit;
            return absl::OkStatus();
          },
          [=](const Config& config) {
            Config copy = config;
            return std::to_string(of(copy) / unit);
          }};
}

// One word of several.
template <typename Enum>
Setting Choice(const std::string& name, const std::string& help,
               const std::vector<std::pair<std::string, Enum>>& choices,
               std::function<Enum&(Config&)> of) {
  std::string words;
  for (const auto& choice : choices) words += (words.empty() ? "" : "|") + choice.first;
  return {Info(name, words, help),
          [=](const std::string& text, Config* config) {
            for (const auto& [word, value] : choices) {
              if (word != text) continue;
              of(*config) = value;
              return absl::OkStatus();
            }
            return Invalid("\"" + text + "\" is not possible; write one of " + words);
          },
          [=](const Config& config) {
            Config copy = config;
            for (const auto& [word, value] : choices) {
              if (value == of(copy)) return TomlText(word);
            }
            return std::string();
          }};
}

Setting Switch(const std::string& name, const std::string& help, std::function<bool&(Config&)> of) {
  return {Info(name, "", help),
          [of](const std::string& text, Config* config) {
            if (text != "true" && text != "false") {
              return Invalid("\"" + text + "\" is not possible; write true or false");
            }
            of(*config) = text == "true";
            return absl::OkStatus();
          },
          [of](const Config& config) {
            Config copy = config;
            return std::string(of(copy) ? "true" : "false");
          }};
}

// Empty where the address is one; else why not.
std::string WhyNoAddress(const std::string& address) {
  if (address.starts_with("unix:")) {
    return address.size() > 6 && address[5] == '/' ? "" : "write unix: and a full path";
  }
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  if (colon == std::string::npos || colon == 0) return "write it like 127.0.0.1:4365";
  const char* const end = address.data() + address.size();
  const auto [rest, error] = std::from_chars(address.data() + colon + 1, end, port);
  if (error != std::errc() || rest != end || port > 65535) {
    return "write a port from 0 to 65535 after the colon";
  }
  const std::string host = address.substr(0, colon);
  if (host.find(':') != std::string::npos && (host.front() != '[' || host.back() != ']')) {
    return "write an IPv6 address in brackets, like [::1]:4365";
  }
  return "";
}

// The parts of "a,b".
std::vector<std::string> SplitCommas(const std::string& text) {
  std::vector<std::string> parts;
  size_t start = 0;
  while (start <= text.size()) {
    const size_t comma = std::min(text.find(',', start), text.size());
    parts.push_back(text.substr(start, comma - start));
    start = comma + 1;
  }
  return parts;
}

// ["a", "b"]
std::string TomlList(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + TomlText(part);
  return "[" + text + "]";
}

Setting LogKey() {
  return {Info("log_key", "FILE,...",
               "The key that signs checkpoints, and keys to come; beside the ledger by default: "
               "DIRECTORY.log-key"),
          [](const std::string& text, Config* config) {
            config->process.log_keys = SplitCommas(text);
            for (const std::string& file : config->process.log_keys) {
              if (file.empty()) return Invalid("a file without a name is not possible");
            }
            return absl::OkStatus();
          },
          [](const Config& config) { return TomlList(config.process.log_keys); }};
}

Setting Listen() {
  return {Info("listen", "ADDRESS,...",
               "Where to listen: host:port, [::1]:port, unix:/path; port 0 is any free one"),
          [](const std::string& text, Config* config) {
            config->rpc.addresses.clear();
            for (const std::string& address : SplitCommas(text)) {
              if (const std::string why = WhyNoAddress(address); !why.empty()) {
                return Invalid("\"" + address + "\" is no address to listen on; " + why);
              }
              config->rpc.addresses.push_back(address);
            }
            return absl::OkStatus();
          },
          [](const Config& config) { return TomlList(config.rpc.addresses); }};
}

Setting HttpListen() {
  return {Info("http.listen", "ADDRESS",
               "Where to serve checkpoint and tiles over plain HTTP: host:port, [::1]:port; `off`: "
               "nowhere"),
          [](const std::string& text, Config* config) {
            config->http.address.clear();
            if (text == kOff) return absl::OkStatus();
            std::string why = WhyNoAddress(text);
            if (text.starts_with("unix:")) why = "write it like 127.0.0.1:4366, or off";
            if (!why.empty()) {
              return Invalid("\"" + text + "\" is no address to serve HTTP on; " + why);
            }
            config->http.address = text;
            return absl::OkStatus();
          },
          [](const Config& config) {
            return TomlText(config.http.address.empty() ? kOff : config.http.address);
          }};
}

Setting Witness() {
  Setting setting{Info("cosign.witness", "URL,...",
                       "A witness to ask for cosignatures: the address before /add-checkpoint"),
                  [](const std::string& text, Config* config) {
                    config->process.witness_urls.clear();
                    if (text.empty()) return absl::OkStatus();
                    config->process.witness_urls = SplitCommas(text);
                    for (const std::string& url : config->process.witness_urls) {
                      if (const auto parsed = net::ParseUrl(url); !parsed.ok())
                        return parsed.status();
                    }
                    return absl::OkStatus();
                  },
                  [](const Config& config) { return TomlList(config.process.witness_urls); }};
  setting.info.flag = "--witness";
  return setting;
}

const std::vector<Setting>& AllSettings() {
  static const auto* const kSettings = new std::vector<Setting>{
      Text("data", "DIRECTORY", "The ledger's store, made by `kengred-server init`",
           [](Config& config) -> std::string& { return config.store.path; }),
      LogKey(),
      Listen(),
      Text("port_file", "FILE",
           "Write the ports to this file when ready, one per line: those of listen, then HTTP's",
           [](Config& config) -> std::string& { return config.process.port_file; }),
      Switch("allow_plaintext", "Serve other machines without TLS: everybody on the way can read",
             [](Config& config) -> bool& { return config.process.allow_plaintext; }),
      Number("stop_seconds", "How long stopping may take to finish what has begun", 1, 600, 1,
             [](Config& config) -> size_t& { return config.process.stop_seconds; }),
      Text("tls.certificate", "FILE", "The server's certificate chain, PEM",
           [](Config& config) -> std::string& { return config.process.tls_certificate; }),
      Text("tls.key", "FILE", "The certificate's private key, PEM",
           [](Config& config) -> std::string& { return config.process.tls_key; }),
      Text("tls.client_ca", "FILE",
           "Ask clients for a certificate signed by these authorities, PEM (mutual TLS)",
           [](Config& config) -> std::string& { return config.process.tls_client_ca; }),
      HttpListen(),
      Witness(),
      Choice<LogLevel>("log.level", "The least important events to log",
                       {{"debug", LogLevel::kDebug},
                        {"info", LogLevel::kInfo},
                        {"warning", LogLevel::kWarning},
                        {"error", LogLevel::kError}},
                       [](Config& config) -> LogLevel& { return config.log.level; }),
      Choice<LogFormat>("log.format", "How log lines look",
                        {{"text", LogFormat::kText}, {"json", LogFormat::kJson}},
                        [](Config& config) -> LogFormat& { return config.log.format; }),
      Number("limits.verify_threads", "Threads that verify signatures; 0: one per core", 0, 1024, 1,
             [](Config& config) -> size_t& { return config.verify.threads; }),
      Number("limits.verify_queue_transactions",
             "Transactions that may wait to be verified; more are told to come later", 1, 1000000,
             1, [](Config& config) -> size_t& { return config.verify.queue_transactions_max; }),
      Number("limits.sequence_queue_transactions",
             "Verified transactions that may wait for their place; more are told to come later", 1,
             1000000, 1,
             [](Config& config) -> size_t& { return config.sequence.queue_transactions_max; }),
      Number("limits.state_cache_mib",
             "Memory for accounts and balances in use, MiB; some 1000 bytes an account", 1,
             1024 * 1024, kMebibyte,
             [](Config& config) -> size_t& { return config.sequence.state_cache_bytes; }),
      Number("limits.message_bytes", "The largest message that is read", kTransactionBytesMax * 2,
             64 * kMebibyte, 1,
             [](Config& config) -> size_t& { return config.rpc.message_bytes_max; }),
      Number("limits.watches", "Accounts that may be watched at once", 1, 1000000, 1,
             [](Config& config) -> size_t& { return config.rpc.watches_max; }),
      Number("limits.streams", "Submission streams that may be open at once", 1, 100000, 1,
             [](Config& config) -> size_t& { return config.rpc.streams_max; }),
      Number("store.block_cache_mib", "Memory for what is read from disk, MiB", 1, 1024 * 1024,
             kMebibyte, [](Config& config) -> size_t& { return config.store.block_cache_bytes; }),
      Number("store.write_buffer_mib", "Memory for what was written last, MiB", 4, 64 * 1024,
             kMebibyte, [](Config& config) -> size_t& { return config.store.write_buffer_bytes; }),
  };
  return *kSettings;
}

// The text of a value in the file. Nothing where no setting has a value of that kind.
std::optional<std::string> TextOf(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* boolean = node.as_boolean()) return boolean->get() ? "true" : "false";
  const toml::array* array = node.as_array();
  if (array == nullptr) return std::nullopt;
  std::string joined;
  for (const toml::node& item : *array) {
    const auto* text = item.as_string();
    if (text == nullptr) return std::nullopt;
    joined += (joined.empty() ? "" : ",") + text->get();
  }
  return joined;
}

// The part of a name before its dot, empty where there is none; and the part after it.
std::pair<std::string, std::string> SplitName(const std::string& name) {
  const size_t dot = name.find('.');
  if (dot == std::string::npos) return {"", name};
  return {name.substr(0, dot), name.substr(dot + 1)};
}

// Puts what a file says into `config`.
absl::Status ApplyFile(const std::string& text, const std::string& file, Config* config) {
  const absl::StatusOr<toml::table> root = ParseToml(text, file);
  if (!root.ok()) return root.status();
  TomlProblems problems(file);
  TomlTable top(*root, "", &problems);
  std::map<std::string, TomlTable> tables;
  for (const Setting& setting : AllSettings()) {
    const std::string group = SplitName(setting.info.name).first;
    if (group.empty() || tables.contains(group)) continue;
    if (auto table = top.Table(group, TomlTable::kOptional)) tables.emplace(group, *table);
  }
  for (const Setting& setting : AllSettings()) {
    const auto [group, key] = SplitName(setting.info.name);
    const auto found = tables.find(group);
    if (!group.empty() && found == tables.end()) continue;
    TomlTable& table = group.empty() ? top : found->second;
    const toml::node* node = table.Find(key);
    if (node == nullptr) continue;
    const std::optional<std::string> value = TextOf(*node);
    const absl::Status status =
        value ? setting.set(*value, config)
              : Invalid("a value of this kind is not possible; see deploy/kengred.toml");
    if (!status.ok()) {
      table.Problem(key, "`" + setting.info.name + "`: " + std::string(status.message()));
    }
    config->origins[setting.info.name] = "file " + file + ":" + std::to_string(table.line(key));
  }
  top.RefuseUnknown();
  for (auto& [group, table] : tables) table.RefuseUnknown();
  return problems.ToStatus();
}

// What no single setting can see.
absl::Status CheckTogether(const Config& config) {
  const ProcessOptions& process = config.process;
  if (config.store.path.empty()) {
    return Invalid(
        "no ledger is named; give its directory with --data DIRECTORY, KENGRED_DATA or `data` in "
        "the file");
  }
  const bool tls = !process.tls_certificate.empty();
  if (tls != !process.tls_key.empty()) {
    return Invalid(tls ? "tls.certificate is given and tls.key is not; give both"
                       : "tls.key is given and tls.certificate is not; give both");
  }
  if (!tls && !process.tls_client_ca.empty()) {
    return Invalid(
        "tls.client_ca is given without a certificate; give tls.certificate and tls.key");
  }
  if (tls || process.allow_plaintext) return absl::OkStatus();
  for (const std::string& address : config.rpc.addresses) {
    if (IsLoopback(address)) continue;
    return Invalid("listening on " + address +
                   " without TLS would show everybody's payments to the network; give "
                   "tls.certificate and tls.key, or --allow-plaintext where something in front of "
                   "the server does TLS");
  }
  return absl::OkStatus();
}

}  // namespace

Config::Config() {
  rpc.addresses = {"127.0.0.1:" + std::to_string(kPortDefault)};
  http.address = "127.0.0.1:" + std::to_string(http::kHttpPortDefault);
}

const std::vector<SettingInfo>& Settings() {
  static const auto* const kInfos = [] {
    auto* infos = new std::vector<SettingInfo>;
    const Config defaults;
    for (const Setting& setting : AllSettings()) {
      infos->push_back(setting.info);
      // TOML's quotes and brackets are not for the command line.
      std::string standard = setting.show(defaults);
      std::erase_if(standard, [](char c) { return c == '"' || c == '[' || c == ']'; });
      if (standard != "false") infos->back().standard = standard;
    }
    return infos;
  }();
  return *kInfos;
}

absl::StatusOr<Config> ResolveConfig(const ConfigSources& sources) {
  Config config;
  for (const Setting& setting : AllSettings()) config.origins[setting.info.name] = "default";
  if (sources.file_text) {
    const absl::Status status = ApplyFile(*sources.file_text, sources.file_name, &config);
    if (!status.ok()) return status;
  }
  std::string problems;
  for (const Setting& setting : AllSettings()) {
    std::string origin;
    std::string text;
    if (const auto flag = sources.flags.find(setting.info.name); flag != sources.flags.end()) {
      origin = "flag " + setting.info.flag;
      text = flag->second;
    } else if (const char* value = sources.environment(setting.info.variable.c_str())) {
      origin = "environment " + setting.info.variable;
      text = value;
    } else {
      continue;
    }
    const absl::Status status = setting.set(text, &config);
    if (!status.ok()) {
      problems += (problems.empty() ? "" : "\n") + origin + ": " + std::string(status.message());
    }
    config.origins[setting.info.name] = origin;
  }
  if (!problems.empty()) return Invalid(problems);
  if (const absl::Status status = CheckTogether(config); !status.ok()) return status;
  // Tokens and entries must not cross a network in clear unless somebody has said so.
  config.http.serve_entries = config.process.allow_plaintext || IsLoopback(config.http.address);
  if (config.process.log_keys.empty()) {
    config.process.log_keys = {DefaultLogKeyFile(config.store.path)};
  }
  return config;
}

std::string PrintConfig(const Config& config) {
  std::string text;
  std::string group;
  for (const Setting& setting : AllSettings()) {
    const auto [table, key] = SplitName(setting.info.name);
    if (table != group) text += "\n[" + table + "]\n";
    group = table;
    text +=
        key + " = " + setting.show(config) + "  # " + config.origins.at(setting.info.name) + "\n";
  }
  return text;
}

bool IsLoopback(std::string_view address) {
  if (address.starts_with("unix:")) return true;
  std::string host(address.substr(0, address.rfind(':')));
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  if (host == "localhost") return true;
  in6_addr six{};
  if (::inet_pton(AF_INET6, host.c_str(), &six) == 1) return IN6_IS_ADDR_LOOPBACK(&six) != 0;
  in_addr four{};
  return ::inet_pton(AF_INET, host.c_str(), &four) == 1 && ntohl(four.s_addr) >> 24 == 127;
}

}  // namespace kengred::server
