// Goal: a charter that people write is read exactly, and every mistake in it is named with its line
// and what to write.
// Method: a good charter is edited in one place at a time; the table says which line must be named
// and with which words. Charters of whole communities go through the file form and back.
#include "server/main/charter_toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "kengred/core/charter.h"
#include "kengred/core/signing.h"
#include "tests/support/charter_file.h"
#include "tests/support/community.h"

namespace kengred::server {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Public keys of RFC 8032, section 7.1, tests 1 to 3.
constexpr char kKey1[] = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
constexpr char kKey2[] = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
constexpr char kKey3[] = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";

// An address of a ledger with prefix "heol".
std::string SomeAddress() { return testing::Community().address("alice"); }

std::string GoodCharter() {
  return R"(name = "Heol"
address_prefix = "heol"
time_zone = "Europe/Paris"
salt = "000102030405060708090a0b0c0d0e0f"

[[currencies]]
code = "HEOL"
kind = "backed"
decimals = 2
name = "Heol units"
backing_currency = "EUR"

[[currencies]]
code = "EUR"
kind = "fiat"
decimals = 2
name = "Euro"

[[currencies]]
code = "HOUR"
kind = "earned"
decimals = 0
name = "Minutes"

[governance]
threshold = 2
keys = [
  ")" + std::string(kKey1) +
         R"(",
  ")" + kKey2 +
         R"(",
]

[policy]
effective_day = 2026-02-28
commission_bps = 500
commission_remainder_account = ")" +
         SomeAddress() + R"("
membership_grace_days = 30
leaver_reconversion_days = 365
committee_quorum = 2
refund_window_days = 60

[[policy.commission_shares]]
account = ")" +
         SomeAddress() + R"("
share_bps = 6000

[[policy.limits]]
currency = "HEOL"
transfer_max = "500.00"
person_balance_max = "3000"
unadmitted_balance_max = "150,5"
reconversion_min = "10.00"
)";
}

