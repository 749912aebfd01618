// The encrypted key file: one profile's words and account number under a passphrase.
// docs/formats/key_file.md has the grammar and a worked example.
//
// What the errors mean, the same everywhere here:
//   UNAUTHENTICATED      wrong passphrase. Nothing else is ever opened instead: the keys found must
//   be
//                        those of the public key in the file.
//   DATA_LOSS            not a key file, or a damaged one; the message names the line. Restore it
//   from a
//                        copy or from the words.
//   FAILED_PRECONDITION  when reading: others may use the file, and the message holds the chmod
//   command
//                        to run; when writing: the file system is read-only
//   UNIMPLEMENTED        a whole file, of a later format than this program knows
//   RESOURCE_EXHAUSTED   not enough memory to compute the key, or no room on the disk
//   NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, INVALID_ARGUMENT as usual
//
// Threads: pure functions and the file system; call them from any thread. Opening and sealing take
// the time and memory of an Argon2Cost.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "kengred/core/ids.h"
#include "kengred/core/signing.h"
#include "kengred/keys/mnemonic.h"
#include "kengred/keys/secret_bytes.h"

namespace kengred::keys {

inline constexpr size_t kKeyFileBytesMax = 4096;
inline constexpr size_t kProfileBytesMax = 64;
inline constexpr size_t kLedgerHintBytesMax = 256;

// What one guess of the passphrase costs: Argon2id (RFC 9106), one lane.
struct Argon2Cost {
  uint32_t operations = 0;  // passes over the memory
  uint32_t memory_kib = 0;

  friend bool operator==(const Argon2Cost&, const Argon2Cost&) = default;
};

// libsodium's two lesser choices: about 0.1 s and 0.7 s.
inline constexpr Argon2Cost kCostInteractive{.operations = 2, .memory_kib = 64 * 1024};
inline constexpr Argon2Cost kCostModerate{.operations = 3, .memory_kib = 256 * 1024};

// What a file may ask for, so that a hostile one cannot take the machine's memory or time.
inline constexpr Argon2Cost kCostMin{.operations = 1, .memory_kib = 8 * 1024};
inline constexpr Argon2Cost kCostMax{.operations = 10, .memory_kib = 1024 * 1024};

// The passphrase of a key file that has none. It is public and protects nothing: the file's mode
// does the work. Such files are sealed at kCostMin, which tells them apart; others never are.
inline constexpr char kNoPassphrase[] = "kengred: no passphrase";

// What a key file keeps.
struct KeyFileContent {
  // In clear. Valid UTF-8 without control characters.
  std::string profile;  // the profile's name, 1 to kProfileBytesMax bytes
  std::string
      ledger;  // a hint which ledger it is for, opaque here; empty or up to kLedgerHintBytesMax

  // Encrypted.
  Mnemonic mnemonic;
  uint32_t account_number = 0;  // i of m/44'/4365'/i'
};

// What can be read without the passphrase. It is only as true as the file's owner is careful: the
// passphrase confirms it.
struct KeyFileInfo {
  std::string profile;
  std::string ledger;
  PublicKey public_key;
  Argon2Cost cost;
};

struct OpenedKeyFile {
  KeyFileContent content;
  Argon2Cost cost;
  SecretKey key;  // of the account, derived from the words
};

// ---- text ----

// Encrypts. The passphrase is used byte for byte, and may not be empty.
absl::StatusOr<std::string> SealKeyFile(const KeyFileContent& content,
                                        const SecretString& passphrase,
                                        const Argon2Cost& cost = kCostInteractive);
absl::StatusOr<KeyFileInfo> ParseKeyFileInfo(std::string_view text);
absl::StatusOr<OpenedKeyFile> UnsealKeyFile(std::string_view text, const SecretString& passphrase);

// ---- files ----

struct WriteKeyFileOptions {
  // Replaces the file that is there. Otherwise that is ALREADY_EXISTS.
  bool overwrite = false;
  Argon2Cost cost = kCostInteractive;
};

// Writes a key file, readable by its owner only from the moment it exists. At every instant, and
// after a failure or a power cut, `path` holds the whole old file or the whole new one; when this
// returns OK, the new one is on the disk. The folder must exist. Where `path` is a symbolic link
// and is overwritten, what it points to is replaced.
absl::Status WriteKeyFile(const std::string& path, const KeyFileContent& content,
                          const SecretString& passphrase, const WriteKeyFileOptions& options = {});

absl::StatusOr<KeyFileInfo> ReadKeyFileInfo(const std::string& path);
absl::StatusOr<OpenedKeyFile> OpenKeyFile(const std::string& path, const SecretString& passphrase);

// Opens with the old passphrase and replaces the file by one with the new, a new salt and nonce,
// and `cost`. Copies of the old file still open with the old passphrase.
absl::Status ChangePassphrase(const std::string& path, const SecretString& old_passphrase,
                              const SecretString& new_passphrase,
                              const Argon2Cost& cost = kCostInteractive);

}  // namespace kengred::keys
