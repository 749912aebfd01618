#include "server/sequence/chain.h"

#include <algorithm>

#include "kengred/core/hash.h"

namespace kengred::sequence {

storage::Hash ChainHash(const storage::Hash& before, std::string_view entry_bytes) {
  const Digest digest = Sha256({domain::kChain, Digest(before).view(), entry_bytes});
  storage::Hash hash;
  std::copy_n(digest.data(), hash.size(), hash.begin());
  return hash;
}

}  // namespace kengred::sequence
