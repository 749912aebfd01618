// The person's language: French or English, by LC_ALL, LC_MESSAGES or LANG (LANGUAGE wins, as
// gettext has it). The catalogue po/fr.po is compiled to share/locale beside the program's bin/, in
// the build tree and installed alike. The language needs no locale installed on the machine: only
// the catalogue.
//
// Every sentence a person reads goes through _(), Tr() or TrN(); xgettext finds them by these
// names.
#pragma once

#include <fmt/format.h>
#include <libintl.h>

#include <string>
#include <string_view>

// Translates. The name is gettext's own custom.
#define _(text) ::gettext(text)
// Marks a text that is translated later, where it is used.
#define N_(text) text

namespace kengred::wallet {

// Chooses language and catalogue from the environment. Call once, before any text.
void InitializeLanguage();
// "fr" or "en".
std::string_view Language();
// Forces a language, for tests.
void SetLanguage(std::string_view language);

// Internal to Tr and TrN: formats `translated`, or `original` where the translation's placeholders
// are broken, so that a bad catalogue never stops a payment.
std::string FormatText(std::string_view translated, std::string_view original,
                       fmt::format_args arguments);

// Translates, then puts the arguments into {} or {0}, {1}.
template <typename... Arguments>
std::string Tr(const char* text, const Arguments&... arguments) {
  return FormatText(gettext(text), text, fmt::make_format_args(arguments...));
}
// The same in singular or plural by `count`, which is not itself an argument.
template <typename... Arguments>
std::string TrN(const char* one, const char* many, size_t count, const Arguments&... arguments) {
  return FormatText(ngettext(one, many, static_cast<unsigned long>(count)), count == 1 ? one : many,
                    fmt::make_format_args(arguments...));
}

}  // namespace kengred::wallet
