if(KENGRED_BUILD_WALLET)
  kengred_script_test(cli_completion_test LABELS cli
    COMMAND ${KENGRED_PYTHON} -B ${CMAKE_CURRENT_SOURCE_DIR}/completion_test.py
    NEEDS kengred)
endif()
