# Tests of core: what wallets, shops, auditors and the server must all compute alike.
kengred_test(core_test LABELS unit asan
  SOURCES
    core_address_test.cc
    core_amount_test.cc
    core_charter_test.cc
    core_ids_test.cc
    core_merkle_test.cc
    core_note_secret_test.cc
    core_note_test.cc
    core_receipt_test.cc
    core_signing_test.cc
    core_text_test.cc
    core_tiles_test.cc
    core_token_test.cc
    core_verdict_test.cc
    core_verification_test.cc
    core_witness_request_test.cc
  LINK kengred_test_support nlohmann_json::nlohmann_json kengred_sodium rapidcheck rapidcheck_gtest)
