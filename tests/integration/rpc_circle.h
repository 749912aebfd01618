// The fixture of the services' tests: a community that has lived through one circle, and how to ask
// about it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rpc_world.h"

namespace kengred::testing {

// What one call brought.
template <typename Response>
struct Asked {
  grpc::Status status;
  Response response;
};

template <typename Stub, typename Request, typename Response>
Asked<Response> Ask(const RpcWorld& world, Stub& stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const std::string& who, const Request& request) {
  Asked<Response> asked;
  asked.status = (stub.*method)(world.Context(who).get(), request, &asked.response);
  return asked;
}

// A community that has lived through one circle. Amounts in cents:
//   payment        alice pays biocoop 1250, "panier"
//   reward         repair pays chloe 3000 and denis 1500, each with evidence
//   refund         biocoop gives alice 250 back
//   reconversion   biocoop turns its 1000 into euros: 950 net, 30 to choir, 20 commission
//   failed         librairie, paid 2000 by alice, asks for 1000 and the bank refuses
//   hours          timebank pays alice 90 minutes
class CircleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Community& c = community();
    payment_ = world_.Pay("alice", "biocoop", 1250, "panier");
    const Text first = c.text("photo of a mended lamp");
    const Text second = c.text("photo of a mended chair");
    v1::Award to_chloe = c.Award("chloe", "session", 2, "lamp");
    *to_chloe.mutable_evidence() = first.commitment;
    v1::Award to_denis = c.Award("denis", "session", 1, "chair");
    *to_denis.mutable_evidence() = second.commitment;
    reward_ = world_.Do({c.Reward("repair", {to_chloe, to_denis})},
                        {"assoc", "validator1", "validator2"}, {first, second});
    refund_ = world_.Do({c.Refund(*TransactionId::FromBytes(payment_.transaction_id()), 0, 250)},
                        {"biocoop"});
    const v1::SubmitTransactionRequest ask =
        world_.Request({c.RequestReconversion("biocoop", 1000)}, {"biocoop"});
    reconversion_ = ReconversionOf(ask.signed_transaction());
    v1::SubmitTransactionResponse ignored;
    ASSERT_TRUE(world_.Submit(ask, &ignored).ok());
    settlement_ = world_.Do({c.SettleReconversion(reconversion_, "SEPA-1")}, {"treasurer"});
    world_.Pay("alice", "librairie", 2000);
    const v1::SubmitTransactionRequest ask2 =
        world_.Request({c.RequestReconversion("librairie", 1000)}, {"librairie"});
    failed_ = ReconversionOf(ask2.signed_transaction());
    ASSERT_TRUE(world_.Submit(ask2, &ignored).ok());
    failure_ = world_.Do({c.FailReconversion(failed_)}, {"treasurer"}, {c.text("IBAN refused")});
    world_.Do({c.Reward("timebank", {c.Award("alice", "minute", 90, "garden")})},
              {"assoc", "validator1", "validator3"});
  }

  const Community& community() const { return world_.community(); }
  std::string Id(const std::string& name) const { return community().account(name).ToBytes(); }

  Asked<v1::ListHistoryResponse> History(const std::string& who,
                                         const v1::ListHistoryRequest& request) {
    return Ask(world_, world_.ledger(), &v1::LedgerService::Stub::ListHistory, who, request);
  }
  // The whole history of an account, as itself, oldest first.
  std::vector<v1::HistoryItem> WholeHistory(const std::string& name, const std::string& who = "") {
    v1::ListHistoryRequest request;
    request.set_account_id(Id(name));
    request.set_page_size(500);
    const auto asked = History(who.empty() ? name : who, request);
    EXPECT_TRUE(asked.status.ok()) << asked.status.error_message();
    EXPECT_THAT(asked.response.next_page_token(), ::testing::IsEmpty());
    return {asked.response.items().begin(), asked.response.items().end()};
  }
  // The only operation of an entry as an account sees it.
  v1::HistoryOperation Seen(const std::string& name, const v1::SubmitTransactionResponse& entry,
                            const std::string& who = "") {
    for (const v1::HistoryItem& item : WholeHistory(name, who)) {
      if (item.sequence() != entry.sequence()) continue;
      EXPECT_EQ(item.transaction_id(), entry.transaction_id());
      EXPECT_EQ(item.civil_day(), kToday);
      EXPECT_EQ(item.time().seconds(), kNowSeconds);
      EXPECT_THAT(item.operations(), ::testing::SizeIs(1));
      return item.operations(0);
    }
    ADD_FAILURE() << name << " does not see entry " << entry.sequence();
    return {};
  }

  RpcWorld world_;
  v1::SubmitTransactionResponse payment_;
  v1::SubmitTransactionResponse reward_;
  v1::SubmitTransactionResponse refund_;
  v1::SubmitTransactionResponse settlement_;
  v1::SubmitTransactionResponse failure_;
  ReconversionId reconversion_;
  ReconversionId failed_;
};

}  // namespace kengred::testing
