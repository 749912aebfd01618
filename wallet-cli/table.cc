#include "wallet/table.h"

#include <wchar.h>

#include <algorithm>
#include <cstdint>

#include "wallet/manners.h"

namespace kengred::wallet {
namespace {

constexpr char32_t kReplacement = U'?';

// Takes one code point off the front; malformed bytes count as one '?' each.
char32_t Take(std::string_view& text) {
  const auto byte = [&text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  const size_t size = first < 0x80             ? 1u
                      : (first & 0xe0) == 0xc0 ? 2u
                      : (first & 0xf0) == 0xe0 ? 3u
                      : (first & 0xf8) == 0xf0 ? 4u
                                               : 0u;
  if (size == 0 || size > text.size()) {
    text.remove_prefix(1);
    return kReplacement;
  }
  char32_t c = size == 1 ? first : first & (0x7fu >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) {
      text.remove_prefix(1);
      return kReplacement;
    }
    c = (c << 6) | (byte(i) & 0x3fu);
  }
  text.remove_prefix(size);
  return c;
}

bool IsHarmful(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029;
}

bool IsNumber(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || c == '.' || c == ',';
  });
}

}  // namespace

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const int columns = wcwidth(static_cast<wchar_t>(Take(text)));
    if (columns > 0) width += static_cast<size_t>(columns);
  }
  return width;
}

std::string PadRight(std::string_view text, size_t width) {
  const size_t has = DisplayWidth(text);
  return std::string(text) + std::string(width > has ? width - has : 0, ' ');
}

std::string PadLeft(std::string_view text, size_t width) {
  const size_t has = DisplayWidth(text);
  return std::string(width > has ? width - has : 0, ' ') + std::string(text);
}

std::string Printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t c = Take(text);
    const std::string_view taken = before.substr(0, before.size() - text.size());
    if (c == U'\n' || c == U'\t') {
      result.push_back(' ');
    } else if (IsHarmful(c) || (c == kReplacement && taken != "?")) {
      result.push_back('?');
    } else {
      result += taken;
    }
  }
  return result;
}

void Table::Add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = Printable(cell);
  rows_.push_back(std::move(cells));
}

std::vector<size_t> Table::Widths(bool with_titles) const {
  std::vector<size_t> widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t width = with_titles ? DisplayWidth(columns_[i].title) : 0;
    for (const auto& row : rows_) width = std::max(width, DisplayWidth(row[i]));
    widths.push_back(width);
  }
  return widths;
}

std::string Table::Line(const std::vector<std::string>& cells,
                        const std::vector<size_t>& widths) const {
  std::string line;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (i != 0) line += "  ";
    line += columns_[i].align == Align::kRight ? PadLeft(cells[i], widths[i])
                                               : PadRight(cells[i], widths[i]);
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

std::string Table::Format(bool color) const {
  const std::vector<size_t> widths = Widths(true);
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  std::string text = Bold(Line(titles, widths), color) + "\n";
  for (const auto& row : rows_) text += Line(row, widths) + "\n";
  return text;
}

std::string Table::FormatRows() const {
  const std::vector<size_t> widths = Widths(false);
  std::string text;
  for (const auto& row : rows_) text += Line(row, widths) + "\n";
  return text;
}

std::string CsvLine(const std::vector<std::string>& cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    std::string cell = cells[i];
    if (!cell.empty() &&
        std::string_view("=+-@\t\r").find(cell.front()) != std::string_view::npos &&
        !IsNumber(cell)) {
      cell.insert(cell.begin(), '\'');
    }
    if (i != 0) line += ',';
    if (cell.find_first_of(",\"\r\n") == std::string::npos) {
      line += cell;
      continue;
    }
    line += '"';
    for (const char c : cell) {
      if (c == '"') line += '"';
      line += c;
    }
    line += '"';
  }
  return line + "\r\n";
}

}  // namespace kengred::wallet
