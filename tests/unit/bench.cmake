if(KENGRED_BUILD_BENCH)
  kengred_test(bench_test LABELS unit SOURCES bench_test.cc LINK kengred_bench_lib)
  kengred_test(bench_load_test LABELS unit asan SOURCES bench_load_test.cc LINK kengred_bench_lib)
endif()
