// Drives a server with transactions signed beforehand, and with reads and watches beside them.
//
// One thread does it all over one completion queue: bytes are sent as they were signed, without
// being serialized again, and of the answers only what is counted is read, since client and server
// share the machine that is measured.
//
//   closed loop  (rate 0)  as many as `outstanding` allows are always on their way; a latency
//                counts from the sending.
//   open loop    (rate r)  the n-th is due at n/r seconds, whatever the server does; a latency
//                counts from then on, so that a stall shows in all that it holds up.
//
// What the server refuses is counted. Once all that was signed has been sent, messages of which the
// server's full queue took nothing are sent as if they were new, so that an overload can go on for
// long; nothing else is sent twice.
#pragma once

#include <absl/status/statusor.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bench/calls.h"
#include "bench/histogram.h"
#include "bench/mix.h"
#include "bench/presigned.h"
#include "kengred/client/client.h"

namespace kengred::bench {

struct DriveOptions {
  client::ClientOptions client;  // the address and TLS
  bool stream = true;            // false: a call for each transaction
  size_t message = 64;  // transactions in one message of a stream: what the pool was signed for
  size_t connections = 1;
  size_t outstanding = 512;  // transactions and reads, over all connections; at least `message`
  int64_t rate = 0;          // transactions and reads per second; 0: closed loop
  Mix mix;
  std::chrono::milliseconds warm_up{2'000};
  std::chrono::milliseconds duration{10'000};
  uint64_t seed = 1;
  std::vector<PrivateCall> reads;    // ListBalances, taken at random; some where the mix has reads
  std::vector<PrivateCall> watches;  // WatchAccount, all of them
  // Called when the measured time begins and ends.
  std::function<void()> on_begin;
  std::function<void()> on_end;
};

enum class RunEnd {
  kDuration,     // as planned
  kInterrupted,  // somebody asked it to stop
  kRanOut,       // every transaction that was signed has been sent
};

// What was answered. Counts without "all" are those of the measured time.
struct DriveResult {
  RunEnd end = RunEnd::kDuration;
  int64_t measured_us = 0;
  uint64_t accepted = 0;
  uint64_t accepted_rewards = 0;            // rewards in accepted transactions
  uint64_t duplicates = 0;                  // accepted, but not for the first time; should be 0
  std::map<std::string, uint64_t> refused;  // by verdict
  uint64_t reads = 0;
  std::map<std::string, uint64_t> reads_refused;
  uint64_t watched_entries = 0;
  Histogram accepted_latency;
  Histogram refused_latency;
  Histogram read_latency;
  // Open loop: how long after it was due each was sent, and how long after that it was accepted:
  // what the server did to it, where the load was more than could be sent.
  Histogram lag;
  Histogram accepted_since_sent;
  // Sent and not answered when the run gave up waiting.
  uint64_t unanswered_all = 0;
  // The entry of each transaction that was ever acknowledged, by its number; else 0.
  std::vector<Sequence> sequences_all;
};

// Runs once; prints a line each second on a terminal. `transactions` must outlive it. Errors:
// UNAVAILABLE where the server cannot be reached or goes away, and whatever else a call ended with
// that is no refusal by a verdict.
absl::StatusOr<DriveResult> Drive(const DriveOptions& options, const Presigned& transactions,
                                  const std::atomic<bool>& stop);

}  // namespace kengred::bench
