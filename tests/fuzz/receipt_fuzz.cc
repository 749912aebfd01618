// Goal: no receipt crashes its reader or its verifier, what is read is written the same again, and
// nothing is proved by chance. Method: the input is the text; what parses is verified, then given a
// checkpoint that a known log signed over the tree that the receipt itself describes, so that the
// entry is looked at as well.
#include <google/protobuf/stubs/logging.h>

#include "fuzz.h"
#include "kengred/core/merkle.h"
#include "kengred/core/receipt.h"

namespace kengred {
namespace {

constexpr char kOrigin[] = "log.example";

const NoteSigner& Log() {
  static const NoteSigner log =
      *NoteSigner::Make(kOrigin, *SecretKey::FromSeed(std::string(kSeedBytes, 'f')));
  return log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* const silent = google::protobuf::SetLogHandler(nullptr);
  static_cast<void>(silent);
  const std::string_view text = fuzz::AsText(data, size);
  auto receipt = ParseReceipt(text);
  if (!receipt.ok()) return 0;
  KENGRED_FUZZ_CHECK(*FormatReceipt(*receipt) == text);
  const std::vector<VerifierKey> logs = {Log().verifier_key()};
  static_cast<void>(VerifyReceipt(*receipt, logs, {}, 0));

  // The entry as the last leaf after complete subtrees, whose hashes are the proof.
  Digest root = LeafHash(receipt->entry_bytes);
  for (const Digest& hash : receipt->proof) root = NodeHash(hash, root);
  receipt->checkpoint = *SignCheckpoint({kOrigin, receipt->index + 1, root, {}}, Log());
  const auto verified = VerifyReceipt(*receipt, logs, {}, 0);
  if (!verified.ok()) return 0;
  KENGRED_FUZZ_CHECK(verified->entry.sequence() == receipt->index + 1);
  KENGRED_FUZZ_CHECK(verified->transaction.has_value() == (receipt->index > 0));
  KENGRED_FUZZ_CHECK(!VerifyReceipt(*receipt, logs, {}, 1).ok());
  return 0;
}

}  // namespace kengred
