// kengred, the wallet. Only wires: everything is in the library, where tests reach it.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include "kengred/core/signing.h"
#include "wallet/command.h"
#include "wallet/text.h"

int main(int argc, char** argv) {
  using kengred::wallet::Io;
  // A closed pipe is an error of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  kengred::InitializeCrypto();
  kengred::wallet::InitializeLanguage();
  const auto terminal = kengred::wallet::OpenTerminal();
  Io io;
  io.out = &std::cout;
  io.err = &std::cerr;
  io.terminal = terminal.get();
  io.environment = [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
  io.now_seconds = [] {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  io.connect = kengred::wallet::ConnectLedger;
  const bool plain = !io.environment("NO_COLOR").value_or("").empty() ||
                     io.environment("TERM").value_or("dumb") == "dumb";
  io.color_out = !plain && isatty(STDOUT_FILENO) != 0;
  io.color_err = !plain && isatty(STDERR_FILENO) != 0;
  io.err_is_terminal = isatty(STDERR_FILENO) != 0;
  return kengred::wallet::RunWallet(std::vector<std::string>(argv + 1, argv + argc), io);
}
