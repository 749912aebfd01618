#include "kengred/keys/key_file.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "kengred/core/hash.h"
#include "kengred/keys/derivation.h"
#include "kengred/keys/utf8.h"

namespace kengred::keys {
namespace {

constexpr std::string_view kMagic = "kengred-key-file v";
constexpr std::string_view kVersion = "1";
constexpr std::string_view kChecksumName = "checksum: ";
constexpr size_t kSaltBytes = crypto_pwhash_argon2id_SALTBYTES;
constexpr size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr size_t kCipherKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;

// The encrypted part: language, size of the entropy, account number (most significant byte first),
// then the entropy filled up with zeroes, so that the file does not tell how many words there are.
constexpr size_t kLanguageAt = 0;
constexpr size_t kEntropySizeAt = 1;
constexpr size_t kAccountAt = 2;
constexpr size_t kEntropyAt = 6;
constexpr size_t kEntropyBytesMax = 32;
constexpr size_t kSecretBytes = kEntropyAt + kEntropyBytesMax;

using Salt = FixedBytes<struct SaltTag, kSaltBytes>;
using Nonce = FixedBytes<struct NonceTag, kNonceBytes>;
using Sealed = FixedBytes<struct SealedTag, kSecretBytes + kTagBytes>;

// A key file taken apart.
struct Parts {
  KeyFileInfo info;
  Salt salt;
  Nonce nonce;
  Sealed sealed;
  std::string_view header;  // what is authenticated besides the secret: all before its line
};

absl::Status Damaged(const std::string& what) { return absl::DataLossError(what); }

// ---- reading the text ----

// Only lower-case digits, so that a key is written in one way only.
template <typename Bytes>
std::optional<Bytes> FromLowerHex(std::string_view hex) {
  const std::optional<Bytes> bytes = Bytes::FromHex(hex);
  if (!bytes.has_value() || bytes->ToHex() != hex) return std::nullopt;
  return bytes;
}

class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  std::string_view rest() const { return rest_; }

  // The value of the next line where it begins with `name`. Every line is known to be ended.
  std::optional<std::string_view> TakeOptional(std::string_view name) {
    if (rest_.substr(0, name.size()) != name) return std::nullopt;
    const size_t end = rest_.find('\n');
    const std::string_view value = rest_.substr(name.size(), end - name.size());
    rest_.remove_prefix(end + 1);
    return value;
  }

  absl::StatusOr<std::string_view> Take(std::string_view name) {
    const std::optional<std::string_view> value = TakeOptional(name);
    if (!value.has_value()) {
      return Damaged("the line \"" + std::string(name) + "\" is missing or not in its place");
    }
    return *value;
  }

 private:
  std::string_view rest_;
};

// Takes "name=value" and the space after it off the front of `text`.
std::optional<std::string_view> TakeParameter(std::string_view name, std::string_view& text) {
  if (text.substr(0, name.size()) != name) return std::nullopt;
  text.remove_prefix(name.size());
  const size_t end = std::min(text.find(' '), text.size());
  const std::string_view value = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return value;
}

// A decimal number as this program writes it: no sign, no leading zero.
std::optional<uint32_t> ParseNumber(std::string_view text) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || std::to_string(number) != text) return std::nullopt;
  return number;
}

absl::Status CheckBounds(const Argon2Cost& cost) {
  const auto outside = [](const char* what, uint32_t value, uint32_t least, uint32_t most) {
    return std::string("kdf: ") + what + " is " + std::to_string(value) + ", outside " +
           std::to_string(least) + " to " + std::to_string(most);
  };
  if (cost.operations < kCostMin.operations || cost.operations > kCostMax.operations) {
    return Damaged(
        outside("operations", cost.operations, kCostMin.operations, kCostMax.operations));
  }
  if (cost.memory_kib < kCostMin.memory_kib || cost.memory_kib > kCostMax.memory_kib) {
    return Damaged(
        outside("memory_kib", cost.memory_kib, kCostMin.memory_kib, kCostMax.memory_kib));
  }
  return absl::OkStatus();
}

