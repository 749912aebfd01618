#include "wallet/text.h"

#include <unistd.h>

#include <clocale>
#include <cstdlib>

namespace kengred::wallet {
namespace {

constexpr char kDomain[] = "kengred";

bool speaks_french = false;

// "fr", "en" from "fr_FR.UTF-8"; the first of a colon-separated list. Empty for "C" and "POSIX".
std::string LanguageOfLocale(const char* value) {
  if (value == nullptr) return {};
  std::string_view locale(value);
  locale = locale.substr(0, locale.find_first_of(":_.@"));
  if (locale == "C" || locale == "POSIX") return {};
  return std::string(locale);
}

// As gettext decides, but without asking whether the machine has the locale.
std::string LanguageOfEnvironment() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string language = LanguageOfLocale(value);
    // As in gettext, the C locale silences LANGUAGE; C.UTF-8 does not.
    if (language.empty() && std::string_view(value).find('.') == std::string_view::npos) return {};
    const std::string preferred = LanguageOfLocale(std::getenv("LANGUAGE"));
    return preferred.empty() ? language : preferred;
  }
  return {};
}

// "<prefix>/share/locale" for a program in "<prefix>/bin".
std::string CatalogueFolder() {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof(path));
  if (size <= 0 || static_cast<size_t>(size) >= sizeof(path)) return {};
  std::string folder(path, static_cast<size_t>(size));
  for (int i = 0; i < 2; ++i) {
    const size_t slash = folder.rfind('/');
    if (slash == std::string::npos) return {};
    folder.resize(slash);
  }
  return folder + "/share/locale";
}

}  // namespace

void SetLanguage(std::string_view language) {
  speaks_french = language == "fr";
  // The C locale itself has no translations, so a machine without any other locale needs C.UTF-8,
  // which is built into the C library; LANGUAGE then chooses the catalogue.
  if (setlocale(LC_MESSAGES, "") == nullptr ||
      std::string_view(setlocale(LC_MESSAGES, nullptr)) == "C") {
    setlocale(LC_MESSAGES, "C.UTF-8");
  }
  setenv("LANGUAGE", speaks_french ? "fr" : "en", 1);
  const std::string folder = CatalogueFolder();
  if (!folder.empty()) bindtextdomain(kDomain, folder.c_str());
  bind_textdomain_codeset(kDomain, "UTF-8");
  textdomain(kDomain);
}

void InitializeLanguage() {
  if (setlocale(LC_CTYPE, "") == nullptr) setlocale(LC_CTYPE, "C.UTF-8");
  SetLanguage(LanguageOfEnvironment() == "fr" ? "fr" : "en");
}

std::string_view Language() { return speaks_french ? "fr" : "en"; }

std::string FormatText(std::string_view translated, std::string_view original,
                       fmt::format_args arguments) {
  try {
    return fmt::vformat(fmt::string_view(translated.data(), translated.size()), arguments);
  } catch (const fmt::format_error&) {
    return fmt::vformat(fmt::string_view(original.data(), original.size()), arguments);
  }
}

}  // namespace kengred::wallet
