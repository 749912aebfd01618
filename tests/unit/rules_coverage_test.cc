// Goal: no refusal without a test. A verdict that is added to a rule and to no table fails here.
// Method: read the source of the rules; what each operation can answer is what its file names, and
// what the shared checks that it calls name, and theirs in turn. The tables must reach exactly
// that, or say why a verdict is out of reach.
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "rules_table.h"
#include "tests/support/shared_files.h"

namespace kengred::testing {
namespace {

using Names = std::set<std::string>;

// What a piece of code names: verdicts, and functions that it calls.
struct Piece {
  Names verdicts;
  Names calls;
};

Piece Read(const std::string& code) {
  static const std::regex kVerdict("VERDICT_([A-Z_]+)");
  static const std::regex kCall("([A-Z][A-Za-z]+)\\(");
  Piece piece;
  for (std::sregex_iterator match(code.begin(), code.end(), kVerdict), end; match != end; ++match) {
    piece.verdicts.insert((*match)[1]);
  }
  for (std::sregex_iterator match(code.begin(), code.end(), kCall), end; match != end; ++match) {
    piece.calls.insert((*match)[1]);
  }
  return piece;
}

class Sources {
 public:
  Sources() {
    for (const auto& file : std::filesystem::directory_iterator(SourceDir() / "server" / "rules")) {
      if (file.path().extension() != ".cc") continue;
      std::istringstream lines(ReadWholeFile(file.path()));
      std::string code;
      std::string function;
      std::string line;
      // A function that refuses is defined at the start of a line and ends with a brace alone.
      static const std::regex kDefinition(
          "^(?:Ruling|std::optional<Refusal>) (?:[A-Za-z]+::)?([A-Za-z]+)\\(.*");
      while (std::getline(lines, line)) {
        line = line.substr(0, line.find("//"));
        code += line + "\n";
        std::smatch match;
        if (std::regex_match(line, match, kDefinition)) function = match[1];
        // Apply has one definition for each operation; its file stands for it.
        if (!function.empty() && function != "Apply") functions_[function] += line + "\n";
        if (line == "}") function.clear();
      }
      files_[file.path().filename().string()] = Read(code);
    }
  }

  const std::map<std::string, Piece>& files() const { return files_; }

  // All that the code of a file can answer.
  Names Reachable(const std::string& file) const {
    Piece all = files_.at(file);
    std::vector<std::string> open(all.calls.begin(), all.calls.end());
    while (!open.empty()) {
      const auto function = functions_.find(open.back());
      open.pop_back();
      if (function == functions_.end()) continue;
      const Piece piece = Read(function->second);
      all.verdicts.insert(piece.verdicts.begin(), piece.verdicts.end());
      for (const std::string& call : piece.calls) {
        if (all.calls.insert(call).second) open.push_back(call);
      }
    }
    return all.verdicts;
  }

 private:
  std::map<std::string, Piece> files_;
  std::map<std::string, std::string> functions_;
};

TEST(RuleCoverageTest, TheSourcesAreUnderstood) {
  const Sources sources;
  ASSERT_TRUE(sources.files().contains("transfer.cc"));
  const Names transfer = sources.Reachable("transfer.cc");
  // Its own, a shared check's, and a check's of a check.
  for (const char* name : {"SELF_PAYMENT", "ID_MALFORMED", "PROGRAMME_CLOSED", "FUNDERS_LIMIT",
                           "NOT_SIGNED_BY_HOLDER", "AMOUNT_OVERFLOW"}) {
    EXPECT_TRUE(transfer.contains(name)) << name;
  }
  EXPECT_FALSE(transfer.contains("NOT_SIGNED_BY_ROLE"));
}

TEST(RuleCoverageTest, EveryOperationHasATable) {
  Names files;
  for (const RuleTable& table : AllTables()) files.insert(table.file);
  const auto* oneof = v1::Operation::descriptor()->oneof_decl(0);
  for (int i = 0; i < oneof->field_count(); ++i) {
    EXPECT_TRUE(files.contains(std::string(oneof->field(i)->name()) + ".cc"))
        << oneof->field(i)->name();
  }
  EXPECT_EQ(files.size(), static_cast<size_t>(oneof->field_count()));
}

TEST(RuleCoverageTest, EachOperationsTablesReachAllThatItsCodeCanAnswer) {
  const Sources sources;
  std::map<std::string, Names> reached;
  std::map<std::string, Names> out_of_reach;
  for (const RuleTable& table : AllTables()) {
    for (const Fault& fault : table.faults) reached[table.file].insert(VerdictName(fault.verdict));
    for (const auto& [verdict, why] : table.out_of_reach) {
      EXPECT_FALSE(why.empty());
      out_of_reach[table.file].insert(VerdictName(verdict));
    }
  }
  for (const auto& [file, names] : reached) {
    const Names reachable = sources.Reachable(file);
    for (const std::string& name : reachable) {
      EXPECT_TRUE(names.contains(name) || out_of_reach[file].contains(name))
          << file << " can answer " << name << ", and no fault of its tables reaches it";
    }
    for (const std::string& name : names) {
      EXPECT_TRUE(reachable.contains(name)) << file << " never answers " << name;
    }
    for (const std::string& name : out_of_reach[file]) {
      EXPECT_TRUE(reachable.contains(name) && !names.contains(name))
          << file << ": " << name << " need not be called out of reach";
    }
  }
}

TEST(RuleCoverageTest, TogetherTheyReachEveryVerdictOfTheRules) {
  Names reached;
  for (const RuleTable& table : AllTables()) {
    for (const Fault& fault : table.faults) reached.insert(VerdictName(fault.verdict));
  }
  // Verification refuses an empty operation before any rule sees it; rules_invariants_test breaks
  // the invariants.
  reached.insert("OPERATION_EMPTY");
  reached.insert("INVARIANT_BROKEN");
  Names named;
  const Sources sources;
  for (const auto& [file, piece] : sources.files()) {
    named.insert(piece.verdicts.begin(), piece.verdicts.end());
  }
  EXPECT_EQ(reached, named);
}

}  // namespace
}  // namespace kengred::testing
