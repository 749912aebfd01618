// kengred-server as a process of its own: started under the conditions that a test wants, killed as
// a test wants. The program is the one in $KENGRED_BIN_DIR.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kengred::testing {

// A directory that is gone with the test.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// Empty where there is no such file.
std::string ReadFileOrNothing(const std::string& path);
void WriteFileOrDie(const std::string& path, const std::string& content);

// Under which conditions the program runs.
struct Conditions {
  std::map<std::string, std::string> environment;  // added to the test's own, and HTTP to any port
  std::optional<uint64_t> file_bytes_max;          // no file may grow past this
  bool as_nobody = false;                          // without root's rights
};

// What a program that has ended has said. `exit_code` is 128 and the signal where one killed it.
struct Finished {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// Runs `kengred-server ARGUMENTS` to its end; `input` is what it reads.
Finished RunServerProgram(const std::vector<std::string>& arguments,
                          const Conditions& conditions = {}, const std::string& input = "");

// `kengred-server serve` on loopback ports of its choice. Killed when it goes away.
class ServerProcess {
 public:
  // Starts it and waits until it is ready or has ended. `arguments` come after --data and --listen.
  explicit ServerProcess(const std::string& data, const std::vector<std::string>& arguments = {},
                         const Conditions& conditions = {});
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Whether it said that it is ready.
  bool ready() const { return !port_.empty(); }
  const std::string& port() const { return port_; }
  std::string target() const { return "127.0.0.1:" + port_; }
  // Where it serves HTTP; means nothing where a test has switched that off.
  std::string http_target() const { return "127.0.0.1:" + http_port_; }
  std::string port_file() const { return scratch_ / "port"; }
  pid_t pid() const { return pid_; }

  void Signal(int signal);
  // Waits for its end; as Finished::exit_code.
  int Wait();
  // What it has said so far.
  std::string out() const { return ReadFileOrNothing(scratch_ / "out"); }
  std::string log() const { return ReadFileOrNothing(scratch_ / "err"); }

 private:
  bool HasEnded();

  ScratchDirectory scratch_;
  pid_t pid_ = -1;
  int exit_code_ = -1;
  std::string port_;
  std::string http_port_;
};

// Starts `kengred-server serve` and kills it (SIGKILL) after a while, wherever it is by then.
void StartAndKillServer(const std::string& data, std::chrono::microseconds after);

}  // namespace kengred::testing
