// Goal: HttpClient comes back in time with an answer or a reason, whatever the server does.
//
// Method: servers on raw sockets that say what a test wants; for TLS a server of cpp-httplib with a
// certificate made here.
#include <absl/synchronization/notification.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <thread>

#include "net/http_client.h"
#include "tests/support/raw_socket.h"

namespace kengred::net {
namespace {

using ::testing::HasSubstr;
using testing::RawServer;
using testing::RawSocket;

// A server that reads a request's headers and says one thing.
class Saying : public RawServer {
 public:
  explicit Saying(const std::string& answer)
      : RawServer([answer](RawSocket& socket) {
          socket.ReadUntil("\r\n\r\n");
          socket.Write(answer);
        }) {}
};

TEST(HttpClientTest, AnswersOfEveryStatusAreAnswers) {
  HttpClient client;
  for (const int status : {200, 204, 301, 404, 409, 500, 599}) {
    const std::string body = status == 204 ? "" : "abc";
    Saying server("HTTP/1.1 " + std::to_string(status) +
                  " Whatever\r\nContent-Type: text/x\r\nLocation: http://elsewhere.invalid/\r\n" +
                  "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    const auto response = client.Get(server.url());
    ASSERT_TRUE(response.ok()) << status << response.status();
    EXPECT_EQ(response->status, status);
    EXPECT_EQ(response->body, body);
    EXPECT_EQ(response->content_type, "text/x");
  }
}

TEST(HttpClientTest, BodiesWithoutALengthEndWithTheConnection) {
  Saying server("HTTP/1.1 200 OK\r\n\r\nto the end");
  EXPECT_EQ(HttpClient().Get(server.url())->body, "to the end");
  Saying chunked("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  EXPECT_EQ(HttpClient().Get(chunked.url())->body, "abc");
}

TEST(HttpClientTest, WhatIsSent) {
  std::string sent;
  RawServer server([&sent](RawSocket& socket) {
    sent = socket.ReadUntil("xyz");
    socket.Write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  ASSERT_TRUE(HttpClient().Post(server.url() + "/a%20b", "xyz", "text/plain").ok());
  EXPECT_THAT(sent, ::testing::StartsWith("POST /a%20b HTTP/1.1\r\n"));
  EXPECT_THAT(sent, HasSubstr("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
  EXPECT_THAT(sent, HasSubstr("Content-Length: 3\r\n"));
  EXPECT_THAT(sent, HasSubstr("Content-Type: text/plain\r\n"));
  EXPECT_THAT(sent, HasSubstr("Connection: close\r\n"));
}

TEST(HttpClientTest, AnswersPastTheLimitAreRefused) {
  HttpClientOptions options;
  options.body_bytes_max = 100;
  HttpClient client(options);
  Saying exact("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x'));
  EXPECT_TRUE(client.Get(exact.url()).ok());
  const std::string much(size_t{10} * 1024 * 1024, 'x');
  for (const std::string& answer :
       {"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'x'),
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + much,
        "HTTP/1.1 200 OK\r\n\r\n" + much,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na00000\r\n" + much,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + much}) {
    Saying server(answer);
    const auto response = client.Get(server.url());
    EXPECT_FALSE(response.ok());
    EXPECT_TRUE(absl::IsResourceExhausted(response.status()) ||
                absl::IsUnavailable(response.status()))
        << response.status();
  }
  std::string headers = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 1000000; ++i) headers += "A: b\r\n";
  Saying talkative(headers);
  EXPECT_TRUE(absl::IsResourceExhausted(client.Get(talkative.url()).status()));
}

TEST(HttpClientTest, GarbageIsNoAnswer) {
  HttpClient client;
  for (const char* answer :
       {"", "garbage", "HTTP/1.1\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 99999999999 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    Saying server(answer);
    const auto response = client.Get(server.url());
    EXPECT_TRUE(absl::IsUnavailable(response.status())) << answer << response.status();
  }
}

TEST(HttpClientTest, NobodyThere) {
  int port = 0;
  {
    RawServer gone([](RawSocket&) {});
    port = gone.port();
  }
  HttpClient client;
  const auto response = client.Get("http://127.0.0.1:" + std::to_string(port));
  EXPECT_TRUE(absl::IsUnavailable(response.status())) << response.status();
  EXPECT_THAT(std::string(response.status().message()), HasSubstr("Connection refused"));
  EXPECT_TRUE(absl::IsInvalidArgument(client.Get("gopher://x").status()));
}

TEST(HttpClientTest, SilenceAndDripsEndInTime) {
  HttpClientOptions options;
  options.timeout = absl::Milliseconds(100);
  HttpClient client(options);
  RawServer silent([](RawSocket& socket) { socket.ReadAll(); });
  EXPECT_TRUE(absl::IsDeadlineExceeded(client.Get(silent.url()).status()));
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      client.Get("https://127.0.0.1:" + std::to_string(silent.port())).status()));
  for (const char* beginning : {"", "HTTP/1.1 200 OK\r\nA: ", "HTTP/1.1 200 OK\r\n\r\n"}) {
    RawServer drip([beginning](RawSocket& socket) {
      socket.Write(beginning);
      while (socket.Write("x")) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
    EXPECT_TRUE(absl::IsDeadlineExceeded(client.Get(drip.url()).status())) << beginning;
  }
}

TEST(HttpClientTest, CancelEndsCallsAtOnce) {
  HttpClientOptions options;
  options.timeout = absl::Hours(1);
  HttpClient client(options);
  absl::Notification called;
  RawServer silent([&called](RawSocket& socket) {
    socket.ReadUntil("\r\n\r\n");
    called.Notify();
    socket.ReadAll();
  });
  std::thread canceller([&] {
    called.WaitForNotification();
    client.Cancel();
  });
  EXPECT_TRUE(absl::IsCancelled(client.Get(silent.url()).status()));
  canceller.join();
  client.Cancel();
  EXPECT_TRUE(absl::IsCancelled(client.Get("http://127.0.0.1:1").status()));
  EXPECT_TRUE(absl::IsCancelled(client.Get("http://name.invalid/").status()));
}

// ---- TLS ----

// Certificate and key of a server at 127.0.0.1, as files.
class Certificate {
 public:
  Certificate() {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    const std::string subject = "test";
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate, key, EVP_sha256());
    std::FILE* file = std::fopen(certificate_file().c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen(key_file().c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~Certificate() {
    std::filesystem::remove(certificate_file());
    std::filesystem::remove(key_file());
  }
  std::string certificate_file() const { return stem_ + ".pem"; }
  std::string key_file() const { return stem_ + ".key"; }

 private:
  const std::string stem_ = ::testing::TempDir() + "net_test_" + std::to_string(getpid());
};

TEST(HttpClientTest, TlsServersMustBeBelieved) {
  const Certificate certificate;
  httplib::SSLServer server(certificate.certificate_file().c_str(), certificate.key_file().c_str());
  server.Post("/x", [](const httplib::Request& request, httplib::Response& response) {
    response.set_content(request.body + "!", "text/plain");
  });
  const int port = server.bind_to_any_port("127.0.0.1");
  std::thread thread([&server] { server.listen_after_bind(); });
  HttpClientOptions options;
  options.timeout = absl::Minutes(1);
  options.ca_file = certificate.certificate_file();
  HttpClient client(options);
  const std::string body(50000, 'b');
  const std::string at_port = ":" + std::to_string(port) + "/x";
  const auto response = client.Post("https://127.0.0.1" + at_port, body, "text/plain");
  EXPECT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(response.ok() && response->body == body + "!");

  // Its certificate holds another name.
  const auto other = client.Post("https://localhost" + at_port, "", "text/plain");
  EXPECT_THAT(std::string(other.status().message()), HasSubstr("hostname mismatch"));
  // Nobody vouches for it.
  options.ca_file.clear();
  const auto stranger = HttpClient(options).Post("https://127.0.0.1" + at_port, "", "text/plain");
  EXPECT_THAT(std::string(stranger.status().message()), HasSubstr("self-signed"));
  options.ca_file = "/nonexistent";
  EXPECT_TRUE(absl::IsInvalidArgument(
      HttpClient(options).Post("https://127.0.0.1" + at_port, "", "text/plain").status()));
  server.stop();
  thread.join();

  RawServer plain([](RawSocket& socket) { socket.Write("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  RawServer closes([](RawSocket&) {});
  for (const int not_tls : {plain.port(), closes.port()}) {
    const auto refused = client.Get("https://127.0.0.1:" + std::to_string(not_tls));
    EXPECT_FALSE(refused.ok());
    EXPECT_THAT(std::string(refused.status().message()), HasSubstr("TLS")) << refused.status();
  }
}

}  // namespace
}  // namespace kengred::net
