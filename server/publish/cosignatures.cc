#include "server/publish/cosignatures.h"

#include <algorithm>
#include <set>

namespace kengred::publish {

void Cosignatures::Add(const StoredCheckpoint& checkpoint, const PublicKey& witness,
                       const NoteSignature& line) {
  const absl::MutexLock lock(&mutex_);
  const auto latest = latest_.find(witness);
  if (latest != latest_.end() && latest->second > checkpoint.size) return;
  Cosigned& cosigned = cosigned_[checkpoint.size];
  // A ledger signs one checkpoint of a size; the last word counts all the same.
  if (cosigned.note != checkpoint.note) cosigned = {checkpoint.note, {}};
  cosigned.lines[witness] = line;
  latest_[witness] = checkpoint.size;
  Prune();
}

void Cosignatures::Prune() {
  std::set<uint64_t> kept;
  for (const auto& [witness, size] : latest_) kept.insert(size);
  size_t most = 0;
  uint64_t best = 0;
  for (const auto& [size, cosigned] : cosigned_) {
    if (cosigned.lines.size() < most) continue;
    most = cosigned.lines.size();
    best = size;
  }
  kept.insert(best);
  for (auto it = cosigned_.begin(); it != cosigned_.end();) {
    it = kept.contains(it->first) ? std::next(it) : cosigned_.erase(it);
  }
}

std::string Cosignatures::Joined(const Cosigned& cosigned) {
  // Lines are only ever added at a note's end.
  std::string note = cosigned.note;
  for (const auto& [witness, line] : cosigned.lines) note += FormatNoteSignature(line);
  return note;
}

std::string Cosignatures::With(const StoredCheckpoint& checkpoint) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = cosigned_.find(checkpoint.size);
  if (found == cosigned_.end() || found->second.note != checkpoint.note) return checkpoint.note;
  return Joined(found->second);
}

std::vector<std::string> Cosignatures::Latest() const {
  const absl::MutexLock lock(&mutex_);
  std::set<uint64_t> sizes;
  for (const auto& [witness, size] : latest_) sizes.insert(size);
  std::vector<std::string> notes;
  for (auto size = sizes.rbegin(); size != sizes.rend(); ++size) {
    notes.push_back(Joined(cosigned_.at(*size)));
  }
  return notes;
}

std::optional<StoredCheckpoint> Cosignatures::Best(uint64_t size_min) const {
  const absl::MutexLock lock(&mutex_);
  const std::pair<const uint64_t, Cosigned>* best = nullptr;
  for (auto it = cosigned_.lower_bound(size_min); it != cosigned_.end(); ++it) {
    if (best == nullptr || it->second.lines.size() >= best->second.lines.size()) best = &*it;
  }
  if (best == nullptr) return std::nullopt;
  return StoredCheckpoint{best->first, Joined(best->second)};
}

}  // namespace kengred::publish
