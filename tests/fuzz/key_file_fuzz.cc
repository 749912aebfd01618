// Goal: no key file, however damaged, crashes its reader. Method: the input is the file; reading it
// without the passphrase runs every check but the decryption.
#include "fuzz.h"
#include "kengred/keys/key_file.h"
#include "kengred/keys/mnemonic.h"

namespace kengred {

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::AsText(data, size);
  const auto info = keys::ParseKeyFileInfo(text);
  if (info.ok()) KENGRED_FUZZ_CHECK(!info->profile.empty());
  const auto words = keys::Mnemonic::Parse(text, keys::Language::kFrench);
  if (words.ok()) KENGRED_FUZZ_CHECK(words->word_count() >= 12);
  return 0;
}

}  // namespace kengred
