// A progress bar on stderr: redrawn in place on a terminal, silent elsewhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

namespace kengred::bench {

// One thread.
class Progress {
 public:
  Progress(std::string what, size_t total);
  // Draws the end and goes to the next line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Set(size_t done);
  void Add(size_t more) { Set(done_ + more); }
  // What stands behind the bar from now on, in place of how many are done in a second.
  void Say(std::string note) { note_ = std::move(note); }

 private:
  void Draw() const;

  const std::string what_;
  const size_t total_;
  const bool terminal_;
  const std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point drawn_;
  size_t done_ = 0;
  std::string note_;
};

}  // namespace kengred::bench
