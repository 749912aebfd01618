#include "wallet/csv.h"

#include <algorithm>

#include "kengred/core/side_record.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string_view WithoutMark(std::string_view text) {
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  return text;
}

// Reads one record after the other.
class Scanner {
 public:
  Scanner(std::string_view text, char separator) : text_(text), separator_(separator) {}

  CsvFile Scan() {
    while (position_ < text_.size()) ScanRecord();
    return std::move(file_);
  }

 private:
  bool AtEnd() const { return position_ >= text_.size(); }
  char Here() const { return text_[position_]; }
  bool AtLineEnd() const {
    return AtEnd() || Here() == '\n' ||
           (Here() == '\r' && position_ + 1 < text_.size() && text_[position_ + 1] == '\n');
  }

  void ScanRecord() {
    CsvRecord record;
    record.line = line_;
    std::string problem;
    for (;;) {
      record.cells.push_back(ScanCell(&problem));
      if (AtLineEnd()) break;
      ++position_;  // the separator
    }
    if (!AtEnd() && Here() == '\r') ++position_;
    if (!AtEnd()) ++position_;
    ++line_;
    for (const std::string& cell : record.cells) {
      if (problem.empty() && !IsPrintableUtf8(cell)) {
        problem = _("This is not plain UTF-8 text. Save the file as CSV UTF-8.");
      }
    }
    if (!problem.empty()) {
      file_.problems.push_back({record.line, problem});
      return;
    }
    const bool empty = std::all_of(record.cells.begin(), record.cells.end(),
                                   [](const std::string& cell) { return cell.empty(); });
    if (!empty) file_.records.push_back(std::move(record));
  }

  std::string ScanCell(std::string* problem) {
    std::string cell;
    if (!AtEnd() && Here() == '"') {
      ++position_;
      for (;;) {
        if (AtEnd()) {
          *problem = _("A quotation mark is opened and never closed.");
          return cell;
        }
        const char c = Here();
        ++position_;
        if (c == '\n') ++line_;
        if (c == '\r' && !AtEnd() && Here() == '\n') continue;
        if (c != '"') {
          cell.push_back(c);
        } else if (!AtEnd() && Here() == '"') {
          cell.push_back('"');
          ++position_;
        } else {
          break;
        }
      }
      if (!AtLineEnd() && Here() != separator_) {
        *problem = _("There is text after a closing quotation mark; write \"\" for a mark inside.");
      }
    }
    while (!AtLineEnd() && Here() != separator_) {
      if (Here() == '"' && problem->empty()) {
        *problem = _("There is a quotation mark inside a cell; put the whole cell in quotes.");
      }
      cell.push_back(Here());
      ++position_;
    }
    return cell;
  }

  const std::string_view text_;
  const char separator_;
  size_t position_ = 0;
  size_t line_ = 1;
  CsvFile file_;
};

}  // namespace

char GuessSeparator(std::string_view text) {
  constexpr std::string_view kSeparators = ",;\t";
  size_t counts[kSeparators.size()] = {};
  bool quoted = false;
  for (const char c : WithoutMark(text)) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n') break;
    const size_t which = kSeparators.find(c);
    if (which != std::string_view::npos) ++counts[which];
  }
  const auto* most = std::max_element(std::begin(counts), std::end(counts));
  return kSeparators[static_cast<size_t>(most - std::begin(counts))];
}

CsvFile ParseCsv(std::string_view text) {
  const std::string_view content = WithoutMark(text);
  return Scanner(content, GuessSeparator(content)).Scan();
}

}  // namespace kengred::wallet
