// One connection of an HttpServer, request by request. Internal to net/.
#pragma once

#include "net/channel.h"
#include "net/http_server.h"

namespace kengred::net {

// Serves requests until one of both sides has had enough, or `stop` is raised. `crowded` is raised
// while others wait: an idle connection then ends.
void ServeConnection(Channel* channel, const std::string& peer, const HttpHandler& handler,
                     const HttpServerOptions& options, const Signal& stop, const Signal& crowded);

// Says that the server is full.
void RefuseConnection(Channel* channel);

}  // namespace kengred::net
