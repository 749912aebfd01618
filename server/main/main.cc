// kengred-server: the command line. Each command is an options struct and a Run function of its
// own; this file only fills the former and calls the latter.
#include <absl/synchronization/mutex.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "kengred/core/signing.h"
#include "server/main/audit_command.h"
#include "server/main/config.h"
#include "server/main/erase_command.h"
#include "server/main/exit_code.h"
#include "server/main/export_command.h"
#include "server/main/import_command.h"
#include "server/main/info_command.h"
#include "server/main/init_command.h"
#include "server/main/io.h"
#include "server/main/log_key.h"
#include "server/main/serve_command.h"

namespace kengred::server {
namespace {

constexpr char kExitCodes[] =
    "Exit codes: 0 done, 1 the answer is no, 2 wrong command line, configuration or charter,\n"
    "3 the store cannot be used, 4 an address cannot be listened on, 70 a fault of the program or\n"
    "the machine, 130 ended at once by a second signal.";

int64_t NowMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void AddInit(CLI::App* app, InitOptions* options) {
  app->add_option("--charter", options->charter_file, "The charter, a TOML file")
      ->type_name("FILE")
      ->required();
  app->add_option("--data", options->data, "Where the ledger will live; missing or empty")
      ->type_name("DIRECTORY")
      ->required();
  app->add_option("--log-key", options->log_key_file,
                  "The key that signs checkpoints, made where it is not there (default "
                  "DIRECTORY.log-key)")
      ->type_name("FILE");
  app->add_flag("--json", options->json, "Answer in JSON");
  app->footer(
      "Examples:\n"
      "  kengred-server charter example > charter.toml\n"
      "  kengred-server init --charter charter.toml --data /var/lib/kengred/ledger\n\n"
      "The ledger id follows from the charter: whoever has one can check the other. A charter "
      "cannot\n"
      "be changed later; its policy can, by decisions that governance signs.");
}

void AddServe(CLI::App* app, ServeOptions* options,
              std::map<std::string, std::vector<std::string>>* values) {
  app->add_option("--config", options->config_file, "A configuration file, TOML [KENGRED_CONFIG]")
      ->type_name("FILE");
  app->add_flag("--print-config", options->print_config,
                "Show what holds and where it came from, and stop");
  for (const SettingInfo& setting : Settings()) {
    std::vector<std::string>& value = (*values)[setting.name];
    const std::string standard =
        setting.standard.empty() ? "" : " (default " + setting.standard + ")";
    const std::string help = setting.help + standard + " [" + setting.variable + "]";
    if (setting.value.empty()) {
      app->add_flag_callback(
          setting.flag, [&value] { value = {"true"}; }, help);
    } else {
      app->add_option(setting.flag, value, help)
          ->type_name(setting.value)
          ->expected(1)
          ->multi_option_policy(setting.list ? CLI::MultiOptionPolicy::TakeAll
                                             : CLI::MultiOptionPolicy::Throw);
    }
  }
  app->footer(
      "Examples:\n"
      "  kengred-server serve --data /var/lib/kengred/ledger\n"
      "  kengred-server serve --config /etc/kengred/kengred.toml --log-level debug\n"
      "  kengred-server serve --data ledger --listen 127.0.0.1:0 --port-file port\n"
      "  kengred-server serve --data ledger --listen 0.0.0.0:4365 \\\n"
      "      --tls-certificate server.pem --tls-key server.key\n"
      "  kengred-server serve --config kengred.toml --print-config\n\n"
      "A flag wins over the environment, the environment over the file, the file over the "
      "default.\n"
      "SIGTERM and SIGINT stop the server: it takes no new calls, finishes and commits what it "
      "has\n"
      "begun, and ends within --stop-seconds and 5 seconds for the last commit. A second signal "
      "ends\n"
      "it at once; nothing that was acknowledged is lost. SIGHUP does nothing.");
}

void AddErase(CLI::App* app, EraseOptions* options) {
  app->add_option("--data", options->data, "The ledger; its server must be stopped")
      ->type_name("DIRECTORY")
      ->required();
  auto* account = app->add_option("--account", options->account,
                                  "Erase the profile, the alias and every text about this account")
                      ->type_name("ADDRESS");
  app->add_option("--transaction", options->transaction, "Erase every text of this transaction")
      ->type_name("HEX")
      ->excludes(account);
  app->add_flag("--dry-run", options->dry_run, "Only count; may be done while the server runs");
  app->add_flag("--yes", options->yes, "Do not ask");
  app->add_flag("--json", options->json, "Answer in JSON");
  app->footer(
      "Examples:\n"
      "  kengred-server erase --data /var/lib/kengred/ledger --account heol1... --dry-run\n"
      "  kengred-server erase --data /var/lib/kengred/ledger --account heol1...\n"
      "  kengred-server erase --data /var/lib/kengred/ledger --transaction 5f2c...\n\n"
      "Texts are memos, reasons of decisions and evidence. They and the salts of their "
      "commitments\n"
      "are removed from every file of the store. Entries, balances and proofs stay as they are; "
      "what\n"
      "is left of a person in the journal is a key and a random number. Backups made before still\n"
      "hold the texts.");
}

void AddInfo(CLI::App* app, InfoOptions* options) {
  app->add_option("--data", options->data, "The ledger; its server may run")
      ->type_name("DIRECTORY")
      ->required();
  app->add_flag("--json", options->json, "Answer in JSON");
  app->footer(
      "Examples:\n"
      "  kengred-server info --data /var/lib/kengred/ledger\n"
      "  kengred-server info --data /var/lib/kengred/ledger --json");
}

// How a server is reached and who asks, for `server`.
void AddRemote(CLI::App* app, CLI::Option* server, RemoteOptions* options) {
  constexpr char kGroup[] = "Of --server";
  const auto add = [&](CLI::Option* option, const char* type) {
    option->type_name(type)->group(kGroup)->needs(server);
    return option;
  };
  add(app->add_option("--auditor-key", options->auditor_key,
                      "The key file of the auditor's wallet profile"),
      "FILE");
  add(app->add_option("--passphrase-file", options->passphrase_file,
                      "Its passphrase, in a file that only you may read (default: asked for) "
                      "[KENGRED_PASSPHRASE_FILE]"),
      "FILE");
  add(app->add_option("--passphrase-fd", options->passphrase_fd,
                      "Its passphrase, from an open descriptor"),
      "NUMBER");
  add(app->add_option("--ca", options->ca_file,
                      "Trust the certificates in this file instead of the system's"),
      "FILE");
  auto* certificate = add(app->add_option("--certificate", options->certificate_file,
                                          "Show this certificate to the server"),
                          "FILE");
  auto* key = add(app->add_option("--key", options->key_file, "The key of --certificate"), "FILE");
  certificate->needs(key);
  key->needs(certificate);
  app->add_flag("--plaintext", options->plaintext,
                "Without encryption also beyond this machine: only inside a tunnel")
      ->group(kGroup)
      ->needs(server);
  add(app->add_option("--timeout", options->timeout_seconds,
                      "The longest silence, in seconds (default 60)")
          ->check(CLI::Range(1, 3600)),
      "NUMBER");
}

// What audit and import are told alike: what the journal must be, and how hard to work on it.
template <typename Options>
void AddTrust(CLI::App* app, Options* options) {
  app->add_option("--ledger-id", options->ledger_id, "Which ledger it must be")->type_name("HEX");
  app->add_option("--verifier-key", options->verifier_keys,
                  "A key of its log that you know; may be repeated")
      ->type_name("KEY")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}
template <typename Options>
void AddEffort(CLI::App* app, Options* options) {
  app->add_option("--threads", options->threads, "How many verify signatures (default: all cores)")
      ->type_name("NUMBER");
  app->add_flag("--json", options->json, "Answer in JSON");
}

void AddAudit(CLI::App* app, AuditOptions* options) {
  auto* data = app->add_option("--data", options->data, "Audit a ledger; its server may run")
                   ->type_name("DIRECTORY");
  auto* file = app->add_option("--export", options->export_file, "Audit an export")
                   ->type_name("FILE")
                   ->excludes(data);
  auto* server = app->add_option("--server", options->remote.target,
                                 "Audit a running server, as one of its ledger's auditors")
                     ->type_name("ADDRESS")
                     ->excludes(data)
                     ->excludes(file);
  AddTrust(app, options);
  app->add_option("--from-verified", options->from_verified,
                  "Go on from an earlier audit: up to there entries are hashed and replayed, but "
                  "their signatures not verified again")
      ->type_name("FILE");
  app->add_option("--save-verified", options->save_verified,
                  "Where to note how far this audit went, for --from-verified")
      ->type_name("FILE");
  AddEffort(app, options);
  AddRemote(app, server, &options->remote);
  app->footer(
      "Examples:\n"
      "  kengred-server audit --data /var/lib/kengred/ledger\n"
      "  kengred-server audit --export heol.kengred --ledger-id 5f2c...\n"
      "  kengred-server audit --server heol.example \\\n"
      "      --auditor-key ~/.local/share/kengred/default/key\n"
      "  kengred-server audit --data ledger --verifier-key heol.example/ledger+8b82c429+AfxR...\n"
      "  kengred-server audit --data ledger --from-verified seen --save-verified seen --json\n\n"
      "Every entry is judged again, from the charter on, by the rules of this program: every\n"
      "signature, posting and balance, every hash and signed checkpoint; of a store also that it\n"
      "holds what the journal adds up to and nothing else. The first bad entry is named. A "
      "server's\n"
      "journal is kept in $TMPDIR meanwhile, in files that nobody else can open.\n"
      "Exit codes: 0 nothing is wrong, 1 something is, 2 wrong command line or key, 3 it cannot "
      "be\n"
      "read: no store, no server, or no right to read.");
}

void AddExport(CLI::App* app, ExportOptions* options) {
  app->add_option("FILE", options->file, "Where the export is put; replaced where it is there")
      ->required();
  app->add_option("--data", options->data, "The ledger; its server may run")
      ->type_name("DIRECTORY")
      ->required();
  app->add_flag("--json", options->json, "Answer in JSON");
  app->footer(
      "Example:\n"
      "  kengred-server export --data /var/lib/kengred/ledger heol.kengred\n\n"
      "The file holds every entry and every checkpoint: with it an association can leave its host\n"
      "and prove its books. Private texts (names, memos, reasons) and the log's key are not in "
      "it;\n"
      "take the key's file along, and a backup where the texts must move too. The file is there\n"
      "whole or not at all.");
}

void AddImport(CLI::App* app, ImportOptions* options) {
  app->add_option("FILE", options->file, "The export")->required();
  app->add_option("--data", options->data, "Where the ledger will live; missing or empty")
      ->type_name("DIRECTORY")
      ->required();
  app->add_option("--log-key", options->log_key_file,
                  "The key that signs checkpoints; it must be the log's")
      ->type_name("FILE");
  AddTrust(app, options);
  AddEffort(app, options);
  app->footer(
      "Examples:\n"
      "  kengred-server import heol.kengred --data /var/lib/kengred/ledger\n"
      "  kengred-server import heol.kengred --data ledger --log-key heol.log-key\n\n"
      "The export is audited from its first entry to its last, as `kengred-server audit` does; "
      "only\n"
      "a good one becomes a ledger. Private texts are in no export. Until it has ended, what is\n"
      "written lies in DIRECTORY.importing and cannot be opened.\n"
      "Exit codes: 0 imported, 1 the audit has found something wrong, 2 wrong command line or "
      "key,\n"
      "3 the export cannot be read, or no ledger can be made there.");
}

void AddLogKeyNew(CLI::App* app, LogKeyNewOptions* options) {
  app->add_option("FILE", options->file, "Where the key is put; must not be there yet")->required();
  app->add_option("--data", options->data, "The ledger it is for; its server may run")
      ->type_name("DIRECTORY")
      ->required();
  app->add_flag("--json", options->json, "Answer in JSON");
  app->footer(
      "Example:\n"
      "  kengred-server log-key new --data /var/lib/kengred/ledger /etc/kengred/log-key-2027");
}

int Run(int argc, char** argv) {
  // A file that may not grow is a fault of the disk like any other, and not the end.
  std::signal(SIGXFSZ, SIG_IGN);
  InitializeCrypto();
#ifdef NDEBUG
  // Debian's abseil looks for deadlocks at every lock, gRPC's included: a twentieth of a payment's
  // cost. Builds for development go on looking.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
  Io io{std::cout, std::cerr,
        std::cin,  ::isatty(STDIN_FILENO) == 1,
        NowMicros, ::isatty(STDERR_FILENO) == 1};
  ExitCode code = kExitOk;

  CLI::App app(
      "The server of Kengred, a ledger for local solidarity currencies.\n"
      "One community's books: a charter, a journal, and the people who sign in it.",
      "kengred-server");
  app.require_subcommand(1);
  app.footer(std::string("Start here:\n"
                         "  kengred-server charter example > charter.toml   then edit it\n"
                         "  kengred-server init --charter charter.toml --data ledger\n"
                         "  kengred-server serve --data ledger\n\n") +
             kExitCodes);
  app.set_version_flag("--version", std::string("kengred-server ") + KENGRED_VERSION);

  InitOptions init;
  CLI::App* init_command = app.add_subcommand("init", "Make a new ledger from a charter");
  AddInit(init_command, &init);
  init_command->final_callback([&] { code = RunInit(init, io); });

  CLI::App* charter_command = app.add_subcommand("charter", "Write and check charters");
  charter_command->require_subcommand(1);
  charter_command->footer(
      "Examples:\n"
      "  kengred-server charter example > charter.toml\n"
      "  kengred-server charter check charter.toml");
  CharterCheckOptions check;
  CLI::App* check_command =
      charter_command->add_subcommand("check", "Say whether `init` would accept a charter");
  check_command->add_option("FILE", check.charter_file, "The charter, a TOML file")->required();
  check_command->footer("Example:\n  kengred-server charter check charter.toml");
  check_command->final_callback([&] { code = RunCharterCheck(check, io); });
  CLI::App* example_command =
      charter_command->add_subcommand("example", "Print an example with comments, to start from");
  example_command->footer("Example:\n  kengred-server charter example > charter.toml");
  example_command->final_callback([&] { code = RunCharterExample(io); });

  ServeOptions serve;
  std::map<std::string, std::vector<std::string>> settings;
  CLI::App* serve_command = app.add_subcommand("serve", "Serve a ledger");
  AddServe(serve_command, &serve, &settings);
  serve_command->final_callback([&] {
    for (const auto& [name, values] : settings) {
      std::string joined;
      for (const std::string& value : values) joined += (joined.empty() ? "" : ",") + value;
      if (!values.empty()) serve.flags[name] = joined;
    }
    code = RunServe(serve, io);
  });

  EraseOptions erase;
  CLI::App* erase_command =
      app.add_subcommand("erase", "Remove private texts for good; the journal stays valid");
  AddErase(erase_command, &erase);
  erase_command->final_callback([&] { code = RunErase(erase, io); });

  InfoOptions info;
  CLI::App* info_command = app.add_subcommand("info", "Show what a ledger holds");
  AddInfo(info_command, &info);
  info_command->final_callback([&] { code = RunInfo(info, io); });

  AuditOptions audit;
  CLI::App* audit_command =
      app.add_subcommand("audit", "Check every entry, signature, rule, balance and checkpoint");
  AddAudit(audit_command, &audit);
  audit_command->final_callback([&] { code = RunAudit(audit, io); });

  ExportOptions export_options;
  CLI::App* export_command =
      app.add_subcommand("export", "Write the complete journal as one file that proves itself");
  AddExport(export_command, &export_options);
  export_command->final_callback([&] { code = RunExport(export_options, io); });

  ImportOptions import_options;
  CLI::App* import_command = app.add_subcommand("import", "Make a ledger from an export");
  AddImport(import_command, &import_options);
  import_command->final_callback([&] { code = RunImport(import_options, io); });

  CLI::App* log_key_command =
      app.add_subcommand("log-key", "Make and show the keys that sign checkpoints");
  log_key_command->require_subcommand(1);
  log_key_command->footer(
      "Examples:\n"
      "  kengred-server log-key show ledger.log-key\n"
      "  kengred-server log-key new --data ledger log-key-2027");
  LogKeyNewOptions log_key_new;
  CLI::App* log_key_new_command =
      log_key_command->add_subcommand("new", "Make a key that governance can put in force");
  AddLogKeyNew(log_key_new_command, &log_key_new);
  log_key_new_command->final_callback([&] { code = RunLogKeyNew(log_key_new, io); });
  LogKeyShowOptions log_key_show;
  CLI::App* log_key_show_command = log_key_command->add_subcommand(
      "show", "Show the public half of a key, by which checkpoints are verified");
  log_key_show_command->add_option("FILE", log_key_show.file, "A key's file")->required();
  log_key_show_command->footer("Example:\n  kengred-server log-key show ledger.log-key");
  log_key_show_command->final_callback([&] { code = RunLogKeyShow(log_key_show, io); });

  CLI::App* version_command = app.add_subcommand("version", "Show the version");
  version_command->footer("Example:\n  kengred-server version");
  version_command->final_callback([&] { io.out << "kengred-server " << KENGRED_VERSION << "\n"; });

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help and --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    io.err << "kengred-server: " << error.what() << "\n"
           << "Look at `kengred-server --help`, or `kengred-server COMMAND --help`.\n";
    return kExitUsage;
  }
  if (!io.out.flush()) {
    io.err << "kengred-server: the answer could not be written; look at where it goes\n";
    return code == kExitOk ? kExitInternal : code;
  }
  return code;
}

}  // namespace
}  // namespace kengred::server

int main(int argc, char** argv) { return kengred::server::Run(argc, argv); }
