// Work on all cores.
#pragma once

#include <cstddef>
#include <functional>

namespace kengred::bench {

// How many cores this process may use.
size_t CoreCount();

// Calls work(0) to work(count - 1), each once, from as many threads as there are cores; answers
// when all are done.
void OnAllCores(size_t count, const std::function<void(size_t)>& work);

}  // namespace kengred::bench
