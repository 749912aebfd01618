// The wallet's place on a machine: completion scripts and manual pages.
#include <cerrno>
#include <cstring>
#include <fstream>

#include "wallet/commands/commands.h"
#include "wallet/completion.h"
#include "wallet/manual.h"
#include "wallet/status_macros.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

// A file for everybody to read, unlike what the wallet keeps for one person.
absl::Status WriteForAll(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file) return absl::OkStatus();
  return Fail(ExitCode::kFile, Tr("Cannot write {}: {}.", path, std::strerror(errno)),
              _("Check that the folder exists, is yours, and has room."));
}

// ---- completion ----

struct CompletionOptions {
  std::string shell;
  std::string file;
};

void BindCompletion(CLI::App& command, CompletionOptions& options) {
  command.add_option("SHELL", options.shell, _("bash, zsh or fish"))->required();
  command.add_option("--output", options.file, _("write it to this file instead"))
      ->type_name(_("FILE"));
}

absl::Status RunCompletion(const CompletionOptions& options, Io& io) {
  const auto script = CompletionScript(options.shell);
  if (!script.has_value()) {
    return Fail(ExitCode::kUsage, Tr("There is no completion for “{}”.", options.shell),
                _("Choose bash, zsh or fish."));
  }
  if (!options.file.empty()) {
    WALLET_RETURN_IF_ERROR(WriteForAll(options.file, std::string(*script)));
    io.Result(Json{{"shell", options.shell}, {"file", options.file}}, "");
    return absl::OkStatus();
  }
  io.Result(Json{{"shell", options.shell}, {"script", *script}}, std::string(*script));
  return absl::OkStatus();
}

// ---- man ----

struct ManOptions {
  std::string command;
  std::string folder;
};

void BindMan(CLI::App& command, ManOptions& options) {
  auto* name =
      command.add_option("COMMAND", options.command, _("of which command (default: of kengred)"));
  command
      .add_option("--output", options.folder,
                  _("write every page into this folder instead; it must exist"))
      ->type_name(_("FOLDER"))
      ->excludes(name);
}

absl::Status RunMan(const ManOptions& options, Io& io) {
  CLI::App root;
  root.name("kengred");
  Cli cli(root, io);
  BuildCommandLine(cli);
  const auto pages = ManualPages(cli);
  if (!options.folder.empty()) {
    Json names = Json::array();
    for (const auto& [name, text] : pages) {
      WALLET_RETURN_IF_ERROR(WriteForAll(options.folder + "/" + name, text));
      names.push_back(name);
    }
    io.Result(Json{{"folder", options.folder}, {"pages", names}}, "");
    return absl::OkStatus();
  }
  const std::string wanted =
      options.command.empty() ? "kengred.1" : "kengred-" + options.command + ".1";
  for (const auto& [name, text] : pages) {
    if (name != wanted) continue;
    io.Result(Json{{"page", name}, {"text", text}}, text);
    return absl::OkStatus();
  }
  return Fail(ExitCode::kNotFound, Tr("There is no command “{}”.", "kengred " + options.command),
              _("See: kengred --help"));
}

}  // namespace

void RegisterShellCommands(Cli& cli) {
  cli.Section(_("Help"));
  cli.Command<CompletionOptions>(
      cli.root(),
      {"completion",
       _("print the script that completes commands in a shell"),
       _("Installed with the package already; this is for a copy of your own."),
       {"source <(kengred completion bash)", "kengred completion fish | source"}},
      BindCompletion, RunCompletion);
  cli.Command<ManOptions>(cli.root(),
                          {"man",
                           _("print a manual page"),
                           _("In the format of man(1)."),
                           {"kengred man pay | man -l -"}},
                          BindMan, RunMan);
}

}  // namespace kengred::wallet
