#include "witness/directory.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "files/small_file.h"
#include "kengred/core/hash.h"
#include "kengred/core/note_secret.h"

namespace kengred::witness {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLogSuffix = ".log";
constexpr std::string_view kCheckpointSuffix = ".checkpoint";

absl::Status Damaged(const std::string& file, const absl::Status& why) {
  return absl::DataLossError(file + " is damaged (" + std::string(why.message()) +
                             "). Do not restore it from an older copy: make a new witness");
}

absl::StatusOr<Cosigner> ReadKey(const std::string& file) {
  absl::StatusOr<std::string> line = ReadSecretFile(file);
  if (!line.ok()) return line.status();
  absl::StatusOr<NoteSecret> secret = ParseNoteSecret(*line);
  sodium_memzero(line->data(), line->size());
  if (!secret.ok() || secret->type != KeyType::kCosignature) {
    return absl::DataLossError(file + " is no key of a witness; restore it from a backup");
  }
  return Cosigner::Make(secret->name, std::move(secret->key));
}

}  // namespace

std::string OriginHash(std::string_view origin) { return Sha256({origin}).ToHex(); }

absl::Status Directory::Make(const std::string& path, const std::string& name) {
  std::string seed = RandomBytes(kSeedBytes);
  absl::StatusOr<std::string> line = FormatNoteSecret(name, KeyType::kCosignature, seed);
  sodium_memzero(seed.data(), seed.size());
  if (!line.ok()) return line.status();
  std::error_code error;
  fs::create_directories(path + "/logs", error);
  if (error) return FileStatus(error.value(), "cannot make " + path);
  // Others need not know whom it watches.
  fs::permissions(path, fs::perms::owner_all, error);
  if (error) return FileStatus(error.value(), "cannot make " + path);
  if (fs::exists(path + "/key", error)) {
    return absl::AlreadyExistsError(path +
                                    " is a witness already; `kengred-witness key` shows its "
                                    "key");
  }
  *line += '\n';
  const absl::Status status = CreateSecretFile(path + "/key", *line);
  sodium_memzero(line->data(), line->size());
  if (!status.ok()) return status;
  return SyncParent(path);
}

absl::StatusOr<std::unique_ptr<Directory>> Directory::Open(const std::string& path, Access access) {
  absl::StatusOr<Cosigner> cosigner = ReadKey(path + "/key");
  if (absl::IsNotFound(cosigner.status())) {
    return absl::NotFoundError(path +
                               " is no witness; make one with `kengred-witness init --name "
                               "NAME --data " +
                               path + "`");
  }
  if (!cosigner.ok()) return cosigner.status();
  int lock = -1;
  if (access == Access::kAlone) {
    const std::string file = path + "/lock";
    lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) return FileStatus(errno, "cannot open " + file);
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      ::close(lock);
      if (error != EWOULDBLOCK) return FileStatus(error, "cannot lock " + file);
      return absl::FailedPreconditionError(
          path + " is in use by another kengred-witness; stop that one first");
    }
  }
  return std::unique_ptr<Directory>(new Directory(path, lock, *std::move(cosigner)));
}

Directory::Directory(std::string path, int lock, Cosigner cosigner)
    : path_(std::move(path)), lock_(lock), cosigner_(std::move(cosigner)) {}

Directory::~Directory() {
  if (lock_ >= 0) ::close(lock_);
}

std::string Directory::FileOf(std::string_view origin, std::string_view suffix) const {
  return path_ + "/logs/" + OriginHash(origin) + std::string(suffix);
}

absl::StatusOr<KnownLog> Directory::ReadLog(const std::string& file) const {
  const absl::StatusOr<std::string> text = ReadSmallFile(file);
  if (!text.ok()) return text.status();
  KnownLog log;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (log.origin.empty()) {
      log.origin = std::string(line);
      continue;
    }
    auto key = VerifierKey::Parse(line);
    if (!key.ok()) return Damaged(file, key.status());
    log.keys.push_back(*std::move(key));
  }
  if (log.keys.empty() || FileOf(log.origin, kLogSuffix) != file) {
    return Damaged(file, absl::DataLossError("it names no log, or another one"));
  }
  const std::string checkpoint_file = FileOf(log.origin, kCheckpointSuffix);
  auto last = ReadCosigned(log, checkpoint_file);
  if (last.ok()) {
    log.last = *std::move(last);
  } else if (!absl::IsNotFound(last.status())) {
    return last.status();
  }
  return log;
}

absl::StatusOr<Cosigned> Directory::ReadCosigned(const KnownLog& log,
                                                 const std::string& file) const {
  absl::StatusOr<std::string> text = ReadSmallFile(file);
  if (!text.ok()) return text.status();
  const auto note = ParseNote(*text);
  if (!note.ok()) return Damaged(file, note.status());
  if (const auto signers = VerifyNote(*note, log.keys); !signers.ok()) {
    return Damaged(file, signers.status());
  }
  const VerifierKey keys[] = {cosigner_.verifier_key()};
  const auto cosignatures = VerifyCosignatures(*note, keys);
  if (!cosignatures.ok()) return Damaged(file, cosignatures.status());
  auto checkpoint = ParseCheckpoint(note->text);
  if (!checkpoint.ok()) return Damaged(file, checkpoint.status());
  if (cosignatures->empty() || checkpoint->origin != log.origin) {
    return Damaged(file, absl::DataLossError("it was not cosigned here, or is of another log"));
  }
  return Cosigned{*std::move(checkpoint), cosignatures->front().time_seconds, *std::move(text)};
}

absl::StatusOr<std::vector<KnownLog>> Directory::Logs() const {
  std::vector<KnownLog> logs;
  std::error_code error;
  for (fs::directory_iterator entry(path_ + "/logs", error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() != kLogSuffix) continue;
    auto log = ReadLog(entry->path().string());
    if (!log.ok()) return log.status();
    logs.push_back(*std::move(log));
  }
  if (error) return FileStatus(error.value(), "cannot read " + path_ + "/logs");
  std::sort(logs.begin(), logs.end(),
            [](const KnownLog& a, const KnownLog& b) { return a.origin < b.origin; });
  return logs;
}

absl::Status Directory::Add(const std::string& origin, const VerifierKey& key) {
  if (key.type() != KeyType::kEd25519) {
    return absl::InvalidArgumentError("the key of " + key.name() +
                                      " is not a log's; give the log's verifier key");
  }
  // As a checkpoint's first line it must be possible.
  if (const auto text = FormatCheckpoint({origin, 1, Digest(), {}}); !text.ok()) {
    return text.status();
  }
  const std::string file = FileOf(origin, kLogSuffix);
  KnownLog log;
  log.origin = origin;
  auto known = ReadLog(file);
  if (known.ok()) {
    log = *std::move(known);
  } else if (!absl::IsNotFound(known.status())) {
    return known.status();
  }
  if (std::find(log.keys.begin(), log.keys.end(), key) != log.keys.end()) {
    return absl::AlreadyExistsError("the log " + origin + " is watched with this key already");
  }
  if (log.keys.size() == kLogKeysMax) {
    return absl::ResourceExhaustedError("the log " + origin + " has " +
                                        std::to_string(kLogKeysMax) + " keys already");
  }
  log.keys.push_back(key);
  std::string text = origin + "\n";
  for (const VerifierKey& one : log.keys) text += one.Format() + "\n";
  return WriteFileDurably(file, text);
}

absl::Status Directory::SaveCheckpoint(const std::string& origin, const std::string& note) const {
  return WriteFileDurably(FileOf(origin, kCheckpointSuffix), note);
}

}  // namespace kengred::witness
