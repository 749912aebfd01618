// Goal: the server does what its operator says, wherever it was said, and says no in words. Method:
// every setting through every source; the example configuration against the defaults; log lines,
// port files and the service manager's socket as their readers see them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "files/small_file.h"
#include "server/main/command_status.h"
#include "server/main/config.h"
#include "server/main/json_text.h"
#include "server/main/log.h"
#include "server/main/log_key.h"
#include "server/main/progress.h"
#include "server/main/service_manager.h"

namespace kengred::server {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kengred-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Sources where the setting `data` is given already.
ConfigSources Sources(std::map<std::string, std::string> flags,
                      const std::map<std::string, std::string>& environment = {},
                      std::optional<std::string> file = std::nullopt) {
  ConfigSources sources;
  flags.emplace("data", "/ledger");
  sources.flags = std::move(flags);
  sources.environment = [environment](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  };
  sources.file_text = std::move(file);
  sources.file_name = "kengred.toml";
  return sources;
}

std::string MessageOf(const ConfigSources& sources) {
  const absl::StatusOr<Config> config = ResolveConfig(sources);
  EXPECT_TRUE(absl::IsInvalidArgument(config.status())) << config.status();
  return std::string(config.status().message());
}

// The line of --print-config for a setting of a table, "" where there is none.
std::string PrintedLine(const Config& config, const std::string& name) {
  std::istringstream text(PrintConfig(config));
  std::string group;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("[")) group = line.substr(1, line.size() - 2) + ".";
    if ((group + line).starts_with(name + " = ")) return line;
  }
  return "";
}

TEST(Config, TheFirstSourceThatHasASettingWins) {
  // For each setting two values that are not its default, as flag, variable and file write them.
  struct Row {
    std::string name;
    std::string flag_value;
    std::string variable_value;
    std::string file_value;  // as TOML
    std::string other;       // the flag's value as TOML
  };
  const std::vector<Row> rows = {
      {"data", "/a", "/b", "\"/c\"", "\"/a\""},
      {"log_key", "/a,/b", "/c", "[\"/d\", \"/e\"]", "[\"/a\", \"/b\"]"},
      {"listen", "127.0.0.1:1,[::1]:2", "127.0.0.1:3", "[\"unix:/c\", \"localhost:0\"]",
       "[\"127.0.0.1:1\", \"[::1]:2\"]"},
      {"port_file", "/a", "/b", "\"/c\"", "\"/a\""},
      {"allow_plaintext", "true", "false", "true", "true"},
      {"stop_seconds", "1", "2", "3", "1"},
      {"tls.certificate", "/a", "/b", "\"/c\"", "\"/a\""},
      {"tls.key", "/a", "/b", "\"/c\"", "\"/a\""},
      {"tls.client_ca", "/a", "/b", "\"/c\"", "\"/a\""},
      {"http.listen", "127.0.0.1:1", "off", "\"[::1]:2\"", "\"127.0.0.1:1\""},
      {"cosign.witness", "http://a,https://b/c", "http://[::1]:1", "[\"http://d\"]",
       "[\"http://a\", \"https://b/c\"]"},
      {"log.level", "debug", "error", "\"warning\"", "\"debug\""},
      {"log.format", "json", "json", "\"json\"", "\"json\""},
      {"limits.verify_threads", "1", "2", "3", "1"},
      {"limits.verify_queue_transactions", "1", "2", "3", "1"},
      {"limits.sequence_queue_transactions", "1", "2", "3", "1"},
      {"limits.state_cache_mib", "1", "2", "3", "1"},
      {"limits.message_bytes", "300000", "400000", "500000", "300000"},
      {"limits.watches", "1", "2", "3", "1"},
      {"limits.streams", "1", "2", "3", "1"},
      {"store.block_cache_mib", "1", "2", "3", "1"},
      {"store.write_buffer_mib", "5", "6", "7", "5"},
  };
  EXPECT_EQ(rows.size(), Settings().size());
  for (const Row& row : rows) {
    const auto info = std::find_if(Settings().begin(), Settings().end(),
                                   [&](const SettingInfo& one) { return one.name == row.name; });
    ASSERT_NE(info, Settings().end()) << row.name;
    const size_t dot = row.name.find('.');
    const std::string key = dot == std::string::npos ? row.name : row.name.substr(dot + 1);
    const std::string header =
        dot == std::string::npos ? "" : "[" + row.name.substr(0, dot) + "]\n";
    for (int sources = 0; sources < 8; ++sources) {
      const bool flag = (sources & 4) != 0;
      const bool variable = (sources & 2) != 0;
      const bool file = (sources & 1) != 0;
      ConfigSources all = Sources({});
      if (row.name == "data") all.flags.clear();
      if (flag) all.flags[row.name] = row.flag_value;
      if (variable) {
        all = [&] {
          ConfigSources copy = Sources({}, {{info->variable, row.variable_value}});
          copy.flags = all.flags;
          return copy;
        }();
      }
      // The TLS files only make sense together; give those that are not tested.
      for (const char* name : {"tls.certificate", "tls.key"}) {
        if (row.name.starts_with("tls.") && row.name != name) all.flags[name] = "/x";
      }
      if (file) all.file_text = header + key + " = " + row.file_value + "\n";
      all.file_name = "kengred.toml";
      const absl::StatusOr<Config> config = ResolveConfig(all);
      const bool needed =
          row.name == "data" || row.name == "tls.certificate" || row.name == "tls.key";
      if (sources == 0 && needed) {
        EXPECT_FALSE(config.ok()) << row.name;
        continue;
      }
      ASSERT_TRUE(config.ok()) << row.name << ": " << config.status();
      const std::string line = PrintedLine(*config, row.name);
      const std::string origin = config->origins.at(row.name);
      if (flag) {
        EXPECT_EQ(origin, "flag " + info->flag);
        EXPECT_EQ(line, key + " = " + row.other + "  # " + origin);
      } else if (variable) {
        EXPECT_EQ(origin, "environment " + info->variable);
        EXPECT_THAT(line, HasSubstr(row.variable_value));
      } else if (file) {
        EXPECT_EQ(origin, "file kengred.toml:" + std::to_string(header.empty() ? 1 : 2));
        EXPECT_EQ(line, key + " = " + row.file_value + "  # " + origin);
      } else {
        EXPECT_EQ(origin, "default");
      }
    }
  }
}

