// Goal: a token opens an account's private reads for ten minutes at most, on one ledger, for who
// holds one of its keys, and nothing else does. Method: a good token, then each part of it wrong,
// tokens that other JWT libraries or an attacker would write, and every single byte changed.
#include <gtest/gtest.h>
#include <sodium.h>

#include "kengred/core/limits.h"
#include "kengred/core/token.h"
#include "tests/support/community.h"

namespace kengred {
namespace {

using testing::Community;
using testing::kNowSeconds;

std::string Base64Url(std::string_view bytes) {
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string text(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(),
                    static_cast<const unsigned char*>(static_cast<const void*>(bytes.data())),
                    bytes.size(), kVariant);
  text.pop_back();
  return text;
}

class TokenTest : public ::testing::Test {
 protected:
  // A token with these two JSON texts, well signed by alice.
  std::string Signed(const std::string& header, const std::string& claims) const {
    const std::string part = Base64Url(header) + "." + Base64Url(claims);
    return part + "." + Base64Url(alice().Sign(part));
  }
  std::string Header() const { return R"({"alg":"EdDSA","typ":"JWT","kid":")" + Kid() + R"("})"; }
  std::string Kid() const { return Base64Url(alice().public_key().view()); }
  std::string Claims(int64_t iat, int64_t exp, const std::string& more = "") const {
    return R"({"iss":")" + community_.address("alice") + R"(","aud":")" +
           community_.ledger_id().ToHex() + R"(","iat":)" + std::to_string(iat) + R"(,"exp":)" +
           std::to_string(exp) + more + "}";
  }
  std::string Good() const { return Signed(Header(), Claims(kNowSeconds, kNowSeconds + 300)); }

  // UNSPECIFIED: accepted.
  v1::Verdict Verify(const std::string& token, int64_t now = kNowSeconds) const {
    const auto result = VerifyToken(token, "heol", community_.ledger_id(), now);
    if (const auto* refusal = std::get_if<Refusal>(&result)) return refusal->verdict;
    EXPECT_EQ(std::get<TokenHolder>(result).account_id, community_.account("alice"));
    EXPECT_EQ(std::get<TokenHolder>(result).public_key, alice().public_key());
    return v1::VERDICT_UNSPECIFIED;
  }
  const SecretKey& alice() const { return community_.key("alice"); }

  Community community_;
};

TEST_F(TokenTest, AcceptsWhatItMakes) {
  EXPECT_EQ(Verify(community_.token("alice", kNowSeconds)), v1::VERDICT_UNSPECIFIED);
  EXPECT_EQ(Verify(MakeToken(alice(), community_.account("alice"), "heol", community_.ledger_id(),
                             kNowSeconds, 600),
                   kNowSeconds + 599),
            v1::VERDICT_UNSPECIFIED);
}

TEST_F(TokenTest, AcceptsTheTokensOfOtherLibraries) {
  EXPECT_EQ(Verify(Good()), v1::VERDICT_UNSPECIFIED);
  // RFC 7519: claims that are not understood are ignored; order and spaces do not matter.
  EXPECT_EQ(Verify(Signed(Header(), Claims(kNowSeconds, kNowSeconds + 300,
                                           R"(,"jti":"7","nbf":1,"roles":["a",{"b":null}])"))),
            v1::VERDICT_UNSPECIFIED);
  EXPECT_EQ(Verify(Signed(R"({ "kid" : ")" + Kid() + R"(", "alg": "EdDSA" })",
                          Claims(kNowSeconds, kNowSeconds + 300))),
            v1::VERDICT_UNSPECIFIED);
}

