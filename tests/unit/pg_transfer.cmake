if(KENGRED_BUILD_BENCH)
  kengred_test(pg_transfer_test LABELS unit
    SOURCES pg_transfer_test.cc LINK kengred_pg_transfer_lib)
endif()
