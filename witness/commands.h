// The commands of kengred-witness but `serve`. Data goes to `out`, talk to `err`.
#pragma once

#include <ostream>
#include <string>

#include "witness/exit_code.h"

namespace kengred::witness {

struct InitOptions {
  std::string data;
  std::string name;
  bool json = false;
};
// Makes a witness, and prints its verifier key.
ExitCode RunInit(const InitOptions& options, std::ostream& out, std::ostream& err);

struct AddOptions {
  std::string data;
  std::string verifier_key;
  // Empty: the key's name.
  std::string origin;
  bool json = false;
};
// Watches a log, or believes one more key of it.
ExitCode RunAdd(const AddOptions& options, std::ostream& out, std::ostream& err);

struct ShowOptions {
  std::string data;
  bool json = false;
};
// The logs it watches, and how far each has come.
ExitCode RunList(const ShowOptions& options, std::ostream& out, std::ostream& err);
// Its verifier key.
ExitCode RunKey(const ShowOptions& options, std::ostream& out, std::ostream& err);

// Says on `err` what is wrong.
ExitCode Complain(const std::string& why, ExitCode code, std::ostream& err);

}  // namespace kengred::witness