TEST_F(TokenTest, LivesFromItsIssueUntilItsEnd) {
  const std::string token = community_.token("alice", kNowSeconds);
  EXPECT_EQ(Verify(token, kNowSeconds + 299), v1::VERDICT_UNSPECIFIED);
  EXPECT_EQ(Verify(token, kNowSeconds + 300), v1::VERDICT_TOKEN_EXPIRED);
  EXPECT_EQ(Verify(token, kNowSeconds + 3'000'000'000), v1::VERDICT_TOKEN_EXPIRED);
  // The server's clock may be five minutes behind.
  EXPECT_EQ(Verify(token, kNowSeconds - kClockSkewSecondsMax), v1::VERDICT_UNSPECIFIED);
  EXPECT_EQ(Verify(token, kNowSeconds - kClockSkewSecondsMax - 1), v1::VERDICT_TOKEN_EXPIRED);
}

TEST_F(TokenTest, LivesTenMinutesAtMost) {
  EXPECT_EQ(Verify(Signed(Header(), Claims(kNowSeconds, kNowSeconds + 600))),
            v1::VERDICT_UNSPECIFIED);
  EXPECT_EQ(Verify(Signed(Header(), Claims(kNowSeconds, kNowSeconds + 601))),
            v1::VERDICT_TOKEN_INVALID);
  EXPECT_EQ(Verify(Signed(Header(), Claims(0, 4294967295))), v1::VERDICT_TOKEN_INVALID);
  EXPECT_EQ(Verify(Signed(Header(), Claims(kNowSeconds + 10, kNowSeconds))),
            v1::VERDICT_TOKEN_INVALID);
  // Without iat or exp.
  EXPECT_EQ(Verify(Signed(Header(), R"({"iss":")" + community_.address("alice") + R"(","aud":")" +
                                        community_.ledger_id().ToHex() + R"("})")),
            v1::VERDICT_TOKEN_EXPIRED);
}

TEST_F(TokenTest, IsForOneLedger) {
  const Community other(2);
  EXPECT_EQ(Verify(MakeToken(alice(), community_.account("alice"), "heol", other.ledger_id(),
                             kNowSeconds)),
            v1::VERDICT_TOKEN_INVALID);
  EXPECT_EQ(Verify(MakeToken(alice(), community_.account("alice"), "eusko", community_.ledger_id(),
                             kNowSeconds)),
            v1::VERDICT_TOKEN_INVALID);
}

TEST_F(TokenTest, RefusesOtherAlgorithms) {
  const std::string claims = Claims(kNowSeconds, kNowSeconds + 300);
  for (const char* alg : {"none", "None", "HS256", "RS256", "ES256", "Ed25519", "eddsa", ""}) {
    EXPECT_EQ(
        Verify(Signed(R"({"alg":")" + std::string(alg) + R"(","kid":")" + Kid() + R"("})", claims)),
        v1::VERDICT_TOKEN_INVALID)
        << alg;
  }
  EXPECT_EQ(Verify(Signed(R"({"kid":")" + Kid() + R"("})", claims)), v1::VERDICT_TOKEN_INVALID);
  // The classic: alg none and no signature.
  EXPECT_EQ(Verify(Base64Url(R"({"alg":"none","kid":")" + Kid() + R"("})") + "." +
                   Base64Url(claims) + "."),
            v1::VERDICT_TOKEN_INVALID);
}

// RFC 7515 section 4.1.11: a header parameter that is marked critical and not understood refuses.
TEST_F(TokenTest, RefusesCriticalHeadersThatItDoesNotKnow) {
  EXPECT_EQ(Verify(Signed(R"({"alg":"EdDSA","kid":")" + Kid() + R"(","crit":["b64"],"b64":false})",
                          Claims(kNowSeconds, kNowSeconds + 300))),
            v1::VERDICT_TOKEN_INVALID);
}

TEST_F(TokenTest, IsSignedByTheKeyItNames) {
  // Signed by alice, naming bruno's key; and bruno's signature under alice's name.
  EXPECT_EQ(Verify(Signed(R"({"alg":"EdDSA","kid":")" +
                              Base64Url(community_.key("bruno").public_key().view()) + R"("})",
                          Claims(kNowSeconds, kNowSeconds + 300))),
            v1::VERDICT_TOKEN_INVALID);
  const std::string part =
      Base64Url(Header()) + "." + Base64Url(Claims(kNowSeconds, kNowSeconds + 300));
  EXPECT_EQ(Verify(part + "." + Base64Url(community_.key("bruno").Sign(part))),
            v1::VERDICT_TOKEN_INVALID);
  // A key of small order accepts nothing: the identity, with R the identity and S zero.
  const std::string identity = std::string("\x01", 1) + std::string(31, '\0');
  EXPECT_EQ(Verify(Base64Url(R"({"alg":"EdDSA","kid":")" + Base64Url(identity) + R"("})") + "." +
                   Base64Url(Claims(kNowSeconds, kNowSeconds + 300)) + "." +
                   Base64Url(identity + std::string(32, '\0'))),
            v1::VERDICT_TOKEN_INVALID);
}

TEST_F(TokenTest, NoByteOfItMayChange) {
  const std::string token = community_.token("alice", kNowSeconds);
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(Verify(changed), v1::VERDICT_UNSPECIFIED) << i;
  }
  for (size_t size = 0; size < token.size(); ++size) {
    EXPECT_NE(Verify(token.substr(0, size)), v1::VERDICT_UNSPECIFIED) << size;
  }
  EXPECT_NE(Verify(token + "A"), v1::VERDICT_UNSPECIFIED);
  EXPECT_NE(Verify(token + "="), v1::VERDICT_UNSPECIFIED);
  EXPECT_NE(Verify(" " + token), v1::VERDICT_UNSPECIFIED);
  EXPECT_NE(Verify(token + "\n"), v1::VERDICT_UNSPECIFIED);
}

TEST_F(TokenTest, RefusesOtherForms) {
  const std::string good = Good();
  for (const std::string& token : std::vector<std::string>{
           "", ".", "..", "...", "a.b.c", good + ".x", "Bearer " + good, std::string(3000, 'A'),
           std::string(1000, '.'), Signed("", ""), Signed("{}", "{}"), Signed("[]", "[]"),
           Signed("null", "null"), Signed(Header(), "{"), Signed(Header(), "\xff"),
           Signed(Header(), R"({"iss":7})"),
           Signed(std::string(200, '[') + std::string(200, ']'), "{}"),
           Signed(Header(), std::string(600, '{'))}) {
    EXPECT_EQ(Verify(token), v1::VERDICT_TOKEN_INVALID) << token.substr(0, 40);
  }
  // Padded or of the other alphabet: not what RFC 7515 section 2 calls base64url.
  EXPECT_EQ(Verify(good + "=="), v1::VERDICT_TOKEN_INVALID);
}

TEST_F(TokenTest, RefusesATokenLongerThanItsLimit) {
  const std::string filler(1000, 'f');
  EXPECT_EQ(Verify(Signed(Header(),
                          Claims(kNowSeconds, kNowSeconds + 300, R"(,"x":")" + filler + R"(")"))),
            v1::VERDICT_UNSPECIFIED);
  EXPECT_EQ(Verify(Signed(Header(), Claims(kNowSeconds, kNowSeconds + 300,
                                           R"(,"x":")" + filler + filler + R"(")"))),
            v1::VERDICT_TOKEN_INVALID);
}

}  // namespace
}  // namespace kengred
