// JSON (RFC 8259) for what the commands and the log print: objects made of texts, numbers, booleans
// and other JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kengred::server {

// The text as a JSON string, quotes included. Bytes that are not valid UTF-8 become U+FFFD, so that
// the result is always valid JSON.
std::string JsonString(std::string_view text);

// An object under construction; keys stand in the order they were added.
class JsonObject {
 public:
  JsonObject& Text(std::string_view key, std::string_view value);
  JsonObject& Number(std::string_view key, int64_t value);
  JsonObject& Number(std::string_view key, uint64_t value);
  JsonObject& Boolean(std::string_view key, bool value);
  // `json` is JSON already.
  JsonObject& Json(std::string_view key, std::string_view json);

  // "{...}" on one line.
  std::string ToString() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

// "[...]" of elements that are JSON already.
std::string JsonArray(const std::vector<std::string>& elements);

}  // namespace kengred::server
