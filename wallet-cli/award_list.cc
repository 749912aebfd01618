#include "wallet/award_list.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "kengred/core/hash.h"
#include "kengred/core/limits.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

constexpr std::string_view kAwardReferenceTag{"kengred/v1/award-reference\0", 27};
static_assert(kAwardReferenceTag.back() == '\0');

// The longest id of its own that a service may have.
constexpr size_t kOwnReferenceBytesMax = 256;

// ---- columns ----

enum Column : size_t { kBeneficiary, kActivity, kQuantity, kReference, kEvidence, kColumns };

struct ColumnName {
  std::string_view name;  // as NormalName leaves it
  Column column;
};

constexpr ColumnName kColumnNames[] = {
    {"beneficiary", kBeneficiary}, {"beneficiaire", kBeneficiary}, {"activity", kActivity},
    {"activite", kActivity},       {"quantity", kQuantity},        {"quantite", kQuantity},
    {"reference", kReference},     {"evidence", kEvidence},        {"justificatif", kEvidence},
    {"preuve", kEvidence},
};

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

// In lower case and without the accents of French column names.
std::string NormalName(std::string_view name) {
  std::string result;
  name = Trim(name);
  for (size_t i = 0; i < name.size(); ++i) {
    const std::string_view two = name.substr(i, 2);
    if (two == "é" || two == "É") {
      result.push_back('e');
      ++i;
    } else if (name[i] >= 'A' && name[i] <= 'Z') {
      result.push_back(static_cast<char>(name[i] - 'A' + 'a'));
    } else {
      result.push_back(name[i]);
    }
  }
  return result;
}

// Where each column is; nothing where the header lacks one.
using Columns = std::array<std::optional<size_t>, kColumns>;

Columns ReadHeader(const CsvRecord& header, AwardList* list) {
  Columns columns;
  for (size_t i = 0; i < header.cells.size(); ++i) {
    const std::string name = NormalName(header.cells[i]);
    const auto* known = std::find_if(std::begin(kColumnNames), std::end(kColumnNames),
                                     [&name](const ColumnName& c) { return c.name == name; });
    if (known == std::end(kColumnNames)) {
      if (!name.empty()) list->ignored_columns.emplace_back(Trim(header.cells[i]));
    } else if (columns[known->column].has_value()) {
      list->problems.push_back({header.line, Tr("Two columns are called “{}”.", name)});
    } else {
      columns[known->column] = i;
    }
  }
  const std::pair<Column, const char*> required[] = {
      {kBeneficiary, N_("The first line names no column “beneficiary”.")},
      {kActivity, N_("The first line names no column “activity”.")},
      {kQuantity, N_("The first line names no column “quantity”.")},
  };
  for (const auto& [column, missing] : required) {
    if (!columns[column].has_value()) list->problems.push_back({header.line, gettext(missing)});
  }
  return columns;
}

std::optional<int64_t> ParseQuantity(std::string_view text) {
  int64_t quantity = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), quantity);
  if (error != std::errc() || end != text.data() + text.size() || quantity < 1) {
    return std::nullopt;
  }
  return quantity;
}

// The line, or what is wrong with it.
std::optional<std::string> ReadLine(const CsvRecord& record, const Columns& columns,
                                    AwardLine* line) {
  const auto cell = [&](Column column) {
    return columns[column].has_value() ? std::string(Trim(record.cells[*columns[column]]))
                                       : std::string();
  };
  line->line = record.line;
  line->beneficiary = cell(kBeneficiary);
  line->activity = cell(kActivity);
  line->reference = cell(kReference);
  line->evidence = cell(kEvidence);
  if (line->beneficiary.empty()) return _("It names no beneficiary.");
  if (line->activity.empty()) return _("It names no activity.");
  const std::string quantity = cell(kQuantity);
  const auto count = ParseQuantity(quantity);
  if (!count.has_value()) {
    return Tr("The quantity “{}” is not a whole number from 1 on.", quantity);
  }
  line->quantity = *count;
  if (line->reference.size() > kOwnReferenceBytesMax) {
    return Tr("The reference is longer than {} bytes.", kOwnReferenceBytesMax);
  }
  if (line->evidence.size() > kSideContentBytesMax) {
    return Tr("The evidence is longer than {} bytes.", kSideContentBytesMax);
  }
  return std::nullopt;
}

// ---- references ----

void AppendBigEndian(uint64_t value, int bytes, std::string* out) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>((value >> shift) & 0xffu));
  }
}

}  // namespace

AwardList ParseAwardList(std::string_view text) {
  CsvFile csv = ParseCsv(text);
  AwardList list;
  if (csv.records.empty()) {
    list.problems = std::move(csv.problems);
    if (list.problems.empty()) list.problems.push_back({1, _("The file is empty.")});
    return list;
  }
  const Columns columns = ReadHeader(csv.records.front(), &list);
  // Without its columns no line means anything.
  if (!list.problems.empty()) return list;
  list.problems = std::move(csv.problems);
  const size_t width = csv.records.front().cells.size();
  std::map<std::string, size_t> lines_of_references;
  for (size_t i = 1; i < csv.records.size(); ++i) {
    const CsvRecord& record = csv.records[i];
    if (record.cells.size() != width) {
      list.problems.push_back(
          {record.line, Tr("It has {} cells; the first line has {}.", record.cells.size(), width)});
      continue;
    }
    AwardLine line;
    if (auto problem = ReadLine(record, columns, &line)) {
      list.problems.push_back({record.line, *std::move(problem)});
      continue;
    }
    if (!line.reference.empty()) {
      const auto [first, is_new] = lines_of_references.emplace(line.reference, line.line);
      if (!is_new) {
        list.problems.push_back({line.line, Tr("The reference “{}” is already that of line {}.",
                                               line.reference, first->second)});
        continue;
      }
    }
    list.lines.push_back(std::move(line));
  }
  std::stable_sort(list.problems.begin(), list.problems.end(),
                   [](const LineProblem& a, const LineProblem& b) { return a.line < b.line; });
  if (list.lines.empty() && list.problems.empty()) {
    list.problems.push_back({1, _("The file has no line after the first.")});
  }
  return list;
}

std::string AwardReferences::OfReference(std::string_view reference) const {
  return Sha256({kAwardReferenceTag, programme_.view(), "r", reference}).ToBytes();
}

std::string AwardReferences::OfContent(const AccountId& beneficiary, std::string_view activity,
                                       int64_t quantity, std::string_view evidence) {
  std::string content = beneficiary.ToBytes();
  AppendBigEndian(static_cast<uint64_t>(quantity), 8, &content);
  AppendBigEndian(activity.size(), 4, &content);
  content += activity;
  AppendBigEndian(evidence.size(), 4, &content);
  content += evidence;
  std::string occurrence;
  AppendBigEndian(++seen_[content], 8, &occurrence);
  return Sha256({kAwardReferenceTag, programme_.view(), "c", content, occurrence}).ToBytes();
}

}  // namespace kengred::wallet
