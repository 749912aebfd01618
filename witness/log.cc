#include "witness/log.h"

#include <absl/time/clock.h>
#include <absl/time/time.h>

#include <algorithm>
#include <cstdio>

namespace kengred::witness {
namespace {

std::string Value(const std::string& text) {
  const bool plain = !text.empty() && std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f;
  });
  if (plain) return text;
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      quoted += "\\n";
    } else if (byte < ' ' || byte == 0x7f) {
      quoted += std::string("\\x") + kDigits[byte >> 4] + kDigits[byte & 15];
    } else {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace

std::string FormatEvent(const Event& event) {
  std::string line = std::string(event.level) + " " + std::string(event.name);
  for (const auto& [key, value] : event.fields) {
    line.append(" ").append(key).append("=").append(Value(value));
  }
  return line;
}

void LogEvent(const Event& event) {
  const std::string line =
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Now(), absl::UTCTimeZone()) + " " +
      FormatEvent(event) + "\n";
  // One call writes one line, whole.
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace kengred::witness
