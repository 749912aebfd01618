if(KENGRED_BUILD_SERVER)
  add_library(kengred_rpc_world STATIC rpc_world.cc)
  target_include_directories(kengred_rpc_world PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(kengred_rpc_world
    PUBLIC kengred_rpc kengred_grpc kengred_test_support GTest::gmock
    PRIVATE kengred_warnings)
  # The services: who may read what, and what they then read.
  kengred_test(rpc_test
    LABELS integration
    SOURCES rpc_test.cc
    LINK kengred_rpc_world)
  kengred_test(rpc_history_test
    LABELS integration
    SOURCES rpc_history_test.cc
    LINK kengred_rpc_world)
  # The long-lived calls: submission streams and watches.
  kengred_test(rpc_streams_test
    LABELS integration
    SOURCES rpc_streams_test.cc
    LINK kengred_rpc_world)
  # Single calls: many at once, those whose clients go away, a server that stops.
  kengred_test(rpc_calls_test
    LABELS integration tsan
    SOURCES rpc_calls_test.cc
    LINK kengred_rpc_world kengred_health_proto)
  # What stands around the services: ports, TLS, health, reflection, bad bytes.
  kengred_test(rpc_server_test
    LABELS integration
    SOURCES rpc_server_test.cc
    LINK kengred_rpc_world kengred_health_proto)
  # The client library keeps watch over a ledger's log.
  kengred_test(log_watch_test
    LABELS integration
    SOURCES log_watch_test.cc
    LINK kengred_rpc_world kengred_client kengred_test_server_process)
endif()
