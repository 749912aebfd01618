# The roots of a journal, frozen.
if(KENGRED_BUILD_SERVER)
  kengred_test(journal_golden_test LABELS golden asan
    SOURCES journal_golden_test.cc
    LINK kengred_test_audited_ledger kengred_test_support)
endif()
