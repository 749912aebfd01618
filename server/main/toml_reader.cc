#include "server/main/toml_reader.h"

#include <algorithm>

namespace kengred::server {
namespace {

// Lines count from 1; a table that the file only implies has none of its own.
uint32_t LineOf(const toml::source_region& source) {
  return std::max<uint32_t>(1, source.begin.line);
}

}  // namespace

absl::Status TomlProblems::ToStatus() const {
  if (problems_.empty()) return absl::OkStatus();
  std::string text;
  for (const auto& [line, what] : problems_) {
    if (!text.empty()) text.push_back('\n');
    text += file_ + ":" + std::to_string(line) + ": " + what;
  }
  return absl::InvalidArgumentError(text);
}

absl::StatusOr<toml::table> ParseToml(const std::string& text, const std::string& file) {
  // Debian's toml++ reports by exception.
  try {
    return toml::parse(std::string_view(text), std::string_view(file));
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(file + ":" + std::to_string(LineOf(error.source())) +
                                      ": this is not TOML: " + std::string(error.description()));
  }
}

std::string TomlTable::PathOf(std::string_view key) const {
  return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
}

uint32_t TomlTable::line() const { return LineOf(table_->source()); }

uint32_t TomlTable::line(std::string_view key) const {
  const toml::node* node = table_->get(key);
  return node == nullptr ? line() : LineOf(node->source());
}

const toml::node* TomlTable::Find(std::string_view key) {
  known_.emplace(key);
  return table_->get(key);
}

const toml::node* TomlTable::Find(std::string_view key, Presence presence,
                                  std::string_view example) {
  const toml::node* node = Find(key);
  if (node == nullptr && presence == kRequired) {
    Problem(key, "`" + PathOf(key) + "` is missing; write " + std::string(example));
  }
  return node;
}

std::optional<std::string> TomlTable::Text(std::string_view key, Presence presence,
                                           std::string_view example) {
  const std::string line = std::string(key) + " = " + std::string(example);
  const toml::node* node = Find(key, presence, line);
  if (node == nullptr) return std::nullopt;
  if (const auto* text = node->as_string()) return text->get();
  Problem(key, "`" + PathOf(key) + "` must be a text in quotes; write " + line);
  return std::nullopt;
}

std::optional<int64_t> TomlTable::Integer(std::string_view key, Presence presence, int64_t min,
                                          int64_t max) {
  const toml::node* node = Find(key, presence, std::string(key) + " = " + std::to_string(min));
  if (node == nullptr) return std::nullopt;
  const auto* number = node->as_integer();
  if (number != nullptr && number->get() >= min && number->get() <= max) return number->get();
  Problem(key, "`" + PathOf(key) + "` must be a whole number from " + std::to_string(min) + " to " +
                   std::to_string(max) + ", without quotes");
  return std::nullopt;
}

std::optional<TomlTable> TomlTable::Table(std::string_view key, Presence presence) {
  const std::string header = "[" + PathOf(key) + "]";
  const toml::node* node = Find(key, presence, header + " and its lines");
  if (node == nullptr) return std::nullopt;
  if (const auto* table = node->as_table()) return TomlTable(*table, PathOf(key), problems_);
  Problem(key, "`" + PathOf(key) + "` must be a table; write " + header + " and its lines");
  return std::nullopt;
}

std::vector<TomlTable> TomlTable::Tables(std::string_view key) {
  std::vector<TomlTable> tables;
  const toml::node* node = Find(key);
  if (node == nullptr) return tables;
  const auto* array = node->as_array();
  if (array != nullptr && std::all_of(array->begin(), array->end(),
                                      [](const toml::node& item) { return item.is_table(); })) {
    for (const toml::node& item : *array) {
      tables.emplace_back(*item.as_table(), PathOf(key), problems_);
    }
    return tables;
  }
  Problem(key, "`" + PathOf(key) + "` must be a list of tables; write [[" + PathOf(key) +
                   "]] and its lines for each");
  return tables;
}

void TomlTable::RefuseUnknown() {
  std::string known;
  for (const std::string& key : known_) known += (known.empty() ? "" : ", ") + key;
  for (const auto& [key, node] : *table_) {
    if (known_.contains(key.str())) continue;
    problems_->Add(LineOf(key.source()),
                   "`" + PathOf(key.str()) + "` is not known here; write one of: " + known);
  }
}

}  // namespace kengred::server
