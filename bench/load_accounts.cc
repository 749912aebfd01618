#include "bench/load_accounts.h"

#include <algorithm>
#include <future>
#include <string>
#include <utility>

#include "bench/parallel.h"
#include "bench/progress.h"
#include "kengred/core/limits.h"

namespace kengred::bench {
namespace {

using Requests = std::vector<v1::SubmitTransactionRequest>;

static_assert(kAccountsPerBlock <= kOperationsMax, "one transaction admits a block");

// Blocks signed while those before them are on their way.
constexpr uint64_t kBlocksPerGroup = 8;
// Cents in the pot, at first and at least.
constexpr int64_t kProgrammeCents = 1'000'000'000'000'000;
constexpr int64_t kProgrammeCentsMin = kProgrammeCents / 1000;

Party MakeAccount(uint64_t seed, uint64_t number) {
  return MakeParty(seed, "load/" + std::to_string(number));
}

// Everything that brings a block into the ledger, in order.
Requests SignBlock(const client::Client& client, const Office& office, const LoadAccounts& accounts,
                   uint64_t block) {
  Requests requests;
  std::vector<AccountId> ids;
  const uint64_t end = (block + 1) * kAccountsPerBlock;
  for (uint64_t from = block * kAccountsPerBlock; from < end; from += kSignaturesMax) {
    TransactionBuilder builder = NewTransaction(client.ledger_id());
    std::vector<std::optional<Party>> scratch(std::min<uint64_t>(kSignaturesMax, end - from));
    std::vector<const Party*> opened;
    for (size_t i = 0; i < scratch.size(); ++i) {
      opened.push_back(&accounts.At(from + i, &scratch[i]));
      ids.push_back(opened.back()->account);
      v1::OpenAccount* open = builder.Add()->mutable_open_account();
      open->set_kind(v1::HOLDER_KIND_PERSON);
      *open->mutable_authority() = opened.back()->authority;
    }
    requests.push_back(SignBy(builder, {}));
    for (const Party* party : opened) {
      AddSignature(party->key, requests.back().mutable_signed_transaction());
    }
  }
  requests.push_back(office.Admission(ids));
  requests.push_back(office.Issue(ids, kFundingCents, "load/" + std::to_string(block)));
  return requests;
}

// Whether a block was funded, which is the last thing that happens to it.
absl::StatusOr<bool> IsFunded(client::Client* client, const client::Reader& auditor,
                              const LoadAccounts& accounts, uint64_t block) {
  std::optional<Party> scratch;
  const Party& last = accounts.At((block + 1) * kAccountsPerBlock - 1, &scratch);
  const auto balances = client->ListBalances(auditor, last.account);
  if (balances.ok()) return !balances->balances().empty();
  const auto refusal = client::RefusalOf(balances.status());
  if (refusal && refusal->verdict == v1::VERDICT_ACCOUNT_UNKNOWN) return false;
  return balances.status();
}

// The first block that may not be complete.
absl::StatusOr<uint64_t> FirstMissing(client::Client* client, const client::Reader& auditor,
                                      const LoadAccounts& accounts, uint64_t blocks) {
  uint64_t low = 0;
  uint64_t high = blocks;
  // The one asked first is the last, since most runs find everything there.
  for (uint64_t asked = blocks - 1; low < high; asked = low + (high - low) / 2) {
    const auto funded = IsFunded(client, auditor, accounts, asked);
    if (!funded.ok()) return funded.status();
    (*funded ? low : high) = *funded ? asked + 1 : asked;
  }
  // An interrupted run may have left gaps among the last blocks that it had on their way.
  return low == blocks ? blocks : low - std::min(low, 2 * kBlocksPerGroup);
}

}  // namespace

LoadAccounts::LoadAccounts(uint64_t seed, uint64_t count) : seed_(seed), count_(count) {
  if (count > kLoadAccountsKept) return;
  // Made whole blocks at a time, as SetUpAccounts uses them.
  const uint64_t blocks = (count + kAccountsPerBlock - 1) / kAccountsPerBlock;
  std::vector<std::vector<Party>> made(blocks);
  OnAllCores(blocks, [&](size_t block) {
    for (uint64_t i = 0; i < kAccountsPerBlock; ++i) {
      made[block].push_back(MakeAccount(seed_, block * kAccountsPerBlock + i));
    }
  });
  for (std::vector<Party>& block : made)
    std::move(block.begin(), block.end(), std::back_inserter(kept_));
}

const Party& LoadAccounts::At(uint64_t number, std::optional<Party>* scratch) const {
  if (number < kept_.size()) return kept_[number];
  return scratch->emplace(MakeAccount(seed_, number));
}

absl::Status SetUpAccounts(client::Client* client, const Office& office,
                           const LoadAccounts& accounts, const std::atomic<bool>& stop) {
  const client::Reader auditor = office.auditor();
  const uint64_t blocks = (accounts.count() + kAccountsPerBlock - 1) / kAccountsPerBlock;
  const auto first = FirstMissing(client, auditor, accounts, blocks);
  if (!first.ok()) return first.status();
  if (*first == blocks) return absl::OkStatus();

  const auto sign = [&](uint64_t from) {
    std::vector<Requests> signed_blocks(std::min(kBlocksPerGroup, blocks - from));
    OnAllCores(signed_blocks.size(), [&](size_t i) {
      signed_blocks[i] = SignBlock(*client, office, accounts, from + i);
    });
    Requests group;
    for (Requests& block : signed_blocks) {
      std::move(block.begin(), block.end(), std::back_inserter(group));
    }
    return group;
  };
  Progress progress("opening accounts", blocks * kAccountsPerBlock);
  progress.Set(*first * kAccountsPerBlock);
  Requests group = sign(*first);
  for (uint64_t from = *first; from < blocks; from += kBlocksPerGroup) {
    if (stop) return absl::CancelledError("interrupted; run it again to go on from here");
    std::future<Requests> next;
    if (from + kBlocksPerGroup < blocks) {
      next = std::async(std::launch::async, sign, from + kBlocksPerGroup);
    }
    // What an interrupted run has left half done is there already.
    const absl::Status status = SubmitInOrder(
        client, group, {v1::VERDICT_ACCOUNT_EXISTS, v1::VERDICT_REFERENCE_USED}, [] {});
    if (!status.ok()) return status;
    progress.Set(std::min(from + kBlocksPerGroup, blocks) * kAccountsPerBlock);
    if (next.valid()) group = next.get();
  }
  return absl::OkStatus();
}

absl::StatusOr<AccountId> FindOrOpenProgramme(client::Client* client, Office* office) {
  v1::ListProgrammesRequest request;
  request.set_active_only(true);
  do {
    const auto page = client->ListProgrammes(request);
    if (!page.ok()) return page.status();
    for (const v1::ProgrammeStatus& status : page->programmes()) {
      const v1::Programme& programme = status.programme();
      if (programme.terms().association_account_id() ==
              office->officials().association.account.view() &&
          status.available_minor() >= kProgrammeCentsMin) {
        return *AccountId::FromBytes(programme.account_id());
      }
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return office->OpenProgramme(kProgrammeCents);
}

}  // namespace kengred::bench