absl::Status ParseKdf(std::string_view value, Parts& parts) {
  absl::Status damaged = Damaged(
      "kdf: not \"argon2id13 operations=NUMBER memory_kib=NUMBER salt=32 hexadecimal digits\"");
  std::string_view rest = value;
  if (!TakeParameter("argon2id13", rest).has_value()) return damaged;
  const std::optional<std::string_view> operations = TakeParameter("operations=", rest);
  const std::optional<std::string_view> memory = TakeParameter("memory_kib=", rest);
  const std::optional<std::string_view> salt_hex = TakeParameter("salt=", rest);
  if (!operations.has_value() || !memory.has_value() || !salt_hex.has_value()) return damaged;
  const std::optional<uint32_t> operations_number = ParseNumber(*operations);
  const std::optional<uint32_t> memory_number = ParseNumber(*memory);
  const std::optional<Salt> salt = FromLowerHex<Salt>(*salt_hex);
  if (!operations_number.has_value() || !memory_number.has_value() || !salt.has_value()) {
    return damaged;
  }
  parts.info.cost = {.operations = *operations_number, .memory_kib = *memory_number};
  parts.salt = *salt;
  return CheckBounds(parts.info.cost);
}

bool IsProfile(std::string_view text) {
  return !text.empty() && text.size() <= kProfileBytesMax && IsPlainText(text);
}

bool IsLedgerHint(std::string_view text) {
  return text.size() <= kLedgerHintBytesMax && IsPlainText(text);
}

// Checks that the text is whole, and returns all before its checksum. A later version ends in the
// same way, so that damage and novelty are told apart.
absl::StatusOr<std::string_view> CheckWhole(std::string_view text) {
  if (text.empty()) return Damaged("the file is empty");
  if (text.size() > kKeyFileBytesMax) {
    return Damaged("larger than a key file can be: more than " + std::to_string(kKeyFileBytesMax) +
                   " bytes");
  }
  if (text.substr(0, kMagic.size()) != kMagic) {
    return Damaged("not a Kengred key file: it does not begin with \"" + std::string(kMagic) +
                   "\"");
  }
  const size_t line_bytes = kChecksumName.size() + 2 * Digest::kSize + 1;
  const std::string_view last =
      text.size() < line_bytes ? std::string_view() : text.substr(text.size() - line_bytes);
  if (last.substr(0, kChecksumName.size()) != kChecksumName || last.back() != '\n') {
    return Damaged("it does not end with a \"checksum: \" line: it was cut short or changed");
  }
  const std::string_view body = text.substr(0, text.size() - line_bytes);
  const std::string_view hex = last.substr(kChecksumName.size(), 2 * Digest::kSize);
  if (hex != Sha256({body}).ToHex() || body.empty() || body.back() != '\n') {
    return Damaged("the checksum does not fit: the file was damaged or changed");
  }
  return body;
}

absl::StatusOr<Parts> ParseKeyFile(std::string_view text) {
  const absl::StatusOr<std::string_view> body = CheckWhole(text);
  if (!body.ok()) return body.status();
  Lines lines(*body);
  Parts parts;

  const absl::StatusOr<std::string_view> version = lines.Take(kMagic);
  if (!version.ok()) return version.status();
  if (*version != kVersion) {
    return absl::UnimplementedError("written in version " + std::string(*version) +
                                    " of the format, which needs a newer program");
  }

  const absl::StatusOr<std::string_view> profile = lines.Take("profile: ");
  if (!profile.ok()) return profile.status();
  if (!IsProfile(*profile)) return Damaged("profile: not 1 to 64 bytes of plain text");
  parts.info.profile = std::string(*profile);

  if (const std::optional<std::string_view> ledger = lines.TakeOptional("ledger: ")) {
    if (ledger->empty() || !IsLedgerHint(*ledger)) {
      return Damaged("ledger: not 1 to 256 bytes of plain text");
    }
    parts.info.ledger = std::string(*ledger);
  }

  const absl::StatusOr<std::string_view> key_hex = lines.Take("public-key: ");
  if (!key_hex.ok()) return key_hex.status();
  const std::optional<PublicKey> key = FromLowerHex<PublicKey>(*key_hex);
  if (!key.has_value()) return Damaged("public-key: not 64 hexadecimal digits");
  parts.info.public_key = *key;

  const absl::StatusOr<std::string_view> kdf = lines.Take("kdf: ");
  if (!kdf.ok()) return kdf.status();
  if (absl::Status status = ParseKdf(*kdf, parts); !status.ok()) return status;

  absl::StatusOr<std::string_view> cipher = lines.Take("cipher: ");
  if (!cipher.ok()) return cipher.status();
  std::optional<Nonce> nonce;
  if (TakeParameter("xchacha20poly1305", *cipher).has_value()) {
    if (const auto hex = TakeParameter("nonce=", *cipher)) nonce = FromLowerHex<Nonce>(*hex);
  }
  if (!nonce.has_value()) {
    return Damaged("cipher: not \"xchacha20poly1305 nonce=48 hexadecimal digits\"");
  }
  parts.nonce = *nonce;
  parts.header = body->substr(0, body->size() - lines.rest().size());

  const absl::StatusOr<std::string_view> sealed_hex = lines.Take("secret: ");
  if (!sealed_hex.ok()) return sealed_hex.status();
  const std::optional<Sealed> sealed = FromLowerHex<Sealed>(*sealed_hex);
  if (!sealed.has_value()) return Damaged("secret: not 108 hexadecimal digits");
  parts.sealed = *sealed;

  if (!lines.rest().empty()) return Damaged("lines that do not belong there before the checksum");
  return parts;
}

