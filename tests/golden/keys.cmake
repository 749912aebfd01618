kengred_test(keys_golden_test LABELS golden
  SOURCES keys_golden_test.cc
  LINK kengred_keys kengred_core)
