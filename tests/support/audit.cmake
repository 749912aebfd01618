# kengred_test_audited_ledger: a small ledger as data, to be tampered with.
# kengred_test_books: what must be true of a ledger after whatever kept it has died.
# kengred_test_pipeline: verifier and sequencer on a store of the test's making, and clients.
if(KENGRED_BUILD_SERVER)
  kengred_library(kengred_test_audited_ledger
    INCLUDE_AS tests/support
    SOURCES audited_ledger.cc
    PUBLIC kengred_audit kengred_sequence kengred_storage kengred_test_support)

  kengred_library(kengred_test_books
    INCLUDE_AS tests/support
    SOURCES books.cc
    PUBLIC kengred_storage kengred_test_support
    PRIVATE kengred_audit kengred_sequence GTest::gtest)

  kengred_library(kengred_test_pipeline
    INCLUDE_AS tests/support
    SOURCES pipeline_rig.cc
    PUBLIC kengred_verify kengred_sequence kengred_publish kengred_test_books
    PRIVATE GTest::gtest)
endif()
