// What a command talks to: injected, so that tests can listen. Data goes to `out`, talk to `err`.
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <ostream>

namespace kengred::server {

struct Io {
  std::ostream& out;
  std::ostream& err;
  std::istream& in;
  // Whether somebody sits at `in`, who can be asked.
  bool in_is_terminal = false;
  // Microseconds since 1970.
  std::function<int64_t()> now_us;
  // Whether somebody sees `err`, to whom progress is shown.
  bool err_is_terminal = false;
};

}  // namespace kengred::server
