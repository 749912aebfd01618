// The witness's log: one line per event on stderr, for its operator.
//
//   2026-11-24T08:00:00Z info cosigned origin=heol.example/ledger size=12
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kengred::witness {

using LogField = std::pair<std::string_view, std::string>;

// Something to tell the operator. `level` is "info", "warning" or "error".
struct Event {
  std::string_view level;
  std::string_view name;
  std::vector<LogField> fields;
};
// Any thread.
using OnEvent = std::function<void(const Event& event)>;

// The line of an event without its time. Values are quoted where they need it; newlines and control
// characters are escaped, so that nobody outside writes lines of their own.
std::string FormatEvent(const Event& event);
// Writes it to stderr with its time. Any thread.
void LogEvent(const Event& event);

}  // namespace kengred::witness
