#include "wallet/qr.h"

#include <qrencode.h>

#include <memory>

#include "wallet/manners.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

// ISO/IEC 18004 asks for four light modules on each side.
constexpr int kQuietModules = 4;

}  // namespace

absl::StatusOr<std::string> QrCode(const std::string& text, bool color) {
  const std::unique_ptr<QRcode, void (*)(QRcode*)> code(
      QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_M), QRcode_free);
  if (code == nullptr) {
    return Fail(ExitCode::kUsage, _("The text is too long for a QR code."),
                _("Shorten the reference or the name."));
  }
  const auto dark = [&code](int row, int column) {
    if (row < 0 || column < 0 || row >= code->width || column >= code->width) return false;
    return (code->data[row * code->width + column] & 1) != 0;
  };
  std::string result;
  const int end = code->width + kQuietModules;
  for (int row = -kQuietModules; row < end; row += 2) {
    // Black on white where the terminal has colours; else light modules are drawn, which is right
    // on the usual dark background.
    if (color) result += "\x1b[30;107m";
    for (int column = -kQuietModules; column < end; ++column) {
      const bool upper = dark(row, column) == color;
      const bool lower = dark(row + 1, column) == color;
      result += upper && lower ? "█" : upper ? "▀" : lower ? "▄" : " ";
    }
    if (color) result += "\x1b[0m";
    result += "\n";
  }
  return result;
}

}  // namespace kengred::wallet
