#include "kengred/core/hash.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

namespace kengred {
namespace {

// OpenSSL's implementation uses the processor's SHA instructions; the context is reused, since
// making one costs more than hashing a small entry.
struct Context {
  Context() : digest(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context(EVP_MD_CTX_new()) {
    if (digest == nullptr || context == nullptr) std::abort();
  }
  ~Context() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(digest);
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  EVP_MD* digest;
  EVP_MD_CTX* context;
};

}  // namespace

Digest Sha256(std::initializer_list<std::string_view> parts) {
  thread_local const Context context;
  Digest result;
  unsigned int size = 0;
  bool ok = EVP_DigestInit_ex2(context.context, context.digest, nullptr) == 1;
  for (const std::string_view part : parts) {
    ok = ok && EVP_DigestUpdate(context.context, part.data(), part.size()) == 1;
  }
  ok = ok && EVP_DigestFinal_ex(context.context, result.data(), &size) == 1;
  // SHA-256 has no failure but exhausted memory.
  if (!ok || size != Digest::kSize) std::abort();
  return result;
}

}  // namespace kengred
