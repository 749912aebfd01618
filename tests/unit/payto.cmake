kengred_test(payto_test LABELS unit
  SOURCES payto_test.cc
  LINK kengred_test_support kengred_core nlohmann_json::nlohmann_json)