// ---- the cryptography ----

absl::StatusOr<SecretBytes> DeriveCipherKey(const SecretString& passphrase, const Salt& salt,
                                            const Argon2Cost& cost) {
  SecretBytes key(kCipherKeyBytes);
  if (crypto_pwhash(key.data(), key.size(), passphrase.view().data(), passphrase.size(),
                    salt.data(), cost.operations, size_t{cost.memory_kib} * 1024,
                    crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return absl::ResourceExhaustedError("not enough memory: this key file needs " +
                                        std::to_string(cost.memory_kib / 1024) + " MiB to open");
  }
  return key;
}

SecretBytes EncodeSecret(const KeyFileContent& content) {
  const SecretBytes& entropy = content.mnemonic.entropy();
  SecretBytes secret(kSecretBytes);
  secret.data()[kLanguageAt] = static_cast<uint8_t>(content.mnemonic.language());
  secret.data()[kEntropySizeAt] = static_cast<uint8_t>(entropy.size());
  for (size_t i = 0; i < 4; ++i) {
    secret.data()[kAccountAt + i] = static_cast<uint8_t>(content.account_number >> (24 - 8 * i));
  }
  std::memcpy(secret.data() + kEntropyAt, entropy.data(), entropy.size());
  return secret;
}

// The file was sealed with this passphrase, so what is wrong here was written wrongly.
absl::StatusOr<KeyFileContent> DecodeSecret(const SecretBytes& secret, const KeyFileInfo& info) {
  const uint8_t language = secret.data()[kLanguageAt];
  if (language != static_cast<uint8_t>(Language::kEnglish) &&
      language != static_cast<uint8_t>(Language::kFrench)) {
    return Damaged("secret: the language of the words is unknown");
  }
  const size_t entropy_size = secret.data()[kEntropySizeAt];
  if (entropy_size > kEntropyBytesMax) return Damaged("secret: the entropy is too long");
  absl::StatusOr<Mnemonic> mnemonic =
      Mnemonic::FromEntropy(static_cast<Language>(language),
                            SecretBytes::CopyOf(secret.span().subspan(kEntropyAt, entropy_size)));
  if (!mnemonic.ok()) return Damaged("secret: the entropy has a size that no words have");
  const size_t padding_at = kEntropyAt + entropy_size;
  if (padding_at < kSecretBytes &&
      sodium_is_zero(secret.data() + padding_at, kSecretBytes - padding_at) != 1) {
    return Damaged("secret: the padding is not zero");
  }
  uint32_t account_number = 0;
  for (size_t i = 0; i < 4; ++i)
    account_number = account_number << 8 | secret.data()[kAccountAt + i];
  return KeyFileContent{.profile = info.profile,
                        .ledger = info.ledger,
                        .mnemonic = *std::move(mnemonic),
                        .account_number = account_number};
}

// ---- files ----

std::string Quoted(const std::string& path) {
  std::string quoted = "'";
  for (const char c : path) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

absl::Status WithPath(const std::string& path, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), path + ": " + std::string(status.message()));
}

