#include "wallet/progress.h"

#include <algorithm>
#include <utility>

#include "wallet/table.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

constexpr size_t kBarColumnsMax = 40;
constexpr size_t kBarColumnsMin = 10;

}  // namespace

std::string ProgressBar(const std::string& label, size_t done, size_t total, size_t columns) {
  total = std::max<size_t>(total, 1);
  done = std::min(done, total);
  const std::string figures = Tr("{} % ({} of {})", done * 100 / total, done, total);
  const std::string before = label + " ";
  // The bar, its two brackets and a space.
  const size_t fixed = DisplayWidth(before) + 3 + DisplayWidth(figures);
  if (fixed + kBarColumnsMin > columns) return figures;
  const size_t width = std::min(columns - fixed, kBarColumnsMax);
  const size_t full = done * width / total;
  return before + "[" + std::string(full, '#') + std::string(width - full, '.') + "] " + figures;
}

Progress::Progress(Io& io, std::string label, size_t total)
    : io_(io),
      label_(std::move(label)),
      total_(total),
      visible_(io.err_is_terminal && !io.options.quiet && total > 0) {
  Draw();
}

Progress::~Progress() { Clear(); }

void Progress::Advance(size_t count) {
  done_ += count;
  Draw();
}

void Progress::Clear() {
  if (drawn_columns_ == 0) return;
  *io_.err << '\r' << std::string(drawn_columns_, ' ') << '\r';
  io_.err->flush();
  drawn_columns_ = 0;
}

void Progress::Draw() {
  if (!visible_) return;
  // The last column stays free: writing there wraps on some terminals.
  const std::string bar =
      ProgressBar(label_, done_, total_, static_cast<size_t>(io_.terminal->columns()) - 1);
  const size_t width = DisplayWidth(bar);
  *io_.err << '\r' << bar << std::string(drawn_columns_ > width ? drawn_columns_ - width : 0, ' ');
  io_.err->flush();
  drawn_columns_ = std::max(drawn_columns_, width);
}

}  // namespace kengred::wallet
