# Installing needs everything that is installed: ninja's "all".
set(programs)
foreach(program kengred kengred_server_bin kengred_witness_bin kengred_bench)
  if(TARGET ${program})
    list(APPEND programs ${program})
  endif()
endforeach()
kengred_script_test(package_test LABELS package
  TIMEOUT 900
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/package_test.sh ${CMAKE_BINARY_DIR}
    ${CMAKE_CURRENT_BINARY_DIR}/package_test ${CMAKE_CXX_COMPILER}
  NEEDS kengred_client kengred_keys kengred_grpc ${programs})
