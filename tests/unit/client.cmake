# One program for each part of the client's interface, against a fake ledger (fake_ledger.h).
# client_test is not for ThreadSanitizer: it reads tokens with google::protobuf::Struct, which protobuf
# lays out otherwise there than in the library that Debian compiled.
function(kengred_client_test name labels)
  kengred_test(${name} LABELS ${labels}
    TIMEOUT 300
    SOURCES ${name}.cc
    LINK kengred_client kengred_grpc kengred_test_support kengred_core absl::synchronization)
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
endfunction()
kengred_client_test(client_test unit)
kengred_client_test(client_watch_test "unit;tsan")
kengred_client_test(client_submit_all_test "unit;tsan")
kengred_client_test(client_witness_test unit)
