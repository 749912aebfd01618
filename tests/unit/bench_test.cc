// Goal: the independent sum that a replay is compared with is itself right.
// Method: tables of roundings and files; the sum against one made by hand.
#include <gtest/gtest.h>

#include "bench/history_file.h"

namespace kengred::bench {
namespace {

constexpr char kHeader[] =
    "id,timeset,transfer_subtype,source,target,weight,token_name,token_address\n";

TEST(RoundToCents, RoundsHalfUpOnTheText) {
  const std::pair<const char*, int64_t> kTable[] = {{"18000.0", 1800000},
                                                    {"9047.660892016263", 904766},
                                                    {"0.005", 1},
                                                    {"0.0049999999", 0},
                                                    {"1.995", 200},
                                                    {"1.994999999999999", 199},
                                                    {"12", 1200},
                                                    {"0.1", 10},
                                                    {"4495.932576319984", 449593},
                                                    {"99.999", 10000},
                                                    {"7.125", 713}};
  for (const auto& [text, cents] : kTable) {
    const auto rounded = RoundToCents(text);
    ASSERT_TRUE(rounded.ok()) << text << ": " << rounded.status();
    EXPECT_EQ(*rounded, cents) << text;
  }
}

TEST(RoundToCents, RefusesWhatIsNoAmount) {
  for (const char* text : {"", "-1", "1e3", "1.2.3", "abc", " 1", ".5", "92233720368547758079"}) {
    EXPECT_FALSE(RoundToCents(text).ok()) << text;
  }
}

TEST(ParseHistory, ReadsEveryKind) {
  const auto rows = ParseHistory(std::string(kHeader) +
                                 "1,t,DISBURSEMENT,F,a,10.0,x,y\n2,t,STANDARD,a,b,2.505,x,y\r\n"
                                 "3,t,RECLAMATION,b,F,1.0,x,y\n4,t,AGENT_OUT,a,c,1.5\n");
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 4U);
  EXPECT_EQ((*rows)[1].cents, 251);
  EXPECT_EQ((*rows)[3].kind, RowKind::kAgentOut);
  const std::map<std::string, int64_t> expected = {{"F", -900}, {"a", 599}, {"b", 151}, {"c", 150}};
  EXPECT_EQ(SumHistory(*rows), expected);
}

TEST(ParseHistory, NamesTheLineThatIsWrong) {
  const std::pair<const char*, const char*> kTable[] = {
      {"1,t,GIFT,F,a,10.0", "line 2: unknown kind"},
      {"1,t,STANDARD,a,a,10.0", "line 2: source and target"},
      {"1,t,STANDARD,a,b,0.001", "line 2: the amount rounds to zero"},
      {"1,t,STANDARD,a,b,ten", "line 2: \"ten\""},
      {"1,t,STANDARD,a", "line 2: six columns"}};
  for (const auto& [line, message] : kTable) {
    const auto rows = ParseHistory(std::string(kHeader) + line + "\n");
    ASSERT_FALSE(rows.ok()) << line;
    EXPECT_NE(std::string(rows.status().message()).find(message), std::string::npos)
        << rows.status();
  }
  EXPECT_FALSE(ParseHistory("a,b,c\n").ok());
  EXPECT_FALSE(ParseHistory(kHeader).ok());
}

}  // namespace
}  // namespace kengred::bench
