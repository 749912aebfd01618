# kengred_test_audited_ledger: a small ledger as data, to be tampered with.
if(KENGRED_BUILD_SERVER)
  kengred_library(kengred_test_audited_ledger
    INCLUDE_AS tests/support
    SOURCES audited_ledger.cc
    PUBLIC kengred_audit kengred_sequence kengred_storage kengred_test_support)
endif()
