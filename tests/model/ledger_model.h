// A naive ledger, the oracle of ledger_model_test: plain maps, written from the contract and from
// what must hold, not from server/rules. It follows one backed currency; it is told who there is,
// who signs, and what registrar, committee and governance decide; it judges what moves money, and
// says all that is wrong, in no order (the tables of tests/unit test precedence, and what is
// malformed).
#pragma once

#include <algorithm>
#include <map>
#include <set>

#include "kengred/core/civil_day.h"
#include "kengred/v1/charter.pb.h"
#include "kengred/v1/operations.pb.h"

namespace kengred::testing {

struct LedgerModel {
  using Id = std::string;
  static constexpr int32_t kNever = 1 << 30;
  static constexpr char kTooLittle[] = "INSUFFICIENT_BALANCE";
  struct Holder {
    v1::HolderKind kind;
    int32_t from = kNever, until = -kNever, ended = kNever;
    int32_t approved_from = kNever, approved_until = -kNever, suspended = kNever;
  };
  struct Pot {
    v1::ProgrammeTerms terms;
    std::set<Id> validators, seen;  // of the terms; references of awards
    bool closed = false;
    std::map<Id, int64_t> funders = {};
    std::map<std::pair<Id, int>, int64_t> paid = {};  // to whom in which month, year, or in all
  };
  v1::Policy policy;
  std::map<v1::Role, std::set<Id>> roles;
  std::map<Id, Holder> holders;
  std::map<Id, Pot> pots;
  std::map<Id, int64_t> balances;  // "digital", "paper", "bank" in euros, all else in units
  // A shop's gross, fee and verdict once decided; a payment's day and what was refunded.
  std::map<Id, std::tuple<Id, int64_t, int64_t, std::string>> exchanges;
  std::map<std::pair<Id, uint32_t>, std::tuple<v1::Transfer, int32_t, int64_t>> payments;
  // Used for ever. Of the operation in hand: who signed, what is wrong, where it is, what it makes.
  std::set<Id> references, signers, faults;
  std::pair<Id, uint32_t> place;
  Id made;
  int32_t today = 0;

