kengred_test(client_test LABELS unit tsan
  TIMEOUT 300
  SOURCES client_test.cc
  LINK kengred_client kengred_grpc kengred_test_support kengred_core absl::synchronization)
