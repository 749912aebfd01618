// Goal: a reference model that was made elsewhere, from the same list of scenarios, and this ledger
// come to the same balances. Method: its traces (in the shared material) through an adapter and the
// real sequencer; every answer and every final balance compared.
//
// The adapter says what the trace's words mean here:
//   issuer pays       Issue
//   credit limit      so much issued beforehand, and taken off again when balances are compared
//   hold              a Transfer to an escrow account; capture: from there to the payee, the rest
//                     back to the payer, in one transaction; release and expiry: back
//   EXISTS            the same bytes sent again
// Skipped, since they ask for what is not here: EXISTS_DIFFERENT (an id is the hash of the content,
// scenario 61), refused captures and releases (holds have no states of their own), holds with
// oneself.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "ledger_machine.h"
#include "server/rules/state.h"
#include "tests/support/shared_files.h"

namespace kengred::testing {
namespace {

using Json = nlohmann::json;

constexpr char kEscrow[] = "escrow";
constexpr char kIssuer[] = "issuer";

class TraceLedger {
 public:
  // Accounts with what they hold and may owe at first, in cents.
  TraceLedger(const std::map<std::string, int64_t>& balances,
              const std::map<std::string, int64_t>& credits)
      : town_(1,
              [](v1::Charter* charter) {
                charter->mutable_policy()->mutable_limits(0)->clear_transfer_max_minor();
                charter->mutable_policy()->mutable_limits(0)->clear_person_balance_max_minor();
              }),
        machine_(NewMemoryPlace(), town_),
        credits_(credits) {
    for (const auto& request : town_.Found(kNowSeconds)) Do(request.signed_transaction());
    Open(kEscrow);
    for (const auto& [name, cents] : balances) {
      Open(name);
      if (cents + credits_[name] > 0) Issue(name, cents + credits_[name]);
    }
  }

  // One line of a trace. Answers whether it was carried out and not skipped.
  bool Line(const Json& line) {
    const std::string op = line.at("op");
    if (op == "advance_seconds") return Advance(line.at("seconds"));
    const std::string expect = line.at("expect");
    const std::string id = line.at("id");
    if (expect == "EXISTS_DIFFERENT") return false;
    if (expect == "EXISTS") {
      EXPECT_EQ(Do(done_.at(id)), "duplicate") << line;
      return true;
    }
    if (op == "pay") return Pay(id, line, line.at("to"), expect);
    if (op == "hold") {
      if (expect == "SAME_ACCOUNT" || !Pay(id, line, kEscrow, expect)) return false;
      if (expect != "OK") return true;
      const int64_t ttl = line.at("ttl");
      holds_[id] = {line.at("from"), line.at("to"), line.at("cents"),
                    ttl == 0 ? INT64_MAX : seconds_ + ttl};
      return true;
    }
    if (expect != "OK") return false;
    const auto hold = holds_.find(std::string(line.at("ref")));
    if (hold == holds_.end()) {
      ADD_FAILURE() << line;
      return false;
    }
    const int64_t captured = op == "capture" ? int64_t{line.at("cents")} : 0;
    done_[id] = Finish(hold->second, captured);
    holds_.erase(hold);
    return true;
  }

  int64_t Posted(const std::string& name) { return Balance(name) - credits_[name] + Held(name); }
  int64_t Held(const std::string& name) const {
    int64_t held = 0;
    for (const auto& [id, hold] : holds_) held += hold.payer == name ? hold.cents : 0;
    return held;
  }
  int64_t Balance(const std::string& name) {
    const auto table = machine_.Table(rules::key::Balance(Name(name), kHeol));
    return table.empty() ? 0 : static_cast<int64_t>(rules::DecodeNumber(table.begin()->second));
  }
  int64_t issued() const { return issued_; }

 private:
  struct Hold {
    std::string payer;
    std::string payee;
    int64_t cents;
    int64_t expires;
  };

  static std::string Holder(const std::string& name) { return "trace-" + name; }
  AccountId Name(const std::string& name) const { return town_.account(Holder(name)); }

  // The verdict; "" where it is accepted.
  std::string Do(const v1::SignedTransaction& transaction) {
    const publish::Answer answer = machine_.Submit({transaction}).front();
    if (const auto* refusal = std::get_if<Refusal>(&answer)) return VerdictName(refusal->verdict);
    return std::get<v1::SubmitTransactionResponse>(answer).duplicate() ? "duplicate" : "";
  }
  v1::SignedTransaction Make(const std::vector<v1::Operation>& operations,
                             const std::vector<std::string>& signers) {
    return town_.Transaction(machine_.now_seconds(), operations, signers);
  }
  void Known(const std::string& name) {
    if (known_.insert(name).second) town_.AddHolder(Holder(name), v1::HOLDER_KIND_PERSON);
  }
  void Open(const std::string& name) {
    Known(name);
    EXPECT_EQ(Do(Make({town_.OpenAccount(Holder(name)),
                       town_.AdmitMember(Holder(name), machine_.today() + 1000)},
                      {Holder(name), "registrar"})),
              "");
  }
  v1::SignedTransaction IssueTo(const std::string& name, int64_t cents) {
    return Make({town_.Issue(Holder(name), cents, "TRACE-" + std::to_string(references_++))},
                {"issuer"});
  }
  void Issue(const std::string& name, int64_t cents) { EXPECT_EQ(Do(IssueTo(name, cents)), ""); }

