# A real server as a process, and what runs beside it: the till of client/examples, and clients in
# other languages.
if(KENGRED_BUILD_SERVER)
  add_library(kengred_real_server STATIC real_server.cc)
  target_include_directories(kengred_real_server PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(kengred_real_server
    PUBLIC kengred_test_server_process kengred_client kengred_test_support kengred_core
    PRIVATE kengred_warnings)
  add_dependencies(kengred_real_server kengred_server_bin)

  kengred_test(till_test LABELS integration
    TIMEOUT 300
    SOURCES till_test.cc
    LINK kengred_real_server kengred_keys)
  add_dependencies(till_test till)

  # `audit --server`.
  kengred_test(live_audit_test LABELS integration
    TIMEOUT 300
    SOURCES live_audit_test.cc
    LINK kengred_real_server kengred_keys kengred_server_main nlohmann_json::nlohmann_json)

  kengred_test(foreign_clients_test LABELS integration
    TIMEOUT 300
    SOURCES foreign_clients_test.cc
    LINK kengred_real_server nlohmann_json::nlohmann_json)
  target_compile_definitions(foreign_clients_test PRIVATE
    KENGRED_PYTHON="${KENGRED_PYTHON}"
    KENGRED_NODE_FOLDER="${CMAKE_CURRENT_BINARY_DIR}/foreign_clients")
endif()
