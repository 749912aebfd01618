// The real programs, as processes: kengred-server on a ledger of its own, and others that talk to
// it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "kengred/client/client.h"
#include "kengred/core/ids.h"
#include "kengred/core/signing.h"
#include "tests/support/community.h"
#include "tests/support/live_community.h"
#include "tests/support/server_process.h"

namespace kengred::testing {

// A program in the folder of this build's programs ("kengred-server").
std::string ProgramPath(const std::string& name);

// A process whose standard input and output are this test's. Killed when it goes away.
class Process {
 public:
  // What it says on standard error goes to the file `errors`, or where the test's goes.
  explicit Process(const std::vector<std::string>& command, const std::string& errors = "");
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void Write(const std::string& text);
  void CloseInput();
  // Everything up to and including `end`; what there is where the output ends before.
  std::string ReadUntil(const std::string& end);
  std::string ReadAll();
  // Whether it has said something that has not been read; does not wait for it.
  bool HasSaid() const;
  void Signal(int signal);
  // Waits; the exit status, or 128 and the signal that killed it.
  int Wait();

 private:
  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  int status_ = 0;
};

// A founded community on a real server. Any fault ends the test program with the server's log,
// since nothing can be tested then.
class RealServer {
 public:
  // `community` gets its programmes; it must outlive the server.
  explicit RealServer(Community* community);
  ~RealServer();

  // "127.0.0.1:port", also after a restart.
  const std::string& target() const { return target_; }
  // Where it serves HTTP: "127.0.0.1:port", another one after a restart.
  const std::string& http_target() const { return http_target_; }
  client::Client& client() { return *client_; }
  // Where a test may put files; removed at the end.
  const std::string& folder() const { return folder_.path(); }

  // Stops it and starts it again on the same port.
  void Restart();

  // What must be accepted.
  v1::SubmitTransactionResponse Submit(const std::vector<v1::Operation>& operations,
                                       const std::vector<std::string>& signers);
  // A new member with one key; a PROFESSIONAL is approved as well.
  AccountId OpenMember(const SecretKey& key, v1::HolderKind kind);
  // What an account holds, read by an auditor.
  int64_t Balance(const AccountId& account, const std::string& currency);

 private:
  void Start(const std::string& listen);
  [[noreturn]] void Fail(const std::string& why);

  Community* const community_;
  const ScratchDirectory folder_;
  std::string target_;
  std::string http_target_;
  std::unique_ptr<Process> process_;
  std::unique_ptr<client::Client> client_;
};

}  // namespace kengred::testing
