kengred_script_test(bench_run_test LABELS bench TIMEOUT 600
  COMMAND ${KENGRED_PYTHON} -B ${CMAKE_CURRENT_LIST_DIR}/bench_run_test.py)