absl::Status FailedTo(const std::string& what, const std::string& path) {
  return absl::ErrnoToStatus(errno, path + ": cannot " + what);
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

absl::StatusOr<std::string> ReadPrivateFile(const std::string& path) {
  // O_NONBLOCK: a pipe put in the file's place would otherwise wait for ever.
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.ok()) return FailedTo("open the key file", path);
  struct stat attributes {};
  if (fstat(file.get(), &attributes) != 0) return FailedTo("inspect the key file", path);
  if (!S_ISREG(attributes.st_mode)) return absl::DataLossError(path + ": not a regular file");
  if ((attributes.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    std::array<char, 8> mode{};
    std::snprintf(mode.data(), mode.size(), "%04o",
                  static_cast<unsigned>(attributes.st_mode & 07777));
    return absl::FailedPreconditionError(path + ": others may use this key file (mode " +
                                         mode.data() + "); run: chmod 600 " + Quoted(path));
  }
  std::string text(kKeyFileBytesMax + 1, '\0');  // one more, to see that there is more
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FailedTo("read the key file", path);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  text.resize(size);
  return text;
}

// Writes `text` into the open file and makes it durable.
absl::Status Fill(const FileDescriptor& file, std::string_view text, const std::string& path) {
  // Nothing was readable by others before; this only adds back what an odd umask took from the
  // owner.
  if (fchmod(file.get(), S_IRUSR | S_IWUSR) != 0) return FailedTo("protect the key file", path);
  while (!text.empty()) {
    const ssize_t written = write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FailedTo("write the key file", path);
    text.remove_prefix(static_cast<size_t>(written));
  }
  if (fsync(file.get()) != 0) return FailedTo("sync the key file", path);
  return absl::OkStatus();
}

absl::Status Rename(const std::string& from, const std::string& to, bool overwrite) {
  if (overwrite) {
    return std::rename(from.c_str(), to.c_str()) == 0 ? absl::OkStatus()
                                                      : FailedTo("replace the key file", to);
  }
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
    return absl::OkStatus();
  }
  if (errno == EINVAL || errno == ENOSYS) {
    // A file system without RENAME_NOREPLACE: a link does not replace either.
    if (link(from.c_str(), to.c_str()) == 0) {
      unlink(from.c_str());
      return absl::OkStatus();
    }
  }
  if (errno == EEXIST) return absl::AlreadyExistsError(to + ": there is a file already");
  return FailedTo("create the key file", to);
}

