if(KENGRED_BUILD_SERVER)
  kengred_test(audit_test LABELS unit asan tsan
    SOURCES audit_test.cc
    LINK kengred_audit kengred_test_audited_ledger kengred_test_support)

  kengred_test(audit_export_test LABELS unit asan
    SOURCES audit_export_test.cc
    LINK kengred_audit kengred_test_audited_ledger kengred_test_support)
endif()
