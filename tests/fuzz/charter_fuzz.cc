// Goal: no charter file crashes its reader, and one that it accepts is a valid charter. Method: the
// input is the TOML text.
#include "fuzz.h"
#include "kengred/core/charter.h"
#include "server/main/charter_toml.h"

namespace kengred {

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto charter = server::ParseCharterToml(std::string(fuzz::AsText(data, size)), "charter");
  if (charter.ok()) KENGRED_FUZZ_CHECK(ValidateCharter(*charter).ok());
  return 0;
}

}  // namespace kengred
