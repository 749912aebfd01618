// `kengred-bench load`: its options and its manners.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

#include "bench/load.h"

namespace kengred::bench {

// Must outlive the parsing of the command line.
class LoadCommand {
 public:
  // Adds the command to the program.
  explicit LoadCommand(CLI::App* program);
  ~LoadCommand();

  bool parsed() const { return command_->parsed(); }
  // Runs until it is done or somebody presses Ctrl-C, which ends it early, with a report. Answers
  // the exit code, as main.cc has them.
  int Run();

 private:
  struct Words;

  CLI::App* const command_;
  LoadOptions options_;
  bool json_ = false;
  // What is parsed further once all is there.
  const std::unique_ptr<Words> words_;
};

}  // namespace kengred::bench
