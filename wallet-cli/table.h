// Text for terminals and spreadsheets: columns, CSV, and what other people wrote made harmless.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kengred::wallet {

// How many columns a terminal needs for a UTF-8 text.
size_t DisplayWidth(std::string_view text);
// Filled up with spaces to `width`, on the right, or on the left for figures.
std::string PadRight(std::string_view text, size_t width);
std::string PadLeft(std::string_view text, size_t width);

// A text from somebody else (a memo, a name), on one line and without anything that could move the
// cursor, change colours or reverse the reading direction: such characters become '?'.
std::string Printable(std::string_view text);

class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // As many cells as columns. They are made printable here.
  void Add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  // Whole lines; the titles in bold with `color`.
  std::string Format(bool color) const;
  // The same without titles.
  std::string FormatRows() const;

 private:
  std::vector<size_t> Widths(bool with_titles) const;
  std::string Line(const std::vector<std::string>& cells, const std::vector<size_t>& widths) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// One line of CSV (RFC 4180), ended by CR LF. A text cell that a spreadsheet would take for a
// formula (it starts with = + - @ or a tab) gets a leading apostrophe, unless it is a number.
std::string CsvLine(const std::vector<std::string>& cells);

}  // namespace kengred::wallet
