// Where a person can be asked: /dev/tty, whatever standard input and output are.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>

#include "kengred/keys/secret_bytes.h"

namespace kengred::wallet {

class Terminal {
 public:
  virtual ~Terminal() = default;
  // Whether there is somebody to ask.
  virtual bool available() = 0;
  // Shows text; nothing where not available.
  virtual void Write(std::string_view text) = 0;
  // Shows `prompt` and reads a line, without its end. OUT_OF_RANGE at the end of input (^D);
  // UNAVAILABLE where not available.
  virtual absl::StatusOr<std::string> ReadLine(std::string_view prompt) = 0;
  // The same without showing what is typed, and without copies of it.
  virtual absl::StatusOr<keys::SecretString> ReadSecret(std::string_view prompt) = 0;
  // Columns, at least 20; 80 where unknown.
  virtual int columns() = 0;
};

// The controlling terminal of this process.
std::unique_ptr<Terminal> OpenTerminal();

}  // namespace kengred::wallet
