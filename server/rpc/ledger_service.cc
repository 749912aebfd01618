#include "server/rpc/ledger_service.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "kengred/core/charter.h"
#include "kengred/core/side_record.h"
#include "kengred/core/system_accounts.h"
#include "kengred/v1/ledger_service.pb.h"
#include "server/publish/proofs.h"
#include "server/rpc/page_token.h"
#include "server/rpc/submit_stream.h"
#include "server/rpc/watch_stream.h"
#include "server/rules/rules.h"

namespace kengred::rpc {
namespace {

// How many records a filtered list looks at for one page, whatever it leaves out.
constexpr size_t kExaminedMax = 2000;
constexpr size_t kSequenceBytes = 8;

grpc::Status UnknownAccount(const AccountId& account) {
  return ToStatus(Refusal{v1::VERDICT_ACCOUNT_UNKNOWN, {{"account_id", account.ToHex()}}});
}

// ---- GetLedger ----

// The keys of one currency's figures, and what they say.
struct CurrencyFigures {
  const v1::Currency* currency;
  std::vector<std::string> keys;

  explicit CurrencyFigures(const v1::Currency& c) : currency(&c) {
    const auto add = [this](std::string_view name, const std::string& held_in) {
      keys.push_back(rules::key::Balance(SystemAccountId(name, currency->code()), held_in));
    };
    add(kCirculation, c.code());
    if (c.kind() != v1::CURRENCY_KIND_BACKED) return;
    add(kFundDigital, c.backing_currency());
    add(kFundPaper, c.backing_currency());
    add(kLocked, c.code());
    add(kCommission, c.code());
  }

