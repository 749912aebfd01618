#include "server/publish/answer.h"

#include <utility>

namespace kengred::publish {
namespace {

// The group that this thread is answering, if any.
thread_local AnswerGroup* current = nullptr;

}  // namespace

AnswerGroup::AnswerGroup(size_t size) : size_(size) { current = this; }

AnswerGroup::~AnswerGroup() {
  current = nullptr;
  for (const std::function<void()>& act : acts_) act();
}

void AnswerGroup::AtEnd(const void* who, std::function<void()> act) {
  if (current == nullptr) {
    act();
  } else if (current->last_ != who) {
    current->last_ = who;
    current->acts_.push_back(std::move(act));
  }
}

bool AnswerGroup::IsAlone() { return current != nullptr && current->size_ == 1; }

}  // namespace kengred::publish
