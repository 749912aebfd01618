foreach(check checks layering contract tidy)
  kengred_script_test(arch_${check}_test LABELS arch
    COMMAND ${KENGRED_PYTHON} -B ${CMAKE_CURRENT_LIST_DIR}/${check}_test.py)
endforeach()

# kengred_links_test(LIBRARY FORBIDDEN shared libraries...): links the library whole.
function(kengred_links_test library)
  cmake_parse_arguments(ARG "" "" "FORBIDDEN" ${ARGN})
  add_executable(${library}_alone ${CMAKE_CURRENT_LIST_DIR}/empty_main.cc)
  target_link_libraries(${library}_alone PRIVATE $<LINK_LIBRARY:WHOLE_ARCHIVE,${library}>)
  set_target_properties(${library}_alone PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  kengred_script_test(arch_${library}_alone LABELS arch NEEDS ${library}_alone
    COMMAND ${KENGRED_PYTHON} -B ${CMAKE_CURRENT_LIST_DIR}/links_test.py
      $<TARGET_FILE:${library}_alone> ${ARG_FORBIDDEN})
endfunction()

kengred_links_test(kengred_core FORBIDDEN grpc rocksdb spdlog fmt)
if(KENGRED_BUILD_SERVER)
  kengred_links_test(kengred_rules FORBIDDEN grpc rocksdb spdlog fmt)
  kengred_links_test(kengred_storage FORBIDDEN grpc rocksdb spdlog fmt)
  kengred_links_test(kengred_storage_rocksdb FORBIDDEN grpc spdlog)
  kengred_links_test(kengred_sequence FORBIDDEN grpc rocksdb spdlog fmt)
  kengred_links_test(kengred_verify FORBIDDEN grpc rocksdb spdlog fmt)
  kengred_links_test(kengred_access FORBIDDEN grpc rocksdb spdlog fmt)
  kengred_links_test(kengred_http FORBIDDEN grpc rocksdb spdlog fmt)
endif()
if(KENGRED_BUILD_SERVER)
  kengred_links_test(kengred_net FORBIDDEN grpc protobuf rocksdb spdlog fmt)
endif()
kengred_links_test(kengred_client FORBIDDEN rocksdb spdlog CLI11)
