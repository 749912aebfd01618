# What tests share. kengred_test_support: a community with deterministic keys, and where outside test
# material lies. kengred_rule_bench: the rules alone, on a state in memory.
kengred_library(kengred_test_support
  INCLUDE_AS tests/support
  SOURCES
    community.cc
    mixed_order_key.cc
    shared_files.cc
  PUBLIC kengred_core
  PRIVATE kengred_sodium)

if(KENGRED_BUILD_SERVER)
  kengred_library(kengred_rule_bench
    INCLUDE_AS tests/support
    SOURCES
      rule_bench.cc
    PUBLIC kengred_rules kengred_test_support)
endif()
