#include "server/rpc/tls_credentials.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <string>
#include <utility>

namespace kengred::rpc {
namespace {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

Bio BioOf(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Never asks for a passphrase on the terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return 0; }

Certificate ReadCertificate(const std::string& pem) {
  return Certificate(PEM_read_bio_X509(BioOf(pem).get(), nullptr, NoPassphrase, nullptr));
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeTlsCredentials(
    const TlsOptions& options) {
  const Certificate certificate = ReadCertificate(options.certificate_pem);
  const Key key(
      PEM_read_bio_PrivateKey(BioOf(options.key_pem).get(), nullptr, NoPassphrase, nullptr));
  const bool fits = certificate != nullptr && key != nullptr &&
                    X509_check_private_key(certificate.get(), key.get()) == 1;
  const bool good_ca =
      options.client_ca_pem.empty() || ReadCertificate(options.client_ca_pem) != nullptr;
  ERR_clear_error();
  if (certificate == nullptr) {
    return absl::InvalidArgumentError("the TLS certificate is not a PEM certificate");
  }
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        "the TLS key is not a PEM private key, or it is encrypted; use one without passphrase");
  }
  if (!fits) {
    return absl::InvalidArgumentError("the TLS key does not belong to the TLS certificate");
  }
  if (!good_ca) {
    return absl::InvalidArgumentError("the TLS client authority is not a PEM certificate");
  }

  grpc::SslServerCredentialsOptions ssl(
      options.client_ca_pem.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                    : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  ssl.pem_root_certs = options.client_ca_pem;
  ssl.pem_key_cert_pairs.push_back({options.key_pem, options.certificate_pem});
  return grpc::SslServerCredentials(ssl);
}

}  // namespace kengred::rpc
