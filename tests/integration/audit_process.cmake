# audit, export and import, as a person runs them.
if(KENGRED_BUILD_SERVER)
  kengred_test(audit_process_test LABELS integration
    SOURCES audit_process_test.cc
    LINK kengred_test_server_process kengred_storage_rocksdb kengred_server_main
      nlohmann_json::nlohmann_json)
  add_dependencies(audit_process_test kengred_server_bin)
endif()
