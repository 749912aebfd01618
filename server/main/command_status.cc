#include "server/main/command_status.h"

#include <string>

namespace kengred::server {

ExitCode Complain(const absl::Status& status, ExitCode code, Io& io) {
  const std::string text(status.message());
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    io.err << "kengred-server: " << text.substr(start, end - start) << "\n";
    start = end + 1;
  }
  return code;
}

}  // namespace kengred::server
