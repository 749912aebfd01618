#include "kengred/core/token.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <optional>

#include "kengred/core/address.h"
#include "kengred/core/base64.h"
#include "kengred/core/limits.h"
#include "kengred/v1/token.pb.h"

namespace kengred {
namespace {

std::string Json(const google::protobuf::Message& message) {
  std::string json;
  // These messages hold only strings and numbers: printing cannot fail.
  static_cast<void>(google::protobuf::util::MessageToJsonString(message, &json));
  return json;
}

bool ParseJson(std::string_view part, google::protobuf::Message* message) {
  const std::optional<std::string> json = DecodeBase64Url(part);
  if (!json) return false;
  // Other JWT libraries add claims of their own.
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  return google::protobuf::util::JsonStringToMessage(*json, message, options).ok();
}

}  // namespace

std::string MakeToken(const SecretKey& key, const AccountId& account,
                      std::string_view address_prefix, const LedgerId& ledger_id,
                      int64_t now_seconds, int64_t seconds) {
  v1::TokenHeader header;
  header.set_alg("EdDSA");
  header.set_typ("JWT");
  header.set_kid(EncodeBase64Url(key.public_key().view()));
  v1::TokenClaims claims;
  claims.set_iss(EncodeAddress(address_prefix, account));
  claims.set_aud(ledger_id.ToHex());
  claims.set_iat(static_cast<uint32_t>(now_seconds));
  claims.set_exp(static_cast<uint32_t>(now_seconds + seconds));
  const std::string signed_part =
      EncodeBase64Url(Json(header)) + "." + EncodeBase64Url(Json(claims));
  return signed_part + "." + EncodeBase64Url(key.Sign(signed_part));
}

std::variant<TokenHolder, Refusal> VerifyToken(std::string_view token,
                                               std::string_view address_prefix,
                                               const LedgerId& ledger_id, int64_t now_seconds) {
  const Refusal invalid{v1::VERDICT_TOKEN_INVALID, {}};
  if (token.size() > kTokenBytesMax) return invalid;
  const size_t first = token.find('.');
  const size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return invalid;
  }
  v1::TokenHeader header;
  v1::TokenClaims claims;
  // RFC 7515 section 4.1.11: what a header marks as critical must be understood, and nothing is.
  google::protobuf::Struct every_parameter;
  if (!ParseJson(token.substr(0, first), &every_parameter) ||
      every_parameter.fields().contains("crit") || !ParseJson(token.substr(0, first), &header) ||
      !ParseJson(token.substr(first + 1, second - first - 1), &claims) || header.alg() != "EdDSA") {
    return invalid;
  }
  const std::optional<std::string> kid = DecodeBase64Url(header.kid());
  const auto key = PublicKey::FromBytes(kid ? *kid : std::string());
  const auto account = DecodeAddress(address_prefix, claims.iss());
  const std::optional<std::string> signature = DecodeBase64Url(token.substr(second + 1));
  if (!key || !account.ok() || !signature || claims.aud() != ledger_id.ToHex() ||
      claims.exp() < claims.iat() || claims.exp() - claims.iat() > kTokenSecondsMax ||
      !VerifySignature(*key, token.substr(0, second), *signature)) {
    return invalid;
  }
  if (now_seconds >= claims.exp() || claims.iat() > now_seconds + kClockSkewSecondsMax) {
    return Refusal{v1::VERDICT_TOKEN_EXPIRED, {}};
  }
  return TokenHolder{*account, *key};
}

}  // namespace kengred
