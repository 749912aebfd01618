kengred_test(storage_test
  LABELS unit asan
  TIMEOUT 300
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/storage_test.cc
  LINK kengred_storage_rocksdb kengred_core kengred_faulty_files)
kengred_test(storage_memtable_test
  LABELS unit asan tsan
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/storage_memtable_test.cc
  LINK kengred_storage_rocksdb RocksDB::rocksdb-shared)
