# kengred-server as a process: life, refusals, erasure, a full disk.
if(KENGRED_BUILD_SERVER)
  kengred_test(server_process_test LABELS integration
    TIMEOUT 900
    SOURCES server_process_test.cc
    LINK kengred_test_server_process kengred_test_charter_file kengred_storage_rocksdb
      kengred_server_main gRPC::grpc++ nlohmann_json::nlohmann_json)
  add_dependencies(server_process_test kengred_server_bin)
endif()
