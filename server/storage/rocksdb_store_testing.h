// For tests of faults only: a store on a file system of their making.
#pragma once

#include <absl/status/statusor.h>

#include <memory>

#include "server/storage/rocksdb_store.h"

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace kengred::storage {

// OpenRocksDbStore() with every file operation going through `env`, which must outlive the store.
absl::StatusOr<std::unique_ptr<Store>> OpenRocksDbStoreOn(const RocksDbOptions& options,
                                                          rocksdb::Env* env);

}  // namespace kengred::storage
