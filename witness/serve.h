// `kengred-witness serve`: the witness over HTTP.
#pragma once

#include <ostream>
#include <string>

#include "net/http_message.h"
#include "witness/exit_code.h"
#include "witness/witness.h"

namespace kengred::witness {

// Answers one request; any thread.
//   POST /add-checkpoint        C2SP tlog-witness
//   GET  /HASH/checkpoint       the last checkpoint of the log with that OriginHash
//   GET  /                      who this is
net::HttpResponse Serve(Witness* witness, const net::HttpRequest& request);

struct ServeOptions {
  std::string data;
  std::string listen = "127.0.0.1:4367";
  // Written with the port when ready, removed at the end; empty: none.
  std::string port_file;
};
// Serves until SIGTERM or SIGINT: requests that have come whole are still answered. Call it before
// other threads are made.
ExitCode RunServe(const ServeOptions& options, std::ostream& out, std::ostream& err);

}  // namespace kengred::witness