// The 1-based line where `part` starts.
size_t LineOf(const std::string& text, const std::string& part) {
  const size_t at = text.find(part);
  if (at == std::string::npos) return 0;
  return 1 + static_cast<size_t>(
                 std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  if (at == std::string::npos) ADD_FAILURE() << "the good charter has no " << from;
  return text.replace(at, from.size(), to);
}

std::string MessageOf(const std::string& text) {
  const absl::StatusOr<v1::Charter> charter = ParseCharterToml(text, "charter.toml");
  EXPECT_FALSE(charter.ok()) << text;
  EXPECT_TRUE(absl::IsInvalidArgument(charter.status()));
  return std::string(charter.status().message());
}

std::string ReadSourceFile(const std::string& name) {
  const char* source = std::getenv("KENGRED_SOURCE_DIR");
  std::ifstream file(std::string(source == nullptr ? "." : source) + "/" + name);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST(CharterToml, ReadsEveryField) {
  const absl::StatusOr<v1::Charter> charter = ParseCharterToml(GoodCharter(), "charter.toml");
  ASSERT_TRUE(charter.ok()) << charter.status();
  EXPECT_TRUE(ValidateCharter(*charter).ok());
  EXPECT_EQ(charter->name(), "Heol");
  EXPECT_EQ(charter->address_prefix(), "heol");
  EXPECT_EQ(charter->time_zone(), "Europe/Paris");
  EXPECT_EQ(charter->salt(),
            std::string("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 16));
  ASSERT_EQ(charter->currencies_size(), 3);
  EXPECT_EQ(charter->currencies(0).ShortDebugString(),
            "code: \"HEOL\" kind: CURRENCY_KIND_BACKED decimals: 2 name: \"Heol units\" "
            "backing_currency: \"EUR\"");
  EXPECT_EQ(charter->currencies(1).ShortDebugString(),
            "code: \"EUR\" kind: CURRENCY_KIND_FIAT decimals: 2 name: \"Euro\"");
  EXPECT_EQ(charter->currencies(2).ShortDebugString(),
            "code: \"HOUR\" kind: CURRENCY_KIND_EARNED name: \"Minutes\"");
  EXPECT_EQ(charter->governance().threshold(), 2);
  ASSERT_EQ(charter->governance().public_keys_size(), 2);
  EXPECT_EQ(charter->governance().public_keys(0), PublicKey::FromHex(kKey1)->ToBytes());
  EXPECT_EQ(charter->governance().public_keys(1), PublicKey::FromHex(kKey2)->ToBytes());
  const v1::Policy& policy = charter->policy();
  EXPECT_EQ(policy.effective_day(), 20512);  // 2026-02-28
  EXPECT_EQ(policy.commission_bps(), 500);
  EXPECT_EQ(policy.membership_grace_days(), 30);
  EXPECT_EQ(policy.leaver_reconversion_days(), 365);
  EXPECT_EQ(policy.committee_quorum(), 2);
  EXPECT_EQ(policy.refund_window_days(), 60);
  const std::string alice = testing::Community().account("alice").ToBytes();
  EXPECT_EQ(policy.commission_remainder_account_id(), alice);
  ASSERT_EQ(policy.commission_shares_size(), 1);
  EXPECT_EQ(policy.commission_shares(0).account_id(), alice);
  EXPECT_EQ(policy.commission_shares(0).share_bps(), 6000);
  ASSERT_EQ(policy.limits_size(), 1);
  EXPECT_EQ(policy.limits(0).ShortDebugString(),
            "currency: \"HEOL\" transfer_max_minor: 50000 person_balance_max_minor: 300000 "
            "unadmitted_balance_max_minor: 15050 reconversion_min_minor: 1000");
}

TEST(CharterToml, NamesEveryMistakeWithItsLine) {
  const std::string long_name(129, 'x');
  struct Row {
    std::string from;   // in the good charter
    std::string to;     // instead
    std::string where;  // the line that must be named is the one where this stands
    std::string words;  // in the message
  };
  const std::vector<Row> rows = {
      // Values that are wrong.
      {"\"Heol\"", "\"\"", "name = \"\"", "name: 1 to 128 bytes"},
      {"\"Heol\"", "\"" + long_name + "\"", "name = ", "name: 1 to 128 bytes"},
      {"\"heol\"", "\"Heol\"", "address_prefix", "2 to 16 letters a-z"},
      {"Europe/Paris", "Europe/Brest", "time_zone", "does not know the time zone \"Europe/Brest\""},
      {"Europe/Paris", "../etc/passwd", "time_zone", "an IANA name like Europe/Paris"},
      {"Europe/Paris", "localtime", "time_zone", "does not know the time zone"},
      {"Europe/Paris", "right/Europe/Paris", "time_zone", "does not know the time zone"},
      {"000102030405060708090a0b0c0d0e0f", "0001", "salt", "32 hexadecimal digits"},
      {"\"HEOL\"", "\"heol\"", "code = \"heol\"", "2 to 8 characters A-Z 0-9"},
      {"code = \"HOUR\"", "code = \"EUR\" # again", "# again", "currency EUR is there twice"},
      {"\"backed\"", "\"gold\"", "kind = \"gold\"", "\"backed\", \"earned\" or \"fiat\""},
      {"decimals = 0", "decimals = 7", "decimals = 7", "a whole number from 0 to 6"},
      {"decimals = 2\nname = \"Heol units\"", "decimals = 3\nname = \"Heol units\"",
       "backing_currency", "as many decimals as EUR"},
      {"backing_currency = \"EUR\"", "backing_currency = \"USD\"", "\"USD\"",
       "must be a fiat currency of the charter"},
      {"backing_currency = \"EUR\"\n", "", "[[currencies]]",
       "must be a fiat currency of the charter"},
      {"name = \"Minutes\"", "name = \"Minutes\"\nbacking_currency = \"EUR\" # why",
       "backing_currency = \"EUR\" # why", "only a backed currency has a backing currency"},
      {"name = \"Minutes\"", "name = \"\"", "name = \"\"", "1 to 64 bytes"},
      {"threshold = 2", "threshold = 3", "threshold = 3", "the threshold is 3 of 2 keys"},
      {"threshold = 2", "threshold = 0", "threshold = 0", "a whole number from 1 to 16"},
      {kKey2, "c0ffee", "c0ffee", "64 hexadecimal digits or base64"},
      {kKey2, kKey1, "\",\n]", "this key is there twice"},
      {kKey2, std::string(64, '0'), std::string(64, '0'), "is no Ed25519 public key"},
      {"2026-02-28", "2026-02-30", "2026-02-30", "this is not TOML"},
      {"2026-02-28", "\"2026-02-30\"", "2026-02-30", "must be a date"},
      {"2026-02-28", "20260228", "20260228", "must be a date"},
      {"commission_bps = 500", "commission_bps = 10001", "10001", "from 0 to 10000"},
      {"commission_bps = 500", "commission_bps = 5.0", "5.0", "a whole number"},
      {"membership_grace_days = 30", "membership_grace_days = 367", "367", "from 0 to 366"},
      {"leaver_reconversion_days = 365", "leaver_reconversion_days = 3661", "3661",
       "from 0 to 3660"},
      {"committee_quorum = 2", "committee_quorum = 1", "committee_quorum = 1", "from 2 to 16"},
      {"refund_window_days = 60", "refund_window_days = -1", "= -1", "from 0 to 3660"},
      {"share_bps = 6000", "share_bps = 0", "share_bps = 0", "from 1 to 10000"},
      {"commission_remainder_account = \"heol1", "commission_remainder_account = \"heol1x",
       "commission_remainder_account", "copy the address again"},
      {"account = \"heol1", "account = \"sol1", "account = \"sol1", "copy the address again"},
      {"currency = \"HEOL\"", "currency = \"HEUL\"", "HEUL",
       "the charter has no currency \"HEUL\""},
      {"\"500.00\"", "\"500.001\"", "500.001", "this currency has 2 decimals"},
      {"\"500.00\"", "500.00", "transfer_max", "must be a text in quotes"},
      {"\"500.00\"", "\"-1\"", "transfer_max", "only digits and one decimal mark"},
      {"\"500.00\"", "\"99999999999999999999\"", "transfer_max", "too large an amount"},
      // Values of the wrong kind.
      {"name = \"Heol\"", "name = 3", "name = 3", "write name = \"Our currency\""},
      {"kind = \"backed\"", "kind = true", "kind = true", "must be a text in quotes"},
      {"decimals = 0", "decimals = \"0\"", "decimals = \"0\"", "without quotes"},
      {"[governance]\nthreshold = 2", "[governance]\nthreshold = 2.5", "2.5", "a whole number"},
      {std::string("\"") + kKey2 + "\"", "17", "17,", "a key must be a text in quotes"},
      {"[[policy.limits]]", "[policy.limits]", "[policy.limits]", "write [[policy.limits]]"},
      {"[[currencies]]\ncode = \"HEOL\"", "[currencies]\ncode = \"HEOL\"", "[[currencies]]",
       "this is not TOML"},
      // What is missing.
      {"name = \"Heol\"\n", "", "address_prefix", "`name` is missing; write name = "},
      {"address_prefix = \"heol\"\n", "", "name =", "`address_prefix` is missing"},
      {"time_zone = \"Europe/Paris\"\n", "", "name =", "`time_zone` is missing"},
      {"code = \"HOUR\"\n", "", "[[currencies]]\nkind = \"earned\"",
       "`currencies.code` is missing"},
      {"kind = \"fiat\"\n", "", "[[currencies]]\ncode = \"EUR\"", "`currencies.kind` is missing"},
      {"threshold = 2\n", "", "[governance]", "`governance.threshold` is missing"},
      {"committee_quorum = 2\n", "", "[policy]", "write committee_quorum = 2"},
      {"share_bps = 6000\n", "", "[[policy.commission_shares]]", "share_bps` is missing"},
      {"currency = \"HEOL\"\n", "", "[[policy.limits]]", "`policy.limits.currency` is missing"},
      // Keys that are not known.
      {"salt =", "pepper = 1\nsalt =", "pepper", "`pepper` is not known here; write one of: "},
      {"kind = \"earned\"", "kind = \"earned\"\ncolour = 1", "colour", "`currencies.colour`"},
      {"threshold = 2", "threshold = 2\nquorum = 2", "quorum = 2", "`governance.quorum`"},
      {"commission_bps", "commision_bps = 1\ncommission_bps", "commision_bps",
       "commission_bps, commission_remainder_account"},
      {"share_bps = 6000", "share_bps = 6000\nname = \"x\"", "name = \"x\"",
       "`policy.commission_shares.name`"},
      {"transfer_max", "transfert_max = \"1\"\ntransfer_max", "transfert_max",
       "`policy.limits.transfert_max`"},
      // Not TOML.
      {"kind = \"fiat\"", "kind = fiat", "kind = fiat", "this is not TOML"},
      {"kind = \"fiat\"", "kind \"fiat\"", "kind \"fiat\"", "this is not TOML"},
      {"decimals = 0", "decimals = 0\ndecimals = 0 # twice", "# twice", "this is not TOML"},
  };
  for (const Row& row : rows) {
    const std::string text = Replaced(GoodCharter(), row.from, row.to);
    const std::string message = MessageOf(text);
    const size_t line = LineOf(text, row.where);
    ASSERT_NE(line, 0U) << row.where;
    EXPECT_THAT(message, StartsWith("charter.toml:" + std::to_string(line) + ": "))
        << row.from << " -> " << row.to;
    EXPECT_THAT(message, HasSubstr(row.words)) << row.from << " -> " << row.to;
    EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 0) << message;
  }
}

TEST(CharterToml, NamesAllMistakesAtOnceInTheOrderOfLines) {
  std::string text = Replaced(GoodCharter(), "committee_quorum = 2", "committee_quorum = 99");
  text = Replaced(text, "\"backed\"", "\"gold\"");
  text = Replaced(text, "\"heol\"", "\"HEOL\"");
  const std::string message = MessageOf(text);
  EXPECT_THAT(message, ::testing::MatchesRegex("charter.toml:2: [^\n]*\n"
                                               "charter.toml:8: [^\n]*\n"
                                               "charter.toml:38: [^\n]*"));
}

TEST(CharterToml, AnEmptyFileSaysWhatACharterNeeds) {
  const std::string message = MessageOf("");
  for (const char* name : {"name", "address_prefix", "time_zone", "governance", "policy"}) {
    EXPECT_THAT(message, HasSubstr("charter.toml:1: `" + std::string(name) + "` is missing"));
  }
  EXPECT_THAT(message, HasSubstr("there is no currency; write [[currencies]]"));
}

TEST(CharterToml, TooManyKeysOrCurrenciesAreRefused) {
  std::string keys;
  for (int i = 0; i < 17; ++i) keys += "\"" + SecretKey::Generate().public_key().ToHex() + "\",\n";
  std::string text = GoodCharter();
  text.replace(text.find("  \"d75a"), text.find("]\n\n[policy]") - text.find("  \"d75a"), keys);
  EXPECT_THAT(MessageOf(text), HasSubstr("there are 17 keys; write at most 16"));

  text = GoodCharter();
  for (char c = 'A'; c < 'A' + 14; ++c) {
    text += std::string("\n[[currencies]]\ncode = \"X") + c +
            "\"\nkind = \"earned\"\ndecimals = 0\nname = \"x\"\n";
  }
  EXPECT_THAT(MessageOf(text), HasSubstr("currencies: 1 to 16 of them"));
}

TEST(CharterToml, KeysComeInSeveralForms) {
  const std::string bytes1 = PublicKey::FromHex(kKey1)->ToBytes();
  // Made with `xxd -r -p | base64` from the key above.
  constexpr char kBase64[] = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
  EXPECT_EQ(ParsePublicKey(kBase64).value(), bytes1);
  EXPECT_EQ(ParsePublicKey("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo").value(), bytes1);
  EXPECT_EQ(ParsePublicKey("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=").value(), bytes1);
  EXPECT_EQ(ParsePublicKey("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").value(), bytes1);
  std::string upper = kKey1;
  for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'f' ? c - 'a' + 'A' : c);
  EXPECT_EQ(ParsePublicKey(upper).value(), bytes1);
  for (const char* wrong : {"", "11qY", "d75a", "not a key at all",
                            "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMl"
                            "rwIaaPcHURo= ",
                            "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHUR\xa9="}) {
    EXPECT_FALSE(ParsePublicKey(wrong).ok()) << wrong;
  }

  std::string text = GoodCharter();
  const size_t start = text.find("keys = [");
  const size_t end = text.find("[policy]");
  text.replace(start, end - start,
               std::string("keys = \"\"\"\n") + kKey1 + "  # Anne\n\n" + kKey2 + "\n\t" + kKey3 +
                   "\n\"\"\"\n");
  const absl::StatusOr<v1::Charter> charter = ParseCharterToml(text, "charter.toml");
  ASSERT_TRUE(charter.ok()) << charter.status();
  ASSERT_EQ(charter->governance().public_keys_size(), 3);
  EXPECT_EQ(charter->governance().public_keys(2), PublicKey::FromHex(kKey3)->ToBytes());

  // A wrong one in the middle is named by its own line.
  const std::string wrong = Replaced(text, kKey2, "oops");
  EXPECT_THAT(MessageOf(wrong),
              StartsWith("charter.toml:" + std::to_string(LineOf(wrong, "oops")) + ": "));
}

TEST(CharterToml, WithoutASaltEveryLedgerIsAnother) {
  const std::string text =
      Replaced(GoodCharter(), "salt = \"000102030405060708090a0b0c0d0e0f\"\n", "");
  const absl::StatusOr<v1::Charter> one = ParseCharterToml(text, "charter.toml");
  const absl::StatusOr<v1::Charter> other = ParseCharterToml(text, "charter.toml");
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_EQ(one->salt().size(), 16U);
  EXPECT_NE(one->salt(), other->salt());
}

TEST(CharterToml, ACommunitysCharterSurvivesTheFileForm) {
  for (const uint64_t seed : {1U, 2U, 3U}) {
    const testing::Community community(seed);
    absl::StatusOr<v1::Charter> charter =
        ParseCharterToml(testing::CharterFile(community.charter()), "charter.toml");
    ASSERT_TRUE(charter.ok()) << charter.status();
    // The log key comes from a file of its own.
    charter->set_log_public_key(community.charter().log_public_key());
    EXPECT_EQ(charter->SerializeAsString(), community.charter_bytes());
  }
}

TEST(CharterExampleTest, IsTheFileInDeploy) {
  EXPECT_EQ(std::string(CharterExample()), ReadSourceFile("deploy/charter.example.toml"));
}

TEST(CharterExampleTest, AsksForTheKeysAndNothingElse) {
  const std::string example(CharterExample());
  const std::string message = MessageOf(example);
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 2) << message;
  for (const char* person : {"first", "second", "third"}) {
    const std::string placeholder =
        std::string("\"write the ") + person + " person's public key here\"";
    EXPECT_THAT(message,
                HasSubstr("charter.toml:" + std::to_string(LineOf(example, placeholder)) + ": "));
  }
}

TEST(CharterExampleTest, IsGoodOnceTheKeysAreThere) {
  std::string text(CharterExample());
  text = Replaced(text, "write the first person's public key here", kKey1);
  text = Replaced(text, "write the second person's public key here", kKey2);
  text = Replaced(text, "write the third person's public key here", kKey3);
  EXPECT_TRUE(ParseCharterToml(text, "charter.toml").ok());

  // The lines that are commented out are good too.
  for (const std::string line : {"# salt = ", "# effective_day = "}) {
    text = Replaced(text, line, line.substr(2));
  }
  const std::string address = testing::Community().address("alice");
  for (const std::string line :
       {"# commission_remainder_account = ", "# [[policy.commission_shares]]",
        "# account = ", "# share_bps = "}) {
    text = Replaced(text, line, line.substr(2));
  }
  for (int i = 0; i < 2; ++i) text = Replaced(text, "\"heol1...\"", "\"" + address + "\"");
  const absl::StatusOr<v1::Charter> charter = ParseCharterToml(text, "charter.toml");
  ASSERT_TRUE(charter.ok()) << charter.status();
  EXPECT_EQ(charter->policy().commission_shares_size(), 1);
}

}  // namespace
}  // namespace kengred::server
