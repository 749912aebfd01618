# The wallet in a test's process, against a ledger in memory.
if(KENGRED_BUILD_WALLET)
  kengred_library(kengred_wallet_bench
    INCLUDE_AS tests/support
    SOURCES wallet_bench.cc
    PUBLIC kengred_wallet kengred_test_support
    PRIVATE GTest::gtest)
endif()
