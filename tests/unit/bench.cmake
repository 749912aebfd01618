if(KENGRED_BUILD_BENCH)
  kengred_test(bench_test LABELS unit SOURCES bench_test.cc LINK kengred_bench_lib)
endif()
