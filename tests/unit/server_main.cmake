# The commands of kengred-server, without a process.
if(KENGRED_BUILD_SERVER)
  kengred_test(server_main_test LABELS unit
    SOURCES server_main_test.cc
    LINK kengred_server_main nlohmann_json::nlohmann_json)

  # A live server, audited.
  kengred_test(remote_audit_test LABELS unit
    TIMEOUT 300
    SOURCES remote_audit_test.cc
    LINK kengred_server_main kengred_grpc kengred_test_audited_ledger kengred_test_server_process
      nlohmann_json::nlohmann_json)

  kengred_test(spool_test LABELS unit
    SOURCES spool_test.cc
    LINK kengred_remote)

  kengred_test(charter_toml_test LABELS unit
    SOURCES charter_toml_test.cc
    LINK kengred_server_main kengred_test_support kengred_test_charter_file)

  kengred_test(erasure_test LABELS unit
    SOURCES erasure_test.cc
    LINK kengred_server_main kengred_verify kengred_storage kengred_test_support)
endif()
