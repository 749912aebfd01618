if(KENGRED_BUILD_WALLET)
  kengred_test(wallet_formats_test LABELS unit
    SOURCES wallet_formats_test.cc
    LINK kengred_wallet_bench kengred_wallet)
  add_dependencies(wallet_formats_test kengred_catalogues)

  kengred_test(wallet_identity_test LABELS unit
    SOURCES wallet_identity_test.cc
    LINK kengred_wallet_bench kengred_wallet)

  kengred_test(wallet_payment_test LABELS unit
    SOURCES wallet_payment_test.cc
    LINK kengred_wallet_bench kengred_wallet)

  kengred_test(wallet_witness_test LABELS unit
    SOURCES wallet_witness_test.cc
    LINK kengred_wallet_bench kengred_wallet)

  kengred_script_test(wallet_catalogue_test LABELS unit
    COMMAND ${KENGRED_PYTHON} -B ${PROJECT_SOURCE_DIR}/wallet-cli/po/update.py --check)
endif()
