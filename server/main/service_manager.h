// Telling the service manager how the server is (sd_notify(3), Type=notify). The protocol is one
// datagram of lines to the socket that $NOTIFY_SOCKET names.
#pragma once

#include <string>

namespace kengred::server {

// Sends "READY=1", "STOPPING=1", "STATUS=..." or several of them, one per line. False where no
// service manager listens, which is no error. The variable is read at each call.
bool NotifyServiceManager(const std::string& lines);

}  // namespace kengred::server
