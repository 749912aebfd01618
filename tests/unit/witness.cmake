if(KENGRED_BUILD_SERVER)
  kengred_test(witness_test LABELS unit asan tsan
    SOURCES witness_test.cc
    LINK kengred_witness kengred_test_support nlohmann_json::nlohmann_json)
endif()