TEST(Config, FillsTheStagesOptions) {
  const absl::StatusOr<Config> config =
      ResolveConfig(Sources({{"listen", "127.0.0.1:7,unix:/s"},
                             {"limits.verify_threads", "3"},
                             {"limits.verify_queue_transactions", "11"},
                             {"limits.sequence_queue_transactions", "12"},
                             {"limits.message_bytes", "300000"},
                             {"limits.watches", "13"},
                             {"limits.streams", "14"},
                             {"store.block_cache_mib", "2"},
                             {"store.write_buffer_mib", "4"},
                             {"log.level", "error"},
                             {"log.format", "json"},
                             {"stop_seconds", "7"}}));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->store.path, "/ledger");
  EXPECT_FALSE(config->store.create_if_missing);
  EXPECT_FALSE(config->store.read_only);
  EXPECT_EQ(config->store.block_cache_bytes, 2U * 1024 * 1024);
  EXPECT_EQ(config->store.write_buffer_bytes, 4U * 1024 * 1024);
  EXPECT_EQ(config->verify.threads, 3U);
  EXPECT_EQ(config->verify.queue_transactions_max, 11U);
  EXPECT_EQ(config->sequence.queue_transactions_max, 12U);
  EXPECT_THAT(config->rpc.addresses, ::testing::ElementsAre("127.0.0.1:7", "unix:/s"));
  EXPECT_EQ(config->rpc.message_bytes_max, 300000U);
  EXPECT_EQ(config->rpc.watches_max, 13U);
  EXPECT_EQ(config->rpc.streams_max, 14U);
  EXPECT_EQ(config->log.level, LogLevel::kError);
  EXPECT_EQ(config->log.format, LogFormat::kJson);
  EXPECT_EQ(config->process.stop_seconds, 7U);
}

