# The whole ledger against simpler ones.
if(KENGRED_BUILD_SERVER)
  # The real sequencer, rules and stores, which may crash.
  add_library(kengred_ledger_machine STATIC ${CMAKE_CURRENT_LIST_DIR}/ledger_machine.cc)
  target_include_directories(kengred_ledger_machine PUBLIC ${CMAKE_CURRENT_LIST_DIR})
  target_link_libraries(kengred_ledger_machine
    PUBLIC kengred_test_support kengred_sequence kengred_publish kengred_storage
    PRIVATE kengred_storage_rocksdb kengred_faulty_files RocksDB::rocksdb-shared kengred_warnings)

  kengred_test(ledger_model_test LABELS model asan
    TIMEOUT 600
    SOURCES ledger_model_test.cc
    LINK kengred_ledger_machine kengred_rule_bench)

  kengred_test(scenarios_test LABELS model
    TIMEOUT 300
    SOURCES scenarios_test.cc
    LINK kengred_ledger_machine kengred_rule_bench)

  kengred_test(traces_test LABELS model
    TIMEOUT 300
    SOURCES traces_test.cc
    LINK kengred_ledger_machine kengred_rules nlohmann_json::nlohmann_json)
endif()
