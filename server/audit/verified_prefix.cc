#include "server/audit/verified_prefix.h"

#include <charconv>
#include <vector>

namespace kengred::audit {
namespace {

constexpr std::string_view kFirstLine = "kengred-verified/v1";

}  // namespace

std::string FormatVerifiedPrefix(const VerifiedPrefix& prefix) {
  return std::string(kFirstLine) + "\n" + prefix.ledger_id.ToHex() + "\n" +
         std::to_string(prefix.size) + "\n" + prefix.root.ToHex() + "\n";
}

absl::StatusOr<VerifiedPrefix> ParseVerifiedPrefix(std::string_view text) {
  std::vector<std::string_view> lines;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  VerifiedPrefix prefix;
  if (lines.size() == 4) {
    const auto ledger_id = LedgerId::FromHex(lines[1]);
    const auto root = Digest::FromHex(lines[3]);
    std::from_chars(lines[2].data(), lines[2].data() + lines[2].size(), prefix.size);
    if (ledger_id && root && prefix.size > 0) {
      prefix.ledger_id = *ledger_id;
      prefix.root = *root;
      if (FormatVerifiedPrefix(prefix) == text) return prefix;
    }
  }
  return absl::InvalidArgumentError(
      "this is no note of an earlier audit; give a file that --save-verified has written");
}

}  // namespace kengred::audit
