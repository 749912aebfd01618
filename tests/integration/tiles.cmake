# The log over HTTP, read by a program of other people's packages.
if(KENGRED_BUILD_SERVER)
  kengred_test(tiles_test LABELS integration
    TIMEOUT 300
    SOURCES tiles_test.cc
    LINK kengred_real_server kengred_server_main)
  target_compile_definitions(tiles_test PRIVATE
    KENGRED_TILES_READER="${CMAKE_CURRENT_BINARY_DIR}/tiles_reader")
endif()
