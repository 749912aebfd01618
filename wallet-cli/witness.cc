#include "wallet/witness.h"

#include <algorithm>

#include "wallet/describe.h"
#include "wallet/table.h"
#include "wallet/text.h"

namespace kengred::wallet {

size_t CountVouching(const std::vector<client::WitnessState>& witnesses) {
  return static_cast<size_t>(
      std::count_if(witnesses.begin(), witnesses.end(),
                    [](const client::WitnessState& witness) { return witness.counts; }));
}

std::string WitnessesText(const std::vector<client::WitnessState>& witnesses, size_t needed) {
  if (witnesses.empty() && needed == 0) return _("none");
  return Tr("{} of {} vouch; demanded: {}", CountVouching(witnesses), witnesses.size(), needed);
}

std::string WitnessesTable(const std::vector<client::WitnessState>& witnesses, bool color) {
  Table table({{_("WITNESS"), {}},
               {_("ENTRIES"), Table::Align::kRight},
               {_("COSIGNED"), {}},
               {_("COUNTS"), {}}});
  for (const client::WitnessState& witness : witnesses) {
    const bool has_cosigned = witness.time_seconds > 0;
    table.Add({witness.key.name(), has_cosigned ? std::to_string(witness.size) : "",
               has_cosigned ? FormatTime(witness.time_seconds) : _("never"),
               witness.counts ? _("yes") : _("no")});
  }
  return table.Format(color);
}

Json WitnessesJson(const std::vector<client::WitnessState>& witnesses) {
  Json list = Json::array();
  for (const client::WitnessState& witness : witnesses) {
    const bool has_cosigned = witness.time_seconds > 0;
    Json item;
    item["name"] = witness.key.name();
    item["verifier_key"] = witness.key.Format();
    item["size"] = witness.size;
    item["time"] = has_cosigned ? Json(FormatTimeUtc(witness.time_seconds)) : Json(nullptr);
    item["counts"] = witness.counts;
    list.push_back(std::move(item));
  }
  return list;
}

std::string ShortageText(const client::WitnessShortage& shortage) {
  std::string text =
      Tr("You demand {} of the ledger's {} witnesses, and {} vouch for what it shows.",
         shortage.needed, shortage.witnesses.size(), CountVouching(shortage.witnesses));
  for (const client::WitnessState& witness : shortage.witnesses) {
    if (witness.counts) continue;
    const std::string name = Printable(witness.key.name());
    text += " " + (witness.time_seconds > 0 ? Tr("{} has cosigned nothing since {}.", name,
                                                 FormatTime(witness.time_seconds))
                                            : Tr("{} has cosigned nothing.", name));
  }
  return text;
}

std::string ShortageHint() {
  return _(
      "Witnesses may be away for a while: try again later. If it lasts, ask your association why "
      "before you pay or accept anything. kengred ledger witnesses shows who they are and changes "
      "how many you demand.");
}

}  // namespace kengred::wallet
