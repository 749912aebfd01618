if(KENGRED_BUILD_SERVER AND KENGRED_BUILD_BENCH)
  if(DEFINED ENV{KENGRED_SHARED_DIR})
    set(shared $ENV{KENGRED_SHARED_DIR})
  else()
    set(shared ${PROJECT_SOURCE_DIR}/../shared)
  endif()
  foreach(history ${CMAKE_CURRENT_SOURCE_DIR}/data/history.csv ${shared}/data/sarafu-10k.csv)
    get_filename_component(name ${history} NAME_WE)
    kengred_script_test(replay_${name} LABELS integration
      COMMAND ${KENGRED_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/replay_test.py ${CMAKE_BINARY_DIR}/bin
        ${history}
      NEEDS kengred_server_bin kengred_bench)
  endforeach()
endif()