  // `balances` in the order of the keys.
  void Fill(const std::vector<int64_t>& balances, v1::CurrencyStatus* status) const {
    status->set_currency(currency->code());
    status->set_circulation_minor(-balances[0]);
    if (balances.size() == 1) return;
    status->set_fund_minor(balances[1]);
    status->set_paper_fund_minor(balances[2]);
    status->set_locked_minor(balances[3]);
    status->set_commission_minor(balances[4]);
  }
};

int64_t BalanceOf(const std::optional<std::string>& value) {
  return value ? static_cast<int64_t>(rules::DecodeNumber(*value)) : 0;
}

grpc::Status GetLedger(const ServiceContext& services, const MaybeCaller& /*caller*/,
                       LedgerReader& reader, const v1::GetLedgerRequest& /*request*/,
                       v1::GetLedgerResponse* response) {
  std::vector<CurrencyFigures> figures;
  std::vector<std::string> keys;
  for (const v1::Currency& currency : services.charter().currencies()) {
    if (currency.kind() == v1::CURRENCY_KIND_FIAT) continue;
    const CurrencyFigures& added = figures.emplace_back(currency);
    keys.insert(keys.end(), added.keys.begin(), added.keys.end());
  }
  // All of one moment, so that circulation is never compared with another moment's fund.
  const storage::Read read = reader.Get(keys);
  auto value = read.values.begin();
  for (const CurrencyFigures& of : figures) {
    std::vector<int64_t> balances;
    for (size_t i = 0; i < of.keys.size(); ++i) balances.push_back(BalanceOf(*value++));
    of.Fill(balances, response->add_currencies());
  }
  response->set_ledger_id(services.sequencer->ledger_id().ToBytes());
  response->set_charter(services.sequencer->charter_bytes());
  response->set_head_sequence(read.sequence);
  response->set_server_version(KENGRED_VERSION);
  v1::JournalEntry head;
  const std::optional<std::string> bytes = reader.Entry(read.sequence);
  if (!bytes || !head.ParseFromString(*bytes)) {
    reader.Remember(absl::DataLossError("the journal's head cannot be read"));
    return grpc::Status::OK;
  }
  *response->mutable_head_time() = head.time();
  return grpc::Status::OK;
}

// ---- GetTransaction, GetReceipt ----

// The commitments of an entry whose openings the caller may see: all for an auditor, else those of
// the operations that touch the caller or a programme of theirs. Nothing where none does.
std::optional<std::set<Digest>> VisibleCommitments(const ServiceContext& services,
                                                   LedgerReader& reader, const Caller& caller,
                                                   const v1::JournalEntry& entry,
                                                   const v1::Transaction& transaction) {
  if (caller.HasRole(v1::ROLE_AUDITOR)) {
    const std::vector<Digest> all = CommitmentsIn(transaction);
    return std::set<Digest>(all.begin(), all.end());
  }
  std::set<AccountId> accounts = {caller.account_id};
  std::set<std::string> others;
  for (const v1::Posting& posting : entry.postings()) others.insert(posting.account_id());
  for (const std::string& other : others) {
    const auto id = AccountId::FromBytes(other);
    const auto programme = id ? reader.state().FindProgramme(*id) : std::nullopt;
    if (programme && programme->terms().association_account_id() == caller.account_id.view()) {
      accounts.insert(*id);
    }
  }
  std::optional<std::set<Digest>> visible;
  for (const AccountId& account : accounts) {
    const absl::StatusOr<std::vector<v1::HistoryOperation>> operations =
        services.history->OperationsOf(account, entry);
    if (!operations.ok()) {
      reader.Remember(operations.status());
      return std::nullopt;
    }
    for (const v1::HistoryOperation& operation : *operations) {
      if (!visible) visible.emplace();
      const std::vector<Digest> commitments = CommitmentsIn(operation.operation());
      visible->insert(commitments.begin(), commitments.end());
    }
  }
  return visible;
}

// Whether a key of the caller's, of today or of before, signed the entry's transaction.
bool Signed(LedgerReader& reader, const Caller& caller, const v1::JournalEntry& entry) {
  for (const v1::Signature& signature : entry.signed_transaction().signatures()) {
    const auto key = PublicKey::FromBytes(signature.public_key());
    if (key && reader.state().FindKeyOwner(*key) == caller.account_id) return true;
  }
  return false;
}

// A committed transaction that the caller may read.
struct Readable {
  Sequence sequence = 0;
  std::string entry_bytes;
  // The commitments whose openings are the caller's to read.
  std::set<Digest> visible;
};

// What is not OK where `*found` stays empty, unless a read has failed.
grpc::Status FindReadable(const ServiceContext& services, const MaybeCaller& caller,
                          LedgerReader& reader, const std::string& transaction_id,
                          std::optional<Readable>* found) {
  const auto id = TransactionId::FromBytes(transaction_id);
  if (!id) return ToStatus(v1::VERDICT_ID_MALFORMED);
  if (!caller) return ToStatus(v1::VERDICT_TOKEN_MISSING);
  const std::optional<Sequence> sequence = reader.state().FindTransaction(*id);
  if (!sequence) return ToStatus(v1::VERDICT_TRANSACTION_UNKNOWN);
  std::optional<std::string> bytes = reader.Entry(*sequence);
  v1::JournalEntry entry;
  v1::Transaction transaction;
  if (!bytes || !entry.ParseFromString(*bytes) ||
      !transaction.ParseFromString(entry.signed_transaction().transaction())) {
    reader.Remember(absl::DataLossError("a journal entry cannot be read"));
    return grpc::Status::OK;
  }
  std::optional<std::set<Digest>> visible =
      VisibleCommitments(services, reader, *caller, entry, transaction);
  // Who signed it knows it already; the texts are for those whom it concerns.
  if (!visible && Signed(reader, *caller, entry)) visible.emplace();
  if (!visible) return ToStatus(v1::VERDICT_READ_NOT_ALLOWED);
  *found = Readable{*sequence, *std::move(bytes), *std::move(visible)};
  return grpc::Status::OK;
}

grpc::Status GetTransaction(const ServiceContext& services, const MaybeCaller& caller,
                            LedgerReader& reader, const v1::GetTransactionRequest& request,
                            v1::GetTransactionResponse* response) {
  std::optional<Readable> found;
  const grpc::Status status =
      FindReadable(services, caller, reader, request.transaction_id(), &found);
  if (!found) return status;
  response->set_journal_entry(std::move(found->entry_bytes));
  for (v1::SideRecord& record :
       reader.FindSideRecords({found->visible.begin(), found->visible.end()})) {
    response->add_side_records()->Swap(&record);
  }
  return grpc::Status::OK;
}

grpc::Status GetReceipt(const ServiceContext& services, const MaybeCaller& caller,
                        LedgerReader& reader, const v1::GetReceiptRequest& request,
                        v1::GetReceiptResponse* response) {
  std::optional<Readable> found;
  const grpc::Status status =
      FindReadable(services, caller, reader, request.transaction_id(), &found);
  if (!found) return status;
  absl::StatusOr<std::string> receipt = publish::ProofReader(services.store, services.cosignatures)
                                            .Receipt(found->sequence, std::move(found->entry_bytes),
                                                     services.sequencer->charter_bytes());
  if (receipt.ok()) {
    response->set_receipt(*std::move(receipt));
  } else {
    reader.Remember(receipt.status());
  }
  return grpc::Status::OK;
}

// ---- GetAccount ----

// The account that a request selects; the refusal where it selects none.
grpc::Status SelectAccount(LedgerReader& reader, const v1::GetAccountRequest& request,
                           v1::Account* account) {
  std::optional<AccountId> id;
  std::optional<PublicKey> key;
  switch (request.selector_case()) {
    case v1::GetAccountRequest::kAccountId:
      id = AccountId::FromBytes(request.account_id());
      if (!id) return ToStatus(v1::VERDICT_ID_MALFORMED);
      break;
    case v1::GetAccountRequest::kPublicKey:
      key = PublicKey::FromBytes(request.public_key());
      if (!key) return MalformedField("public_key");
      id = reader.state().FindKeyOwner(*key);
      if (!id) return ToStatus(v1::VERDICT_ACCOUNT_UNKNOWN);
      break;
    case v1::GetAccountRequest::SELECTOR_NOT_SET:
      return MalformedField("selector");
  }
  std::optional<v1::Account> found = reader.state().CopyAccount(*id);
  if (!found) return UnknownAccount(*id);
  if (key) {
    // A key that was replaced still belongs to the account in the index, so that nobody else ever
    // uses it; it does not find it any more.
    const auto& keys = found->authority().public_keys();
    if (std::find(keys.begin(), keys.end(), key->view()) == keys.end()) {
      return ToStatus(v1::VERDICT_ACCOUNT_UNKNOWN);
    }
  }
  *account = *std::move(found);
  return grpc::Status::OK;
}

grpc::Status GetAccount(const ServiceContext& services, const MaybeCaller& caller,
                        LedgerReader& reader, const v1::GetAccountRequest& request,
                        v1::GetAccountResponse* response) {
  v1::Account account;
  grpc::Status status = SelectAccount(reader, request, &account);
  if (!status.ok()) return status;
  const AccountId id = *AccountId::FromBytes(account.account_id());
  const std::optional<Refusal> refusal =
      CheckPayableToday(services.charter(), reader, account, services.sequencer->Today());
  response->set_payable(!refusal);
  if (refusal) response->set_payable_verdict(refusal->verdict);
  if (account.kind() != v1::HOLDER_KIND_PERSON || MaySeePersonProfile(caller, id)) {
    if (std::optional<v1::Profile> profile = reader.FindProfile(account)) {
      *response->mutable_profile() = *std::move(profile);
    }
  }
  if (MaySeeRecord(caller, id, reader)) {
    *response->mutable_account() = std::move(account);
  } else {
    response->mutable_account()->set_account_id(account.account_id());
    response->mutable_account()->set_kind(account.kind());
  }
  return grpc::Status::OK;
}

// ---- ListBalances, ListHistory ----

// Checks the account of a private read: its form, who asks, and that it is there.
grpc::Status CheckPrivateRead(const MaybeCaller& caller, LedgerReader& reader,
                              const std::string& account_bytes, AccountId* account) {
  const auto id = AccountId::FromBytes(account_bytes);
  if (!id) return ToStatus(v1::VERDICT_ID_MALFORMED);
  const grpc::Status status = CheckMayRead(caller, *id, reader);
  if (!status.ok()) return status;
  if (!reader.state().FindAccount(*id)) return UnknownAccount(*id);
  *account = *id;
  return grpc::Status::OK;
}

grpc::Status ListBalances(const ServiceContext& services, const MaybeCaller& caller,
                          LedgerReader& reader, const v1::ListBalancesRequest& request,
                          v1::ListBalancesResponse* response) {
  AccountId account;
  const grpc::Status status = CheckPrivateRead(caller, reader, request.account_id(), &account);
  if (!status.ok()) return status;
  std::vector<std::string> keys;
  for (const v1::Currency& currency : services.charter().currencies()) {
    keys.push_back(rules::key::Balance(account, currency.code()));
  }
  const storage::Read read = reader.Get(keys);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!read.values[i]) continue;
    v1::Balance* balance = response->add_balances();
    balance->set_currency(services.charter().currencies(static_cast<int>(i)).code());
    balance->set_amount_minor(BalanceOf(read.values[i]));
  }
  response->set_sequence(read.sequence);
  return grpc::Status::OK;
}

