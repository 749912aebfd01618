# Bytes on the wire, frozen.
kengred_test(core_golden_test LABELS golden
  SOURCES core_golden_test.cc proof_golden_test.cc
  LINK kengred_core kengred_test_support)# Go's transparency log packages, @noble/ed25519 and libsodium-wrappers verify a receipt too.
kengred_script_test(foreign_proof_test LABELS golden TIMEOUT 300
  COMMAND ${KENGRED_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/foreign_proof_test.py
          ${CMAKE_CURRENT_BINARY_DIR}/foreign_proof)

