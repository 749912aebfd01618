// Paying a list of services: `kengred reward import`.
#pragma once

#include <absl/status/status.h>

#include <cstddef>
#include <string>

#include "wallet/act.h"
#include "wallet/manners.h"

namespace kengred::wallet {

inline constexpr size_t kImportBatchDefault = 100;
// With the longest activity code, 500 awards with evidence take about 71 KB of the 128 KiB that a
// transaction may have.
inline constexpr size_t kImportBatchMax = 500;

struct RewardImportOptions {
  std::string programme;
  std::string file;
  size_t batch = kImportBatchDefault;
  ActOptions act;
};

// Reads the list, names what cannot be used, leaves out what has been paid, asks, and sends the
// rest in signed transactions. The report says what became of each line.
absl::Status RunRewardImport(const RewardImportOptions& options, Io& io);

}  // namespace kengred::wallet
