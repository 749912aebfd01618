if(KENGRED_BUILD_SERVER AND KENGRED_BUILD_BENCH)
  kengred_script_test(load LABELS integration
    COMMAND ${KENGRED_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/load_test.py ${CMAKE_BINARY_DIR}/bin
    NEEDS kengred_server_bin kengred_bench)
endif()
