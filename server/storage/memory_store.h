// A store in memory, for tests and models. What a real store keeps on disk stands in an image that
// outlives it: destroy the store without a word and open another on the same image, and a process
// has crashed and come back.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/storage/head_record.h"
#include "server/storage/store.h"

namespace kengred::storage {

// The durable content of memory stores. Two stores may be open on one image at once, as two
// processes on one shared database would be; the later to acquire fences the other. Any thread may
// call.
class MemoryImage {
 public:
  // What happens to the next commit that would otherwise be durable.
  enum class Fault {
    kNone,
    kUnknownNotApplied,  // answers kUnknown, and none of it is in the image
    kUnknownApplied,     // answers kUnknown, and all of it is in the image
  };

  // Plans a fault for the next commit, on whichever store it comes; it happens once. The store it
  // happens on accepts nothing more, one opened afterwards does.
  void fail_next_commit(Fault fault);

 private:
  friend class MemoryStore;

  struct Content {
    HeadRecord record;
    std::map<std::string, std::string, std::less<>> pairs;
    std::vector<std::string> journal;  // sequence 1 is at index 0
  };

  absl::Mutex mutex_;
  Content content_ ABSL_GUARDED_BY(mutex_);
  Fault fault_ ABSL_GUARDED_BY(mutex_) = Fault::kNone;
};

// An empty store.
std::unique_ptr<Store> NewMemoryStore();

// A store on what `image` holds. `image` is not null.
std::unique_ptr<Store> NewMemoryStore(std::shared_ptr<MemoryImage> image);

}  // namespace kengred::storage
