if(KENGRED_BUILD_SERVER)
  kengred_test(pipeline_test
    LABELS unit asan tsan
    SOURCES pipeline_test.cc
    LINK kengred_verify kengred_sequence kengred_storage kengred_test_support)
endif()
