#include "kengred/keys/secret_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace kengred::keys {
namespace {

constexpr char kControlC = 0x03;
constexpr char kControlD = 0x04;
constexpr char kBackspace = 0x08;
constexpr char kControlU = 0x15;
constexpr char kDelete = 0x7f;

void Show(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

absl::Status ReadSilently(int fd, SecretString* secret) {
  for (;;) {
    char c = 0;
    const ssize_t n = read(fd, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return absl::OutOfRangeError("end of input");
    if (c == '\n' || c == '\r') return absl::OkStatus();
    if (c == kControlC) return absl::CancelledError("interrupted");
    if (c == kControlD) {
      if (secret->empty()) return absl::OutOfRangeError("end of input");
    } else if (c == kControlU) {
      secret->clear();
    } else if (c == kBackspace || c == kDelete) {
      // A character of UTF-8 ends where the byte is no continuation.
      while (!secret->empty()) {
        const auto last = static_cast<unsigned char>(secret->view().back());
        secret->pop_back();
        if ((last & 0xc0) != 0x80) break;
      }
    } else if (secret->size() < kSecretInputBytesMax) {
      secret->push_back(c);
    }
  }
}

}  // namespace

absl::StatusOr<SecretString> ReadSecretFd(int fd, bool all) {
  SecretString secret;
  for (;;) {
    char c = 0;
    const ssize_t n = read(fd, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::UnavailableError(std::strerror(errno));
    if (n == 0 || (c == '\n' && !all)) return secret;
    if (c == '\r' && !all) continue;
    if (secret.size() >= kSecretInputBytesMax) {
      return absl::OutOfRangeError("the secret is longer than " +
                                   std::to_string(kSecretInputBytesMax) + " bytes");
    }
    secret.push_back(c);
  }
}

absl::StatusOr<SecretString> ReadSecretFile(const std::string& path, bool all) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return absl::UnavailableError(std::strerror(errno));
  struct stat info {};
  // A pipe, as of <(...), has no mode to judge.
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 077) != 0) {
    close(fd);
    return absl::FailedPreconditionError("others may read the secret in it; run: chmod 600 " +
                                         path);
  }
  auto secret = ReadSecretFd(fd, all);
  close(fd);
  return secret;
}

absl::StatusOr<SecretString> ReadSecretTerminal(int fd, std::string_view prompt) {
  termios before{};
  if (tcgetattr(fd, &before) != 0) return absl::UnavailableError("no terminal");
  // Byte by byte and without signals, so that the terminal is restored on every way out.
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
  silent.c_cc[VMIN] = 1;
  silent.c_cc[VTIME] = 0;
  if (tcsetattr(fd, TCSAFLUSH, &silent) != 0) return absl::UnavailableError("no terminal");
  Show(fd, prompt);
  SecretString secret;
  const absl::Status status = ReadSilently(fd, &secret);
  tcsetattr(fd, TCSAFLUSH, &before);
  Show(fd, "\n");
  if (!status.ok()) return status;
  return secret;
}

absl::StatusOr<SecretString> AskForSecret(std::string_view prompt) {
  const int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return absl::UnavailableError("no terminal");
  auto secret = ReadSecretTerminal(fd, prompt);
  close(fd);
  return secret;
}

}  // namespace kengred::keys
