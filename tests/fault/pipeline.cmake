# Verifier, sequencer and store together: on a disk that breaks, and under load.
if(KENGRED_BUILD_SERVER)
  kengred_test(pipeline_fault_test
    LABELS fault
    TIMEOUT 600
    SOURCES pipeline_fault_test.cc
    LINK kengred_storage_rocksdb kengred_faulty_files kengred_test_books kengred_test_pipeline)

  kengred_test(pipeline_load_test
    LABELS fault tsan
    TIMEOUT 300
    SOURCES pipeline_load_test.cc
    LINK kengred_storage kengred_proto kengred_test_books kengred_test_pipeline)

  kengred_test(overload_test
    LABELS fault
    TIMEOUT 300
    SOURCES overload_test.cc
    LINK kengred_storage kengred_test_books kengred_test_pipeline absl::synchronization)
endif()
