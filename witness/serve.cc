#include "witness/serve.h"

#include <absl/time/clock.h>

#include <csignal>
#include <utility>

#include "files/small_file.h"
#include "kengred/core/limits.h"
#include "net/http_server.h"
#include "witness/commands.h"
#include "witness/directory.h"

namespace kengred::witness {
namespace {

constexpr std::string_view kCheckpoint = "/checkpoint";

net::HttpResponse OnlyWith(const std::string& methods) {
  return {405,
          "text/plain; charset=utf-8",
          "this address is for " + methods + "\n",
          {{"Allow", methods}}};
}

}  // namespace

net::HttpResponse Serve(Witness* witness, const net::HttpRequest& request) {
  const std::string_view path = request.path();
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (path == "/add-checkpoint") {
    return request.method == "POST" ? witness->AddCheckpoint(request.body) : OnlyWith("POST");
  }
  if (path == "/") {
    if (!reads) return OnlyWith("GET, HEAD");
    return {200,
            "text/plain; charset=utf-8",
            "A witness of transparency logs (c2sp.org/tlog-witness).\n" +
                witness->verifier_key().Format() + "\n",
            {}};
  }
  if (path.starts_with('/') && path.ends_with(kCheckpoint) && path.size() > kCheckpoint.size()) {
    if (!reads) return OnlyWith("GET, HEAD");
    return witness->GetCheckpoint(path.substr(1, path.size() - 1 - kCheckpoint.size()));
  }
  return {404, "text/plain; charset=utf-8", "there is nothing at this address\n", {}};
}

ExitCode RunServe(const ServeOptions& options, std::ostream& out, std::ostream& err) {
  // Blocked for every thread made later, so that sigwait gets them.
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGHUP, SIG_IGN);

  const auto directory = Directory::Open(options.data, Directory::Access::kAlone);
  if (!directory.ok()) {
    return Complain(std::string(directory.status().message()), kExitDirectory, err);
  }
  auto logs = (*directory)->Logs();
  if (!logs.ok()) return Complain(std::string(logs.status().message()), kExitDirectory, err);
  if (logs->empty()) {
    err << "kengred-witness: no log is watched yet; add one with `kengred-witness add`\n";
  }
  Witness witness(
      &(*directory)->cosigner(), *std::move(logs),
      [&directory](const std::string& origin, const std::string& note) {
        return (*directory)->SaveCheckpoint(origin, note);
      },
      [] { return absl::ToUnixSeconds(absl::Now()); }, LogEvent);

  net::HttpServerOptions http;
  http.body_bytes_max = kWitnessRequestBytesMax;
  const auto server = net::HttpServer::Start(
      options.listen,
      [&witness](const net::HttpRequest& request) { return Serve(&witness, request); }, http);
  if (!server.ok()) {
    const bool usage = absl::IsInvalidArgument(server.status());
    return Complain(std::string(server.status().message()), usage ? kExitUsage : kExitAddress, err);
  }
  if (!options.port_file.empty()) {
    const absl::Status written =
        WriteFileAtomically(options.port_file, std::to_string((*server)->port()) + "\n");
    if (!written.ok()) return Complain(std::string(written.message()), kExitUsage, err);
  }
  LogEvent({"info",
            "ready",
            {{"listen", (*server)->address()},
             {"verifier_key", witness.verifier_key().Format()},
             {"logs", std::to_string(witness.logs())}}});
  out << "kengred-witness is ready on " << (*server)->address() << std::endl;

  int signal = 0;
  ::sigwait(&signals, &signal);
  LogEvent({"info", "stopping", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}}});
  if (!options.port_file.empty()) RemoveFile(options.port_file).IgnoreError();
  (*server)->Stop();
  LogEvent({"info", "stopped", {}});
  return kExitOk;
}

}  // namespace kengred::witness
