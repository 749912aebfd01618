kengred_test(wallet_commands_test LABELS unit
  SOURCES wallet_commands_test.cc
  LINK kengred_wallet kengred_test_support)
# The French example of a programme's terms must be readable too.
add_dependencies(wallet_commands_test kengred_catalogues)
