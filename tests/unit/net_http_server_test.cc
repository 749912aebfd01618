// Goal: HttpServer hands whole requests to its handler, unchanged, and nothing else; no peer holds
// it up, however it behaves.
//
// Method: our own client for what is well-formed, raw sockets for the rest. Limits are small, so
// that they are met at once.
#include <absl/synchronization/notification.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "net/http_client.h"
#include "net/http_server.h"
#include "tests/support/raw_socket.h"

namespace kengred::net {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::RawSocket;
using ::testing::StartsWith;

// Answers with what it was asked.
HttpResponse Echo(const HttpRequest& request) {
  return {200, "text/plain", request.method + " " + request.target + " " + request.body, {}};
}

class HttpServerTest : public ::testing::Test {
 protected:
  void Start(HttpHandler handler = Echo, const std::string& listen = "127.0.0.1:0") {
    auto server = HttpServer::Start(
        listen,
        [this, handler = std::move(handler)](const HttpRequest& request) {
          ++handled_;
          return handler(request);
        },
        options_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  std::string Url(const std::string& path) const { return "http://" + server_->address() + path; }
  // All that the server answers to these bytes.
  std::string Say(const std::string& bytes) {
    RawSocket socket(RawSocket::Connect(server_->port()));
    socket.Write(bytes);
    socket.FinishWriting();
    return socket.ReadAll();
  }

  HttpServerOptions options_;
  std::atomic<int> handled_ = 0;
  std::unique_ptr<HttpServer> server_;
  HttpClient client_;
};

TEST_F(HttpServerTest, RequestsComeAsTheyWereSent) {
  Start([](const HttpRequest& request) -> HttpResponse {
    return {201,
            "text/x.tlog.size",
            std::string(request.path()) + "|" + std::string(request.query()) + "|" +
                request.Header("x-THING").value_or("none") + "|" + request.peer,
            {{"X-Answer", "yes"}}};
  });
  const auto response = client_.Get(Url("/a/%2e%2e/b"), {{"X-Thing", "there"}});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->content_type, "text/x.tlog.size");
  EXPECT_EQ(response->Header("x-answer"), "yes");
  EXPECT_EQ(response->Header("x-other"), std::nullopt);
  EXPECT_EQ(response->body, "/a/%2e%2e/b||there|127.0.0.1");
  EXPECT_THAT(Say("GET /p?q=1&r HTTP/1.1\r\nHost: x\r\n\r\n"), HasSubstr("/p|q=1&r|none"));
}

TEST_F(HttpServerTest, BodiesUpToTheLimit) {
  options_.body_bytes_max = 1000;
  Start();
  for (const size_t size : {0u, 1u, 999u, 1000u}) {
    const std::string body(size, 'b');
    const auto response = client_.Post(Url("/x"), body, "application/octet-stream");
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->body, "POST /x " + body);
  }
  const auto refused = client_.Post(Url("/x"), std::string(1001, 'b'), "text/plain");
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_EQ(refused->status, 413);
  EXPECT_EQ(handled_, 4);
}

TEST_F(HttpServerTest, BodiesAreNotInterpreted) {
  Start();
  for (const char* type : {"application/x-www-form-urlencoded", "multipart/form-data; boundary=b",
                           "text/plain; charset=\"broken"}) {
    const std::string body = "--b\r\na=1&b=%2e\r\n--b--";
    const auto response = client_.Post(Url("/x"), body, type);
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->body, "POST /x " + body) << type;
  }
}

