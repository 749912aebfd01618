if(KENGRED_BUILD_SERVER)
  kengred_test(net_test LABELS unit asan tsan
    SOURCES net_address_test.cc net_http_client_test.cc net_http_server_test.cc
    LINK kengred_net kengred_test_support PkgConfig::httplib OpenSSL::SSL OpenSSL::Crypto)
endif()
