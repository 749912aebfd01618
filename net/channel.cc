#include "net/channel.h"

#include <absl/time/clock.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>

namespace kengred::net {
namespace {

// What a response that is under way may still take once its server stops.
constexpr absl::Duration kStopGrace = absl::Seconds(1);
// What is thrown away before a connection is closed.
constexpr size_t kLingerBytesMax = 1024 * 1024;

int PollMillis(absl::Time deadline) {
  // Rounded up: a wait never ends before its deadline.
  const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
  return left < 0 ? 0 : static_cast<int>(std::min<int64_t>(left, INT_MAX - 1)) + 1;
}

}  // namespace

Signal::Signal() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) std::abort();
}

Signal::~Signal() { ::close(descriptor_); }

void Signal::Raise() {
  const uint64_t one = 1;
  // It only fails where it is raised already, very often.
  if (::write(descriptor_, &one, sizeof(one)) < 0 && errno != EAGAIN) std::abort();
}

void Signal::Lower() {
  uint64_t count = 0;
  if (::read(descriptor_, &count, sizeof(count)) < 0 && errno != EAGAIN) std::abort();
}

bool Signal::raised() const {
  pollfd wait{descriptor_, POLLIN, 0};
  return ::poll(&wait, 1, 0) > 0;
}

bool WaitReady(int descriptor, short events, absl::Time deadline, const Signal* stop,
               const Signal* other) {
  // poll leaves out negative descriptors.
  pollfd waits[] = {{descriptor, events, 0},
                    {stop == nullptr ? -1 : stop->descriptor(), POLLIN, 0},
                    {other == nullptr ? -1 : other->descriptor(), POLLIN, 0}};
  while (true) {
    const int ready = ::poll(waits, 3, PollMillis(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    return waits[1].revents == 0 && waits[2].revents == 0;
  }
}

Channel::Channel(int socket, const Signal* stop)
    : socket_(socket), stop_(stop), read_deadline_(absl::Now()), write_deadline_(absl::Now()) {}

Channel::~Channel() { ::close(socket_); }

bool Channel::WaitForInput(absl::Time deadline, const Signal* other) {
  return next_ < end_ || WaitReady(socket_, POLLIN, deadline, stop_, other);
}

bool Channel::Await(Need need, absl::Time deadline, bool writing) {
  if (need == Need::kNothing) return false;
  const auto events = static_cast<short>(need == Need::kInput ? POLLIN : POLLOUT);
  if (WaitReady(socket_, events, deadline, stop_)) return true;
  if (writing && stop_->raised()) {
    grace_end_ = std::min(grace_end_, absl::Now() + kStopGrace);
    return WaitReady(socket_, events, std::min(deadline, grace_end_), nullptr);
  }
  timed_out_ = !stop_->raised();
  return false;
}

ssize_t Channel::Read(char* to, size_t size) {
  if (budget_ == 0 || size == 0) return -1;
  while (next_ == end_) {
    Need need = Need::kNothing;
    const ssize_t count = Receive(buffer_.data(), buffer_.size(), &need);
    if (count == 0) return 0;
    if (count > 0) {
      next_ = 0;
      end_ = static_cast<size_t>(count);
    } else if (!Await(need, read_deadline_, /*writing=*/false)) {
      return -1;
    }
  }
  const auto count = static_cast<size_t>(std::min<uint64_t>(std::min(size, end_ - next_), budget_));
  std::copy_n(buffer_.data() + next_, count, to);
  next_ += count;
  budget_ -= count;
  // A peer that always has something to say must not outlive its time either.
  if (absl::Now() > read_deadline_) {
    timed_out_ = true;
    return -1;
  }
  return static_cast<ssize_t>(count);
}

ssize_t Channel::Write(const char* from, size_t size) {
  for (size_t written = 0; written < size;) {
    Need need = Need::kNothing;
    const ssize_t count = Send(from + written, size - written, &need);
    if (count > 0) {
      written += static_cast<size_t>(count);
    } else if (!Await(need, write_deadline_, /*writing=*/true)) {
      return -1;
    }
  }
  return static_cast<ssize_t>(size);
}

void Channel::Linger(absl::Duration while_at_most) {
  ::shutdown(socket_, SHUT_WR);
  const absl::Time deadline = absl::Now() + while_at_most;
  size_t thrown_away = 0;
  while (thrown_away < kLingerBytesMax && WaitReady(socket_, POLLIN, deadline, stop_)) {
    const ssize_t count = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
    if (count <= 0) return;
    thrown_away += static_cast<size_t>(count);
  }
}

ssize_t Channel::Receive(char* to, size_t size, Need* need) {
  while (true) {
    const ssize_t count = ::recv(socket_, to, size, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) *need = errno == EAGAIN ? Need::kInput : Need::kNothing;
    return count;
  }
}

ssize_t Channel::Send(const char* from, size_t size, Need* need) {
  while (true) {
    const ssize_t count = ::send(socket_, from, size, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) *need = errno == EAGAIN ? Need::kOutput : Need::kNothing;
    return count;
  }
}

}  // namespace kengred::net
