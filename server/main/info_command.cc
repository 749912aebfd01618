#include "server/main/info_command.h"

#include <filesystem>
#include <vector>

#include "files/small_file.h"
#include "kengred/core/amount.h"
#include "kengred/core/system_accounts.h"
#include "server/main/command_status.h"
#include "server/main/json_text.h"
#include "server/main/ledger_file.h"
#include "server/rules/state.h"
#include "server/sequence/side_keys.h"
#include "server/sequence/store_view.h"

namespace kengred::server {
namespace {

constexpr size_t kPagePairs = 1000;

// How many keys start with a prefix.
absl::StatusOr<uint64_t> CountKeys(storage::Store* store, const std::string& prefix) {
  uint64_t count = 0;
  std::string after;
  while (true) {
    const absl::StatusOr<storage::Scan> scan = store->scan(prefix, after, kPagePairs);
    if (!scan.ok()) return scan.status();
    count += scan->pairs.size();
    if (scan->pairs.size() < kPagePairs) return count;
    after = scan->pairs.back().first;
  }
}

uint64_t DirectoryBytes(const std::string& path) {
  uint64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    // A file may go while we look.
    const uint64_t size = entry.is_regular_file(error) ? entry.file_size(error) : 0;
    if (!error) bytes += size;
  }
  return bytes;
}

struct Count {
  const char* name;  // of the JSON member and the line
  uint64_t number = 0;
};

struct CurrencyLine {
  std::string code;
  uint32_t decimals = 0;
  bool backed = false;
  std::string backing;
  int64_t circulation_minor = 0;
  int64_t fund_minor = 0;
};

struct Info {
  LedgerFile ledger;
  std::string format;
  uint64_t bytes = 0;
  std::vector<Count> counts;
  std::vector<CurrencyLine> currencies;
};

absl::StatusOr<Info> Look(const std::string& data) {
  Info info;
  absl::StatusOr<LedgerFile> ledger = OpenLedgerFile(data, /*read_only=*/true);
  if (!ledger.ok()) return ledger.status();
  info.ledger = *std::move(ledger);
  storage::Store* store = info.ledger.store.get();

  const absl::StatusOr<std::string> format = ReadSmallFile(data + "/FORMAT");
  if (!format.ok()) return format.status();
  info.format = format->substr(0, format->find('\n'));
  info.bytes = DirectoryBytes(data);

  const std::vector<std::pair<const char*, std::string>> tables = {
      {"accounts", rules::key::Account(AccountId()).substr(0, 1)},
      {"programmes", std::string(rules::key::kProgrammes)},
      {"reconversions", std::string(rules::key::kReconversions)},
      {"private_texts", sequence::SideRecordKey(Digest()).substr(0, 2)},
      {"aliases", sequence::AliasKey("")},
  };
  for (const auto& [name, prefix] : tables) {
    const absl::StatusOr<uint64_t> count = CountKeys(store, prefix);
    if (!count.ok()) return count.status();
    info.counts.push_back({name, *count});
  }
  const sequence::StoreView view(store);
  const rules::StateReader state(view);
  for (const v1::Currency& currency : info.ledger.charter.currencies()) {
    if (currency.kind() == v1::CURRENCY_KIND_FIAT) continue;
    CurrencyLine line;
    line.code = currency.code();
    line.decimals = currency.decimals();
    line.backed = currency.kind() == v1::CURRENCY_KIND_BACKED;
    line.backing = currency.backing_currency();
    line.circulation_minor = -state.Balance(SystemAccountId(kCirculation, line.code), line.code);
    if (line.backed) {
      line.fund_minor = state.Balance(SystemAccountId(kFundDigital, line.code), line.backing);
    }
    info.currencies.push_back(line);
  }
  if (!view.status().ok()) return view.status();
  return info;
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  const std::time_t seconds = static_cast<std::time_t>(time.seconds());
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

std::string ToJson(const Info& info) {
  std::vector<std::string> currencies;
  for (const CurrencyLine& line : info.currencies) {
    JsonObject json;
    json.Text("currency", line.code).Number("circulation_minor", line.circulation_minor);
    if (line.backed) json.Number("fund_minor", line.fund_minor);
    currencies.push_back(json.ToString());
  }
  JsonObject counts;
  for (const Count& count : info.counts) counts.Number(count.name, count.number);
  return JsonObject()
      .Text("ledger_id", info.ledger.ledger_id.ToHex())
      .Text("name", info.ledger.charter.name())
      .Text("address_prefix", info.ledger.charter.address_prefix())
      .Number("head_sequence", uint64_t{info.ledger.head.sequence})
      .Text("head_hash", HashHex(info.ledger.head.hash))
      .Text("head_time", TimeText(info.ledger.last_entry.time()))
      .Number("epoch", uint64_t{info.ledger.head.epoch})
      .Json("counts", counts.ToString())
      .Json("currencies", JsonArray(currencies))
      .Text("format", info.format)
      .Number("bytes", info.bytes)
      .ToString();
}

std::string ToText(const Info& info) {
  std::string text;
  const auto line = [&text](std::string name, const std::string& value) {
    name.resize(16, ' ');
    text += "  " + name + value + "\n";
  };
  text += info.ledger.charter.name() + "\n\n";
  line("ledger id", info.ledger.ledger_id.ToHex());
  line("entries", std::to_string(info.ledger.head.sequence));
  line("head hash", HashHex(info.ledger.head.hash));
  line("head time", TimeText(info.ledger.last_entry.time()));
  line("epoch", std::to_string(info.ledger.head.epoch));
  for (const Count& count : info.counts) {
    std::string name = count.name;
    for (char& c : name) c = c == '_' ? ' ' : c;
    line(name, std::to_string(count.number));
  }
  for (const CurrencyLine& currency : info.currencies) {
    std::string value =
        FormatAmount(currency.circulation_minor, currency.decimals) + " in circulation";
    if (currency.backed) {
      value += ", " + FormatAmount(currency.fund_minor, currency.decimals) + " " +
               currency.backing + " in the guarantee fund";
    }
    line(currency.code, value);
  }
  line("format", info.format);
  line("size", std::to_string(info.bytes) + " bytes");
  return text;
}

}  // namespace

ExitCode RunInfo(const InfoOptions& options, Io& io) {
  const absl::StatusOr<Info> info = Look(options.data);
  if (!info.ok()) return Complain(info.status(), kExitStore, io);
  io.out << (options.json ? ToJson(*info) + "\n" : ToText(*info));
  return kExitOk;
}

}  // namespace kengred::server
