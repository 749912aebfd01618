#include "wallet/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "kengred/keys/secret_input.h"

namespace kengred::wallet {
namespace {

constexpr size_t kLineBytesMax = 4096;

class RealTerminal final : public Terminal {
 public:
  RealTerminal() {
    fd_ = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd_ < 0 && isatty(STDIN_FILENO) != 0) fd_ = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  }
  ~RealTerminal() override {
    if (fd_ >= 0) close(fd_);
  }
  RealTerminal(const RealTerminal&) = delete;
  RealTerminal& operator=(const RealTerminal&) = delete;

  bool available() override { return fd_ >= 0; }

  void Write(std::string_view text) override {
    while (fd_ >= 0 && !text.empty()) {
      const ssize_t written = write(fd_, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      text.remove_prefix(static_cast<size_t>(written));
    }
  }

  absl::StatusOr<std::string> ReadLine(std::string_view prompt) override {
    if (fd_ < 0) return absl::UnavailableError("no terminal");
    Write(prompt);
    // Words are typed here too: no copy of them is left behind by growing.
    std::string line;
    line.reserve(kLineBytesMax);
    for (;;) {
      char c = 0;
      const ssize_t n = read(fd_, &c, 1);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        Write("\n");
        return absl::OutOfRangeError("end of input");
      }
      if (c == '\n' || c == '\r') return line;
      if (line.size() < kLineBytesMax) line.push_back(c);
    }
  }

  absl::StatusOr<keys::SecretString> ReadSecret(std::string_view prompt) override {
    if (fd_ < 0) return absl::UnavailableError("no terminal");
    return keys::ReadSecretTerminal(fd_, prompt);
  }

  int columns() override {
    winsize size{};
    if (fd_ < 0 || ioctl(fd_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return std::max<int>(size.ws_col, 20);
  }

 private:
  int fd_ = -1;
};

}  // namespace

std::unique_ptr<Terminal> OpenTerminal() { return std::make_unique<RealTerminal>(); }

}  // namespace kengred::wallet
