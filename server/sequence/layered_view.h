// The ledger as the sequencer's thread sees it: with the batch it builds and the one that is being
// committed.
#pragma once

#include <optional>
#include <string>

#include "server/rules/state.h"
#include "server/sequence/batch_builder.h"
#include "server/sequence/state_cache.h"

namespace kengred::sequence {

// For one thread. What it is given must outlive it.
class LayeredView : public rules::StateView {
 public:
  // Entries are looked for in `building`, in `committing` (may be null) and then in the store. The
  // values of both batches are in the cache.
  LayeredView(const PendingBatch* building, const PendingBatch* committing, StateCache* cache,
              const rules::StateView* base)
      : building_(building), committing_(committing), cache_(cache), base_(base) {}

  std::optional<std::string> Get(const std::string& key) const override;
  rules::AccountRecord GetAccount(const std::string& key) const override;
  std::optional<std::string> Entry(Sequence sequence) const override;
  void Expect(const std::vector<std::string>& keys) const override;

 private:
  const PendingBatch* building_;
  const PendingBatch* committing_;
  StateCache* cache_;
  const rules::StateView* base_;
};

}  // namespace kengred::sequence
