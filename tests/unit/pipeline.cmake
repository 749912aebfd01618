if(KENGRED_BUILD_SERVER)
  kengred_test(pipeline_test
    LABELS unit asan tsan
    SOURCES pipeline_test.cc
    LINK kengred_verify kengred_sequence kengred_storage kengred_test_support)
  kengred_test(state_cache_test
    LABELS unit asan
    SOURCES state_cache_test.cc
    LINK kengred_sequence kengred_storage kengred_test_support)
  kengred_test(tree_test
    LABELS unit asan
    SOURCES tree_test.cc
    LINK kengred_sequence kengred_publish kengred_storage)
endif()