TEST(Config, SaysWhereAWrongValueStandsAndWhatToWrite) {
  EXPECT_EQ(MessageOf(Sources({{"log.level", "loud"}})),
            "flag --log-level: \"loud\" is not possible; write one of debug|info|warning|error");
  EXPECT_EQ(MessageOf(Sources({}, {{"KENGRED_STOP_SECONDS", "0"}})),
            "environment KENGRED_STOP_SECONDS: \"0\" is not possible; write a whole number from 1 "
            "to 600");
  EXPECT_EQ(MessageOf(Sources({}, {}, "\n[log]\nformat = \"xml\"\n")),
            "kengred.toml:3: `log.format`: \"xml\" is not possible; write one of text|json");
  for (const char* number : {"", "-1", "1.5", "1 ", "99999999999999999999", "601"}) {
    EXPECT_THAT(MessageOf(Sources({{"stop_seconds", number}})), HasSubstr("a whole number"))
        << number;
  }
  EXPECT_THAT(MessageOf(Sources({}, {{"KENGRED_ALLOW_PLAINTEXT", "yes"}})),
              HasSubstr("write true or false"));
  EXPECT_THAT(MessageOf(Sources({}, {}, "stop_seconds = 2.5\n")),
              HasSubstr("kengred.toml:1: `stop_seconds`: a value of this kind is not possible"));
  EXPECT_THAT(MessageOf(Sources({}, {}, "listen = [1]\n")), HasSubstr("kengred.toml:1: `listen`"));
  EXPECT_THAT(MessageOf(Sources({}, {}, "log = 1\n")), HasSubstr("write [log] and its lines"));
  EXPECT_THAT(MessageOf(Sources({}, {}, "stop_seconds = \n")),
              StartsWith("kengred.toml:1: this is not TOML: "));
  EXPECT_THAT(MessageOf(Sources({}, {}, "lisen = \"127.0.0.1:1\"\n")),
              HasSubstr("kengred.toml:1: `lisen` is not known here; write one of: "));
  EXPECT_THAT(
      MessageOf(Sources({}, {}, "[log]\nlevle = \"info\"\n")),
      StartsWith("kengred.toml:2: `log.levle` is not known here; write one of: format, level"));
  // A mistake in the file counts even where a flag would win.
  EXPECT_THAT(MessageOf(Sources({{"stop_seconds", "1"}}, {}, "stop_seconds = 0\n")),
              HasSubstr("kengred.toml:1: `stop_seconds`"));
}

TEST(Config, RefusesAddressesThatAreNone) {
  for (const char* address :
       {"", "127.0.0.1", ":4365", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:4365",
        "unix:", "unix:relative", "127.0.0.1:1,", "127.0.0.1:1,,127.0.0.1:2"}) {
    EXPECT_THAT(MessageOf(Sources({{"listen", address}})), StartsWith("flag --listen: "))
        << address;
  }
}

TEST(Config, ServesOthersOnlyWithTlsUnlessTold) {
  for (const char* address : {"0.0.0.0:1", "[::]:1", "192.168.1.2:1", "example.org:1",
                              "127.0.0.1:1,10.0.0.1:1", "[2001:db8::1]:1", "128.0.0.1:1"}) {
    EXPECT_THAT(MessageOf(Sources({{"listen", address}})), HasSubstr("without TLS")) << address;
    EXPECT_TRUE(ResolveConfig(Sources({{"listen", address}, {"allow_plaintext", "true"}})).ok());
    EXPECT_TRUE(
        ResolveConfig(Sources({{"listen", address}, {"tls.certificate", "/c"}, {"tls.key", "/k"}}))
            .ok());
  }
  for (const char* address :
       {"127.0.0.1:1", "127.255.0.3:1", "[::1]:1", "localhost:1", "unix:/run/kengred.sock"}) {
    EXPECT_TRUE(ResolveConfig(Sources({{"listen", address}})).ok()) << address;
  }
}

TEST(Config, ServesHttpWhereTold) {
  EXPECT_EQ(ResolveConfig(Sources({}))->http.address, "127.0.0.1:4366");
  EXPECT_EQ(ResolveConfig(Sources({{"http.listen", "off"}}))->http.address, "");
  EXPECT_EQ(PrintedLine(*ResolveConfig(Sources({{"http.listen", "off"}})), "http.listen"),
            "listen = \"off\"  # flag --http-listen");
  for (const char* address :
       {"", "Off", "on", "127.0.0.1", ":4366", "127.0.0.1:", "127.0.0.1:65536", "::1:4366",
        "unix:/run/http.sock", "127.0.0.1:1,127.0.0.1:2", "http://127.0.0.1:1"}) {
    EXPECT_THAT(MessageOf(Sources({{"http.listen", address}})),
                StartsWith("flag --http-listen: \"" + std::string(address) +
                           "\" is no address to serve HTTP on; "))
        << address;
  }
}

