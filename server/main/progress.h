// A bar on the terminal for what takes long; nothing where nobody looks.
#pragma once

#include <cstdint>
#include <string>

#include "server/main/io.h"

namespace kengred::server {

// For one thread.
class ProgressBar {
 public:
  // `verb` says what is done: "auditing". Of `io` it needs err, err_is_terminal and now_us.
  ProgressBar(std::string verb, Io* io);
  // Clear().
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // So many entries of so many are done. Draws a few times a second.
  void Show(uint64_t done, uint64_t all);
  // Takes the bar away, before something else is said.
  void Clear();

 private:
  const std::string verb_;
  Io* const io_;
  const int64_t start_us_;
  int64_t drawn_us_ = 0;
  bool visible_ = false;
};

// 1234567 as "1,234,567".
std::string Grouped(uint64_t number);

// How many per second; 0 where nothing took any time.
uint64_t PerSecond(uint64_t count, int64_t elapsed_us);

}  // namespace kengred::server
