// A connection whose every wait ends. Internal to net/: HttpServer and HttpClient read and write
// through it, so that neither a slow nor a talkative peer can hold a thread or fill memory.
#pragma once

#include <absl/time/time.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace kengred::net {

// An eventfd: once raised, whoever waits for it is woken, until it is lowered. Any thread.
class Signal {
 public:
  Signal();
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void Raise();
  void Lower();
  bool raised() const;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

// Waits until the descriptor is ready for `events` (POLLIN, POLLOUT): false where the deadline
// passed or one of the signals (null: none) was raised first.
bool WaitReady(int descriptor, short events, absl::Time deadline, const Signal* stop,
               const Signal* other = nullptr);

// For one thread at a time.
class Channel {
 public:
  // Takes over a socket that does not block. `stop` outlives the channel; once raised, reads end
  // and writes have a second left.
  Channel(int socket, const Signal* stop);
  virtual ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  int socket() const { return socket_; }
  // When reading, and writing, must have ended; both start at "now".
  void set_read_deadline(absl::Time deadline) { read_deadline_ = deadline; }
  void set_write_deadline(absl::Time deadline) { write_deadline_ = deadline; }
  // How many bytes may still be read; starts at 0.
  void set_budget(uint64_t bytes) { budget_ = bytes; }
  bool exhausted() const { return budget_ == 0; }
  bool timed_out() const { return timed_out_; }

  // Whether there is something to read, or the peer has gone, before the deadline and before one of
  // the signals.
  bool WaitForInput(absl::Time deadline, const Signal* other);
  // At most `size` bytes; 0 where the peer sends no more; -1 where nothing more may or can be read.
  ssize_t Read(char* to, size_t size);
  // All of it; -1 where it could not be written.
  ssize_t Write(const char* from, size_t size);
  // Says that nothing more comes, and lets the peer read what was said before the socket is closed:
  // bytes that it goes on sending are thrown away for a while.
  void Linger(absl::Duration while_at_most);

 protected:
  // What a transfer that moved nothing has to wait for.
  enum class Need { kInput, kOutput, kNothing };
  // Moves at least one byte, or returns 0 at the end of input, or -1 and sets `need`: kNothing
  // where there is no hope.
  virtual ssize_t Receive(char* to, size_t size, Need* need);
  virtual ssize_t Send(const char* from, size_t size, Need* need);

  bool Await(Need need, absl::Time deadline, bool writing);

 private:
  const int socket_;
  const Signal* const stop_;
  absl::Time read_deadline_;
  absl::Time write_deadline_;
  // Of a write that is under way when `stop` is raised.
  absl::Time grace_end_ = absl::InfiniteFuture();
  uint64_t budget_ = 0;
  bool timed_out_ = false;
  std::array<char, 4096> buffer_;
  size_t next_ = 0;
  size_t end_ = 0;
};

}  // namespace kengred::net
