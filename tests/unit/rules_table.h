// Tables of refusals, one for each operation (or each form of one). A table names every fault that
// the operation's rule can find, in the rule's order of precedence. From it follow three tests:
// each fault alone gets its verdict and its exact figures and changes nothing; of two faults
// together the earlier one decides; and no verdict that the rule's source names is missing
// (rules_coverage_test).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/support/rule_bench.h"

namespace kengred::testing {

// One operation that is about to be submitted, and the state on which.
struct Attempt {
  RuleBench bench;
  v1::Operation operation;
  std::vector<std::string> signers;

  const Community& community() const { return bench.community(); }
  int32_t today() const { return bench.today(); }
  v1::SignedTransaction transaction() const {
    return community().Transaction(bench.now_seconds(), {operation}, signers);
  }
};

struct Fault {
  std::string name;
  // What it spoils, words with spaces between. Two faults with a word in common exclude each other:
  // the second would undo the first.
  std::string spoils;
  v1::Verdict verdict;
  // All of them, except operation_index.
  std::map<std::string, std::string> figures;
  std::function<void(Attempt&)> spoil;
};

struct RuleTable {
  std::string name;  // "Transfer"
  std::string file;  // "transfer.cc"
  // An attempt that is accepted.
  std::function<Attempt()> good;
  // In order of precedence.
  std::vector<Fault> faults;
  // Verdicts in the code that the rule runs through which no transaction reaches here, and why.
  std::map<v1::Verdict, std::string> out_of_reach;
};

// Why CONFLICT_OF_INTEREST is out of reach of most operations signed by a role.
inline constexpr char kNobodyConcerned[] = "the operation decides about nobody who could sign it";

// The community of Found, with some more people:
//   treasurer2       a second treasurer
//   trio             a person without an account, 3 keys, 2 sign
//   friend           a person with an account that is not a member
//   corner           a shop with an account that is a member and not approved
// and "closed" is a programme like "repair" that has been closed.
// On this day, and a copy for each who calls.
RuleBench TownBench();
const Community& Town();

// ---- what several operations check alike ----

// Id fields that are too short, too long and missing.
std::vector<Fault> MalformedIds(const std::string& spoils,
                                const std::function<void(Attempt&, std::string)>& set_id);
// 0, -5 and the least of all.
std::vector<Fault> BadAmounts(const std::function<void(Attempt&, int64_t)>& set_amount);
// Too long, not ASCII, a control character; empty too where `required`.
std::vector<Fault> BadReferences(const std::function<void(Attempt&, std::string)>& set_reference,
                                 bool required);
// Of 31 bytes, and missing where `required`.
std::vector<Fault> BadCommitments(
    const std::function<v1::Commitment*(Attempt&)>& mutable_commitment,
    const std::function<void(Attempt&)>& clear, bool required);
// What CheckPayable refuses, for a payment of `amount` HEOL.
std::vector<Fault> UnpayableHolders(
    int64_t amount, const std::function<void(Attempt&, const std::string&)>& set_payee);
std::vector<Fault> UnpayableProgrammes(
    const std::function<void(Attempt&, const std::string&)>& set_payee);
// A programme that has 128 funders already.
void FillFunders(RuleBench* bench, const std::string& programme);

std::vector<Fault> operator+(std::vector<Fault> one, const std::vector<Fault>& other);

// ---- the tables ----
std::vector<RuleTable> MemberTables();        // rules_members_test.cc
std::vector<RuleTable> FundTables();          // rules_funds_test.cc
std::vector<RuleTable> PaymentTables();       // rules_payments_test.cc
std::vector<RuleTable> ReconversionTables();  // rules_reconversions_test.cc
std::vector<RuleTable> ProgrammeTables();     // rules_programmes_test.cc
const std::vector<RuleTable>& AllTables();

// Postings as people read them, "alice -12345 HEOL", "circulation(HEOL) +500 HEOL", in order.
std::vector<std::string> Show(const Community& community, const std::vector<v1::Posting>& postings);

}  // namespace kengred::testing
