// kengred-witness: the command line. Each command is an options struct and a Run function of its
// own; this file only fills the former and calls the latter.
#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>
#include <string>

#include "kengred/core/signing.h"
#include "witness/commands.h"
#include "witness/exit_code.h"
#include "witness/serve.h"

namespace kengred::witness {
namespace {

void AddData(CLI::App* app, std::string* data) {
  app->add_option("--data", *data, "The witness's directory [KENGRED_WITNESS_DATA]")
      ->type_name("DIRECTORY")
      ->envname("KENGRED_WITNESS_DATA")
      ->required();
}

void AddJson(CLI::App* app, bool* json) { app->add_flag("--json", *json, "Answer in JSON"); }

int Run(int argc, char** argv) {
  // A file that may not grow is a fault of the disk like any other, and not the end.
  std::signal(SIGXFSZ, SIG_IGN);
  InitializeCrypto();
  ExitCode code = kExitOk;

  CLI::App app(
      "A witness: it watches that ledgers take nothing back, and signs what it has seen, as C2SP\n"
      "tlog-witness specifies. It holds no entries, no names and no amounts.",
      "kengred-witness");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("kengred-witness ") + KENGRED_VERSION);
  app.footer(
      "Start here:\n"
      "  kengred-witness init --name witness.example/w1 --data /var/lib/kengred-witness\n"
      "  kengred-witness add --data /var/lib/kengred-witness --log "
      "heol.example/ledger+8b82c429+A...\n"
      "  kengred-witness serve --data /var/lib/kengred-witness\n\n"
      "Exit codes: 0 done, 2 wrong command line, 3 the directory cannot be used, 4 the address "
      "cannot be\n"
      "listened on, 70 a fault of the program or the machine.");

  InitOptions init;
  CLI::App* init_command = app.add_subcommand("init", "Make a witness with a key of its own");
  init_command
      ->add_option("--name", init.name,
                   "What it is called in cosignatures: an address of yours without https://, for "
                   "ever")
      ->type_name("NAME")
      ->required();
  AddData(init_command, &init.data);
  AddJson(init_command, &init.json);
  init_command->footer(
      "Example:\n"
      "  kengred-witness init --name witness.example/w1 --data /var/lib/kengred-witness");
  init_command->final_callback([&] { code = RunInit(init, std::cout, std::cerr); });

  AddOptions add;
  CLI::App* add_command =
      app.add_subcommand("add", "Watch a log, or believe a new key of one that is watched");
  add_command
      ->add_option("--log", add.verifier_key,
                   "Its verifier key, as `kengred ledger info` shows it: name+id+key")
      ->type_name("VERIFIER_KEY")
      ->required();
  add_command
      ->add_option("--origin", add.origin,
                   "The first line of its checkpoints, where that is not the key's name")
      ->type_name("ORIGIN");
  AddData(add_command, &add.data);
  AddJson(add_command, &add.json);
  add_command->footer(
      "Examples:\n"
      "  kengred-witness add --data DIR --log heol.example/ledger+8b82c429+AfxR...\n\n"
      "The witness must not be serving meanwhile. When a ledger's governance has replaced its log "
      "key,\n"
      "add the new one; the old one stays known.");
  add_command->final_callback([&] { code = RunAdd(add, std::cout, std::cerr); });

  ShowOptions list;
  CLI::App* list_command =
      app.add_subcommand("list", "Show the logs that are watched, and how far each has come");
  AddData(list_command, &list.data);
  AddJson(list_command, &list.json);
  list_command->footer(
      "Examples:\n"
      "  kengred-witness list --data /var/lib/kengred-witness\n"
      "  kengred-witness list --data /var/lib/kengred-witness --json");
  list_command->final_callback([&] { code = RunList(list, std::cout, std::cerr); });

  ShowOptions key;
  CLI::App* key_command =
      app.add_subcommand("key", "Print the witness's verifier key, for the charters of ledgers");
  AddData(key_command, &key.data);
  AddJson(key_command, &key.json);
  key_command->footer("Example:\n  kengred-witness key --data /var/lib/kengred-witness");
  key_command->final_callback([&] { code = RunKey(key, std::cout, std::cerr); });

  ServeOptions serve;
  CLI::App* serve_command = app.add_subcommand("serve", "Cosign what continues, and nothing else");
  AddData(serve_command, &serve.data);
  serve_command
      ->add_option("--listen", serve.listen,
                   "Where to listen: host:port or [::1]:port; port 0 is any free one")
      ->type_name("ADDRESS")
      ->capture_default_str();
  serve_command
      ->add_option("--port-file", serve.port_file, "Write the port to this file when ready")
      ->type_name("FILE");
  serve_command->footer(
      "Examples:\n"
      "  kengred-witness serve --data /var/lib/kengred-witness\n"
      "  kengred-witness serve --data /var/lib/kengred-witness --listen '[::]:4367'\n\n"
      "It speaks HTTP in clear: nothing that it says or hears is secret, and everything is signed. "
      "Put a\n"
      "web server with TLS in front of it where you like. SIGTERM and SIGINT stop it.");
  serve_command->final_callback([&] { code = RunServe(serve, std::cout, std::cerr); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help and --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    std::cerr << "kengred-witness: " << error.what() << "\n"
              << "Look at `kengred-witness --help`, or `kengred-witness COMMAND --help`.\n";
    return kExitUsage;
  }
  if (!std::cout.flush()) {
    std::cerr << "kengred-witness: the answer could not be written; look at where it goes\n";
    return code == kExitOk ? kExitInternal : code;
  }
  return code;
}

}  // namespace
}  // namespace kengred::witness

int main(int argc, char** argv) { return kengred::witness::Run(argc, argv); }
