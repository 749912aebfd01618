# A community's charter as the file that a real server is made from.
if(KENGRED_BUILD_SERVER)
  kengred_library(kengred_test_charter_file
    INCLUDE_AS tests/support
    SOURCES charter_file.cc
    PUBLIC kengred_core)
endif()
