// Lists of services to reward, as an association keeps them in a spreadsheet, and the references
// that make each of them count once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kengred/core/ids.h"
#include "wallet/csv.h"

namespace kengred::wallet {

inline constexpr size_t kAwardListBytesMax = 64 * 1024 * 1024;

// One service of a list.
struct AwardLine {
  size_t line = 0;          // in the file, from 1
  std::string beneficiary;  // as written: an address, a contact, an @alias
  std::string activity;
  int64_t quantity = 0;
  std::string reference;  // the service's own id; may be empty
  std::string evidence;   // may be empty
};

struct AwardList {
  std::vector<AwardLine> lines;
  // What cannot be used, in the order of the lines. The list must not be paid while there is any.
  std::vector<LineProblem> problems;
  std::vector<std::string> ignored_columns;
};

// Reads CSV whose first line names the columns, in any order and in English or French: beneficiary
// (bénéficiaire), activity (activité), quantity (quantité), and optionally reference (référence)
// and evidence (justificatif). Other columns are ignored.
AwardList ParseAwardList(std::string_view text);

// Makes the references of the awards of one programme; docs/formats/award_reference.md has the
// definition. A service without an id of its own is known by its content, and a second one that is
// wholly alike by being the second: the same list gives the same references again, in any order of
// its lines.
class AwardReferences {
 public:
  explicit AwardReferences(const AccountId& programme) : programme_(programme) {}

  // 32 bytes. `reference` is the service's own id.
  std::string OfReference(std::string_view reference) const;
  // 32 bytes. Counts how often this content came already.
  std::string OfContent(const AccountId& beneficiary, std::string_view activity, int64_t quantity,
                        std::string_view evidence);

 private:
  const AccountId programme_;
  std::map<std::string, uint64_t> seen_;
};

}  // namespace kengred::wallet