// Microseconds since 1970, rounded up, since entries are stamped in whole microseconds: at or
// after, and before, mean the same for them. False outside Timestamp's own bounds (years 1 to
// 9999).
bool ReadTime(bool present, const google::protobuf::Timestamp& time,
              std::optional<int64_t>* time_us) {
  if (!present) return true;
  if (time.seconds() < -62135596800 || time.seconds() > 253402300799 || time.nanos() < 0 ||
      time.nanos() > 999'999'999) {
    return false;
  }
  *time_us = time.seconds() * 1'000'000 + (time.nanos() + 999) / 1000;
  return true;
}

grpc::Status ReadHistoryQuery(const v1::Charter& charter, const v1::ListHistoryRequest& request,
                              publish::HistoryQuery* query) {
  if (!request.currency().empty() && FindCurrency(charter, request.currency()) == nullptr) {
    return ToStatus(v1::VERDICT_CURRENCY_UNKNOWN);
  }
  query->currency = request.currency();
  if (!request.counterparty_account_id().empty()) {
    query->counterparty = AccountId::FromBytes(request.counterparty_account_id());
    if (!query->counterparty) return ToStatus(v1::VERDICT_ID_MALFORMED);
  }
  if (!ReadTime(request.has_from_time(), request.from_time(), &query->from_us)) {
    return MalformedField("from_time");
  }
  if (!ReadTime(request.has_until_time(), request.until_time(), &query->until_us)) {
    return MalformedField("until_time");
  }
  query->newest_first = request.newest_first();
  return grpc::Status::OK;
}