  bool Pay(const std::string& id, const Json& line, const std::string& to,
           const std::string& expect) {
    static const std::map<std::string, std::string> kVerdicts = {
        {"OK", ""},
        {"BAD_AMOUNT", "AMOUNT_NOT_POSITIVE"},
        {"SAME_ACCOUNT", "SELF_PAYMENT"},
        {"NO_PAYER", "PAYER_UNKNOWN"},
        {"NO_PAYEE", "PAYEE_UNKNOWN"},
        {"NO_FUNDS", "INSUFFICIENT_BALANCE"}};
    const std::string from = line.at("from");
    const int64_t cents = line.at("cents");
    Known(from);
    Known(to);
    // Paying itself is a payment like another; the issuer has an account for that.
    const bool issue = from == kIssuer && to != kIssuer;
    const v1::SignedTransaction transaction =
        issue ? IssueTo(to, cents)
              : Make({town_.Transfer(Holder(from), Holder(to), cents)}, {Holder(from)});
    EXPECT_EQ(Do(transaction), kVerdicts.at(expect)) << line;
    if (expect != "OK") return true;
    if (issue) issued_ += cents;
    done_[id] = transaction;
    return true;
  }

  v1::SignedTransaction Finish(const Hold& hold, int64_t captured) {
    std::vector<v1::Operation> operations;
    if (captured > 0) {
      operations.push_back(town_.Transfer(Holder(kEscrow), Holder(hold.payee), captured));
    }
    if (hold.cents > captured) {
      operations.push_back(
          town_.Transfer(Holder(kEscrow), Holder(hold.payer), hold.cents - captured));
    }
    const v1::SignedTransaction transaction = Make(operations, {Holder(kEscrow)});
    EXPECT_EQ(Do(transaction), "");
    return transaction;
  }

  bool Advance(int64_t seconds) {
    seconds_ += seconds;
    machine_.AdvanceSeconds(seconds);
    for (auto hold = holds_.begin(); hold != holds_.end();) {
      if (hold->second.expires > seconds_) {
        ++hold;
        continue;
      }
      Finish(hold->second, 0);
      hold = holds_.erase(hold);
    }
    return true;
  }

  Community town_;
  LedgerMachine machine_;
  std::map<std::string, int64_t> credits_;
  std::set<std::string> known_;
  std::map<std::string, v1::SignedTransaction> done_;  // by the trace's id
  std::map<std::string, Hold> holds_;                  // open ones
  int64_t seconds_ = 0;
  int64_t issued_ = 0;
  uint64_t references_ = 0;
};

class TraceTest : public ::testing::TestWithParam<const char*> {};

TEST_P(TraceTest, EveryFinalBalanceIsTheReferences) {
  const auto path = FindSharedFile(std::string("vectors/ledger/") + GetParam() + ".jsonl");
  if (!path) GTEST_SKIP() << "the shared trace " << GetParam() << " is not there";
  std::istringstream lines(ReadWholeFile(*path));
  std::string text;
  ASSERT_TRUE(std::getline(lines, text));
  std::map<std::string, int64_t> balances;
  std::map<std::string, int64_t> credits;
  const Json opening = Json::parse(text);
  for (const auto& [name, account] : opening.at("accounts").items()) {
    balances[name] = 0;
    // The issuer issues; what it may owe has no limit that matters.
    credits[name] = name == kIssuer ? 0 : int64_t{account.at("credit_limit_cents")};
  }
  TraceLedger ledger(balances, credits);
  size_t done = 0;
  size_t skipped = 0;
  while (std::getline(lines, text)) {
    const Json line = Json::parse(text);
    if (line.at("op") != "final") {
      (ledger.Line(line) ? done : skipped) += 1;
      ASSERT_FALSE(HasFailure()) << text;
      continue;
    }
    int64_t sum = 0;
    for (const auto& [name, cents] : line.at("posted_cents").items()) {
      EXPECT_EQ(ledger.Posted(name) - (name == kIssuer ? ledger.issued() : 0), int64_t{cents})
          << name;
      sum += int64_t{cents};
    }
    EXPECT_EQ(sum, 0);
    for (const auto& [name, cents] : line.at("held_cents").items()) {
      EXPECT_EQ(ledger.Held(name), int64_t{cents}) << name;
    }
  }
  EXPECT_GT(done, 2 * skipped);
  RecordProperty("lines", static_cast<int>(done));
  RecordProperty("skipped", static_cast<int>(skipped));
  std::cout << GetParam() << ": " << done << " lines, " << skipped << " skipped" << std::endl;
}

INSTANTIATE_TEST_SUITE_P(Shared, TraceTest, ::testing::Values("trace_small", "trace_dev"),
                         [](const ::testing::TestParamInfo<const char*>& one) {
                           return std::string(one.param);
                         });

TEST(SmallCasesTest, EveryFinalBalanceIsTheReferences) {
  const auto path = FindSharedFile("vectors/ledger/small_cases.json");
  if (!path) GTEST_SKIP() << "the shared small cases are not there";
  const Json cases = Json::parse(ReadWholeFile(*path));
  size_t done = 0;
  for (const Json& scenario : cases.at("scenarios")) {
    SCOPED_TRACE(std::string(scenario.at("name")));
    std::map<std::string, int64_t> balances;
    for (const auto& [name, cents] : scenario.at("open").items()) balances[name] = cents;
    TraceLedger ledger(balances, {});
    for (const Json& line : scenario.at("ops")) done += ledger.Line(line) ? 1u : 0u;
    for (const auto& [name, cents] : scenario.at("posted").items()) {
      EXPECT_EQ(ledger.Posted(name), int64_t{cents}) << name;
    }
    for (const auto& [name, cents] : scenario.at("held").items()) {
      EXPECT_EQ(ledger.Held(name), int64_t{cents}) << name;
    }
  }
  EXPECT_GE(done, 25u);
}

}  // namespace
}  // namespace kengred::testing