absl::Status WriteAtomically(const std::string& path, std::string_view text, bool overwrite) {
  std::filesystem::path target(path);
  std::error_code error;
  if (overwrite && std::filesystem::is_symlink(target, error)) {
    target = std::filesystem::canonical(target, error);
    if (error) {
      errno = error.value();
      return FailedTo("follow the link to the key file", path);
    }
  }
  const std::filesystem::path folder =
      target.has_parent_path() ? target.parent_path() : std::filesystem::path(".");
  const std::string temporary =
      (folder / ("." + target.filename().string() + "." +
                 FixedBytes<struct SuffixTag, 8>::FromBytes(RandomBytes(8))->ToHex() + ".tmp"))
          .string();

  absl::Status status;
  {
    const FileDescriptor file(open(temporary.c_str(),
                                   O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                                   S_IRUSR | S_IWUSR));
    if (!file.ok()) return FailedTo("create a key file there", path);
    status = Fill(file, text, path);
  }
  if (status.ok()) status = Rename(temporary, target.string(), overwrite);
  if (!status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  const FileDescriptor directory(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.ok() || fsync(directory.get()) != 0) {
    return FailedTo("sync the folder, so the file is written but may not outlive a power cut",
                    path);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> SealKeyFile(const KeyFileContent& content,
                                        const SecretString& passphrase, const Argon2Cost& cost) {
  if (passphrase.empty()) return absl::InvalidArgumentError("the passphrase is empty");
  if (!IsProfile(content.profile)) {
    return absl::InvalidArgumentError("a profile's name has 1 to 64 bytes of plain text");
  }
  if (!IsLedgerHint(content.ledger)) {
    return absl::InvalidArgumentError("a ledger hint has at most 256 bytes of plain text");
  }
  if (const absl::Status status = CheckBounds(cost); !status.ok()) {
    return absl::InvalidArgumentError(std::string(status.message()));
  }
  const absl::StatusOr<SecretKey> key = DeriveAccountKey(content.mnemonic, content.account_number);
  if (!key.ok()) return key.status();

  const Salt salt = *Salt::FromBytes(RandomBytes(kSaltBytes));
  const Nonce nonce = *Nonce::FromBytes(RandomBytes(kNonceBytes));
  std::string text = std::string(kMagic) + std::string(kVersion) + "\n";
  text += "profile: " + content.profile + "\n";
  if (!content.ledger.empty()) text += "ledger: " + content.ledger + "\n";
  text += "public-key: " + key->public_key().ToHex() + "\n";
  text += "kdf: argon2id13 operations=" + std::to_string(cost.operations) +
          " memory_kib=" + std::to_string(cost.memory_kib) + " salt=" + salt.ToHex() + "\n";
  text += "cipher: xchacha20poly1305 nonce=" + nonce.ToHex() + "\n";

  const absl::StatusOr<SecretBytes> cipher_key = DeriveCipherKey(passphrase, salt, cost);
  if (!cipher_key.ok()) return cipher_key.status();
  const SecretBytes secret = EncodeSecret(content);
  Sealed sealed;
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      sealed.data(), nullptr, secret.data(), secret.size(),
      static_cast<const unsigned char*>(static_cast<const void*>(text.data())), text.size(),
      nullptr, nonce.data(), cipher_key->data());
  text += "secret: " + sealed.ToHex() + "\n";
  text += std::string(kChecksumName) + Sha256({text}).ToHex() + "\n";
  return text;
}

absl::StatusOr<KeyFileInfo> ParseKeyFileInfo(std::string_view text) {
  absl::StatusOr<Parts> parts = ParseKeyFile(text);
  if (!parts.ok()) return parts.status();
  return std::move(parts->info);
}

absl::StatusOr<OpenedKeyFile> UnsealKeyFile(std::string_view text, const SecretString& passphrase) {
  const absl::StatusOr<Parts> parts = ParseKeyFile(text);
  if (!parts.ok()) return parts.status();
  const absl::StatusOr<SecretBytes> cipher_key =
      DeriveCipherKey(passphrase, parts->salt, parts->info.cost);
  if (!cipher_key.ok()) return cipher_key.status();
  SecretBytes secret(kSecretBytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          secret.data(), nullptr, nullptr, parts->sealed.data(), parts->sealed.size(),
          static_cast<const unsigned char*>(static_cast<const void*>(parts->header.data())),
          parts->header.size(), parts->nonce.data(), cipher_key->data()) != 0) {
    return absl::UnauthenticatedError("wrong passphrase");
  }
  absl::StatusOr<KeyFileContent> content = DecodeSecret(secret, parts->info);
  if (!content.ok()) return content.status();
  absl::StatusOr<SecretKey> key = DeriveAccountKey(content->mnemonic, content->account_number);
  if (!key.ok()) return Damaged("secret: the account number is too large");
  // The cipher does not bind a file to one key alone: somebody who chose two passphrases could
  // craft a file that opens under both. This does.
  if (key->public_key() != parts->info.public_key) {
    return Damaged("public-key: it is not the key of the words in the file");
  }
  return OpenedKeyFile{
      .content = *std::move(content), .cost = parts->info.cost, .key = *std::move(key)};
}

absl::Status WriteKeyFile(const std::string& path, const KeyFileContent& content,
                          const SecretString& passphrase, const WriteKeyFileOptions& options) {
  struct stat attributes {};
  if (!options.overwrite && lstat(path.c_str(), &attributes) == 0) {
    return absl::AlreadyExistsError(path + ": there is a file already");  // before the costly part
  }
  const absl::StatusOr<std::string> text = SealKeyFile(content, passphrase, options.cost);
  if (!text.ok()) return WithPath(path, text.status());
  return WriteAtomically(path, *text, options.overwrite);
}

absl::StatusOr<KeyFileInfo> ReadKeyFileInfo(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadPrivateFile(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<KeyFileInfo> info = ParseKeyFileInfo(*text);
  if (!info.ok()) return WithPath(path, info.status());
  return info;
}

absl::StatusOr<OpenedKeyFile> OpenKeyFile(const std::string& path, const SecretString& passphrase) {
  const absl::StatusOr<std::string> text = ReadPrivateFile(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<OpenedKeyFile> opened = UnsealKeyFile(*text, passphrase);
  if (!opened.ok()) return WithPath(path, opened.status());
  return opened;
}

absl::Status ChangePassphrase(const std::string& path, const SecretString& old_passphrase,
                              const SecretString& new_passphrase, const Argon2Cost& cost) {
  const absl::StatusOr<OpenedKeyFile> opened = OpenKeyFile(path, old_passphrase);
  if (!opened.ok()) return opened.status();
  return WriteKeyFile(path, opened->content, new_passphrase, {.overwrite = true, .cost = cost});
}

}  // namespace kengred::keys
