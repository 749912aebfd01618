# kengred_test_charter_file: a community's charter as the file that a real server is made from.
# kengred_test_server_process: kengred-server as a process, and a community on it. Tests that link it
# depend on kengred_server_bin.
if(KENGRED_BUILD_SERVER)
  kengred_library(kengred_test_charter_file
    INCLUDE_AS tests/support
    SOURCES charter_file.cc
    PUBLIC kengred_core)

  kengred_library(kengred_test_server_process
    INCLUDE_AS tests/support
    SOURCES
      live_community.cc
      server_process.cc
    PUBLIC kengred_client kengred_test_support
    PRIVATE kengred_test_charter_file)
endif()
