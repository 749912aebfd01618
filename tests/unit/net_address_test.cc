// Goal: addresses and URLs are read in one way, and what is none is refused with what to write.
//
// Method: tables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/address.h"

namespace kengred::net {
namespace {

TEST(NetAddressTest, AddressesAreReadAndWritten) {
  for (const auto& [text, host, port] : std::vector<std::tuple<std::string, std::string, int>>{
           {"127.0.0.1:4367", "127.0.0.1", 4367},
           {"localhost:0", "localhost", 0},
           {"[::1]:65535", "::1", 65535},
           {"[fe80::1%eth0]:1", "fe80::1%eth0", 1},
           {"a-b.example_1:80", "a-b.example_1", 80},
       }) {
    const auto address = ParseHostPort(text);
    ASSERT_TRUE(address.ok()) << text << address.status();
    EXPECT_EQ(address->host, host);
    EXPECT_EQ(address->port, port);
    EXPECT_EQ(FormatHostPort(*address), text);
  }
}

TEST(NetAddressTest, WhatIsNoAddressIsRefused) {
  for (const char* text : {"", ":", ":80", "localhost", "localhost:", "localhost:x", "localhost:-1",
                           "localhost:65536", "localhost:80 ", "::1:80", "[::1]", "[::1:80",
                           "[]:80", "[1.2.3.4]:80", "a b:80", "a/b:80", "a@b:80", "a\n:80"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseHostPort(text).status())) << text;
  }
}

TEST(NetAddressTest, UrlsAreRead) {
  const auto plain = ParseUrl("http://w.example");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(*plain, (Url{false, {"w.example", 80}, "/"}));
  EXPECT_EQ(*ParseUrl("https://w.example/a/b%20c"), (Url{true, {"w.example", 443}, "/a/b%20c"}));
  EXPECT_EQ(*ParseUrl("https://[::1]:8443/x"), (Url{true, {"::1", 8443}, "/x"}));
  EXPECT_EQ(*ParseUrl("http://[::1]"), (Url{false, {"::1", 80}, "/"}));
}

TEST(NetAddressTest, WhatIsNoUrlIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("w.example"), std::string("ftp://w.example"),
        std::string("http://"), std::string("http:///x"), std::string("http://u@w.example/"),
        std::string("http://u:p@w.example/"), std::string("http://w.example/?q"),
        std::string("http://w.example/#f"), std::string("http://w.example:0/"),
        std::string("http://w.example:/"), std::string("http://w.example:99999/"),
        std::string("http://::1/"), std::string("http://w.example/a b"),
        std::string("http://w.example/\r\nX: y"), std::string("http://w\xc3\xa9.example/"),
        "http://w.example/" + std::string(kUrlBytesMax, 'x')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseUrl(text).status())) << text;
  }
}

}  // namespace
}  // namespace kengred::net
