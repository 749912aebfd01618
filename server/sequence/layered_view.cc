#include "server/sequence/layered_view.h"

namespace kengred::sequence {

std::optional<std::string> LayeredView::Get(const std::string& key) const {
  for (const Layer* layer : {upper_, lower_}) {
    if (layer == nullptr) continue;
    if (const auto write = layer->writes.find(key); write != layer->writes.end()) {
      return write->second;
    }
  }
  return base_->Get(key);
}

std::optional<std::string> LayeredView::Entry(Sequence sequence) const {
  for (const Layer* layer : {upper_, lower_}) {
    if (layer == nullptr) continue;
    if (const auto entry = layer->entries.find(sequence); entry != layer->entries.end()) {
      return entry->second;
    }
  }
  return base_->Entry(sequence);
}

}  // namespace kengred::sequence