TEST_F(HttpServerTest, ChunkedBodies) {
  options_.body_bytes_max = 1000;
  Start();
  const std::string head = "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_THAT(Say(head + "3\r\nabc\r\n1;ext=1\r\nd\r\n0\r\n\r\n"), EndsWith("POST /x abcd"));
  std::string small_chunks;
  for (int i = 0; i < 1000; ++i) small_chunks += "1\r\nb\r\n";
  EXPECT_THAT(Say(head + small_chunks + "0\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Say(head + small_chunks + "1\r\nb\r\n0\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Say(head + "3e9\r\n" + std::string(1001, 'b') + "\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  // A chunk that claims to be endless, and one that never says anything.
  EXPECT_THAT(Say(head + "ffffffffffffff\r\n" + std::string(100000, 'b')),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Say(head + std::string(100000, 'x')), StartsWith("HTTP/1.1 4"));
  for (const char* broken : {"zz\r\nabc\r\n0\r\n\r\n", "-1\r\nabc\r\n0\r\n\r\n", "3\r\nab", ""}) {
    EXPECT_THAT(Say(head + broken), StartsWith("HTTP/1.1 400 ")) << broken;
  }
  EXPECT_EQ(handled_, 2);
}

TEST_F(HttpServerTest, WhatIsAmbiguousOrNotUnderstoodIsRefused) {
  Start();
  const auto post = [this](const std::string& headers) {
    return Say("POST /x HTTP/1.1\r\nHost: x\r\n" + headers + "\r\nabc");
  };
  for (const char* headers :
       {"Content-Length: 3\r\nContent-Length: 3\r\n", "Content-Length: 3x\r\n",
        "Content-Length: -3\r\n", "Content-Length: +3\r\n", "Content-Length: 3, 3\r\n",
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"}) {
    EXPECT_THAT(post(headers), StartsWith("HTTP/1.1 400 ")) << headers;
  }
  EXPECT_THAT(post("Transfer-Encoding: gzip, chunked\r\n"), StartsWith("HTTP/1.1 501 "));
  EXPECT_THAT(post("Content-Length: 3\r\nContent-Encoding: gzip\r\n"), StartsWith("HTTP/1.1 415 "));
  EXPECT_THAT(post("Content-Length: 99999999999999999999999\r\n"), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(post("Content-Length: 10\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServerTest, GarbageIsRefusedOrDropped) {
  Start();
  for (const std::string& bytes :
       {std::string("\r\n\r\n"), std::string("GET\r\n\r\n"), std::string("GET /\r\n\r\n"),
        std::string("GET / HTTP/9.9\r\n\r\n"), std::string("STEAL / HTTP/1.1\r\n\r\n"),
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
        std::string(1000, '\0') + "\n\n", std::string("GET / HTTP/1.1\r\nno colon\r\n")}) {
    const std::string answer = Say(bytes);
    EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 400 ")) << bytes << answer;
  }
  EXPECT_EQ(Say(""), "");
  EXPECT_THAT(Say("GET / HT"), StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(handled_, 0);
  EXPECT_TRUE(client_.Get(Url("/")).ok());
}

TEST_F(HttpServerTest, HeadersAreLimited) {
  options_.header_bytes_max = 4096;
  Start();
  const std::string line = "GET / HTTP/1.1\r\n";
  const std::string most(4096 - line.size() - sizeof("A: \r\n\r\n") + 1, 'x');
  EXPECT_THAT(Say(line + "A: " + most + "\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Say(line + "A: " + most + "x\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  std::string many;
  for (int i = 0; i < 100000; ++i) many += "A: b\r\n";
  EXPECT_THAT(Say(line + many + "\r\n"), StartsWith("HTTP/1.1 400 "));
  // A request line that does not end.
  EXPECT_EQ(Say("GET /" + std::string(1000000, 'x')), "");
  EXPECT_EQ(handled_, 1);
}

TEST_F(HttpServerTest, RangesAndCompressionAreLeftAlone) {
  Start();
  const std::string answer = Say(
      "GET /x HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1,0-1\r\nAccept-Encoding: gzip, br\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nGET /x "));
}

TEST_F(HttpServerTest, OtherMethodsReachTheHandlerWithoutABody) {
  Start();
  for (const char* method : {"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"}) {
    EXPECT_THAT(Say(std::string(method) + " /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"),
                EndsWith(std::string(method) + " /x "))
        << method;
  }
  const std::string head = Say("HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, ABodyThatIsNotReadIsNotTheNextRequest) {
  Start();
  const std::string smuggled = "GET /secret HTTP/1.1\r\nHost: x\r\n\r\n";
  EXPECT_THAT(Say("GET /x HTTP/1.1\r\nContent-Length: " + std::to_string(smuggled.size()) +
                  "\r\n\r\n" + smuggled),
              EndsWith("GET /x "));
  EXPECT_EQ(handled_, 1);
}

TEST_F(HttpServerTest, AConnectionServesManyRequests) {
  options_.connection_requests_max = 3;
  Start();
  RawSocket socket(RawSocket::Connect(server_->port()));
  socket.Write("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(socket.ReadUntil("GET /1 "), StartsWith("HTTP/1.1 200 "));
  // Two at once.
  socket.Write("POST /2 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /3 HTTP/1.1\r\n\r\n");
  EXPECT_THAT(socket.ReadUntil("POST /2 abc"), StartsWith("HTTP/1.1 200 "));
  const std::string last = socket.ReadAll();
  EXPECT_THAT(last, HasSubstr("Connection: close"));
  EXPECT_THAT(last, EndsWith("GET /3 "));
  EXPECT_THAT(Say("GET /4 HTTP/1.1\r\nConnection: close\r\n\r\nGET /5 HTTP/1.1\r\n\r\n"),
              EndsWith("GET /4 "));
  EXPECT_THAT(Say("GET /6 HTTP/1.0\r\n\r\n"), EndsWith("GET /6 "));
}

TEST_F(HttpServerTest, AHandlerThatThrowsAnswers500) {
  Start([](const HttpRequest&) -> HttpResponse { throw std::runtime_error("secret"); });
  const auto response = client_.Get(Url("/"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 500);
  EXPECT_THAT(response->body, Not(HasSubstr("secret")));
}

TEST_F(HttpServerTest, AnswersCannotForgeHeaders) {
  Start([](const HttpRequest&) -> HttpResponse {
    return {200, "text/plain", "x", {{"X-A", "b\r\nX-Forged: yes"}}};
  });
  EXPECT_THAT(Say("GET / HTTP/1.1\r\n\r\n"), Not(HasSubstr("Forged")));
}

TEST_F(HttpServerTest, SlowRequestsEnd) {
  options_.request_timeout = absl::Milliseconds(50);
  options_.idle_timeout = absl::Milliseconds(50);
  Start();
  for (const char* beginning :
       {"", "GET / HTT", "GET / HTTP/1.1\r\nHost:",
        "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab", "GET /x HTTP/1.1\r\n\r\n"}) {
    // The other end keeps its side open; that this test ends is what it shows.
    RawSocket socket(RawSocket::Connect(server_->port()));
    socket.Write(beginning);
    socket.ReadAll();
  }
  EXPECT_EQ(handled_, 1);
}

TEST_F(HttpServerTest, ADripDoesNotProlongARequest) {
  options_.request_timeout = absl::Milliseconds(50);
  Start();
  RawSocket socket(RawSocket::Connect(server_->port()));
  // Until the server has had enough.
  while (socket.Write("x")) std::this_thread::yield();
  EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServerTest, IdleConnectionsGiveWay) {
  options_.threads = 1;
  options_.idle_timeout = absl::Hours(1);
  Start();
  RawSocket first(RawSocket::Connect(server_->port()));
  first.Write("GET /1 HTTP/1.1\r\n\r\n");
  first.ReadUntil("GET /1 ");
  const auto response = client_.Get(Url("/2"));
  EXPECT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(first.ReadAll(), "");
}

TEST_F(HttpServerTest, OneConnectionTooManyIsToldSo) {
  options_.threads = 1;
  options_.connections_max = 2;
  absl::Notification entered;
  absl::Notification leave;
  Start([&](const HttpRequest& request) {
    if (request.target == "/wait") {
      entered.Notify();
      leave.WaitForNotification();
    }
    return Echo(request);
  });
  RawSocket busy(RawSocket::Connect(server_->port()));
  busy.Write("GET /wait HTTP/1.0\r\n\r\n");
  entered.WaitForNotification();
  RawSocket waiting(RawSocket::Connect(server_->port()));
  waiting.Write("GET /waited HTTP/1.0\r\n\r\n");
  RawSocket third(RawSocket::Connect(server_->port()));
  EXPECT_THAT(third.ReadAll(), StartsWith("HTTP/1.1 503 "));
  leave.Notify();
  EXPECT_THAT(busy.ReadAll(), EndsWith("GET /wait "));
  EXPECT_THAT(waiting.ReadAll(), EndsWith("GET /waited "));
  EXPECT_TRUE(client_.Get(Url("/")).ok());
}

TEST_F(HttpServerTest, StoppingWaitsForNobody) {
  options_.request_timeout = absl::Hours(1);
  options_.idle_timeout = absl::Hours(1);
  // More than the sockets' buffers hold.
  Start([](const HttpRequest&) -> HttpResponse {
    return {200, "text/plain", std::string(size_t{64} * 1024 * 1024, 'x'), {}};
  });
  RawSocket silent(RawSocket::Connect(server_->port()));
  RawSocket slow(RawSocket::Connect(server_->port()));
  slow.Write("GET / HT");
  RawSocket deaf(RawSocket::Connect(server_->port()));
  deaf.Write("GET / HTTP/1.1\r\n\r\n");
  deaf.ReadUntil("xxx");
  server_->Stop();
  server_->Stop();
  EXPECT_EQ(silent.ReadAll(), "");
  EXPECT_EQ(slow.ReadAll(), "");
}

TEST_F(HttpServerTest, StoppingLetsTheHandlerAnswer) {
  absl::Notification entered;
  absl::Notification leave;
  Start([&](const HttpRequest& request) {
    entered.Notify();
    leave.WaitForNotification();
    return Echo(request);
  });
  RawSocket socket(RawSocket::Connect(server_->port()));
  socket.Write("GET /x HTTP/1.1\r\n\r\n");
  entered.WaitForNotification();
  std::thread stopper([this] { server_->Stop(); });
  leave.Notify();
  EXPECT_THAT(socket.ReadAll(), EndsWith("GET /x "));
  stopper.join();
}

TEST_F(HttpServerTest, ManyClientsAtOnce) {
  options_.threads = 3;
  Start();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, i] {
      HttpClient client;
      for (int j = 0; j < 20; ++j) {
        const std::string body = std::to_string(i * 100 + j);
        const auto response = client.Post(Url("/x"), body, "text/plain");
        ASSERT_TRUE(response.ok()) << response.status();
        EXPECT_EQ(response->body, "POST /x " + body);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(handled_, 160);
}

TEST_F(HttpServerTest, ListensOnIpv6) {
  auto server = HttpServer::Start("[::1]:0", Echo);
  if (!server.ok()) GTEST_SKIP() << "no IPv6 here: " << server.status();
  EXPECT_EQ((*server)->address(), "[::1]:" + std::to_string((*server)->port()));
  const auto response = client_.Get("http://" + (*server)->address() + "/x");
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "GET /x ");
}

TEST_F(HttpServerTest, AddressesThatCannotBeListenedOn) {
  Start();
  const auto taken = HttpServer::Start(server_->address(), Echo);
  EXPECT_TRUE(absl::IsUnavailable(taken.status())) << taken.status();
  EXPECT_THAT(std::string(taken.status().message()), HasSubstr("another process listens there"));
  EXPECT_TRUE(absl::IsUnavailable(HttpServer::Start("192.0.2.1:0", Echo).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(HttpServer::Start("nonsense", Echo).status()));
}

}  // namespace
}  // namespace kengred::net
