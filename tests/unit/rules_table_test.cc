// Goal: every refusal of every operation is reached, has its exact figures, changes nothing, and
// stands where the rule's order of precedence says. Method: the tables (rules_table.h), each fault
// alone and every pair of faults that can stand together.
#include "rules_table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace kengred::testing {

// For GoogleTest, which would print the bytes.
void PrintTo(const RuleTable& table, std::ostream* out) { *out << table.name; }

namespace {

class RuleTableTest : public ::testing::TestWithParam<RuleTable> {};

bool Exclude(const Fault& one, const Fault& other) {
  std::istringstream words(one.spoils);
  std::string word;
  while (words >> word) {
    if ((" " + other.spoils + " ").find(" " + word + " ") != std::string::npos) return true;
  }
  return false;
}

TEST_P(RuleTableTest, TheGoodAttemptIsAccepted) {
  const Attempt attempt = GetParam().good();
  const rules::Outcome outcome = attempt.bench.Judge(attempt.transaction());
  ASSERT_FALSE(outcome.refusal) << VerdictName(outcome.refusal->verdict);
  EXPECT_FALSE(outcome.writes.empty());
  // A new log key is nobody's business in particular.
  EXPECT_EQ(outcome.touched.empty(), attempt.operation.has_rotate_log_key());
}

TEST_P(RuleTableTest, EachFaultHasItsVerdictAndFiguresAndChangesNothing) {
  for (const Fault& fault : GetParam().faults) {
    SCOPED_TRACE(fault.name);
    Attempt attempt = GetParam().good();
    fault.spoil(attempt);
    const rules::Outcome outcome = attempt.bench.Judge(attempt.transaction());
    if (!outcome.refusal) {
      ADD_FAILURE() << "accepted";
      continue;
    }
    EXPECT_EQ(VerdictName(outcome.refusal->verdict), VerdictName(fault.verdict));
    std::map<std::string, std::string> figures = fault.figures;
    figures["operation_index"] = "0";
    EXPECT_EQ(outcome.refusal->figures, figures);
    EXPECT_TRUE(outcome.writes.empty() && outcome.postings.empty() && outcome.touched.empty());
  }
}

TEST_P(RuleTableTest, TheEarlierOfTwoFaultsDecides) {
  const std::vector<Fault>& faults = GetParam().faults;
  for (size_t i = 0; i < faults.size(); ++i) {
    for (size_t j = i + 1; j < faults.size(); ++j) {
      if (Exclude(faults[i], faults[j])) continue;
      Attempt attempt = GetParam().good();
      faults[j].spoil(attempt);
      faults[i].spoil(attempt);
      const rules::Outcome outcome = attempt.bench.Judge(attempt.transaction());
      ASSERT_TRUE(outcome.refusal) << faults[i].name << " and " << faults[j].name;
      EXPECT_EQ(VerdictName(outcome.refusal->verdict), VerdictName(faults[i].verdict))
          << faults[i].name << " and " << faults[j].name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, RuleTableTest, ::testing::ValuesIn(AllTables()),
                         [](const ::testing::TestParamInfo<RuleTable>& one) {
                           return one.param.name;
                         });

}  // namespace
}  // namespace kengred::testing
