# The whole circle through the real commands, as deploy/quickstart.sh shows it to newcomers.
if(KENGRED_BUILD_SERVER AND KENGRED_BUILD_WALLET)
  kengred_script_test(quickstart_test LABELS cli
    COMMAND ${PROJECT_SOURCE_DIR}/deploy/quickstart.sh --once
      --data ${CMAKE_CURRENT_BINARY_DIR}/quickstart
    NEEDS kengred kengred_server_bin
    TIMEOUT 600)
endif()
