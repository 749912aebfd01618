// Reading CSV (RFC 4180) as spreadsheets write it: a UTF-8 byte order mark, CR LF or LF, and cells
// separated by commas, semicolons or tabs. A line break inside a cell is "\n".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kengred::wallet {

// A line of a file, from 1, and what is wrong there: a whole sentence in the person's language.
struct LineProblem {
  size_t line = 0;
  std::string what;

  friend bool operator==(const LineProblem&, const LineProblem&) = default;
};

struct CsvRecord {
  size_t line = 0;  // where it starts
  std::vector<std::string> cells;
};

struct CsvFile {
  std::vector<CsvRecord> records;  // without empty lines
  std::vector<LineProblem> problems;
};

// What separates the cells of a text: whichever of , ; and tab is most frequent in its first line,
// outside quotation marks; a comma where there is none.
char GuessSeparator(std::string_view text);

// Reads the whole text. A record with a problem is not among the records.
CsvFile ParseCsv(std::string_view text);

}  // namespace kengred::wallet
