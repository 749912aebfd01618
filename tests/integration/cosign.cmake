if(KENGRED_BUILD_SERVER)
  # The collector against witnesses that behave, and such that do not.
  kengred_test(cosign_test LABELS integration
    SOURCES cosign_test.cc
    LINK kengred_rpc_world kengred_cosign kengred_witness)
  # kengred-witness and kengred-server as processes.
  kengred_test(witness_process_test LABELS integration
    TIMEOUT 600
    SOURCES witness_process_test.cc
    LINK kengred_real_server kengred_net kengred_witness nlohmann_json::nlohmann_json)
  add_dependencies(witness_process_test kengred_server_bin kengred_witness_bin)
  if(TARGET kengred)
    add_dependencies(witness_process_test kengred)
  endif()
endif()
