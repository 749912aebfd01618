// A programme's funders: who gets back what is left.
#include "server/rules/rule.h"

namespace kengred::rules {

Ruling AddFunding(Draft& draft, const AccountId& programme, const AccountId& funder,
                  int64_t amount_minor) {
  std::optional<v1::Programme> record = draft.FindProgramme(programme);
  if (!record) return Refuse(v1::VERDICT_PROGRAMME_UNKNOWN);
  v1::ProgrammeFunder* entry = nullptr;
  for (v1::ProgrammeFunder& known : *record->mutable_funders()) {
    if (known.account_id() == funder.view()) entry = &known;
  }
  if (entry == nullptr) {
    if (record->funders().size() >= static_cast<int>(kFundersMax)) {
      return Refuse(v1::VERDICT_FUNDERS_LIMIT,
                    {{"limit", Figure(static_cast<int64_t>(kFundersMax))}});
    }
    entry = record->add_funders();
    entry->set_account_id(funder.ToBytes());
  }
  // The sum over all funders must fit too: closing divides by it.
  std::optional<int64_t> total = amount_minor;
  for (const v1::ProgrammeFunder& known : record->funders()) {
    if (total) total = CheckedAdd(*total, known.amount_minor());
  }
  if (!total) return Refuse(v1::VERDICT_AMOUNT_OVERFLOW);
  entry->set_amount_minor(entry->amount_minor() + amount_minor);
  draft.PutProgramme(*record);
  return std::nullopt;
}

}  // namespace kengred::rules