// Checkpoint and tiles are for everybody; entries and tokens must not cross a network in clear.
TEST(Config, ServesEntriesOverHttpToThisMachineOnlyUnlessTold) {
  for (const char* address : {"127.0.0.1:1", "127.1.2.3:0", "[::1]:1", "localhost:1"}) {
    EXPECT_TRUE(ResolveConfig(Sources({{"http.listen", address}}))->http.serve_entries) << address;
  }
  for (const char* address : {"0.0.0.0:1", "[::]:1", "192.168.1.2:1", "heol.example:1"}) {
    const absl::StatusOr<Config> config = ResolveConfig(Sources({{"http.listen", address}}));
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_EQ(config->http.address, address);
    EXPECT_FALSE(config->http.serve_entries) << address;
    // TLS for gRPC is none for HTTP.
    EXPECT_FALSE(
        ResolveConfig(
            Sources({{"http.listen", address}, {"tls.certificate", "/c"}, {"tls.key", "/k"}}))
            ->http.serve_entries);
    EXPECT_TRUE(ResolveConfig(Sources({{"http.listen", address}, {"allow_plaintext", "true"}}))
                    ->http.serve_entries);
  }
}

TEST(Config, RefusesHalfOfTls) {
  EXPECT_THAT(MessageOf(Sources({{"tls.certificate", "/c"}})), HasSubstr("tls.key is not"));
  EXPECT_THAT(MessageOf(Sources({{"tls.key", "/k"}})), HasSubstr("tls.certificate is not"));
  EXPECT_THAT(MessageOf(Sources({{"tls.client_ca", "/k"}})), HasSubstr("without a certificate"));
}

TEST(Config, WhatItPrintsIsAFileThatSaysTheSame) {
  const absl::StatusOr<Config> config = ResolveConfig(Sources(
      {{"listen", "127.0.0.1:7,unix:/s"}, {"port_file", "/a \"b\" \\ é"}, {"log.format", "json"}}));
  ASSERT_TRUE(config.ok()) << config.status();
  ConfigSources again;
  again.file_text = PrintConfig(*config);
  again.file_name = "printed.toml";
  const absl::StatusOr<Config> second = ResolveConfig(again);
  ASSERT_TRUE(second.ok()) << second.status();
  const auto without_origins = [](const std::string& text) {
    std::istringstream lines(text);
    std::string result;
    for (std::string line; std::getline(lines, line);) {
      result += line.substr(0, line.rfind("  # ")) + "\n";
    }
    return result;
  };
  EXPECT_EQ(without_origins(PrintConfig(*config)), without_origins(PrintConfig(*second)));
}

// deploy/kengred.toml lists every setting with its default, commented out but for `data`.
TEST(Config, TheExampleFileShowsEverySettingAndItsDefault) {
  const char* source = std::getenv("KENGRED_SOURCE_DIR");
  ASSERT_NE(source, nullptr);
  const std::string text = ReadFile(std::string(source) + "/deploy/kengred.toml");
  ConfigSources as_it_is;
  as_it_is.file_text = text;
  as_it_is.file_name = "kengred.toml";
  ASSERT_TRUE(ResolveConfig(as_it_is).ok()) << ResolveConfig(as_it_is).status();

  std::istringstream lines(text);
  std::string uncommented;
  for (std::string line; std::getline(lines, line);) {
    const bool setting = line.starts_with("# ") && line.find(" = ") != std::string::npos &&
                         line.find(' ', 2) == line.find(" = ");
    uncommented += (setting ? line.substr(2) : line) + "\n";
  }
  ConfigSources all;
  all.file_text = uncommented;
  all.file_name = "kengred.toml";
  const absl::StatusOr<Config> config = ResolveConfig(all);
  ASSERT_TRUE(config.ok()) << config.status();
  Config defaults;
  defaults.store.path = config->store.path;
  defaults.process.log_keys = {DefaultLogKeyFile(config->store.path)};
  defaults.origins = config->origins;
  EXPECT_EQ(PrintConfig(*config), PrintConfig(defaults));
  for (const SettingInfo& setting : Settings()) {
    EXPECT_THAT(config->origins.at(setting.name), StartsWith("file ")) << setting.name;
  }
}

