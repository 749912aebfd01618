// Goal: the real rules, sequencer and stores keep the books exactly as a naive ledger does, through
// crashes. Method: random acts of a community, by a seed that is printed, some wrong in one way or
// another; after every batch the verdicts and all balances are compared with the model's, and the
// invariants I1 to I3 are checked on the store itself. In the middle the machine crashes and comes
// back. At the end the journal is replayed on a bench, which must arrive at the same state (I8).
//
// KENGRED_SEED=n repeats a run; KENGRED_MODEL_STEPS=n makes it longer.
#include "ledger_model.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "kengred/core/charter.h"
#include "kengred/core/system_accounts.h"
#include "ledger_machine.h"
#include "server/rules/state.h"
#include "tests/support/rule_bench.h"

namespace kengred::testing {
namespace {

using Names = std::vector<std::string>;
using ModelId = LedgerModel::Id;

uint64_t Seed() {
  const char* given = std::getenv("KENGRED_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

int Steps() {
  const char* given = std::getenv("KENGRED_MODEL_STEPS");
  return given != nullptr ? std::atoi(given) : 600;
}

// A transaction on its way, and what the model says of it.
struct Planned {
  v1::SignedTransaction transaction;
  std::set<std::string> faults;  // none: it must be accepted
  uint32_t operation_index = 0;  // of the faults
};

class World {
 public:
  World(std::unique_ptr<StorePlace> place, uint64_t seed)
      : random_(seed), machine_(std::move(place), community_) {
    model_.policy = community_.charter().policy();
    for (const v1::SubmitTransactionRequest& request : community_.Found(kNowSeconds)) {
      Send({Judge(request.signed_transaction(), community_.names())}, false);
    }
  }

  void Step() {
    if (Chance(8)) return DecideSomething();
    if (Chance(5)) machine_.AdvanceSeconds(86400 * static_cast<int64_t>(1 + Pick(12)));
    std::vector<Planned> batch;
    for (uint64_t i = 0, count = 1 + Pick(8); i < count; ++i) batch.push_back(AnyTransaction());
    Send(batch, Chance(6));
  }

  // The store's balances are the model's, and keep I1, I2 and I3.
  void CheckBalances() {
    std::map<ModelId, int64_t> actual;
    std::map<std::string, int64_t> sums;
    for (const auto& [key, value] : machine_.Table("B")) {
      const auto account = *AccountId::FromBytes(std::string_view(key).substr(1, 20));
      const std::string currency = key.substr(21);
      const auto amount = static_cast<int64_t>(rules::DecodeNumber(value));
      sums[currency] += amount;
      if (currency == kHours) continue;  // only founded with
      const ModelId id = ModelIdOf(account);
      actual[id] = amount;
      ASSERT_TRUE(amount >= 0 || id == "circulation" || id == "bank") << NameOf(id) << amount;
      // Euros and units have accounts of their own.
      ASSERT_EQ(currency == kEur, id == "digital" || id == "paper" || id == "bank") << NameOf(id);
    }
    for (const auto& [currency, sum] : sums) ASSERT_EQ(sum, 0) << currency;
    ASSERT_LE(-actual["circulation"], actual["digital"]);
    for (const auto& [id, amount] : model_.balances) ASSERT_EQ(actual[id], amount) << NameOf(id);
    for (const auto& [id, amount] : actual) ASSERT_EQ(model_.balances[id], amount) << NameOf(id);
  }

  // I8. The clocks stand at the same time of each day, so that even times are equal; of histories
  // the bench makes the keys only.
  void CheckReplay() {
    const std::vector<std::string> journal = machine_.Journal();
    RuleBench bench(community_);
    for (size_t i = 1; i < journal.size(); ++i) {
      v1::JournalEntry entry;
      ASSERT_TRUE(entry.ParseFromString(journal[i]));
      bench.SetDay(entry.civil_day());
      const RuleBench::Result result = bench.Submit(entry.signed_transaction());
      ASSERT_TRUE(result.ok()) << "entry " << i + 1;
      ASSERT_EQ(*bench.Entry(i + 1), journal[i]);
    }
    std::map<std::string, std::string> stored;
    for (const std::string table :
         {"A", "B", "F", "G", "K", "P", "Q", "R", "T", "U", "V", "W", "Y"}) {
      stored.merge(machine_.Table(table));
    }
    std::map<std::string, std::string> replayed = bench.state();
    std::erase_if(replayed, [](const auto& pair) { return pair.first.starts_with("H"); });
    ASSERT_EQ(stored, replayed);
  }

  void Restart() { machine_.Restart(); }

  uint64_t accepted = 0;
  uint64_t refused = 0;
  uint64_t crashes = 0;
  std::set<std::string> verdicts;

 private:
  uint64_t Pick(uint64_t count) { return random_() % count; }
  bool Chance(uint64_t percent) { return Pick(100) < percent; }
  template <typename T>
  T Any(const std::vector<T>& choices) {
    return choices[Pick(choices.size())];
  }

  ModelId IdOfName(const std::string& name) const { return community_.account(name).ToBytes(); }
  static ModelId ModelIdOf(const AccountId& account) {
    const std::string_view system = SystemAccountName(account, kHeol);
    if (system.empty()) return account.ToBytes();
    if (system == kFundDigital) return "digital";
    return system == kFundPaper ? "paper" : std::string(system);
  }
  std::string NameOf(const ModelId& id) const {
    for (const std::string& name : community_.names()) {
      if (IdOfName(name) == id) return name;
    }
    for (const auto& [name, account] : community_.places()) {
      if (account.ToBytes() == id) return name;
    }
    return id;
  }

  // ---- what is done ----
  int64_t AnyAmount();
  std::string AnyReference();
  v1::Operation AnyOperation(Names* signers);
  v1::Operation AnyReward(Names* signers);
  Planned AnyTransaction();
  // Newcomers, registrar, committee and governance: always in the right.
  void DecideSomething();
  void Decide(const v1::Operation& operation, const Names& signers);

  // ---- what the model says ----
  Planned Judge(const v1::SignedTransaction& transaction, const Names& signers);
  void Tell(const v1::Operation& operation);
  void Send(const std::vector<Planned>& batch, bool crash);

  std::mt19937_64 random_;
  Community community_;
  LedgerMachine machine_;
  LedgerModel model_;
  Names people_ = {"alice",   "bruno",   "chloe",     "denis", "issuer",
                   "auditor", "biocoop", "librairie", "assoc", "choir"};
  Names pots_ = {"repair"};
  struct Payment {
    TransactionId transaction;
    uint32_t operation_index;
    std::string payee;
  };
  std::vector<Payment> payments_;
  std::vector<ReconversionId> exchanges_;
  std::vector<std::pair<v1::SignedTransaction, publish::Answer>> sent_;
  uint64_t references_ = 0;
  uint64_t awards_ = 0;
};

int64_t World::AnyAmount() {
  if (Chance(2)) return static_cast<int64_t>(100001 + Pick(300000));
  return static_cast<int64_t>(1 + Pick(Chance(50) ? 300 : 9000));
}

// Now and then one that was used.
std::string World::AnyReference() {
  if (references_ > 0 && Chance(6)) return "REF-" + std::to_string(Pick(references_));
  return "REF-" + std::to_string(references_++);
}

v1::Operation World::AnyReward(Names* signers) {
  std::vector<v1::Award> awards;
  for (uint64_t i = 0, count = 1 + Pick(3); i < count; ++i) {
    const std::string who =
        Chance(3) ? Any(Names{"validator1", "validator2", "assoc"}) : Any(people_);
    const bool again = awards_ > 0 && Chance(5);
    const std::string reference = std::to_string(again ? Pick(awards_) : awards_++);
    if (Chance(50)) {
      awards.push_back(
          community_.Award(who, "session", static_cast<int64_t>(1 + Pick(5)), reference));
    } else {
      awards.push_back(
          community_.Award(who, "minute", static_cast<int64_t>(1 + Pick(250)), reference));
    }
  }
  *signers = {"assoc", "validator1", "validator2", "validator3"};
  signers->erase(signers->begin() + static_cast<int64_t>(Chance(90) ? 1 + Pick(3) : 0));
  if (Chance(5)) signers->pop_back();
  return community_.Reward(Any(pots_), awards);
}

v1::Operation World::AnyOperation(Names* signers) {
  const std::string who = Any(people_);
  const uint64_t act = Pick(100);
  if (act < 40) {
    const std::string payer = Chance(2) ? Any(pots_) : who;
    const std::string payee = Chance(10) ? Any(pots_) : Chance(2) ? "newcomer" : Any(people_);
    *signers = {who};
    return community_.Transfer(payer, payee, Chance(3) ? -int64_t{Chance(50)} : AnyAmount());
  }
  if (act < 48 && !payments_.empty()) {
    const auto [transaction, index, payee] = Any(payments_);
    *signers = {Chance(95) && !model_.pots.contains(IdOfName(payee)) ? payee : who};
    if (Chance(3)) return community_.Refund(TransactionId(), 0, AnyAmount());
    return community_.Refund(transaction, index, AnyAmount());
  }
  if (act < 57) {
    *signers = {"issuer"};
    return community_.Issue(Chance(20) ? Any(pots_) : who, AnyAmount(), AnyReference());
  }
  if (act < 67) {
    const v1::Fund fund = Chance(50) ? v1::FUND_DIGITAL : v1::FUND_PAPER;
    *signers = {"treasurer", who};
    switch (Pick(4)) {
      case 0:
        return community_.EurosIn(fund, AnyAmount(), AnyReference());
      case 1:
        return community_.EurosOut(fund, AnyAmount(), AnyReference());
      case 2:
        return community_.NotesDeposited(who, AnyAmount(), AnyReference());
      default:
        return community_.NotesWithdrawn(who, AnyAmount(), AnyReference());
    }
  }
  if (act < 77) {
    const std::string shop = Chance(85) ? Any(Names{"biocoop", "librairie"}) : who;
    *signers = {shop};
    return community_.RequestReconversion(shop, AnyAmount());
  }
  if (act < 85 && !exchanges_.empty()) {
    const ReconversionId id =
        Chance(5)
            ? ReconversionId()
            : exchanges_[exchanges_.size() - 1 - Pick(std::min<uint64_t>(4, exchanges_.size()))];
    *signers = {"treasurer"};
    if (Chance(30)) return community_.FailReconversion(id);
    return community_.SettleReconversion(id, AnyReference());
  }
  if (act == 99) {
    *signers = {"assoc"};
    return community_.CloseProgramme(Any(pots_));
  }
  return AnyReward(signers);
}

Planned World::AnyTransaction() {
  std::vector<v1::Operation> operations;
  std::set<std::string> signers;
  do {
    Names some;
    operations.push_back(AnyOperation(&some));
    // 16 signatures at most; two of assoc's.
    if (signers.size() + some.size() <= 12) signers.insert(some.begin(), some.end());
  } while (Chance(15) && operations.size() < 4);
  // Somebody forgets to sign, somebody else signs as well.
  if (Chance(4) && !signers.empty()) signers.erase(signers.begin());
  if (Chance(4) || signers.empty()) signers.insert(Any(people_));
  const Names names(signers.begin(), signers.end());
  return Judge(community_.Transaction(machine_.now_seconds(), operations, names), names);
}

void World::Decide(const v1::Operation& operation, const Names& signers) {
  const v1::SignedTransaction transaction =
      community_.Transaction(machine_.now_seconds(), {operation}, signers);
  Send({Judge(transaction, signers)}, false);
  if (!operation.has_open_programme()) return;
  pots_.push_back("pot" + std::to_string(pots_.size()));
  community_.NamePlace(pots_.back(), ProgrammeOf(transaction));
}

void World::DecideSomething() {
  const int32_t today = machine_.today();
  const auto until = static_cast<int32_t>(today + static_cast<int32_t>(Pick(500)));
  const std::string who = Any(people_);
  const std::string shop = Any(Names{"biocoop", "librairie"});
  const LedgerModel::Holder& holder = model_.holders[IdOfName(who)];
  const LedgerModel::Holder& business = model_.holders[IdOfName(shop)];
  const bool is_member = holder.from != LedgerModel::kNever && today <= model_.LastDay(holder);
  const bool is_good = today <= model_.LastDay(business);
  switch (Pick(8)) {
    case 0: {
      if (community_.names().size() > 40) return;
      const std::string name = "person" + std::to_string(community_.names().size());
      community_.AddHolder(name, v1::HOLDER_KIND_PERSON, 2, 1 + static_cast<uint32_t>(Pick(2)));
      people_.push_back(name);
      return Decide(community_.OpenAccount(name), {name + "/all"});
    }
    case 1:
      if (!is_member || Chance(60)) return;
      return Decide(community_.EndMembership(who), {"registrar"});
    case 2:
      if (business.suspended != LedgerModel::kNever || Chance(60)) return;
      return Decide(community_.SuspendProfessional(shop), {"committee1", "committee2"});
    case 3:
      if (!is_good) return Decide(community_.AdmitMember(shop, until), {"registrar"});
      return Decide(community_.ApproveProfessional(shop, until), {"committee2", "committee3"});
    case 4: {
      // Issuers and treasurers change, and never are nobody; no shop is one (that is a conflict of
      // interest, of which the model knows nothing).
      if (holder.kind == v1::HOLDER_KIND_PROFESSIONAL) return;
      const v1::Role role = Chance(50) ? v1::ROLE_ISSUER : v1::ROLE_TREASURER;
      const bool has = model_.roles[role].contains(IdOfName(who));
      if (has && model_.roles[role].size() == 1) return;
      return Decide(has ? community_.RevokeRole(who, role) : community_.GrantRole(who, role),
                    {"governance"});
    }
    case 5: {
      const LedgerModel::Holder& assoc = model_.holders[IdOfName("assoc")];
      if (pots_.size() > 4) return;
      if (today > model_.LastDay(assoc)) {
        return Decide(community_.AdmitMember("assoc", today + 300), {"registrar"});
      }
      return Decide(community_.OpenProgramme(today), {"assoc"});
    }
    default:
      return Decide(community_.AdmitMember(who, until), {"registrar"});
  }
}

// What the model does not judge, it is told.
void World::Tell(const v1::Operation& operation) {
  const auto holder = [this](const std::string& id) -> LedgerModel::Holder& {
    return model_.holders[id];
  };
  switch (operation.operation_case()) {
    case v1::Operation::kOpenAccount:
      holder(AccountIdOf(operation.open_account().authority()).ToBytes()).kind =
          operation.open_account().kind();
      return;
    case v1::Operation::kAdmitMember: {
      LedgerModel::Holder& member = holder(operation.admit_member().account_id());
      if (member.from == LedgerModel::kNever || model_.today > model_.LastDay(member)) {
        member.from = model_.today;
      }
      member.until = operation.admit_member().until_day();
      member.ended = LedgerModel::kNever;
      return;
    }
    case v1::Operation::kEndMembership:
      holder(operation.end_membership().account_id()).ended = model_.today;
      return;
    case v1::Operation::kApproveProfessional: {
      LedgerModel::Holder& shop = holder(operation.approve_professional().account_id());
      if (shop.suspended != LedgerModel::kNever || shop.approved_until < model_.today) {
        shop.approved_from = model_.today;
      }
      shop.approved_until = operation.approve_professional().until_day();
      shop.suspended = LedgerModel::kNever;
      return;
    }
    case v1::Operation::kSuspendProfessional:
      holder(operation.suspend_professional().account_id()).suspended = model_.today;
      return;
    case v1::Operation::kGrantRole:
      model_.roles[operation.grant_role().role()].insert(operation.grant_role().account_id());
      return;
    case v1::Operation::kRevokeRole:
      model_.roles[operation.revoke_role().role()].erase(operation.revoke_role().account_id());
      return;
    case v1::Operation::kOpenProgramme: {
      const v1::ProgrammeTerms& terms = operation.open_programme().terms();
      if (terms.currency() != kHeol) return;
      LedgerModel::Pot& pot = model_.pots[model_.made];
      pot.terms = terms;
      pot.validators = {terms.validator_account_ids().begin(), terms.validator_account_ids().end()};
      holder(model_.made).kind = v1::HOLDER_KIND_PROGRAMME;
      return;
    }
    default:
      return;
  }
}

Planned World::Judge(const v1::SignedTransaction& transaction, const Names& signers) {
  v1::Transaction body;
  body.ParseFromString(transaction.transaction());
  const LedgerModel before = model_;
  Planned planned{transaction, {}, 0};
  model_.today = machine_.today();
  model_.faults.clear();
  model_.signers.clear();
  for (const std::string& name : signers) {
    if (name != "governance") model_.signers.insert(IdOfName(name.substr(0, name.find('/'))));
  }
  const auto count = static_cast<uint32_t>(body.operations().size());
  for (uint32_t i = 0; i < count && model_.faults.empty(); ++i) {
    const v1::Operation& one = body.operations(static_cast<int>(i));
    planned.operation_index = i;
    model_.place = {IdOf(transaction).ToBytes(), i};
    model_.made = one.has_open_programme() ? ProgrammeOf(transaction, i).ToBytes()
                                           : ReconversionOf(transaction, i).ToBytes();
    switch (one.operation_case()) {
      case v1::Operation::kRecordFund:
        model_.Do(one.record_fund());
        break;
      case v1::Operation::kIssue:
        if (one.issue().currency() == kHeol) model_.Do(one.issue());
        break;
      case v1::Operation::kTransfer:
        model_.Do(one.transfer());
        break;
      case v1::Operation::kRefund:
        model_.Do(one.refund());
        break;
      case v1::Operation::kRequestReconversion:
        model_.Do(one.request_reconversion());
        break;
      case v1::Operation::kSettleReconversion:
        model_.Do(one.settle_reconversion());
        break;
      case v1::Operation::kFailReconversion:
        model_.Do(one.fail_reconversion());
        break;
      case v1::Operation::kReward:
        model_.Do(one.reward());
        break;
      case v1::Operation::kCloseProgramme:
        model_.Do(one.close_programme());
        break;
      default:
        Tell(one);
    }
  }
  if (!model_.faults.empty()) {
    planned.faults = model_.faults;
    model_ = before;
    return planned;
  }
  for (uint32_t i = 0; i < count; ++i) {
    const v1::Operation& one = body.operations(static_cast<int>(i));
    if (one.has_transfer()) {
      payments_.push_back({IdOf(transaction), i, NameOf(one.transfer().payee_account_id())});
    }

    if (one.has_request_reconversion()) exchanges_.push_back(ReconversionOf(transaction, i));
  }
  return planned;
}

void World::Send(const std::vector<Planned>& batch, bool crash) {
  std::vector<v1::SignedTransaction> transactions;
  for (const Planned& planned : batch) transactions.push_back(planned.transaction);
  // The same bytes as once before change nothing and get the first answer (I5).
  const size_t again = sent_.empty() ? 0 : Pick(sent_.size());
  if (!sent_.empty()) transactions.push_back(sent_[again].first);
  if (crash) ++crashes;
  const std::vector<publish::Answer> answers =
      crash ? machine_.SubmitThroughCrash(transactions, &random_) : machine_.Submit(transactions);
  if (answers.size() > batch.size()) {
    const auto* first = std::get_if<v1::SubmitTransactionResponse>(&sent_[again].second);
    const auto* now = std::get_if<v1::SubmitTransactionResponse>(&answers.back());
    ASSERT_NE(now, nullptr);
    EXPECT_TRUE(now->duplicate());
    EXPECT_EQ(now->sequence(), first->sequence());
    EXPECT_EQ(now->postings().size(), first->postings().size());
  }
  for (size_t i = 0; i < batch.size(); ++i) {
    const auto* refusal = std::get_if<Refusal>(&answers[i]);
    std::string expected;
    for (const std::string& fault : batch[i].faults) expected += fault + " ";
    if (refusal == nullptr) {
      ASSERT_EQ(expected, "") << "accepted";
      ++accepted;
      sent_.push_back({batch[i].transaction, answers[i]});
      continue;
    }
    const std::string verdict = VerdictName(refusal->verdict);
    ASSERT_TRUE(batch[i].faults.contains(verdict))
        << verdict << ", where the model finds: " << expected;
    EXPECT_EQ(refusal->figures.at("operation_index"), std::to_string(batch[i].operation_index))
        << verdict;
    verdicts.insert(verdict);
    ++refused;
  }
}

void Play(std::unique_ptr<StorePlace> place, int steps) {
  const uint64_t seed = Seed();
  std::cout << "KENGRED_SEED=" << seed << " KENGRED_MODEL_STEPS=" << steps << std::endl;
  World world(std::move(place), seed);
  ASSERT_FALSE(::testing::Test::HasFailure()) << "the founding differs";
  for (int step = 0; step < steps; ++step) {
    SCOPED_TRACE("step " + std::to_string(step) + " of KENGRED_SEED=" + std::to_string(seed));
    world.Step();
    if (::testing::Test::HasFailure()) return;
    world.CheckBalances();
    if (::testing::Test::HasFailure()) return;
  }
  world.Restart();
  world.CheckBalances();
  world.CheckReplay();
  std::cout << world.accepted << " accepted, " << world.refused << " refused, " << world.crashes
            << " crashes; refusals:";
  for (const std::string& verdict : world.verdicts) std::cout << " " << verdict;
  std::cout << std::endl;
  // Otherwise nothing was tested.
  EXPECT_GT(world.accepted, static_cast<uint64_t>(steps) / 2);
  EXPECT_GT(world.refused, static_cast<uint64_t>(steps) / 20);
}

TEST(LedgerModelTest, InMemory) { Play(NewMemoryPlace(), Steps()); }
TEST(LedgerModelTest, OnDisk) { Play(NewDiskPlace(), Steps() / 2); }

}  // namespace
}  // namespace kengred::testing
