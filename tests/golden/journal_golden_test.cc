// Goal: a journal means the same on every build and machine (I8): the same transactions give the
// same roots, and an audit of them finds nothing. Method: a small ledger in which everything
// follows from a seed, against the roots in journal_roots.txt. GCC and clang, with and without
// sanitizers, run this test.
#include <gtest/gtest.h>

#include <sstream>

#include "kengred/core/signing.h"
#include "server/audit/auditor.h"
#include "tests/support/audited_ledger.h"
#include "tests/support/community.h"
#include "tests/support/shared_files.h"

namespace kengred {
namespace {

TEST(JournalGoldenTest, TheSameTransactionsGiveTheSameRoots) {
  InitializeCrypto();
  testing::Community community;
  const testing::LedgerData ledger = testing::MakeAuditedLedger(&community);
  std::string roots;
  for (uint64_t size = 1; size <= ledger.journal.size(); ++size) {
    roots += std::to_string(size) + " " + ledger.RootOf(size).ToHex() + "\n";
  }
  EXPECT_EQ(roots, testing::ReadWholeFile(testing::SourceDir() / "tests/golden/journal_roots.txt"));
}

}  // namespace
}  // namespace kengred
