// Reading TOML (v1.0.0, by toml++) that people write by hand: every mistake is named with the file,
// its line and what to write instead, and all of them are named at once.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <toml++/toml.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kengred::server {

// The mistakes found in one file.
class TomlProblems {
 public:
  // `file` is how messages call it.
  explicit TomlProblems(std::string file) : file_(std::move(file)) {}

  void Add(uint32_t line, const std::string& what) { problems_.emplace(line, what); }
  bool empty() const { return problems_.empty(); }
  // InvalidArgument, one "file:line: what" per line in the order of lines; OK where there is none.
  absl::Status ToStatus() const;

 private:
  const std::string file_;
  std::multimap<uint32_t, std::string> problems_;
};

// InvalidArgument "file:line: why" where the text is not TOML.
absl::StatusOr<toml::table> ParseToml(const std::string& text, const std::string& file);

// One table, read key by key. Does not own the table or the problems.
class TomlTable {
 public:
  // `name` is how messages call the table; empty for the file's top level.
  TomlTable(const toml::table& table, std::string name, TomlProblems* problems)
      : table_(&table), name_(std::move(name)), problems_(problems) {}

  // Where the table starts; where the value of a key is, or the table's line where it is absent.
  uint32_t line() const;
  uint32_t line(std::string_view key) const;

  // The value of a key, null where it is absent. From now on the key is known.
  const toml::node* Find(std::string_view key);

  // The value of a key. Nothing where it is absent or wrong; a wrong one is a problem, and so is an
  // absent one where `required`. `example` is what to write: "\"Heol\"".
  enum Presence { kRequired, kOptional };
  std::optional<std::string> Text(std::string_view key, Presence presence,
                                  std::string_view example);
  std::optional<int64_t> Integer(std::string_view key, Presence presence, int64_t min, int64_t max);
  std::optional<TomlTable> Table(std::string_view key, Presence presence);
  // The tables of [[key]]; none where it is absent.
  std::vector<TomlTable> Tables(std::string_view key);

  // A problem for each key that nobody asked for. Call it last.
  void RefuseUnknown();

  void Problem(std::string_view key, const std::string& what) { problems_->Add(line(key), what); }
  // "policy.limits" for the key "limits" of the table "policy".
  std::string PathOf(std::string_view key) const;

 private:
  // A problem where a required key is absent.
  const toml::node* Find(std::string_view key, Presence presence, std::string_view example);

  const toml::table* table_;
  std::string name_;
  TomlProblems* problems_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace kengred::server