TEST(Log, TextLinesQuoteWhatNeedsIt) {
  EXPECT_EQ(FormatLogLine(LogFormat::kText, "ready", {}), "ready");
  EXPECT_EQ(FormatLogLine(LogFormat::kText, "ready", {{"listen", "127.0.0.1:1"}, {"empty", ""}}),
            "ready listen=127.0.0.1:1 empty=\"\"");
  EXPECT_EQ(
      FormatLogLine(LogFormat::kText, "x", {{"a", "two words"}, {"b", "q\"\\"}, {"c", "n\nl"}}),
      R"(x a="two words" b="q\"\\" c="n\nl")");
  EXPECT_EQ(FormatLogLine(LogFormat::kText, "x", {{"a", "k=v"}, {"b", std::string("\x01\xff", 2)}}),
            "x a=\"k=v\" b=\"\\u0001\xef\xbf\xbd\"");
}

TEST(Log, JsonLinesAreJson) {
  const std::string line = "{" +
                           FormatLogLine(LogFormat::kJson, "ready",
                                         {{"a", "q\"\\\n\x01\x7f"}, {"b", "é€😀"}, {"c", "\xc3("}}) +
                           "}";
  const nlohmann::json json = nlohmann::json::parse(line);
  EXPECT_EQ(json["event"], "ready");
  EXPECT_EQ(json["a"], "q\"\\\n\x01\x7f");
  EXPECT_EQ(json["b"], "é€😀");
  EXPECT_EQ(json["c"], "\xef\xbf\xbd(");
}

TEST(JsonText, ObjectsAndArraysAreJson) {
  JsonObject inner;
  inner.Number("min", INT64_MIN).Number("max", UINT64_MAX);
  const nlohmann::json json = nlohmann::json::parse(JsonObject()
                                                        .Text("text", "t")
                                                        .Boolean("yes", true)
                                                        .Boolean("no", false)
                                                        .Json("inner", inner.ToString())
                                                        .Json("list", JsonArray({"1", "{}"}))
                                                        .Json("none", JsonArray({}))
                                                        .ToString());
  EXPECT_EQ(json["text"], "t");
  EXPECT_EQ(json["yes"], true);
  EXPECT_EQ(json["no"], false);
  EXPECT_EQ(json["inner"]["min"], INT64_MIN);
  EXPECT_EQ(json["inner"]["max"], UINT64_MAX);
  EXPECT_EQ(json["list"].size(), 2U);
  EXPECT_TRUE(json["none"].empty());
  EXPECT_EQ(JsonObject().ToString(), "{}");
}

TEST(Files, AnAtomicWriteLeavesNothingElse) {
  const ScratchDirectory directory;
  const std::string path = directory / "port";
  ASSERT_TRUE(WriteFileAtomically(path, "1\n").ok());
  ASSERT_TRUE(WriteFileAtomically(path, "22\n").ok());
  EXPECT_EQ(ReadSmallFile(path).value(), "22\n");
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory / "")) {
    files += entry.is_regular_file() ? 1U : 0U;
  }
  EXPECT_EQ(files, 1U);
  EXPECT_TRUE(absl::IsNotFound(WriteFileAtomically(directory / "no/port", "1\n")));
  ASSERT_TRUE(RemoveFile(path).ok());
  EXPECT_TRUE(RemoveFile(path).ok());
  EXPECT_TRUE(absl::IsNotFound(ReadSmallFile(path).status()));
}

TEST(Files, AFailedAtomicWriteTouchesNothing) {
  const ScratchDirectory directory;
  std::filesystem::create_directory(directory / "port");
  std::ofstream(directory / "port/file") << "x";
  // A directory stands where the file would go.
  EXPECT_FALSE(WriteFileAtomically(directory / "port", "1\n").ok());
  size_t entries = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory / "")) {
    entries += entry.exists() ? 1U : 0U;
  }
  EXPECT_EQ(entries, 1U);
}

