#include "kengred/keys/secret_bytes.h"

#include <sodium.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace kengred::keys {
namespace {

constexpr size_t kFirstCapacity = 64;

[[noreturn]] void Die(const char* what) {
  std::fputs(what, stderr);
  std::abort();
}

uint8_t* Allocate(size_t size) {
  // sodium_malloc learns the page size in sodium_init, which may be called again at no cost.
  static const bool ready = sodium_init() >= 0;
  if (!ready) Die("libsodium cannot start: no source of random numbers\n");
  if (size == 0) return nullptr;
  void* memory = sodium_malloc(size);
  if (memory == nullptr) Die("out of memory for a secret\n");
  sodium_memzero(memory, size);
  return static_cast<uint8_t*>(memory);
}

}  // namespace

SecretBytes::SecretBytes(size_t size) : data_(Allocate(size)), size_(size) {}

SecretBytes SecretBytes::CopyOf(std::span<const uint8_t> bytes) {
  SecretBytes copy(bytes.size());
  if (!bytes.empty()) std::memcpy(copy.data_, bytes.data(), bytes.size());
  return copy;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    sodium_free(data_);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

// sodium_free wipes before it releases, and accepts a null pointer.
SecretBytes::~SecretBytes() { sodium_free(data_); }

std::string_view SecretBytes::view() const {
  return {static_cast<const char*>(static_cast<const void*>(data_)), size_};
}

bool SecretBytes::Equals(const SecretBytes& other) const {
  if (size_ != other.size_) return false;
  return size_ == 0 || sodium_memcmp(data_, other.data_, size_) == 0;
}

SecretString SecretString::CopyOf(std::string_view text) {
  SecretString copy;
  copy.Append(text);
  return copy;
}

SecretString SecretString::Take(std::string& text) {
  SecretString taken = CopyOf(text);
  WipeString(text);
  return taken;
}

SecretString::SecretString(SecretString&& other) noexcept
    : buffer_(std::move(other.buffer_)), size_(std::exchange(other.size_, 0)) {}

SecretString& SecretString::operator=(SecretString&& other) noexcept {
  if (this != &other) {
    buffer_ = std::move(other.buffer_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

void SecretString::Append(std::string_view text) {
  if (text.empty()) return;
  if (buffer_.size() - size_ < text.size()) {
    SecretBytes larger(std::max({kFirstCapacity, 2 * buffer_.size(), size_ + text.size()}));
    if (size_ > 0) std::memcpy(larger.data(), buffer_.data(), size_);
    // `text` may be a part of this string: copy it before the old buffer goes.
    std::memcpy(larger.data() + size_, text.data(), text.size());
    buffer_ = std::move(larger);
  } else {
    std::memmove(buffer_.data() + size_, text.data(), text.size());
  }
  size_ += text.size();
}

void SecretString::pop_back() {
  if (size_ == 0) return;
  --size_;
  sodium_memzero(buffer_.data() + size_, 1);
}

void SecretString::clear() {
  if (size_ > 0) sodium_memzero(buffer_.data(), size_);
  size_ = 0;
}

// Never a null pointer: C libraries refuse one even with a length of zero.
std::string_view SecretString::view() const {
  return size_ == 0 ? std::string_view("") : buffer_.view().substr(0, size_);
}

bool SecretString::Equals(const SecretString& other) const {
  if (size_ != other.size_) return false;
  return size_ == 0 || sodium_memcmp(buffer_.data(), other.buffer_.data(), size_) == 0;
}

void WipeString(std::string& text) {
  text.resize(text.capacity());  // so that the unused tail may be written
  sodium_memzero(text.data(), text.size());
  text.clear();
}

}  // namespace kengred::keys
