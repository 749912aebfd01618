# Checkpoint, tiles and entry bundles over HTTP, without a socket.
if(KENGRED_BUILD_SERVER)
  kengred_test(http_test LABELS unit
    SOURCES http_test.cc
    LINK kengred_http kengred_test_support)
endif()
