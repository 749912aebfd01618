if(KENGRED_BUILD_SERVER)
  kengred_test(audit_test LABELS unit tsan
    SOURCES audit_test.cc
    LINK kengred_audit kengred_test_audited_ledger kengred_test_support)

  kengred_test(audit_export_test LABELS unit
    SOURCES audit_export_test.cc
    LINK kengred_audit kengred_test_audited_ledger kengred_test_support)
endif()
