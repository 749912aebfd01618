#include "tests/support/server_process.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

extern char** environ;

namespace kengred::testing {
namespace {

// A busy machine takes its time.
constexpr std::chrono::seconds kStartMax{120};
constexpr uid_t kNobody = 65534;

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::abort();
}

std::string ServerPath() {
  const char* folder = std::getenv("KENGRED_BIN_DIR");
  if (folder == nullptr) Die("KENGRED_BIN_DIR is not set: run this test by ctest");
  return std::string(folder) + "/kengred-server";
}

std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Starts the program with its three streams on files.
pid_t Spawn(const std::vector<std::string>& arguments, const Conditions& conditions,
            const std::string& in, const std::string& out, const std::string& err) {
  const std::string path = ServerPath();
  // Opened here, since nobody may not be allowed to walk to it.
  const int program = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const int files[] = {
      ::open(in.c_str(), O_RDONLY | O_CLOEXEC),
      ::open(out.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600),
      ::open(err.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600),
  };
  if (program < 0) Die(path + " is not there: build it first");
  for (const int file : files) {
    if (file < 0) Die("cannot open the program's streams");
  }
  std::vector<std::string> words = {"kengred-server"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  // Never the default port, which another test's server may have.
  std::map<std::string, std::string> added = {{"KENGRED_HTTP_LISTEN", "127.0.0.1:0"}};
  for (const auto& [name, value] : conditions.environment) added[name] = value;
  for (const auto& [name, value] : added) variables.push_back(name + "=" + value);
  const std::vector<char*> argv = Pointers(&words);
  const std::vector<char*> envp = Pointers(&variables);
  rlimit limit{};
  limit.rlim_cur = limit.rlim_max = conditions.file_bytes_max.value_or(0);

  const pid_t child = ::fork();
  if (child < 0) Die("cannot fork");
  if (child == 0) {
    // Only what is safe between fork and exec.
    for (int stream = 0; stream < 3; ++stream) {
      if (::dup2(files[stream], stream) < 0) ::_exit(125);
    }
    if (conditions.file_bytes_max && ::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(125);
    if (conditions.as_nobody &&
        (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) {
      ::_exit(125);
    }
    ::fexecve(program, argv.data(), envp.data());
    ::_exit(126);
  }
  ::close(program);
  for (const int file : files) ::close(file);
  return child;
}

int ExitCodeOf(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ScratchDirectory::ScratchDirectory() {
  path_ = (std::filesystem::temp_directory_path() / "kengred-XXXXXX").string();
  if (::mkdtemp(path_.data()) == nullptr) Die("no temporary directory");
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ReadFileOrNothing(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void WriteFileOrDie(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  if (!file.flush()) Die("cannot write " + path);
}

Finished RunServerProgram(const std::vector<std::string>& arguments, const Conditions& conditions,
                          const std::string& input) {
  const ScratchDirectory scratch;
  WriteFileOrDie(scratch / "in", input);
  const pid_t child =
      Spawn(arguments, conditions, scratch / "in", scratch / "out", scratch / "err");
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return {ExitCodeOf(status), ReadFileOrNothing(scratch / "out"),
          ReadFileOrNothing(scratch / "err")};
}

ServerProcess::ServerProcess(const std::string& data, const std::vector<std::string>& arguments,
                             const Conditions& conditions) {
  std::vector<std::string> all = {"serve",       "--data",      data,       "--listen",
                                  "127.0.0.1:0", "--port-file", port_file()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  if (conditions.as_nobody) ::chmod(scratch_.path().c_str(), 0777);
  pid_ = Spawn(all, conditions, "/dev/null", scratch_ / "out", scratch_ / "err");
  const auto deadline = std::chrono::steady_clock::now() + kStartMax;
  while (!HasEnded()) {
    const std::string lines = ReadFileOrNothing(port_file());
    if (lines.ends_with('\n')) {
      port_ = lines.substr(0, lines.find('\n'));
      const size_t last = lines.rfind('\n', lines.size() - 2);
      http_port_ = last == std::string::npos ? "" : lines.substr(last + 1, lines.size() - last - 2);
      return;
    }
    if (std::chrono::steady_clock::now() > deadline) Die("the server does not start:\n" + log());
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

ServerProcess::~ServerProcess() {
  Signal(SIGKILL);
  Wait();
}

bool ServerProcess::HasEnded() {
  if (pid_ < 0) return true;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  exit_code_ = ExitCodeOf(status);
  pid_ = -1;
  return true;
}

void ServerProcess::Signal(int signal) {
  if (pid_ > 0) ::kill(pid_, signal);
}

int ServerProcess::Wait() {
  if (pid_ < 0) return exit_code_;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  exit_code_ = ExitCodeOf(status);
  return exit_code_;
}

void StartAndKillServer(const std::string& data, std::chrono::microseconds after) {
  const ScratchDirectory scratch;
  const pid_t child = Spawn({"serve", "--data", data, "--listen", "127.0.0.1:0"}, {}, "/dev/null",
                            scratch / "out", scratch / "err");
  std::this_thread::sleep_for(after);
  ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace kengred::testing
