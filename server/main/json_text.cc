#include "server/main/json_text.h"

#include "kengred/core/side_record.h"

namespace kengred::server {
namespace {

constexpr char kDigits[] = "0123456789abcdef";
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// How many bytes the UTF-8 character at the start of `text` has; 0 where there is none.
size_t CharacterBytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t bytes = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (bytes == 1) return 1;
  return bytes <= text.size() && IsPrintableUtf8(text.substr(0, bytes)) ? bytes : 0;
}

}  // namespace

std::string JsonString(std::string_view text) {
  std::string json = "\"";
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    const size_t bytes = CharacterBytes(text.substr(i));
    if (c == '"' || c == '\\') {
      json.push_back('\\');
      json.push_back(c);
    } else if (c == '\n') {
      json += "\\n";
    } else if (bytes == 1 && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)) {
      json += "\\u00";
      json.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
      json.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
    } else if (bytes == 0) {
      json += kReplacement;
    } else {
      json += text.substr(i, bytes);
    }
    i += bytes == 0 ? 1 : bytes;
  }
  json.push_back('"');
  return json;
}

JsonObject& JsonObject::Json(std::string_view key, std::string_view json) {
  if (!members_.empty()) members_.push_back(',');
  members_.append(JsonString(key)).append(":").append(json);
  return *this;
}

JsonObject& JsonObject::Text(std::string_view key, std::string_view value) {
  return Json(key, JsonString(value));
}

JsonObject& JsonObject::Number(std::string_view key, int64_t value) {
  return Json(key, std::to_string(value));
}

JsonObject& JsonObject::Number(std::string_view key, uint64_t value) {
  return Json(key, std::to_string(value));
}

JsonObject& JsonObject::Boolean(std::string_view key, bool value) {
  return Json(key, value ? "true" : "false");
}

std::string JsonArray(const std::vector<std::string>& elements) {
  std::string json = "[";
  for (const std::string& element : elements) {
    if (json.size() > 1) json.push_back(',');
    json += element;
  }
  json.push_back(']');
  return json;
}

}  // namespace kengred::server
