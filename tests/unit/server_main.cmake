# The commands of kengred-server, without a process.
if(KENGRED_BUILD_SERVER)
  kengred_test(charter_toml_test LABELS unit
    SOURCES charter_toml_test.cc
    LINK kengred_server_main kengred_test_support kengred_test_charter_file)
endif()
