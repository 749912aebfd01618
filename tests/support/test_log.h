// A transparency log in memory whose entries are texts: what witnesses are asked about in tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kengred/core/checkpoint.h"
#include "kengred/core/merkle.h"
#include "kengred/core/signed_note.h"
#include "kengred/core/signing.h"
#include "kengred/core/witness_request.h"

namespace kengred::testing {

inline constexpr char kTestOrigin[] = "log.example/1";

// A key that follows from a letter.
inline SecretKey KeyOf(char seed) { return *SecretKey::FromSeed(std::string(kSeedBytes, seed)); }

// A log in memory whose entries are texts.
class TestLog : public HashReader {
 public:
  explicit TestLog(char seed = 'l', const std::string& origin = kTestOrigin)
      : signer_(*NoteSigner::Make(origin, KeyOf(seed))), origin_(origin) {}

  void Append(const std::string& entry) {
    std::vector<Subtree> made;
    frontier_.Append(LeafHash(entry), &made);
    for (const Subtree& subtree : made) hashes_[subtree.level].push_back(subtree.hash);
    roots_.push_back(frontier_.Root());
  }
  void GrowTo(uint64_t size, const std::string& prefix = "entry ") {
    while (this->size() < size) Append(prefix + std::to_string(this->size()));
  }
  uint64_t size() const { return roots_.size() - 1; }

  absl::StatusOr<std::vector<Digest>> Read(uint32_t level, uint64_t first, size_t count) override {
    const auto& hashes = hashes_[level];
    return std::vector<Digest>(hashes.begin() + static_cast<ptrdiff_t>(first),
                               hashes.begin() + static_cast<ptrdiff_t>(first + count));
  }

  Checkpoint At(uint64_t size) const { return {origin_, size, roots_[size], {}}; }
  std::string Note(uint64_t size) const { return *SignCheckpoint(At(size), signer_); }
  std::vector<Digest> Proof(uint64_t old_size, uint64_t size) {
    return *ConsistencyProof(old_size, size, *this);
  }
  std::string Request(uint64_t old_size, uint64_t size) {
    return *FormatWitnessRequest({old_size, Proof(old_size, size), Note(size)});
  }
  const VerifierKey& key() const { return signer_.verifier_key(); }
  const NoteSigner& signer() const { return signer_; }

 private:
  const NoteSigner signer_;
  const std::string origin_;
  TreeFrontier frontier_;
  std::map<uint32_t, std::vector<Digest>> hashes_;
  std::vector<Digest> roots_ = {EmptyTreeRoot()};
};

}  // namespace kengred::testing