TEST(Files, ReadingSaysWhyNot) {
  const ScratchDirectory directory;
  EXPECT_THAT(std::string(ReadSmallFile(directory / "none").status().message()),
              HasSubstr("No such file"));
  EXPECT_THAT(std::string(ReadSmallFile(directory / "").status().message()),
              HasSubstr("is a directory"));
  std::ofstream(directory / "large") << std::string(kSmallFileBytesMax + 1, 'x');
  EXPECT_THAT(std::string(ReadSmallFile(directory / "large").status().message()),
              HasSubstr("larger than 1 MiB"));
}

TEST(LogKey, AFileThatWasMadeIsReadAgain) {
  InitializeCrypto();
  // Many, since every other public key has a "+" in its base64.
  for (int i = 0; i < 32; ++i) {
    const std::string path =
        (std::filesystem::temp_directory_path() / ("kengred-log-key-" + std::to_string(::getpid())))
            .string();
    const auto made = MakeLogKeyFile(path, "heol.example/ledger+8b82c429");
    EXPECT_FALSE(made.ok());  // "+" is no part of a name
    const auto key = MakeLogKeyFile(path, "heol.example/ledger");
    ASSERT_TRUE(key.ok()) << key.status();
    const auto read = ReadLogKeyFile(path);
    EXPECT_TRUE(RemoveFile(path).ok());
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ((*read)->verifier_key(), (*key)->verifier_key());
  }
}

TEST(ServiceManager, HearsOneDatagramPerCall) {
  const ScratchDirectory directory;
  const std::string path = directory / "notify";
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(socket, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(socket, static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof(address)),
            0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  EXPECT_TRUE(NotifyServiceManager("READY=1\nSTATUS=here"));
  char text[64] = {};
  EXPECT_EQ(::recv(socket, text, sizeof(text), 0), 19);
  EXPECT_STREQ(text, "READY=1\nSTATUS=here");
  ::close(socket);
  EXPECT_FALSE(NotifyServiceManager("READY=1"));
  ::setenv("NOTIFY_SOCKET", "relative", 1);
  EXPECT_FALSE(NotifyServiceManager("READY=1"));
  ::setenv("NOTIFY_SOCKET", ("/" + std::string(200, 'x')).c_str(), 1);
  EXPECT_FALSE(NotifyServiceManager("READY=1"));
  ::unsetenv("NOTIFY_SOCKET");
  EXPECT_FALSE(NotifyServiceManager("READY=1"));
}

TEST(ServiceManager, KnowsAbstractSockets) {
  const std::string name = "kengred-test-" + std::to_string(::getpid());
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(socket, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  ASSERT_EQ(::bind(socket, static_cast<sockaddr*>(static_cast<void*>(&address)), bytes), 0);
  ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
  EXPECT_TRUE(NotifyServiceManager("READY=1"));
  ::unsetenv("NOTIFY_SOCKET");
  ::close(socket);
}

TEST(Progress, IsShownToPeopleOnly) {
  std::ostringstream out;
  std::ostringstream err;
  std::istringstream in;
  int64_t now_us = 0;
  Io io{out, err, in, false, [&now_us] { return now_us; }};
  {
    ProgressBar bar("auditing", &io);
    now_us = 2'000'000;
    bar.Show(2000, 4000);
  }
  EXPECT_EQ(err.str(), "");
  io.err_is_terminal = true;
  {
    ProgressBar bar("auditing", &io);
    now_us += 2'000'000;
    bar.Show(2000, 4000);
    bar.Show(2001, 4000);  // too soon
    EXPECT_THAT(err.str(),
                HasSubstr("auditing [===============               ] 50%  2,000 of 4,000 "
                          "entries, 1,000/s, 2 s left"));
    EXPECT_THAT(err.str(), ::testing::Not(HasSubstr("2,001")));
  }
  EXPECT_TRUE(err.str().ends_with("\r\x1b[K"));
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
  EXPECT_EQ(PerSecond(10, 0), 0U);
}

TEST(Complain, SaysEveryLineWithTheProgramsName) {
  std::ostringstream out;
  std::ostringstream err;
  std::istringstream in;
  Io io{out, err, in, false, [] { return int64_t{0}; }};
  EXPECT_EQ(Complain(absl::InvalidArgumentError("one\ntwo"), kExitUsage, io), kExitUsage);
  EXPECT_EQ(err.str(), "kengred-server: one\nkengred-server: two\n");
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace kengred::server
