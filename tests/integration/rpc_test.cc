// Goal: every unary call of the three services answers what the contract's comments say, to exactly
// those who may read it, and refuses bad requests with the verdict and figures that are documented.
// Method: a whole server in this process (rpc_world.h) on which a community lives through one
// circle (payment, reward, refund, reconversions), asked through generated stubs; who may read what
// is a table over every call and every kind of caller.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <thread>

#include "kengred/core/charter.h"
#include "kengred/core/hash.h"
#include "kengred/core/limits.h"
#include "kengred/core/token.h"
#include "rpc_circle.h"

namespace kengred {
namespace {

using testing::Ask;
using testing::CircleTest;
using testing::Community;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kHeol;
using testing::kHours;
using testing::kNowSeconds;
using testing::kToday;
using ::testing::Not;
using testing::RefusalOf;
using testing::RpcWorld;
using ::testing::SizeIs;
using testing::Text;
using testing::VerdictOf;

// ---- the ledger ----

TEST_F(CircleTest, TheLedgerSaysWhichItIsAndThatItsUnitsAreBacked) {
  v1::GetLedgerResponse ledger;
  ASSERT_TRUE(world_.ledger().GetLedger(world_.Context().get(), {}, &ledger).ok());
  EXPECT_EQ(ledger.charter(), community().charter_bytes());
  EXPECT_EQ(ledger.ledger_id(), community().ledger_id().ToBytes());
  EXPECT_EQ(ledger.ledger_id(), LedgerIdOf(ledger.charter()).ToBytes());
  EXPECT_GT(ledger.head_sequence(), failure_.sequence());
  EXPECT_EQ(ledger.head_time().seconds(), kNowSeconds);
  EXPECT_THAT(ledger.server_version(), Not(IsEmpty()));
  ASSERT_THAT(ledger.currencies(), SizeIs(2));  // not EUR
  const v1::CurrencyStatus& heol = ledger.currencies(0);
  EXPECT_EQ(heol.currency(), kHeol);
  EXPECT_EQ(heol.circulation_minor(), 135000 - 950);
  EXPECT_EQ(heol.fund_minor(), 135000 - 950);
  EXPECT_EQ(heol.paper_fund_minor(), 0);
  EXPECT_EQ(heol.locked_minor(), 0);
  EXPECT_EQ(heol.commission_minor(), 20);
  const v1::CurrencyStatus& hours = ledger.currencies(1);
  EXPECT_EQ(hours.currency(), kHours);
  EXPECT_EQ(hours.circulation_minor(), 6000);
  EXPECT_EQ(hours.fund_minor(), 0);
}

TEST_F(CircleTest, UnitsWaitingForEurosAreLocked) {
  world_.Pay("alice", "biocoop", 5000);
  world_.Do({community().RequestReconversion("biocoop", 4000),
             community().EurosIn(v1::FUND_PAPER, 700, "NOTES")},
            {"biocoop", "treasurer"});
  v1::GetLedgerResponse ledger;
  ASSERT_TRUE(world_.ledger().GetLedger(world_.Context().get(), {}, &ledger).ok());
  EXPECT_EQ(ledger.currencies(0).locked_minor(), 4000);
  EXPECT_EQ(ledger.currencies(0).paper_fund_minor(), 700);
  EXPECT_EQ(ledger.currencies(0).circulation_minor(), 135000 - 950);
}

// ---- submitting one transaction ----

TEST_F(CircleTest, ATransactionTakesEffectOnceAndIsAnsweredTheSameForEver) {
  const v1::SubmitTransactionRequest request =
      world_.Request({community().Transfer("alice", "bruno", 300)}, {"alice"});
  v1::SubmitTransactionResponse first;
  ASSERT_TRUE(world_.Submit(request, &first).ok());
  EXPECT_FALSE(first.duplicate());
  EXPECT_EQ(first.sequence(), world_.Head());
  EXPECT_EQ(first.transaction_id(), testing::IdOf(request.signed_transaction()).ToBytes());
  EXPECT_THAT(first.postings(), SizeIs(2));
  v1::SubmitTransactionResponse again;
  ASSERT_TRUE(world_.Submit(request, &again).ok());
  EXPECT_TRUE(again.duplicate());
  again.set_duplicate(false);
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
}

TEST_F(CircleTest, ADryRunSaysWhatWouldHappenAndRecordsNothing) {
  const Sequence head = world_.Head();
  v1::SubmitTransactionRequest request =
      world_.Request({community().Transfer("alice", "bruno", 300)}, {"alice"});
  request.set_validate_only(true);
  v1::SubmitTransactionResponse response;
  ASSERT_TRUE(world_.Submit(request, &response).ok());
  EXPECT_EQ(response.sequence(), 0);
  EXPECT_THAT(response.postings(), SizeIs(2));
  EXPECT_EQ(world_.Head(), head);
}

TEST_F(CircleTest, ARefusalCarriesItsVerdictAndFigures) {
  v1::SubmitTransactionResponse response;
  const grpc::Status status = world_.Submit(
      world_.Request({community().Transfer("chloe", "biocoop", 3001)}, {"chloe"}), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(VerdictOf(status), v1::VERDICT_INSUFFICIENT_BALANCE);
  const Refusal refusal = RefusalOf(status);
  EXPECT_EQ(refusal.figures.at("needed"), "3001");
  EXPECT_EQ(refusal.figures.at("available"), "3000");
  EXPECT_EQ(refusal.figures.at("operation_index"), "0");
}

TEST_F(CircleTest, EachHundredOfVerdictsHasItsStatus) {
  const v1::SubmitTransactionRequest good =
      world_.Request({community().Transfer("alice", "bruno", 1)}, {"alice"});
  struct Case {
    const char* what;
    v1::Verdict verdict;
    grpc::StatusCode code;
    std::function<void(v1::SignedTransaction*)> spoil;
  };
  const Case cases[] = {
      {"nothing", v1::VERDICT_TRANSACTION_MALFORMED, grpc::StatusCode::INVALID_ARGUMENT,
       [](v1::SignedTransaction* t) { t->Clear(); }},
      {"garbage", v1::VERDICT_TRANSACTION_MALFORMED, grpc::StatusCode::INVALID_ARGUMENT,
       [](v1::SignedTransaction* t) { t->set_transaction("\xff\xff garbage"); }},
      {"too large", v1::VERDICT_TRANSACTION_TOO_LARGE, grpc::StatusCode::INVALID_ARGUMENT,
       [](v1::SignedTransaction* t) {
         t->set_transaction(std::string(kTransactionBytesMax + 1, 'x'));
       }},
      {"unsigned", v1::VERDICT_SIGNATURE_MISSING, grpc::StatusCode::UNAUTHENTICATED,
       [](v1::SignedTransaction* t) { t->clear_signatures(); }},
      {"badly signed", v1::VERDICT_SIGNATURE_INVALID, grpc::StatusCode::UNAUTHENTICATED,
       [](v1::SignedTransaction* t) {
         t->mutable_signatures(0)->set_signature(std::string(64, 'x'));
       }},
      {"signed by another", v1::VERDICT_NOT_SIGNED_BY_HOLDER, grpc::StatusCode::PERMISSION_DENIED,
       [this](v1::SignedTransaction* t) {
         t->clear_signatures();
         community().Sign("bruno", t);
       }},
      {"nobody is paid", v1::VERDICT_PAYEE_UNKNOWN, grpc::StatusCode::NOT_FOUND,
       [this](v1::SignedTransaction* t) {
         *t = community().Transaction(kNowSeconds, {community().Transfer("alice", "newcomer", 1)},
                                      {"alice"});
       }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    v1::SubmitTransactionRequest request = good;
    c.spoil(request.mutable_signed_transaction());
    v1::SubmitTransactionResponse response;
    const grpc::Status status = world_.Submit(request, &response);
    EXPECT_EQ(VerdictOf(status), c.verdict);
    EXPECT_EQ(status.error_code(), c.code);
  }
}

// ---- who may read what ----

using Call = std::function<grpc::Status(const std::string& who)>;

TEST_F(CircleTest, OnlyThoseWhoMayReadDo) {
  v1::LedgerService::Stub& ledger = world_.ledger();
  v1::ProgrammeService::Stub& programmes = world_.programmes();
  v1::DirectoryService::Stub& directory = world_.directory();
  const auto balances = [&](const std::string& name) -> Call {
    return [&, name](const std::string& who) {
      v1::ListBalancesRequest request;
      request.set_account_id(Id(name));
      return Ask(world_, ledger, &v1::LedgerService::Stub::ListBalances, who, request).status;
    };
  };
  const auto history = [&](const std::string& name) -> Call {
    return [&, name](const std::string& who) {
      v1::ListHistoryRequest request;
      request.set_account_id(Id(name));
      return History(who, request).status;
    };
  };
  const auto watch = [&](const std::string& name) -> Call {
    return [&, name](const std::string& who) {
      const auto context = world_.Context(who);
      v1::WatchAccountRequest request;
      request.set_account_id(Id(name));
      const auto reader = ledger.WatchAccount(context.get(), request);
      v1::WatchAccountResponse response;
      const bool read = reader->Read(&response);
      if (!read) return reader->Finish();
      context->TryCancel();
      reader->Finish();
      return grpc::Status::OK;
    };
  };
  const auto transaction = [&](const v1::SubmitTransactionResponse& entry) -> Call {
    return [&, entry](const std::string& who) {
      v1::GetTransactionRequest request;
      request.set_transaction_id(entry.transaction_id());
      return Ask(world_, ledger, &v1::LedgerService::Stub::GetTransaction, who, request).status;
    };
  };
  const auto reconversions = [&](const std::string& id) -> Call {
    return [&, id](const std::string& who) {
      v1::ListReconversionsRequest request;
      request.set_account_id(id);
      return Ask(world_, ledger, &v1::LedgerService::Stub::ListReconversions, who, request).status;
    };
  };
  const Call awards = [&](const std::string& who) {
    v1::CheckAwardsRequest request;
    request.set_programme_account_id(Id("repair"));
    return Ask(world_, programmes, &v1::ProgrammeService::Stub::CheckAwards, who, request).status;
  };
  const v1::SubmitTransactionResponse funding = world_.Pay("choir", "repair", 100);
  const v1::SubmitTransactionResponse admission =
      world_.Do({community().AdmitMember("denis", kToday + 400)}, {"registrar"});

  struct Row {
    const char* what;
    Call call;
    std::set<std::string> readers;
  };
  const Row rows[] = {
      {"ListBalances of alice", balances("alice"), {"alice", "auditor"}},
      {"ListBalances of the programme", balances("repair"), {"assoc", "auditor"}},
      {"ListBalances of the association", balances("assoc"), {"assoc", "auditor"}},
      {"ListHistory of alice", history("alice"), {"alice", "auditor"}},
      {"ListHistory of the programme", history("repair"), {"assoc", "auditor"}},
      {"ListHistory of the shop", history("biocoop"), {"biocoop", "auditor"}},
      {"WatchAccount of alice", watch("alice"), {"alice", "auditor"}},
      {"WatchAccount of the programme", watch("repair"), {"assoc", "auditor"}},
      {"GetTransaction: the payment", transaction(payment_), {"alice", "biocoop", "auditor"}},
      {"GetTransaction: the reward",
       transaction(reward_),
       {"chloe", "denis", "assoc", "validator1", "validator2", "auditor"}},
      {"GetTransaction: the refund", transaction(refund_), {"alice", "biocoop", "auditor"}},
      {"GetTransaction: the settlement",
       transaction(settlement_),
       {"biocoop", "choir", "treasurer", "auditor"}},
      {"GetTransaction: the failure", transaction(failure_), {"librairie", "treasurer", "auditor"}},
      {"GetTransaction: funding the programme",
       transaction(funding),
       {"choir", "assoc", "auditor"}},
      {"GetTransaction: an admission", transaction(admission), {"denis", "registrar", "auditor"}},
      {"ListReconversions of the shop",
       reconversions(Id("biocoop")),
       {"biocoop", "treasurer", "auditor"}},
      {"ListReconversions of all", reconversions(""), {"treasurer", "auditor"}},
      {"CheckAwards", awards, {"assoc", "validator1", "validator2", "validator3", "auditor"}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    EXPECT_EQ(VerdictOf(row.call("")), v1::VERDICT_TOKEN_MISSING);
    for (const std::string& who : community().names()) {
      if (who == "newcomer" || who == "newshop") continue;
      SCOPED_TRACE(who);
      const grpc::Status status = row.call(who);
      if (row.readers.contains(who)) {
        EXPECT_TRUE(status.ok()) << status.error_message();
      } else {
        EXPECT_EQ(VerdictOf(status), v1::VERDICT_READ_NOT_ALLOWED);
      }
    }
    // Somebody without an account has no key that counts.
    EXPECT_EQ(VerdictOf(row.call("newcomer")), v1::VERDICT_TOKEN_INVALID);
  }

  const std::pair<const char*, Call> everybodys[] = {
      {"GetLedger",
       [&](const std::string& who) {
         return Ask(world_, ledger, &v1::LedgerService::Stub::GetLedger, who,
                    v1::GetLedgerRequest())
             .status;
       }},
      {"GetAccount",
       [&](const std::string& who) {
         v1::GetAccountRequest request;
         request.set_account_id(Id("alice"));
         return Ask(world_, ledger, &v1::LedgerService::Stub::GetAccount, who, request).status;
       }},
      {"GetProgramme",
       [&](const std::string& who) {
         v1::GetProgrammeRequest request;
         request.set_programme_account_id(Id("repair"));
         return Ask(world_, programmes, &v1::ProgrammeService::Stub::GetProgramme, who, request)
             .status;
       }},
      {"ListProgrammes",
       [&](const std::string& who) {
         return Ask(world_, programmes, &v1::ProgrammeService::Stub::ListProgrammes, who,
                    v1::ListProgrammesRequest())
             .status;
       }},
      {"ListDirectoryEntries",
       [&](const std::string& who) {
         return Ask(world_, directory, &v1::DirectoryService::Stub::ListDirectoryEntries, who,
                    v1::ListDirectoryEntriesRequest())
             .status;
       }},
      {"LookupAlias",
       [&](const std::string& who) {
         v1::LookupAliasRequest request;
         request.set_alias("biocoop");
         return Ask(world_, directory, &v1::DirectoryService::Stub::LookupAlias, who, request)
             .status;
       }},
  };
  for (const auto& [what, call] : everybodys) {
    for (const char* who : {"", "alice", "bruno", "auditor", "treasurer"}) {
      EXPECT_TRUE(call(who).ok()) << what << " by " << who;
    }
  }
}

TEST_F(CircleTest, ARoleCountsUntilItsLastDay) {
  world_.Do({community().GrantRole("bruno", v1::ROLE_AUDITOR, kToday)}, {"governance"});
  v1::ListBalancesRequest request;
  request.set_account_id(Id("alice"));
  const auto ask = [&] {
    return Ask(world_, world_.ledger(), &v1::LedgerService::Stub::ListBalances, "bruno", request)
        .status;
  };
  EXPECT_TRUE(ask().ok());
  world_.now() += 24 * 3600;
  EXPECT_EQ(VerdictOf(ask()), v1::VERDICT_READ_NOT_ALLOWED);
  world_.Do({community().RevokeRole("auditor", v1::ROLE_AUDITOR)}, {"governance"});
  EXPECT_EQ(VerdictOf(Ask(world_, world_.ledger(), &v1::LedgerService::Stub::ListBalances,
                          "auditor", request)
                          .status),
            v1::VERDICT_READ_NOT_ALLOWED);
}

TEST_F(CircleTest, ATokenMustBeGoodEvenWhereNoneIsNeeded) {
  const Community& c = community();
  const std::string& prefix = c.charter().address_prefix();
  const auto token = [&](const SecretKey& key, const AccountId& account, const LedgerId& ledger,
                         int64_t now, int64_t seconds = 300) {
    return MakeToken(key, account, prefix, ledger, now, seconds);
  };
  const LedgerId ours = c.ledger_id();
  const std::string good = c.token("alice", kNowSeconds);
  struct Case {
    const char* what;
    std::vector<std::string> headers;
    v1::Verdict verdict;
  };
  const Case cases[] = {
      {"good", {"Bearer " + good}, v1::VERDICT_UNSPECIFIED},
      {"scheme in capitals", {"BEARER " + good}, v1::VERDICT_UNSPECIFIED},
      {"another key of the shop",
       {"Bearer " + token(c.holder("biocoop").keys[1], c.account("biocoop"), ours, kNowSeconds)},
       v1::VERDICT_UNSPECIFIED},
      {"nothing", {""}, v1::VERDICT_TOKEN_INVALID},
      {"no token", {"Bearer "}, v1::VERDICT_TOKEN_INVALID},
      {"another scheme", {"Basic " + good}, v1::VERDICT_TOKEN_INVALID},
      {"no scheme", {good}, v1::VERDICT_TOKEN_INVALID},
      {"garbage", {"Bearer a.b.c"}, v1::VERDICT_TOKEN_INVALID},
      {"two", {"Bearer " + good, "Bearer " + good}, v1::VERDICT_TOKEN_INVALID},
      {"too long", {"Bearer " + std::string(kTokenBytesMax + 1, 'a')}, v1::VERDICT_TOKEN_INVALID},
      {"another's key",
       {"Bearer " + token(c.key("bruno"), c.account("alice"), ours, kNowSeconds)},
       v1::VERDICT_TOKEN_INVALID},
      {"another ledger",
       {"Bearer " +
        token(c.key("alice"), c.account("alice"), Community(2).ledger_id(), kNowSeconds)},
       v1::VERDICT_TOKEN_INVALID},
      {"past its end",
       {"Bearer " + c.token("alice", kNowSeconds - 301)},
       v1::VERDICT_TOKEN_EXPIRED},
      {"not yet valid",
       {"Bearer " + c.token("alice", kNowSeconds + 301)},
       v1::VERDICT_TOKEN_EXPIRED},
      {"a clock a little ahead",
       {"Bearer " + c.token("alice", kNowSeconds + 299)},
       v1::VERDICT_UNSPECIFIED},
      {"too long a life",
       {"Bearer " + token(c.key("alice"), c.account("alice"), ours, kNowSeconds, 601)},
       v1::VERDICT_TOKEN_INVALID},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.what);
    const auto context = world_.Context();
    for (const std::string& header : row.headers) context->AddMetadata("authorization", header);
    v1::GetLedgerResponse response;
    EXPECT_EQ(VerdictOf(world_.ledger().GetLedger(context.get(), {}, &response)), row.verdict);
  }
}

// ---- accounts ----

TEST_F(CircleTest, AnAccountShowsItsRecordAndNameToThoseWhoNeedThem) {
  struct Row {
    const char* who;
    const char* whose;
    bool record;
    bool profile;
  };
  const Row rows[] = {
      {"", "alice", false, false},          {"bruno", "alice", false, false},
      {"treasurer", "alice", false, false}, {"alice", "alice", true, true},
      {"registrar", "alice", true, true},   {"auditor", "alice", true, true},
      {"committee1", "alice", true, false}, {"", "biocoop", false, true},
      {"biocoop", "biocoop", true, true},   {"committee2", "biocoop", true, true},
      {"", "assoc", false, true},           {"", "repair", false, false},
      {"assoc", "repair", true, false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(row.who) + " looks at " + row.whose);
    v1::GetAccountRequest request;
    request.set_account_id(Id(row.whose));
    const auto asked =
        Ask(world_, world_.ledger(), &v1::LedgerService::Stub::GetAccount, row.who, request);
    ASSERT_TRUE(asked.status.ok()) << asked.status.error_message();
    const v1::Account& account = asked.response.account();
    EXPECT_EQ(account.account_id(), Id(row.whose));
    EXPECT_NE(account.kind(), v1::HOLDER_KIND_UNSPECIFIED);
    EXPECT_EQ(account.opened_sequence() != 0, row.record);
    v1::Account bare;
    bare.set_account_id(account.account_id());
    bare.set_kind(account.kind());
    EXPECT_EQ(account.SerializeAsString() == bare.SerializeAsString(), !row.record);
    EXPECT_EQ(asked.response.has_profile(), row.profile);
    if (row.profile) {
      EXPECT_EQ(asked.response.profile().display_name(), std::string("Profile of ") + row.whose);
    }
    EXPECT_TRUE(asked.response.payable());
    EXPECT_EQ(asked.response.payable_verdict(), v1::VERDICT_UNSPECIFIED);
  }
}

TEST_F(CircleTest, APayerLearnsWhyAnAccountCannotBePaid) {
  const auto payable = [&](const std::string& name) {
    v1::GetAccountRequest request;
    request.set_account_id(Id(name));
    const auto asked =
        Ask(world_, world_.ledger(), &v1::LedgerService::Stub::GetAccount, "", request);
    EXPECT_TRUE(asked.status.ok());
    EXPECT_EQ(asked.response.payable(),
              asked.response.payable_verdict() == v1::VERDICT_UNSPECIFIED);
    return asked.response.payable_verdict();
  };
  world_.Do({community().OpenAccount("newcomer")}, {"newcomer"});
  world_.Do({community().OpenAccount("newshop")}, {"newshop"});
  // A little may be paid to a person who is not a member yet; nothing to such a shop.
  EXPECT_EQ(payable("newcomer"), v1::VERDICT_UNSPECIFIED);
  EXPECT_EQ(payable("newshop"), v1::VERDICT_PAYEE_NOT_MEMBER);
  world_.Do({community().AdmitMember("newshop", kToday + 10)}, {"registrar"});
  EXPECT_EQ(payable("newshop"), v1::VERDICT_PAYEE_NOT_APPROVED);
  world_.Do({community().SuspendProfessional("librairie")}, {"committee1", "committee2"});
  EXPECT_EQ(payable("librairie"), v1::VERDICT_PAYEE_SUSPENDED);
  world_.Do({community().EndMembership("bruno")}, {"registrar"});
  EXPECT_EQ(payable("bruno"), v1::VERDICT_PAYEE_MEMBERSHIP_EXPIRED);
  world_.Do({community().CloseProgramme("timebank")}, {"assoc"});
  EXPECT_EQ(payable("timebank"), v1::VERDICT_PROGRAMME_CLOSED);
}

TEST_F(CircleTest, AWalletFindsItsAccountByItsKey) {
  v1::GetAccountRequest request;
  request.set_public_key(community().holder("biocoop").keys[1].public_key().ToBytes());
  const auto asked =
      Ask(world_, world_.ledger(), &v1::LedgerService::Stub::GetAccount, "", request);
  ASSERT_TRUE(asked.status.ok());
  EXPECT_EQ(asked.response.account().account_id(), Id("biocoop"));
  EXPECT_EQ(asked.response.account().kind(), v1::HOLDER_KIND_PROFESSIONAL);
  EXPECT_FALSE(asked.response.account().has_authority());
  request.set_public_key(community().key("newcomer").public_key().ToBytes());
  EXPECT_EQ(
      VerdictOf(
          Ask(world_, world_.ledger(), &v1::LedgerService::Stub::GetAccount, "", request).status),
      v1::VERDICT_ACCOUNT_UNKNOWN);
}

TEST_F(CircleTest, BalancesAreOfOneMomentAndInTheChartersOrder) {
  v1::ListBalancesRequest request;
  request.set_account_id(Id("alice"));
  const auto asked =
      Ask(world_, world_.ledger(), &v1::LedgerService::Stub::ListBalances, "alice", request);
  ASSERT_TRUE(asked.status.ok());
  ASSERT_THAT(asked.response.balances(), SizeIs(2));
  EXPECT_EQ(asked.response.balances(0).currency(), kHeol);
  EXPECT_EQ(asked.response.balances(0).amount_minor(), 20000 - 1250 + 250 - 2000);
  EXPECT_EQ(asked.response.balances(1).currency(), kHours);
  EXPECT_EQ(asked.response.balances(1).amount_minor(), 90);
  EXPECT_EQ(asked.response.sequence(), world_.Head());
}

// ---- reconversions ----

TEST_F(CircleTest, ReconversionsAreListedByAccountAndState) {
  const auto list = [&](const std::string& who, const std::string& id,
                        v1::ReconversionState state) {
    v1::ListReconversionsRequest request;
    request.set_account_id(id);
    request.set_state(state);
    const auto asked =
        Ask(world_, world_.ledger(), &v1::LedgerService::Stub::ListReconversions, who, request);
    EXPECT_TRUE(asked.status.ok()) << asked.status.error_message();
    std::set<std::string> ids;
    for (const v1::Reconversion& r : asked.response.reconversions())
      ids.insert(r.reconversion_id());
    return ids;
  };
  const std::string settled = reconversion_.ToBytes();
  const std::string failed = failed_.ToBytes();
  const auto any = v1::RECONVERSION_STATE_UNSPECIFIED;
  EXPECT_THAT(list("treasurer", "", any), ::testing::UnorderedElementsAre(settled, failed));
  EXPECT_THAT(list("treasurer", "", v1::RECONVERSION_STATE_SETTLED), ElementsAre(settled));
  EXPECT_THAT(list("treasurer", "", v1::RECONVERSION_STATE_REQUESTED), IsEmpty());
  EXPECT_THAT(list("biocoop", Id("biocoop"), any), ElementsAre(settled));
  EXPECT_THAT(list("treasurer", Id("librairie"), any), ElementsAre(failed));
  EXPECT_THAT(list("alice", Id("alice"), any), IsEmpty());
}

TEST_F(CircleTest, PagesOfReconversionsMeet) {
  world_.Pay("assoc", "biocoop", 12000);
  std::vector<v1::Operation> requests(12, community().RequestReconversion("biocoop", 1000));
  world_.Do(requests, {"biocoop"});
  for (const std::string& id : {std::string(), Id("biocoop")}) {
    v1::ListReconversionsRequest request;
    request.set_account_id(id);
    request.set_page_size(5);
    request.set_state(v1::RECONVERSION_STATE_REQUESTED);
    std::vector<std::string> ids;
    do {
      const auto asked = Ask(world_, world_.ledger(), &v1::LedgerService::Stub::ListReconversions,
                             "treasurer", request);
      ASSERT_TRUE(asked.status.ok());
      for (const v1::Reconversion& r : asked.response.reconversions()) {
        ids.push_back(r.reconversion_id());
      }
      request.set_page_token(asked.response.next_page_token());
    } while (!request.page_token().empty());
    EXPECT_THAT(ids, SizeIs(12));
    EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 12);
  }
}

// ---- programmes ----

TEST_F(CircleTest, AProgrammeShowsItsBudgetToAllAndItsFundersToFew) {
  for (const char* who : {"", "alice", "choir", "treasurer", "assoc", "auditor"}) {
    SCOPED_TRACE(who);
    v1::GetProgrammeRequest request;
    request.set_programme_account_id(Id("repair"));
    const auto asked =
        Ask(world_, world_.programmes(), &v1::ProgrammeService::Stub::GetProgramme, who, request);
    ASSERT_TRUE(asked.status.ok());
    const v1::ProgrammeStatus& status = asked.response.status();
    EXPECT_EQ(status.programme().account_id(), Id("repair"));
    EXPECT_EQ(status.programme().terms().total_cap_minor(), 50000);
    EXPECT_EQ(status.programme().paid_minor(), 4500);
    EXPECT_EQ(status.balance_minor(), 65500);
    EXPECT_EQ(status.available_minor(), 45500);  // the cap leaves less than the pot
    const bool shown = std::string(who) == "assoc" || std::string(who) == "auditor";
    EXPECT_EQ(status.programme().funders().size(), shown ? 2 : 0);
    const auto listed =
        Ask(world_, world_.programmes(), &v1::ProgrammeService::Stub::ListProgrammes, who,
            v1::ListProgrammesRequest());
    for (const v1::ProgrammeStatus& one : listed.response.programmes()) {
      EXPECT_EQ(one.programme().funders().empty(), !shown);
    }
  }
}

TEST_F(CircleTest, ProgrammesAreListedInPagesAndByWhetherTheyPay) {
  v1::Profile profile;
  profile.set_display_name("Jardins partagés");
  profile.set_alias("jardins");
  const Text text = community().text(profile.SerializeAsString());
  v1::Operation open = community().OpenProgramme(kToday);
  *open.mutable_open_programme()->mutable_terms()->mutable_profile() = text.commitment;
  v1::Operation later = community().OpenProgramme(kToday + 1);
  world_.Do({open, later}, {"assoc"}, {text});
  const auto list = [&](bool active_only, int32_t page_size) {
    std::vector<v1::ProgrammeStatus> all;
    v1::ListProgrammesRequest request;
    request.set_active_only(active_only);
    request.set_page_size(page_size);
    do {
      const auto asked = Ask(world_, world_.programmes(),
                             &v1::ProgrammeService::Stub::ListProgrammes, "", request);
      EXPECT_TRUE(asked.status.ok());
      all.insert(all.end(), asked.response.programmes().begin(), asked.response.programmes().end());
      request.set_page_token(asked.response.next_page_token());
    } while (!request.page_token().empty());
    return all;
  };
  EXPECT_THAT(list(false, 0), SizeIs(4));
  EXPECT_THAT(list(false, 1), SizeIs(4));
  EXPECT_THAT(list(true, 3), SizeIs(3));
  world_.Do({community().CloseProgramme("timebank")}, {"assoc"});
  const std::vector<v1::ProgrammeStatus> active = list(true, 2);
  EXPECT_THAT(active, SizeIs(2));
  EXPECT_EQ(std::count_if(active.begin(), active.end(),
                          [](const v1::ProgrammeStatus& status) {
                            return status.profile().display_name() == "Jardins partagés";
                          }),
            1);
}

TEST_F(CircleTest, AwardsThatWerePaidAreKnown) {
  v1::CheckAwardsRequest request;
  request.set_programme_account_id(Id("repair"));
  for (const char* reference : {"lamp", "never", "chair"}) {
    request.add_references(Sha256({reference}).ToBytes());
  }
  const auto asked = Ask(world_, world_.programmes(), &v1::ProgrammeService::Stub::CheckAwards,
                         "validator3", request);
  ASSERT_TRUE(asked.status.ok());
  EXPECT_THAT(asked.response.sequences(), ElementsAre(reward_.sequence(), 0, reward_.sequence()));
}

// ---- the directory ----

TEST_F(CircleTest, TheDirectoryNamesWhoCanBePaidAndNoPerson) {
  v1::Profile profile;
  profile.set_display_name("Jardins");
  profile.set_alias("jardins");
  const Text text = community().text(profile.SerializeAsString());
  v1::Operation open = community().OpenProgramme(kToday);
  *open.mutable_open_programme()->mutable_terms()->mutable_profile() = text.commitment;
  world_.Do({open}, {"assoc"}, {text});
  world_.Do({community().SuspendProfessional("librairie")}, {"committee1", "committee2"});

  const auto list = [&](v1::HolderKind kind, bool payable_only, int32_t page_size) {
    v1::ListDirectoryEntriesRequest request;
    request.set_kind(kind);
    request.set_payable_only(payable_only);
    request.set_page_size(page_size);
    std::vector<std::string> ids;
    std::set<std::string> aliases;
    do {
      const auto asked = Ask(world_, world_.directory(),
                             &v1::DirectoryService::Stub::ListDirectoryEntries, "", request);
      EXPECT_TRUE(asked.status.ok()) << asked.status.error_message();
      for (const v1::DirectoryEntry& entry : asked.response.entries()) {
        ids.push_back(entry.account_id());
        aliases.insert(entry.profile().alias());
        EXPECT_EQ(entry.payable(), entry.payable_verdict() == v1::VERDICT_UNSPECIFIED);
        EXPECT_EQ(entry.payable(), entry.profile().alias() != "librairie");
      }
      request.set_page_token(asked.response.next_page_token());
    } while (!request.page_token().empty());
    EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
    EXPECT_EQ(ids.size(), aliases.size());
    return aliases;
  };
  using ::testing::UnorderedElementsAre;
  for (const int32_t page_size : {0, 1, 2, 500}) {
    SCOPED_TRACE(page_size);
    EXPECT_THAT(list(v1::HOLDER_KIND_UNSPECIFIED, false, page_size),
                UnorderedElementsAre("biocoop", "librairie", "assoc", "choir", "jardins"));
    EXPECT_THAT(list(v1::HOLDER_KIND_UNSPECIFIED, true, page_size),
                UnorderedElementsAre("biocoop", "assoc", "choir", "jardins"));
    EXPECT_THAT(list(v1::HOLDER_KIND_PROFESSIONAL, false, page_size),
                UnorderedElementsAre("biocoop", "librairie"));
    EXPECT_THAT(list(v1::HOLDER_KIND_ASSOCIATION, false, page_size),
                UnorderedElementsAre("assoc", "choir"));
    EXPECT_THAT(list(v1::HOLDER_KIND_PROGRAMME, false, page_size), UnorderedElementsAre("jardins"));
  }

  v1::LookupAliasRequest lookup;
  lookup.set_alias("jardins");
  const auto found =
      Ask(world_, world_.directory(), &v1::DirectoryService::Stub::LookupAlias, "", lookup);
  ASSERT_TRUE(found.status.ok());
  EXPECT_EQ(found.response.entry().kind(), v1::HOLDER_KIND_PROGRAMME);
  EXPECT_EQ(found.response.entry().profile().display_name(), "Jardins");
  lookup.set_alias("nobody");
  EXPECT_EQ(VerdictOf(Ask(world_, world_.directory(), &v1::DirectoryService::Stub::LookupAlias, "",
                          lookup)
                          .status),
            v1::VERDICT_ALIAS_UNKNOWN);
}

// ---- bad requests ----

TEST_F(CircleTest, EveryFieldOfARequestIsChecked) {
  struct Case {
    const char* what;
    v1::Verdict verdict;
    const char* field;  // the figure, for REQUEST_MALFORMED
    std::function<grpc::Status()> call;
  };
  v1::LedgerService::Stub& ledger = world_.ledger();
  const auto get_account = [&](const auto& edit) {
    v1::GetAccountRequest r;
    edit(&r);
    return Ask(world_, ledger, &v1::LedgerService::Stub::GetAccount, "auditor", r).status;
  };
  const auto history = [&](const auto& edit) {
    v1::ListHistoryRequest r;
    r.set_account_id(Id("alice"));
    edit(&r);
    return History("auditor", r).status;
  };
  const auto reconversions = [&](const auto& edit) {
    v1::ListReconversionsRequest r;
    edit(&r);
    return Ask(world_, ledger, &v1::LedgerService::Stub::ListReconversions, "auditor", r).status;
  };
  const auto directory = [&](const auto& edit) {
    v1::ListDirectoryEntriesRequest r;
    edit(&r);
    return Ask(world_, world_.directory(), &v1::DirectoryService::Stub::ListDirectoryEntries, "", r)
        .status;
  };
  const auto alias = [&](const std::string& text) {
    v1::LookupAliasRequest r;
    r.set_alias(text);
    return Ask(world_, world_.directory(), &v1::DirectoryService::Stub::LookupAlias, "", r).status;
  };
  const auto programmes = [&](const auto& edit) {
    v1::ListProgrammesRequest r;
    edit(&r);
    return Ask(world_, world_.programmes(), &v1::ProgrammeService::Stub::ListProgrammes, "", r)
        .status;
  };
  const auto programme = [&](const std::string& id) {
    v1::GetProgrammeRequest r;
    r.set_programme_account_id(id);
    return Ask(world_, world_.programmes(), &v1::ProgrammeService::Stub::GetProgramme, "", r)
        .status;
  };
  const auto awards = [&](const auto& edit) {
    v1::CheckAwardsRequest r;
    r.set_programme_account_id(Id("repair"));
    edit(&r);
    return Ask(world_, world_.programmes(), &v1::ProgrammeService::Stub::CheckAwards, "assoc", r)
        .status;
  };
  const auto transaction = [&](const std::string& id) {
    v1::GetTransactionRequest r;
    r.set_transaction_id(id);
    return Ask(world_, ledger, &v1::LedgerService::Stub::GetTransaction, "alice", r).status;
  };
  const auto balances = [&](const std::string& who, const std::string& id) {
    v1::ListBalancesRequest r;
    r.set_account_id(id);
    return Ask(world_, ledger, &v1::LedgerService::Stub::ListBalances, who, r).status;
  };
  const std::string nobody(20, 'n');
  const Case cases[] = {
      {"GetAccount of nothing", v1::VERDICT_REQUEST_MALFORMED, "selector",
       [&] { return get_account([](auto*) {}); }},
      {"GetAccount by half an id", v1::VERDICT_ID_MALFORMED, "",
       [&] { return get_account([](auto* r) { r->set_account_id("short"); }); }},
      {"GetAccount by an empty id", v1::VERDICT_ID_MALFORMED, "",
       [&] { return get_account([](auto* r) { r->set_account_id(""); }); }},
      {"GetAccount by half a key", v1::VERDICT_REQUEST_MALFORMED, "public_key",
       [&] { return get_account([](auto* r) { r->set_public_key("short"); }); }},
      {"GetAccount of nobody", v1::VERDICT_ACCOUNT_UNKNOWN, "",
       [&] { return get_account([&](auto* r) { r->set_account_id(nobody); }); }},
      {"ListBalances of no id", v1::VERDICT_ID_MALFORMED, "",
       [&] { return balances("alice", ""); }},
      {"ListBalances of nobody by an auditor", v1::VERDICT_ACCOUNT_UNKNOWN, "",
       [&] { return balances("auditor", nobody); }},
      {"ListBalances of nobody by another", v1::VERDICT_READ_NOT_ALLOWED, "",
       [&] { return balances("alice", nobody); }},
      {"GetTransaction by half an id", v1::VERDICT_ID_MALFORMED, "",
       [&] { return transaction("short"); }},
      {"GetTransaction of none", v1::VERDICT_TRANSACTION_UNKNOWN, "",
       [&] { return transaction(std::string(32, 't')); }},
      {"ListHistory of no id", v1::VERDICT_ID_MALFORMED, "",
       [&] { return history([](auto* r) { r->clear_account_id(); }); }},
      {"ListHistory of nobody", v1::VERDICT_ACCOUNT_UNKNOWN, "",
       [&] { return history([&](auto* r) { r->set_account_id(nobody); }); }},
      {"ListHistory of no currency", v1::VERDICT_CURRENCY_UNKNOWN, "",
       [&] { return history([](auto* r) { r->set_currency("SOL"); }); }},
      {"ListHistory with half a counterparty", v1::VERDICT_ID_MALFORMED, "",
       [&] { return history([](auto* r) { r->set_counterparty_account_id("x"); }); }},
      {"ListHistory from before time", v1::VERDICT_REQUEST_MALFORMED, "from_time",
       [&] { return history([](auto* r) { r->mutable_from_time()->set_seconds(-62135596801); }); }},
      {"ListHistory until after time", v1::VERDICT_REQUEST_MALFORMED, "until_time",
       [&] {
         return history([](auto* r) { r->mutable_until_time()->set_seconds(253402300800); });
       }},
      {"ListHistory with odd nanoseconds", v1::VERDICT_REQUEST_MALFORMED, "from_time",
       [&] { return history([](auto* r) { r->mutable_from_time()->set_nanos(-1); }); }},
      {"ListHistory in pages of -1", v1::VERDICT_REQUEST_MALFORMED, "page_size",
       [&] { return history([](auto* r) { r->set_page_size(-1); }); }},
      {"ListHistory in pages of 501", v1::VERDICT_REQUEST_MALFORMED, "page_size",
       [&] { return history([](auto* r) { r->set_page_size(501); }); }},
      {"ListReconversions of half an id", v1::VERDICT_ID_MALFORMED, "",
       [&] { return reconversions([](auto* r) { r->set_account_id("x"); }); }},
      {"ListReconversions of nobody", v1::VERDICT_ACCOUNT_UNKNOWN, "",
       [&] { return reconversions([&](auto* r) { r->set_account_id(nobody); }); }},
      {"ListReconversions in no state", v1::VERDICT_REQUEST_MALFORMED, "state",
       [&] {
         return reconversions([](auto* r) { r->set_state(static_cast<v1::ReconversionState>(9)); });
       }},
      {"ListReconversions in pages of 501", v1::VERDICT_REQUEST_MALFORMED, "page_size",
       [&] { return reconversions([](auto* r) { r->set_page_size(501); }); }},
      {"ListReconversions from nowhere", v1::VERDICT_PAGE_TOKEN_MALFORMED, "",
       [&] { return reconversions([](auto* r) { r->set_page_token("nowhere"); }); }},
      {"ListDirectoryEntries of persons", v1::VERDICT_REQUEST_MALFORMED, "kind",
       [&] { return directory([](auto* r) { r->set_kind(v1::HOLDER_KIND_PERSON); }); }},
      {"ListDirectoryEntries of no kind", v1::VERDICT_REQUEST_MALFORMED, "kind",
       [&] { return directory([](auto* r) { r->set_kind(static_cast<v1::HolderKind>(77)); }); }},
      {"ListDirectoryEntries in pages of -5", v1::VERDICT_REQUEST_MALFORMED, "page_size",
       [&] { return directory([](auto* r) { r->set_page_size(-5); }); }},
      {"ListDirectoryEntries from nowhere", v1::VERDICT_PAGE_TOKEN_MALFORMED, "",
       [&] { return directory([](auto* r) { r->set_page_token("AAAA"); }); }},
      {"LookupAlias of nothing", v1::VERDICT_REQUEST_MALFORMED, "alias", [&] { return alias(""); }},
      {"LookupAlias with its @", v1::VERDICT_REQUEST_MALFORMED, "alias",
       [&] { return alias("@biocoop"); }},
      {"LookupAlias of a tale", v1::VERDICT_REQUEST_MALFORMED, "alias",
       [&] { return alias(std::string(33, 'a')); }},
      {"ListProgrammes in pages of 501", v1::VERDICT_REQUEST_MALFORMED, "page_size",
       [&] { return programmes([](auto* r) { r->set_page_size(501); }); }},
      {"ListProgrammes from nowhere", v1::VERDICT_PAGE_TOKEN_MALFORMED, "",
       [&] { return programmes([](auto* r) { r->set_page_token("AAAA"); }); }},
      {"GetProgramme by half an id", v1::VERDICT_ID_MALFORMED, "",
       [&] { return programme("short"); }},
      {"GetProgramme of a person", v1::VERDICT_PROGRAMME_UNKNOWN, "",
       [&] { return programme(Id("alice")); }},
      {"CheckAwards of no programme", v1::VERDICT_PROGRAMME_UNKNOWN, "",
       [&] { return awards([&](auto* r) { r->set_programme_account_id(nobody); }); }},
      {"CheckAwards of half an id", v1::VERDICT_ID_MALFORMED, "",
       [&] { return awards([](auto* r) { r->set_programme_account_id("x"); }); }},
      {"CheckAwards with a short reference", v1::VERDICT_REQUEST_MALFORMED, "references",
       [&] { return awards([](auto* r) { r->add_references("short"); }); }},
      {"CheckAwards with a long reference", v1::VERDICT_REQUEST_MALFORMED, "references",
       [&] { return awards([](auto* r) { r->add_references(std::string(33, 'r')); }); }},
      {"CheckAwards of too many", v1::VERDICT_REQUEST_MALFORMED, "references",
       [&] {
         return awards([](auto* r) {
           for (int i = 0; i < 1001; ++i) r->add_references(std::string(16, 'r'));
         });
       }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    const grpc::Status status = c.call();
    EXPECT_EQ(VerdictOf(status), c.verdict);
    const Refusal refusal = RefusalOf(status);
    const auto field = refusal.figures.find("field");
    EXPECT_EQ(field == refusal.figures.end() ? "" : field->second, c.field);
  }
}

// ---- a failing machine ----

TEST_F(CircleTest, AFailedReadIsNeverAnAbsence) {
  const std::vector<std::pair<const char*, Call>> calls = {
      {"GetLedger",
       [&](const std::string& who) {
         return Ask(world_, world_.ledger(), &v1::LedgerService::Stub::GetLedger, who,
                    v1::GetLedgerRequest())
             .status;
       }},
      {"GetAccount",
       [&](const std::string& who) {
         v1::GetAccountRequest request;
         request.set_account_id(std::string(20, 'n'));
         return Ask(world_, world_.ledger(), &v1::LedgerService::Stub::GetAccount, who, request)
             .status;
       }},
      {"ListBalances",
       [&](const std::string& who) {
         v1::ListBalancesRequest request;
         request.set_account_id(Id("alice"));
         return Ask(world_, world_.ledger(), &v1::LedgerService::Stub::ListBalances, who, request)
             .status;
       }},
      {"ListHistory",
       [&](const std::string& who) {
         v1::ListHistoryRequest request;
         request.set_account_id(Id("alice"));
         return History(who, request).status;
       }},
      {"ListProgrammes",
       [&](const std::string& who) {
         return Ask(world_, world_.programmes(), &v1::ProgrammeService::Stub::ListProgrammes, who,
                    v1::ListProgrammesRequest())
             .status;
       }},
      {"ListDirectoryEntries",
       [&](const std::string& who) {
         return Ask(world_, world_.directory(), &v1::DirectoryService::Stub::ListDirectoryEntries,
                    who, v1::ListDirectoryEntriesRequest())
             .status;
       }},
      {"LookupAlias",
       [&](const std::string& who) {
         v1::LookupAliasRequest request;
         request.set_alias("nobody");
         return Ask(world_, world_.directory(), &v1::DirectoryService::Stub::LookupAlias, who,
                    request)
             .status;
       }},
  };
  const std::pair<absl::Status, grpc::StatusCode> failures[] = {
      {absl::UnavailableError("/secret/000123.sst: Input/output error"),
       grpc::StatusCode::UNAVAILABLE},
      {absl::DataLossError("/secret/000123.sst: checksum"), grpc::StatusCode::INTERNAL},
  };
  for (const auto& [failure, code] : failures) {
    for (const auto& [what, call] : calls) {
      for (const char* who : {"", "alice"}) {
        if (*who == '\0' && std::string(what).starts_with("List") &&
            VerdictOf(call(who)) == v1::VERDICT_TOKEN_MISSING) {
          continue;  // answered without a read
        }
        SCOPED_TRACE(std::string(what) + " by " + who);
        const size_t told = world_.failures().size();
        world_.store().FailReads(failure);
        const grpc::Status status = call(who);
        world_.store().FailReads(absl::OkStatus());
        EXPECT_EQ(status.error_code(), code) << status.error_message();
        EXPECT_THAT(status.error_message(), Not(HasSubstr("secret")));
        EXPECT_THAT(status.error_details(), IsEmpty());
        ASSERT_GT(world_.failures().size(), told);
        EXPECT_THAT(world_.failures().back(), HasSubstr("000123.sst"));  // the operator is told
      }
    }
  }
}

TEST(RpcReadsTest, ReadsThatWaitAreBounded) {
  RpcWorld world([](rpc::RpcOptions* options) {
    options->read_threads = 1;
    options->read_queue_max = 2;
  });
  world.store().CloseGate();
  std::vector<std::thread> callers;
  absl::Mutex mutex;
  int answered = 0;
  int refused = 0;
  const auto call = [&] {
    v1::GetLedgerResponse response;
    const grpc::Status status = world.ledger().GetLedger(world.Context().get(), {}, &response);
    if (!status.ok()) {
      EXPECT_EQ(VerdictOf(status), v1::VERDICT_QUEUE_FULL);
      EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    }
    const absl::MutexLock lock(&mutex);
    ++(status.ok() ? answered : refused);
  };
  callers.emplace_back(call);
  world.store().AwaitReader();  // the only worker is busy
  for (int i = 0; i < 10; ++i) callers.emplace_back(call);
  {
    // Two wait; the others are refused at once, while the worker still stands before the gate.
    const absl::MutexLock lock(&mutex);
    const auto all = [&] { return refused == 8; };
    mutex.Await(absl::Condition(&all));
  }
  world.store().OpenGate();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(answered, 3);
  EXPECT_EQ(refused, 8);
}

}  // namespace
}  // namespace kengred
