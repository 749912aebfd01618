// Owners of secret bytes and of secret text: entropy, seeds, passphrases, words.
//
// The memory comes from sodium_malloc: guard pages on both sides, kept out of swap and core dumps
// as far as the system allows it (the limit on locked memory makes this best effort), and
// overwritten with zeroes when it is released, moved from or outgrown. Nothing here can be printed
// or compared by accident: there is no operator<< and no operator==.
//
// Each allocation costs about four pages, so these types are for secrets, not for bulk data.
// Out of memory ends the process, as it does for operator new without exceptions.
//
// Threads: an object belongs to one thread at a time, as with any container.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kengred::keys {

// A fixed number of secret bytes. Movable, not copyable; Clone() says aloud that there are now two.
class SecretBytes {
 public:
  SecretBytes() = default;
  // `size` zeroes.
  explicit SecretBytes(size_t size);
  // A copy of `bytes`; wiping the original is the caller's affair.
  static SecretBytes CopyOf(std::span<const uint8_t> bytes);

  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  SecretBytes Clone() const { return CopyOf(span()); }

  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<uint8_t> span() { return {data_, size_}; }
  std::span<const uint8_t> span() const { return {data_, size_}; }
  // Valid as long as this object holds the bytes.
  std::string_view view() const;

  // Equal size and bytes, in a time that depends on the size only.
  bool Equals(const SecretBytes& other) const;

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

// Secret text that can grow: a passphrase as it is typed, the words of a backup. The bytes are
// whatever was given, usually UTF-8; nothing is normalized.
class SecretString {
 public:
  SecretString() = default;
  static SecretString CopyOf(std::string_view text);
  // Takes the text over and overwrites the whole buffer of `text`, which is left empty.
  static SecretString Take(std::string& text);

  SecretString(SecretString&& other) noexcept;
  SecretString& operator=(SecretString&& other) noexcept;
  SecretString(const SecretString&) = delete;
  SecretString& operator=(const SecretString&) = delete;
  ~SecretString() = default;

  SecretString Clone() const { return CopyOf(view()); }

  void push_back(char c) { Append({&c, 1}); }
  void Append(std::string_view text);
  // Removes and overwrites the last byte; nothing when empty.
  void pop_back();
  // Removes and overwrites everything.
  void clear();

  // Valid until the string changes.
  std::string_view view() const;
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Equal text, in a time that depends on the size only.
  bool Equals(const SecretString& other) const;

 private:
  SecretBytes buffer_;
  size_t size_ = 0;
};

// Overwrites `text`, its unused capacity included, and empties it.
void WipeString(std::string& text);

}  // namespace kengred::keys
