# kengred-server killed under load.
if(KENGRED_BUILD_SERVER)
  kengred_test(kill_test LABELS fault
    TIMEOUT 1800
    SOURCES kill_test.cc
    LINK kengred_test_server_process kengred_test_books kengred_storage_rocksdb)
  add_dependencies(kill_test kengred_server_bin)
endif()
