#include "bench/mix.h"

#include <charconv>
#include <map>

namespace kengred::bench {
namespace {

constexpr uint32_t kWeightMax = 1'000'000;

}  // namespace

absl::StatusOr<Mix> ParseMix(std::string_view text) {
  Mix mix;
  std::map<std::string_view, uint32_t*> unnamed = {
      {"payments", &mix.payments}, {"rewards", &mix.rewards}, {"reads", &mix.reads}};
  for (const auto& [name, weight] : unnamed) *weight = 0;
  while (true) {
    const std::string_view part = text.substr(0, text.find(','));
    const size_t equals = part.find('=');
    const auto found = unnamed.find(part.substr(0, equals));
    if (equals == std::string_view::npos || found == unnamed.end()) {
      return absl::InvalidArgumentError(
          "\"" + std::string(part) +
          "\" is no part of a mix; write payments, rewards or reads, each once, with its weight, "
          "like payments=10,reads=90");
    }
    const std::string_view number = part.substr(equals + 1);
    uint32_t weight = 0;
    const auto [end, error] = std::from_chars(number.begin(), number.end(), weight);
    if (error != std::errc() || end != number.end() || weight > kWeightMax) {
      return absl::InvalidArgumentError("the weight \"" + std::string(number) +
                                        "\" is not a number up to " + std::to_string(kWeightMax));
    }
    *found->second = weight;
    unnamed.erase(found);
    if (part.size() == text.size()) break;
    text.remove_prefix(part.size() + 1);
  }
  if (mix.all() == 0) return absl::InvalidArgumentError("every weight of the mix is 0");
  return mix;
}

}  // namespace kengred::bench
