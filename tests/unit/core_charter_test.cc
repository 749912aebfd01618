// Goal: a charter that breaks any of its bounds is refused in words that name what is wrong; a good
// one at its very bounds is accepted. Method: a table of single changes to a good charter, each
// with the words to expect; another of changes that stay within bounds.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "kengred/core/charter.h"
#include "kengred/core/limits.h"
#include "kengred/core/signed_note.h"
#include "tests/support/community.h"

namespace kengred {
namespace {

using testing::Community;

struct Change {
  const char* name;
  const char* words;  // in the refusal
  std::function<void(v1::Charter*)> apply;
};

v1::Charter Good() { return Community().charter(); }

v1::Currency* AddCurrency(v1::Charter* charter, const std::string& code, v1::CurrencyKind kind) {
  v1::Currency* currency = charter->add_currencies();
  currency->set_code(code);
  currency->set_kind(kind);
  currency->set_name(code);
  return currency;
}

void AddShares(v1::Charter* charter, int count, uint32_t bps) {
  charter->mutable_policy()->clear_commission_shares();
  for (int i = 0; i < count; ++i) {
    v1::CommissionShare* share = charter->mutable_policy()->add_commission_shares();
    share->set_account_id(std::string(20, static_cast<char>('a' + i)));
    share->set_share_bps(bps);
  }
}

const std::vector<Change>& Wrong() {
  static const auto* const kWrong = new std::vector<Change>{
      {"an unknown field", "fields this version does not know",
       [](v1::Charter* c) { c->GetReflection()->MutableUnknownFields(c)->AddVarint(99, 1); }},
      {"an unknown field deep inside", "fields this version does not know",
       [](v1::Charter* c) {
         v1::CurrencyLimits* limits = c->mutable_policy()->mutable_limits(0);
         limits->GetReflection()->MutableUnknownFields(limits)->AddVarint(99, 1);
       }},
      {"no name", "name:", [](v1::Charter* c) { c->clear_name(); }},
      {"a long name", "name:", [](v1::Charter* c) { c->set_name(std::string(129, 'n')); }},
      {"a control character", "name:", [](v1::Charter* c) { c->set_name("a\x1b[2Jb"); }},
      {"no prefix", "address_prefix", [](v1::Charter* c) { c->clear_address_prefix(); }},
      {"a short prefix", "address_prefix", [](v1::Charter* c) { c->set_address_prefix("h"); }},
      {"a long prefix", "address_prefix",
       [](v1::Charter* c) { c->set_address_prefix("abcdefghijklmnopq"); }},
      {"an upper-case prefix", "address_prefix",
       [](v1::Charter* c) { c->set_address_prefix("Heol"); }},
      {"a digit in the prefix", "address_prefix",
       [](v1::Charter* c) { c->set_address_prefix("heol2"); }},
      {"no time zone", "time_zone", [](v1::Charter* c) { c->clear_time_zone(); }},
      {"a time zone that is a path", "time_zone",
       [](v1::Charter* c) { c->set_time_zone("../../etc/passwd"); }},
      {"a long time zone", "time_zone",
       [](v1::Charter* c) { c->set_time_zone(std::string(65, 'z')); }},
      {"no currency", "currencies", [](v1::Charter* c) { c->clear_currencies(); }},
      {"17 currencies", "currencies",
       [](v1::Charter* c) {
         for (int i = 3; i < 17; ++i) {
           AddCurrency(c, "C" + std::to_string(i), v1::CURRENCY_KIND_EARNED);
         }
       }},
      {"a short code", "use 2 to 8",
       [](v1::Charter* c) { AddCurrency(c, "X", v1::CURRENCY_KIND_EARNED); }},
      {"a long code", "use 2 to 8",
       [](v1::Charter* c) { AddCurrency(c, "ABCDEFGHI", v1::CURRENCY_KIND_EARNED); }},
      {"a digit first", "use 2 to 8",
       [](v1::Charter* c) { AddCurrency(c, "2CO", v1::CURRENCY_KIND_EARNED); }},
      {"a lower-case code", "use 2 to 8",
       [](v1::Charter* c) { AddCurrency(c, "Heol", v1::CURRENCY_KIND_EARNED); }},
      {"a code twice", "HEOL is there twice",
       [](v1::Charter* c) { AddCurrency(c, "HEOL", v1::CURRENCY_KIND_EARNED); }},
      {"no kind", "must be backed, earned or fiat",
       [](v1::Charter* c) { AddCurrency(c, "CO2", v1::CURRENCY_KIND_UNSPECIFIED); }},
      {"an unknown kind", "must be backed, earned or fiat",
       [](v1::Charter* c) { AddCurrency(c, "CO2", static_cast<v1::CurrencyKind>(9)); }},
      {"7 decimals", "at most 6 decimals",
       [](v1::Charter* c) { c->mutable_currencies(2)->set_decimals(7); }},
      {"no currency name", "HOURS: the name",
       [](v1::Charter* c) { c->mutable_currencies(2)->clear_name(); }},
      {"a long currency name", "HOURS: the name",
       [](v1::Charter* c) { c->mutable_currencies(2)->set_name(std::string(65, 'n')); }},
      {"an earned currency with a backing", "only a backed currency",
       [](v1::Charter* c) { c->mutable_currencies(2)->set_backing_currency("EUR"); }},
      {"backed by nothing", "backing currency must be a fiat",
       [](v1::Charter* c) { c->mutable_currencies(0)->clear_backing_currency(); }},
      {"backed by an unknown currency", "backing currency must be a fiat",
       [](v1::Charter* c) { c->mutable_currencies(0)->set_backing_currency("USD"); }},
      {"backed by hours", "backing currency must be a fiat",
       [](v1::Charter* c) { c->mutable_currencies(0)->set_backing_currency("HOURS"); }},
      {"backed by itself", "backing currency must be a fiat",
       [](v1::Charter* c) { c->mutable_currencies(0)->set_backing_currency("HEOL"); }},
      {"other decimals than the euro's", "backed at par",
       [](v1::Charter* c) { c->mutable_currencies(0)->set_decimals(3); }},
      {"no governance", "governance:", [](v1::Charter* c) { c->clear_governance(); }},
      {"a governance threshold of 0",
       "governance:", [](v1::Charter* c) { c->mutable_governance()->set_threshold(0); }},
      {"a short salt", "salt:", [](v1::Charter* c) { c->set_salt(std::string(15, 's')); }},
      {"a long salt", "salt:", [](v1::Charter* c) { c->set_salt(std::string(17, 's')); }},
      {"no origin", "origin:", [](v1::Charter* c) { c->clear_origin(); }},
      {"a long origin", "origin:", [](v1::Charter* c) { c->set_origin(std::string(129, 'o')); }},
      {"an origin with a space", "origin:", [](v1::Charter* c) { c->set_origin("a b"); }},
      {"an origin with a plus", "origin:", [](v1::Charter* c) { c->set_origin("a+b"); }},
      {"an origin with an accent", "origin:", [](v1::Charter* c) { c->set_origin("\xc3\xa9"); }},
      {"no log key", "log_public_key:", [](v1::Charter* c) { c->clear_log_public_key(); }},
      {"a log key of small order",
       "log_public_key:", [](v1::Charter* c) { c->set_log_public_key(std::string(32, '\0')); }},
      {"no witness key", "witness_keys:", [](v1::Charter* c) { c->add_witness_keys("x"); }},
      {"a log's key as a witness's", "witness_keys:",
       [](v1::Charter* c) {
         c->add_witness_keys(Community().log_keys()[0]->verifier_key().Format());
       }},
      {"a witness twice", "witness_keys:",
       [](v1::Charter* c) {
         const auto key = VerifierKey::Make("w.example", KeyType::kCosignature,
                                            Community().key("alice").public_key());
         c->add_witness_keys(key->Format());
         c->add_witness_keys(key->Format());
       }},
      {"a key of governance as log key", "log_public_key:",
       [](v1::Charter* c) { c->set_log_public_key(c->governance().public_keys(0)); }},
      {"limits of an unknown currency", "no currency \"XX\"",
       [](v1::Charter* c) { c->mutable_policy()->add_limits()->set_currency("XX"); }},
      {"limits twice", "HEOL is there twice",
       [](v1::Charter* c) { c->mutable_policy()->add_limits()->set_currency("HEOL"); }},
      {"a negative transfer limit", "cannot be negative",
       [](v1::Charter* c) { c->mutable_policy()->mutable_limits(0)->set_transfer_max_minor(-1); }},
      {"a negative balance limit", "cannot be negative",
       [](v1::Charter* c) {
         c->mutable_policy()->mutable_limits(0)->set_person_balance_max_minor(-1);
       }},
      {"a negative limit before admission", "cannot be negative",
       [](v1::Charter* c) {
         c->mutable_policy()->mutable_limits(0)->set_unadmitted_balance_max_minor(-1);
       }},
      {"a negative minimum", "cannot be negative",
       [](v1::Charter* c) {
         c->mutable_policy()->mutable_limits(0)->set_reconversion_min_minor(-1);
       }},
      {"a commission of more than all", "commission_bps",
       [](v1::Charter* c) { c->mutable_policy()->set_commission_bps(10001); }},
      {"9 shares", "at most 8 commission shares", [](v1::Charter* c) { AddShares(c, 9, 1); }},
      {"a share without account", "a commission share needs an account",
       [](v1::Charter* c) {
         c->mutable_policy()->mutable_commission_shares(0)->clear_account_id();
       }},
      {"a share of nothing", "1 to 10000 basis points", [](v1::Charter* c) { AddShares(c, 1, 0); }},
      {"a share of more than all", "1 to 10000 basis points",
       [](v1::Charter* c) { AddShares(c, 1, 10001); }},
      {"shares of more than all together", "exceed 10000",
       [](v1::Charter* c) { AddShares(c, 2, 5001); }},
      {"a remainder that is no account", "remainder",
       [](v1::Charter* c) {
         c->mutable_policy()->set_commission_remainder_account_id(std::string(19, 'x'));
       }},
      {"more than a year of grace", "366 days of grace",
       [](v1::Charter* c) { c->mutable_policy()->set_membership_grace_days(367); }},
      {"leavers for more than ten years", "leaver_reconversion_days",
       [](v1::Charter* c) { c->mutable_policy()->set_leaver_reconversion_days(3661); }},
      // R8: at least two persons.
      {"a committee of one", "quorum",
       [](v1::Charter* c) { c->mutable_policy()->set_committee_quorum(1); }},
      {"a committee that cannot sign together", "quorum",
       [](v1::Charter* c) { c->mutable_policy()->set_committee_quorum(17); }},
      {"refunds after more than ten years", "refund_window_days",
       [](v1::Charter* c) { c->mutable_policy()->set_refund_window_days(3661); }},
  };
  return *kWrong;
}

TEST(CharterTest, NamesWhatIsWrong) {
  for (const Change& change : Wrong()) {
    v1::Charter charter = Good();
    change.apply(&charter);
    const absl::Status status = ValidateCharter(charter);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << change.name;
    EXPECT_NE(std::string(status.message()).find(change.words), std::string::npos)
        << change.name << ": " << status;
  }
}

TEST(CharterTest, AcceptsTheBounds) {
  const std::vector<Change> bounds = {
      {"itself", "", [](v1::Charter*) {}},
      {"a name of 128 bytes", "", [](v1::Charter* c) { c->set_name(std::string(128, 'n')); }},
      {"a French name", "", [](v1::Charter* c) { c->set_name("Échange d’Iroise – Brest"); }},
      {"a prefix of 2", "", [](v1::Charter* c) { c->set_address_prefix("he"); }},
      {"a prefix of 16", "", [](v1::Charter* c) { c->set_address_prefix("abcdefghijklmnop"); }},
      {"a time zone with a sign", "", [](v1::Charter* c) { c->set_time_zone("Etc/GMT-14"); }},
      {"16 currencies", "",
       [](v1::Charter* c) {
         for (int i = 3; i < 16; ++i) {
           AddCurrency(c, "C" + std::to_string(i), v1::CURRENCY_KIND_EARNED);
         }
       }},
      {"a code of 2 and of 8", "",
       [](v1::Charter* c) {
         AddCurrency(c, "K2", v1::CURRENCY_KIND_EARNED);
         AddCurrency(c, "ABCDEFG8", v1::CURRENCY_KIND_EARNED);
       }},
      {"two backed currencies on one euro", "",
       [](v1::Charter* c) {
         v1::Currency* currency = AddCurrency(c, "BUZUK", v1::CURRENCY_KIND_BACKED);
         currency->set_decimals(2);
         currency->set_backing_currency("EUR");
       }},
      {"6 decimals", "", [](v1::Charter* c) { c->mutable_currencies(2)->set_decimals(6); }},
      {"no limits at all", "", [](v1::Charter* c) { c->mutable_policy()->clear_limits(); }},
      {"the whole commission", "",
       [](v1::Charter* c) { c->mutable_policy()->set_commission_bps(10000); }},
      {"8 shares of all", "", [](v1::Charter* c) { AddShares(c, 8, 1250); }},
      {"one share of all", "", [](v1::Charter* c) { AddShares(c, 1, 10000); }},
      {"a remainder account", "",
       [](v1::Charter* c) {
         c->mutable_policy()->set_commission_remainder_account_id(std::string(20, 'x'));
       }},
      {"no grace, no leavers, refunds without end", "",
       [](v1::Charter* c) {
         c->mutable_policy()->set_membership_grace_days(0);
         c->mutable_policy()->set_leaver_reconversion_days(0);
         c->mutable_policy()->set_refund_window_days(0);
       }},
      {"the longest spans", "",
       [](v1::Charter* c) {
         c->mutable_policy()->set_membership_grace_days(366);
         c->mutable_policy()->set_leaver_reconversion_days(3660);
         c->mutable_policy()->set_refund_window_days(3660);
         c->mutable_policy()->set_committee_quorum(16);
       }},
      {"one governance key", "",
       [](v1::Charter* c) {
         c->mutable_governance()->mutable_public_keys()->DeleteSubrange(1, 2);
         c->mutable_governance()->set_threshold(1);
       }},
  };
  for (const Change& change : bounds) {
    v1::Charter charter = Good();
    change.apply(&charter);
    EXPECT_TRUE(ValidateCharter(charter).ok()) << change.name << ": " << ValidateCharter(charter);
  }
}

// ValidateCharter answers the first fault of a charter with several, in the order of its fields.
TEST(CharterTest, NamesTheFirstOfTwoFaults) {
  v1::Charter charter = Good();
  charter.clear_name();
  charter.clear_salt();
  charter.mutable_policy()->set_committee_quorum(0);
  EXPECT_NE(std::string(ValidateCharter(charter).message()).find("name:"), std::string::npos);
  charter.set_name("x");
  EXPECT_NE(std::string(ValidateCharter(charter).message()).find("salt"), std::string::npos);
}

TEST(CharterTest, TheLedgerIdIsTheHashOfTheBytes) {
  EXPECT_EQ(LedgerIdOf("abc").ToHex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(CharterTest, FindsCurrenciesByTheirExactCode) {
  const v1::Charter charter = Good();
  ASSERT_NE(FindCurrency(charter, "HEOL"), nullptr);
  EXPECT_EQ(FindCurrency(charter, "HEOL")->kind(), v1::CURRENCY_KIND_BACKED);
  for (const char* code : {"", "heol", "HEO", "HEOLS"}) {
    EXPECT_EQ(FindCurrency(charter, code), nullptr);
  }
}

// ---- authorities (scenarios 14, 49, 50, 54) ----

TEST(AuthorityTest, AcceptsOneToSixteenDistinctKeys) {
  Community community;
  community.AddHolder("one", v1::HOLDER_KIND_PERSON, 1, 1);
  community.AddHolder("sixteen", v1::HOLDER_KIND_PERSON, 16, 16);
  EXPECT_TRUE(IsWellFormedAuthority(community.holder("one").authority));
  EXPECT_TRUE(IsWellFormedAuthority(community.holder("sixteen").authority));
}

TEST(AuthorityTest, RefusesEverythingElse) {
  Community community;
  community.AddHolder("seventeen", v1::HOLDER_KIND_PERSON, 17, 1);
  EXPECT_FALSE(IsWellFormedAuthority(v1::Authority()));
  EXPECT_FALSE(IsWellFormedAuthority(community.holder("seventeen").authority));
  const v1::Authority good = community.holder("assoc").authority;
  ASSERT_TRUE(IsWellFormedAuthority(good));
  for (const uint32_t threshold : {0u, 4u, 4294967295u}) {
    v1::Authority authority = good;
    authority.set_threshold(threshold);
    EXPECT_FALSE(IsWellFormedAuthority(authority)) << threshold;
  }
  v1::Authority repeated = good;
  repeated.set_public_keys(2, repeated.public_keys(0));
  EXPECT_FALSE(IsWellFormedAuthority(repeated));
  for (const size_t size : {0u, 31u, 33u}) {
    v1::Authority authority = good;
    authority.set_public_keys(1, std::string(size, 'k'));
    EXPECT_FALSE(IsWellFormedAuthority(authority)) << size;
  }
}

// The eight points of small order and encodings that are not canonical (RFC 8032 section 5.1.3; the
// list of small-order points is in "Taming the many EdDSAs", 2020, table 1), and no point at all.
TEST(AuthorityTest, RefusesKeysOfSmallOrderAndOtherEncodings) {
  for (const char* hex : {
           "0100000000000000000000000000000000000000000000000000000000000000",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "0000000000000000000000000000000000000000000000000000000000000080",
           "0000000000000000000000000000000000000000000000000000000000000000",
           "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
           "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
           "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
           "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
           // y = p and y = p + 1, and a sign bit on x = 0.
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "0100000000000000000000000000000000000000000000000000000000000080",
           // No point of the curve has this y.
           "0200000000000000000000000000000000000000000000000000000000000000",
           "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
       }) {
    v1::Authority authority;
    authority.add_public_keys(PublicKey::FromHex(hex)->ToBytes());
    authority.set_threshold(1);
    EXPECT_FALSE(IsWellFormedAuthority(authority)) << hex;
  }
}

}  // namespace
}  // namespace kengred
