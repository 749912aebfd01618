// A bar on standard error that shows how far a long command is.
#pragma once

#include <cstddef>
#include <string>

#include "wallet/manners.h"

namespace kengred::wallet {

// Draws nothing where standard error is no terminal, or with --quiet. Wipes itself out at its end.
class Progress {
 public:
  // `label` says what is counted, in the person's language.
  Progress(Io& io, std::string label, size_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Advance(size_t count);
  // Before anything else is written to standard error.
  void Clear();

 private:
  void Draw();

  Io& io_;
  const std::string label_;
  const size_t total_;
  const bool visible_;
  size_t done_ = 0;
  size_t drawn_columns_ = 0;
};

// "[#######.............] 35 % (350 of 1000)", `columns` wide at most. Without the label where
// there is no room.
std::string ProgressBar(const std::string& label, size_t done, size_t total, size_t columns);

}  // namespace kengred::wallet
