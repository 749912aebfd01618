# The log over HTTP.
if(KENGRED_BUILD_SERVER)
  # The server's part of it in this process, while the log grows.
  kengred_test(http_server_test LABELS integration tsan
    SOURCES http_server_test.cc
    LINK kengred_http kengred_rpc_world)

  # A real server, read by a program of other people's packages.
  kengred_test(tiles_test LABELS integration
    TIMEOUT 300
    SOURCES tiles_test.cc
    LINK kengred_real_server kengred_server_main)
  target_compile_definitions(tiles_test PRIVATE
    KENGRED_TILES_READER="${CMAKE_CURRENT_BINARY_DIR}/tiles_reader")
endif()
