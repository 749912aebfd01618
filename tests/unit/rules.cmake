# Tests of the rules, on a bench without store or threads.
kengred_test(community_test LABELS unit
  SOURCES community_test.cc
  LINK kengred_rule_bench)

kengred_test(rules_test LABELS unit
  SOURCES
    rules_authority_test.cc
    rules_commission_test.cc
    rules_coverage_test.cc
    rules_field_test.cc
    rules_funds_test.cc
    rules_invariants_test.cc
    rules_members_test.cc
    rules_payments_test.cc
    rules_programmes_test.cc
    rules_reconversions_test.cc
    rules_state_writes_test.cc
    rules_table.cc
    rules_table_test.cc
  LINK kengred_rule_bench rapidcheck rapidcheck_gtest)
