# Bytes on the wire, frozen.
kengred_test(core_golden_test LABELS golden
  SOURCES core_golden_test.cc proof_golden_test.cc
  LINK kengred_core kengred_test_support)
