// Goal: requests to witnesses are those of C2SP tlog-witness, read strictly. Method: the
// specification's example (retyped) and a table of lines that break its grammar.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kengred/core/base64.h"
#include "kengred/core/limits.h"
#include "kengred/core/witness_request.h"

namespace kengred {
namespace {

constexpr char kProof[] =
    "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
    "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n";
constexpr char kNote[] =
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "\xe2\x80\x94 example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
    "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

TEST(WitnessRequestTest, TheSpecificationsExample) {
  const std::string body = std::string("old 20852014\n") + kProof + "\n" + kNote;
  const auto request = ParseWitnessRequest(body);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->old_size, 20852014u);
  ASSERT_EQ(request->proof.size(), 2u);
  EXPECT_EQ(EncodeBase64(request->proof[1].view()), "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=");
  EXPECT_EQ(request->checkpoint, kNote);
  EXPECT_EQ(*FormatWitnessRequest(*request), body);
}

TEST(WitnessRequestTest, TheFirstRequestHasNoProof) {
  const auto request = ParseWitnessRequest(std::string("old 0\n\n") + kNote);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->old_size, 0u);
  EXPECT_TRUE(request->proof.empty());
}

TEST(WitnessRequestTest, AtMost63Hashes) {
  WitnessRequest request{1, std::vector<Digest>(kWitnessProofHashesMax), kNote};
  const auto most = FormatWitnessRequest(request);
  ASSERT_TRUE(most.ok()) << most.status();
  EXPECT_EQ(*ParseWitnessRequest(*most), request);
  request.proof.emplace_back();
  EXPECT_FALSE(FormatWitnessRequest(request).ok());
}

TEST(WitnessRequestTest, WhatBreaksTheGrammar) {
  for (const std::string& head : {
           std::string(),
           std::string("\n"),
           std::string("old\n\n"),
           std::string("old \n\n"),
           std::string("old 01\n\n"),
           std::string("old -1\n\n"),
           std::string("old +1\n\n"),
           std::string("old 1 \n\n"),
           std::string("old  1\n\n"),
           std::string("Old 1\n\n"),
           std::string("old 1\r\n\r\n"),
           std::string("old 18446744073709551616\n\n"),
           std::string("old 1x\n\n"),
           std::string("1\n\n"),
           std::string("old 1\n"),
           std::string("old 1\nold 1\n\n"),
           std::string("old 1\nAAAA\n\n"),
           std::string("old 1\n PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\n"),
           std::string("old 1\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw\n\n"),
           std::string("old 1\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkax=\n\n"),
       }) {
    const auto request = ParseWitnessRequest(head + kNote);
    EXPECT_TRUE(absl::IsInvalidArgument(request.status())) << head;
  }
  // Without its checkpoint, with half of one, or with too much.
  const std::string note = kNote;
  for (const std::string& rest :
       {std::string(), note.substr(0, 40), note.substr(0, note.size() - 1), note + "x",
        std::string(kWitnessRequestBytesMax, 'x')}) {
    EXPECT_FALSE(ParseWitnessRequest("old 0\n\n" + rest).ok()) << rest.substr(0, 100);
  }
}

}  // namespace
}  // namespace kengred
