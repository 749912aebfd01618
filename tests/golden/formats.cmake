kengred_script_test(formats_doc_test LABELS golden
  COMMAND ${KENGRED_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/formats_doc_test.py)
