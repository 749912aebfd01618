// The server's log: one line per event on stderr, made of an event's name, one sentence where it
// helps, and key=value fields. What goes in is for operators: no secret, no name, no address of an
// account, no text that a member wrote.
//
//   text  2026-11-24T08:00:00.123Z info ready listen=127.0.0.1:4365 entries=12
//   json  {"time":"2026-11-24T08:00:00.123Z","level":"info","event":"ready","listen":"..."}
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace kengred::server {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;
};

// Sets the log up; call it once, before other threads log. gRPC's own messages come through it too.
void StartLog(const LogOptions& options);

using LogField = std::pair<std::string_view, std::string>;

// Any thread. `event` is a word like "ready"; texts are quoted where they need it.
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

// One line without its time and level, as Log writes it: for tests.
std::string FormatLogLine(LogFormat format, std::string_view event,
                          std::initializer_list<LogField> fields);

}  // namespace kengred::server
