// What the sequencer's thread reads: the batch it builds, on the batch that is being committed, on
// the store.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "server/rules/state.h"

namespace kengred::sequence {

// State and entries that are not durable yet.
struct Layer {
  // nullopt: deleted.
  std::map<std::string, std::optional<std::string>> writes;
  std::map<Sequence, std::string> entries;
};

// The layers and the base must outlive it; `upper` is looked at first. `lower` may be null.
class LayeredView : public rules::StateView {
 public:
  LayeredView(const Layer* upper, const Layer* lower, const rules::StateView* base)
      : upper_(upper), lower_(lower), base_(base) {}

  std::optional<std::string> Get(const std::string& key) const override;
  std::optional<std::string> Entry(Sequence sequence) const override;

 private:
  const Layer* upper_;
  const Layer* lower_;
  const rules::StateView* base_;
};

}  // namespace kengred::sequence
