# Tests of the rules, on a bench without store or threads.
kengred_test(community_test LABELS unit
  SOURCES community_test.cc
  LINK kengred_rule_bench)