grpc::Status ListHistory(const ServiceContext& services, const MaybeCaller& caller,
                         LedgerReader& reader, const v1::ListHistoryRequest& request,
                         v1::ListHistoryResponse* response) {
  publish::HistoryQuery query;
  grpc::Status status = ReadHistoryQuery(services.charter(), request, &query);
  if (!status.ok()) return status;
  const auto page_size = ReadPageSize(request.page_size());
  if (!page_size) return MalformedField("page_size");
  const auto cursor = ReadPageToken(request, kSequenceBytes);
  if (!cursor) return ToStatus(v1::VERDICT_PAGE_TOKEN_MALFORMED);
  status = CheckPrivateRead(caller, reader, request.account_id(), &query.account);
  if (!status.ok()) return status;

  absl::StatusOr<publish::HistoryPage> page =
      services.history->Read(query, rules::DecodeNumber(*cursor), *page_size);
  if (!page.ok()) {
    reader.Remember(page.status());
    return grpc::Status::OK;
  }
  for (v1::HistoryItem& item : page->items) response->add_items()->Swap(&item);
  if (page->more) {
    response->set_next_page_token(MakePageToken(request, rules::EncodeNumber(page->cursor)));
  }
  return grpc::Status::OK;
}

// ---- ListReconversions ----

grpc::Status ListReconversions(const ServiceContext& /*services*/, const MaybeCaller& caller,
                               LedgerReader& reader, const v1::ListReconversionsRequest& request,
                               v1::ListReconversionsResponse* response) {
  std::optional<AccountId> account;
  if (!request.account_id().empty()) {
    account = AccountId::FromBytes(request.account_id());
    if (!account) return ToStatus(v1::VERDICT_ID_MALFORMED);
  }
  if (!v1::ReconversionState_IsValid(request.state())) return MalformedField("state");
  const auto page_size = ReadPageSize(request.page_size());
  if (!page_size) return MalformedField("page_size");
  const auto cursor = ReadPageToken(request, ReconversionId::kSize);
  if (!cursor) return ToStatus(v1::VERDICT_PAGE_TOKEN_MALFORMED);
  const grpc::Status status = CheckMayReadReconversions(caller, account);
  if (!status.ok()) return status;
  if (account && !reader.state().FindAccount(*account)) return UnknownAccount(*account);

  const std::string prefix =
      account ? rules::key::ReconversionsOf(*account) : std::string(rules::key::kReconversions);
  std::string after = *cursor;
  // One more than fits, to know whether there is more.
  size_t examined = 0;
  while (true) {
    const size_t pairs_max = *page_size + 1;
    const auto pairs = reader.Scan(prefix, after, pairs_max);
    for (const auto& [id, value] : pairs) {
      if (response->reconversions().size() >= static_cast<int>(*page_size) ||
          examined >= kExaminedMax) {
        response->set_next_page_token(MakePageToken(request, after));
        return grpc::Status::OK;
      }
      ++examined;
      after = id;
      const auto reconversion_id = ReconversionId::FromBytes(id);
      const auto reconversion =
          reconversion_id ? reader.state().FindReconversion(*reconversion_id) : std::nullopt;
      if (!reconversion) {
        reader.Remember(absl::DataLossError("a reconversion cannot be read"));
        return grpc::Status::OK;
      }
      if (request.state() == v1::RECONVERSION_STATE_UNSPECIFIED ||
          request.state() == reconversion->state()) {
        *response->add_reconversions() = *reconversion;
      }
    }
    if (pairs.size() < pairs_max) return grpc::Status::OK;
  }
}

}  // namespace

Methods LedgerMethods(const ServiceContext& services) {
  return {{"GetLedger", RunRead(services, GetLedger)},
          {"GetTransaction", RunRead(services, GetTransaction)},
          {"GetReceipt", RunRead(services, GetReceipt)},
          {"GetAccount", RunRead(services, GetAccount)},
          {"ListBalances", RunRead(services, ListBalances)},
          {"ListHistory", RunRead(services, ListHistory)},
          {"ListReconversions", RunRead(services, ListReconversions)},
          {"SubmitTransactions", [&services](Call* call) { StartSubmitStream(services, call); }},
          {"WatchAccount", [&services](Call* call) { StartWatchStream(services, call); }}};
}

}  // namespace kengred::rpc