  void If(bool wrong, const std::string& verdict) {
    if (wrong) faults.insert(verdict);
  }
  void NeedSigned(const Id& id) { If(!signers.contains(id), "NOT_SIGNED_BY_HOLDER"); }
  void NeedSome(const std::set<Id>& persons, uint32_t needed, const char* verdict) {
    size_t count = 0;
    for (const Id& id : persons) count += signers.count(id);
    If(count < needed, verdict);
  }
  void NeedNew(const Id& reference) { If(!references.insert(reference).second, "REFERENCE_USED"); }
  int32_t LastDay(const Holder& h) const {
    return std::min(h.ended - 1, h.until + static_cast<int32_t>(policy.membership_grace_days()));
  }
  void NeedPayable(const Id& id, int64_t amount, const char* unknown = "PAYEE_UNKNOWN") {
    if (!holders.contains(id)) return If(true, unknown);
    const Holder& to = holders[id];
    const int64_t after = balances[id] + amount;
    if (pots.contains(id)) {
      If(pots[id].closed, "PROGRAMME_CLOSED");
      return If(today > pots[id].terms.until_day(), "PROGRAMME_ENDED");
    }
    const bool shop = to.kind == v1::HOLDER_KIND_PROFESSIONAL;
    const bool small = !shop && after <= policy.limits(0).unadmitted_balance_max_minor();
    If(to.from == kNever && !small, "PAYEE_NOT_MEMBER");
    If(to.from != kNever && today > LastDay(to), "PAYEE_MEMBERSHIP_EXPIRED");
    If(shop && to.suspended != kNever, "PAYEE_SUSPENDED");
    If(shop && today > to.approved_until, "PAYEE_NOT_APPROVED");
    If(to.kind == v1::HOLDER_KIND_PERSON && after > policy.limits(0).person_balance_max_minor(),
       "BALANCE_LIMIT");
  }
  void Move(const Id& from, const Id& to, int64_t amount, const char* too_little) {
    balances[to] += amount;
    If((balances[from] -= amount) < 0 && from != "circulation" && from != "bank", too_little);
  }
  void Do(const v1::RecordFund& op) {
    NeedSome(roles[v1::ROLE_TREASURER], 1, "NOT_SIGNED_BY_ROLE");
    NeedNew(op.reference());
    const bool out = op.movement() == 2 || op.movement() == 4;
    const Id fund = op.fund() == v1::FUND_PAPER ? "paper" : "digital";
    const Id other = op.movement() > 2 ? "paper" : "bank";
    Move(out ? fund : other, out ? other : fund, op.amount_minor(), "FUND_INSUFFICIENT");
    if (op.movement() == 3) NeedPayable(op.account_id(), op.amount_minor(), "ACCOUNT_UNKNOWN");
    if (op.movement() == 3) Move("circulation", op.account_id(), op.amount_minor(), "");
    if (op.movement() == 4) NeedSigned(op.account_id());
    if (op.movement() == 4) Move(op.account_id(), "circulation", op.amount_minor(), kTooLittle);
    If(balances["digital"] < -balances["circulation"], "FUND_INSUFFICIENT");
  }
  void Do(const v1::Issue& op) {
    NeedSome(roles[v1::ROLE_ISSUER], 1, "NOT_SIGNED_BY_ROLE");
    NeedNew(op.reference());
    NeedPayable(op.account_id(), op.amount_minor());
    Move("circulation", op.account_id(), op.amount_minor(), "");
    Move("bank", "digital", op.amount_minor(), "");
    if (!pots.contains(op.account_id())) return;
    Pot& pot = pots[op.account_id()];
    pot.funders[pot.terms.association_account_id()] += op.amount_minor();
  }
  void Do(const v1::Transfer& op) {
    const Id &payer = op.payer_account_id(), payee = op.payee_account_id();
    If(payer == payee, "SELF_PAYMENT");
    If(op.amount_minor() < 1, "AMOUNT_NOT_POSITIVE");
    If(op.amount_minor() > policy.limits(0).transfer_max_minor(), "TRANSFER_LIMIT");
    If(!holders.contains(payer), "PAYER_UNKNOWN");
    If(pots.contains(payer), "ACCOUNT_KIND_NOT_ALLOWED");
    NeedSigned(payer);
    NeedPayable(payee, op.amount_minor());
    Move(payer, payee, op.amount_minor(), kTooLittle);
    if (pots.contains(payee)) pots[payee].funders[payer] += op.amount_minor();
    payments[place] = {op, today, 0};
  }
  void Do(const v1::Refund& op) {
    const auto paid = payments.find({op.transaction_id(), op.operation_index()});
    if (paid == payments.end()) return If(true, "TRANSACTION_UNKNOWN");
    auto& [was, day, refunded] = paid->second;
    If(pots.contains(was.payee_account_id()), "ACCOUNT_KIND_NOT_ALLOWED");
    NeedSigned(was.payee_account_id());
    If(today - day > static_cast<int32_t>(policy.refund_window_days()), "REFUND_WINDOW_OVER");
    If((refunded += op.amount_minor()) > was.amount_minor(), "REFUND_EXCEEDS_ORIGINAL");
    NeedPayable(was.payer_account_id(), op.amount_minor());
    Move(was.payee_account_id(), was.payer_account_id(), op.amount_minor(), kTooLittle);
  }
  void Do(const v1::RequestReconversion& op) {
    const Holder& shop = holders[op.account_id()];
    const auto more = static_cast<int32_t>(policy.leaver_reconversion_days());
    const int32_t day = std::max(shop.from, std::min({today, shop.ended - 1, shop.until}));
    NeedSigned(op.account_id());
    If(shop.kind != v1::HOLDER_KIND_PROFESSIONAL, "ACCOUNT_KIND_NOT_ALLOWED");
    If(shop.suspended != kNever, "SUSPENDED");
    If(shop.from == kNever || today > LastDay(shop) + more, "NOT_MEMBER");
    If(day < shop.approved_from || day > shop.approved_until, "NOT_APPROVED");
    If(op.amount_minor() < policy.limits(0).reconversion_min_minor(), "RECONVERSION_BELOW_MINIMUM");
    Move(op.account_id(), "locked", op.amount_minor(), kTooLittle);
    const int64_t fee = (op.amount_minor() * policy.commission_bps() + 5000) / 10000;
    exchanges[made] = {op.account_id(), op.amount_minor(), fee, ""};
  }
  auto& Decide(const Id& id, const char* as) {
    NeedSome(roles[v1::ROLE_TREASURER], 1, "NOT_SIGNED_BY_ROLE");
    If(!exchanges.contains(id), "RECONVERSION_UNKNOWN");
    std::string& decided = std::get<3>(exchanges[id]);
    If(!decided.empty(), decided);
    decided = as;
    return exchanges[id];
  }
  void Do(const v1::SettleReconversion& op) {
    auto& [shop, gross, fee, as] = Decide(op.reconversion_id(), "RECONVERSION_SETTLED");
    NeedNew(op.bank_reference());
    const auto& share = policy.commission_shares(0);
    Move("locked", share.account_id(), fee * share.share_bps() / 10000, "");
    Move("locked", "commission", fee - fee * share.share_bps() / 10000, "");
    Move("locked", "circulation", gross - fee, "");
    Move("digital", "bank", gross - fee, "");
  }
  void Do(const v1::FailReconversion& op) {
    auto& [shop, gross, fee, as] = Decide(op.reconversion_id(), "RECONVERSION_FAILED");
    Move("locked", shop, gross, "");
  }
  void Do(const v1::Reward& op) {
    auto& [terms, validators, seen, closed, funders, paid] = pots[op.programme_account_id()];
    NeedSigned(terms.association_account_id());
    NeedSome(validators, terms.validators_required(), "NOT_SIGNED_BY_VALIDATORS");
    If(closed, "PROGRAMME_CLOSED");
    If(today > terms.until_day(), "PROGRAMME_ENDED");
    const CivilDate date = DateOfDay(today);
    for (const v1::Award& award : op.awards()) {
      const Id& who = award.beneficiary_account_id();
      const auto& kind = terms.activities(award.activity() == "session" ? 0 : 1);
      const int64_t pay = award.quantity() * kind.rate_minor();
      const bool person = holders[who].kind == v1::HOLDER_KIND_PERSON;
      If(validators.contains(who), "BENEFICIARY_IS_VALIDATOR");
      If(who == terms.association_account_id(), "BENEFICIARY_IS_ASSOCIATION");
      If(award.quantity() > kind.quantity_max(), "QUANTITY_LIMIT");
      If(!seen.insert(award.reference()).second, "AWARD_PAID");
      NeedPayable(who, pay);
      If((paid[{"", 0}] += pay) > terms.total_cap_minor(), "TOTAL_CAP");
      If((paid[{who, date.year * 100 + date.month}] += pay) > terms.person_period_cap_minor(),
         "PERSON_CAP");
      If((paid[{who, date.year}] += pay) > terms.person_yearly_cap_minor() && person, "YEARLY_CAP");
      Move(op.programme_account_id(), who, pay, "PROGRAMME_EXHAUSTED");
    }
  }
  void Do(const v1::CloseProgramme& op) {
    const Id& id = op.programme_account_id();
    NeedSigned(pots[id].terms.association_account_id());
    If(pots[id].closed, "PROGRAMME_CLOSED");
    pots[id].closed = true;
    int64_t all = 0, pot = balances[id];
    for (const auto& [funder, amount] : pots[id].funders) all += amount;
    for (const auto& [funder, amount] : pots[id].funders) Move(id, funder, pot * amount / all, "");
    Move(id, pots[id].terms.association_account_id(), balances[id], "");
  }
};

}  // namespace kengred::testing
