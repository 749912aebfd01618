# One program for each part of the client's interface, against a fake ledger (fake_ledger.h).
foreach(part client client_watch client_submit_all)
  kengred_test(${part}_test LABELS unit tsan
    TIMEOUT 300
    SOURCES ${part}_test.cc
    LINK kengred_client kengred_grpc kengred_test_support kengred_core absl::synchronization)
  target_include_directories(${part}_test PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
endforeach()
