#include "server/publish/proofs.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "kengred/core/limits.h"
#include "kengred/core/receipt.h"
#include "server/rules/state.h"

namespace kengred::publish {
namespace {

// A run holds 1 to 256 hashes.
constexpr size_t kRunsAtOnce = 16;

absl::Status Lost(const std::string& what) {
  return absl::DataLossError(what + " cannot be read; restore the store from a backup");
}

}  // namespace

absl::StatusOr<std::vector<Digest>> StoreHashReader::Read(uint32_t level, uint64_t first,
                                                          size_t count) {
  std::vector<Digest> hashes;
  hashes.reserve(count);
  // Takes the hashes that come next from a run; false where it does not have the very next one.
  const std::string prefix = rules::key::TreeHashes(level);
  const auto take = [&](const std::string& key, std::string_view run) {
    const uint64_t begin = rules::DecodeNumber(std::string_view(key).substr(prefix.size()));
    const uint64_t next = first + hashes.size();
    const uint64_t held = run.size() / Digest::kSize;
    if (run.size() % Digest::kSize != 0 || begin > next || next - begin >= held) return false;
    for (uint64_t i = next - begin; i < held && hashes.size() < count; ++i) {
      hashes.push_back(*Digest::FromBytes(run.substr(i * Digest::kSize, Digest::kSize)));
    }
    return true;
  };
  // The run that holds the first is the last one that does not begin after it.
  absl::StatusOr<storage::Scan> scan =
      store_->scan(prefix, rules::key::TreeRun(level, first + 1), 1, /*reverse=*/true);
  while (true) {
    if (!scan.ok()) return scan.status();
    std::string last;
    bool found = false;
    for (const auto& [key, run] : scan->pairs) {
      last = key;
      found = take(key, run);
      if (!found) break;
    }
    if (!found || hashes.size() == count) break;
    scan = store_->scan(prefix, last, std::min(count - hashes.size(), kRunsAtOnce));
  }
  if (hashes.size() != count) {
    return Lost("hash " + std::to_string(first + hashes.size()) + " of level " +
                std::to_string(level) + " of the tree");
  }
  return hashes;
}

absl::StatusOr<StoredCheckpoint> ProofReader::LatestCheckpoint() const {
  const absl::StatusOr<storage::Scan> scan =
      store_->scan(rules::key::kCheckpoints, "", 1, /*reverse=*/true);
  if (!scan.ok()) return scan.status();
  if (scan->pairs.empty()) return Lost("the last checkpoint");
  const auto& [key, note] = scan->pairs.front();
  StoredCheckpoint latest{rules::DecodeNumber(std::string_view(key).substr(1)), note};
  if (cosignatures_ != nullptr) latest.note = cosignatures_->With(latest);
  return latest;
}

absl::StatusOr<std::vector<StoredCheckpoint>> ProofReader::Checkpoints(uint64_t after,
                                                                       size_t max) const {
  const absl::StatusOr<storage::Scan> scan =
      store_->scan(rules::key::kCheckpoints, rules::key::Checkpoint(after), max);
  if (!scan.ok()) return scan.status();
  std::vector<StoredCheckpoint> checkpoints;
  for (const auto& [key, note] : scan->pairs) {
    checkpoints.push_back({rules::DecodeNumber(std::string_view(key).substr(1)), note});
  }
  return checkpoints;
}

absl::StatusOr<std::vector<Digest>> ProofReader::Inclusion(Sequence sequence, uint64_t size) const {
  StoreHashReader reader(store_);
  return InclusionProof(sequence - 1, size, reader);
}

absl::StatusOr<std::vector<Digest>> ProofReader::Consistency(uint64_t old_size,
                                                             uint64_t new_size) const {
  StoreHashReader reader(store_);
  return ConsistencyProof(old_size, new_size, reader);
}

absl::StatusOr<std::vector<LogKeyPeriod>> ProofReader::LogKeys(const v1::Charter& charter) const {
  constexpr size_t kPage = 1000;
  // What the table says of each: since which entry, and by which of its operations.
  std::vector<std::pair<std::string, LogKeyPeriod>> found;
  std::string after;
  while (true) {
    const absl::StatusOr<storage::Scan> scan = store_->scan(rules::key::kLogKeys, after, kPage);
    if (!scan.ok()) return scan.status();
    for (const auto& [key, since] : scan->pairs) {
      const auto public_key = PublicKey::FromBytes(std::string_view(key).substr(1));
      if (!public_key || since.size() != 12) return Lost("a log key");
      found.push_back(
          {since, {*public_key, rules::DecodeNumber(std::string_view(since).substr(0, 8))}});
    }
    if (scan->pairs.size() < kPage) break;
    after = scan->pairs.back().first;
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  const auto first = PublicKey::FromBytes(charter.log_public_key());
  if (!first) return Lost("the charter's log key");
  std::vector<LogKeyPeriod> keys = {{*first, 1}};
  for (const auto& [since, period] : found) keys.push_back(period);
  return keys;
}

absl::StatusOr<std::string> ProofReader::Receipt(Sequence sequence, std::string entry_bytes,
                                                 const std::string& charter_bytes) const {
  std::optional<StoredCheckpoint> cosigned;
  if (cosignatures_ != nullptr) cosigned = cosignatures_->Best(sequence);
  absl::StatusOr<StoredCheckpoint> checkpoint =
      cosigned ? absl::StatusOr<StoredCheckpoint>(*std::move(cosigned)) : LatestCheckpoint();
  if (!checkpoint.ok()) return checkpoint.status();
  absl::StatusOr<std::vector<Digest>> proof = Inclusion(sequence, checkpoint->size);
  if (!proof.ok()) return proof.status();
  kengred::Receipt receipt;
  receipt.entry_bytes = std::move(entry_bytes);
  // One that is too long, or is the entry itself, is left out.
  if (sequence != 1 && charter_bytes.size() <= kReceiptCharterBytesMax) {
    receipt.charter_bytes = charter_bytes;
  }
  receipt.index = sequence - 1;
  receipt.proof = *std::move(proof);
  receipt.checkpoint = std::move(checkpoint->note);
  return FormatReceipt(receipt);
}

}  // namespace kengred::publish
