// A Channel as cpp-httplib wants its connections. Internal to net/.
#pragma once

#include <httplib.h>

#include <string>

#include "net/channel.h"

namespace kengred::net {

class HttplibStream final : public httplib::Stream {
 public:
  // The channel outlives it.
  explicit HttplibStream(Channel* channel) : channel_(*channel) {}

  // Reads and writes wait by themselves.
  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, size_t size) override { return channel_.Read(to, size); }
  ssize_t write(const char* from, size_t size) override { return channel_.Write(from, size); }
  // Nobody here asks cpp-httplib for addresses.
  void get_remote_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  void get_local_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  socket_t socket() const override { return channel_.socket(); }

 private:
  Channel& channel_;
};

}  // namespace kengred::net
