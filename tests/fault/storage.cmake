# Storage that breaks. kengred_faulty_files is a file system for RocksDB that fails on demand; the
# conformance suite of tests/unit uses it too.
add_library(kengred_faulty_files STATIC ${CMAKE_CURRENT_LIST_DIR}/faulty_files.cc)
target_include_directories(kengred_faulty_files PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(kengred_faulty_files
  PRIVATE RocksDB::rocksdb-shared absl::synchronization kengred_warnings)

kengred_test(storage_fault_test
  LABELS fault
  TIMEOUT 600
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/storage_fault_test.cc
  LINK kengred_storage_rocksdb kengred_core kengred_faulty_files RocksDB::rocksdb-shared)
