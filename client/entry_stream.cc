#include "kengred/client/entry_stream.h"

#include <utility>

#include "kengred/client/retry.h"
#include "kengred/client/status.h"

namespace kengred::client {
namespace {

using OnEntry = std::function<bool(Sequence, std::string)>;

// Whether a message holds the entries after `after`.
absl::Status CheckMessage(const Session& session, const v1::StreamEntriesResponse& response,
                          Sequence after) {
  const std::string server = "the server at " + session.options().target;
  if (response.first_sequence() != after + 1) {
    return absl::DataLossError(server + " sent entry " + std::to_string(response.first_sequence()) +
                               " where entry " + std::to_string(after + 1) + " comes next");
  }
  if (response.entries().empty()) {
    return absl::DataLossError(server + " sent a message without entries where entry " +
                               std::to_string(after + 1) + " comes next");
  }
  for (int i = 0; i < response.entries_size(); ++i) {
    const size_t size = response.entries(i).size();
    if (size == 0 || size > kEntryBytesMax) {
      return absl::DataLossError(server + " sent an entry " +
                                 std::to_string(after + 1 + static_cast<Sequence>(i)) + " of " +
                                 std::to_string(size) + " bytes; entries have 1 to " +
                                 std::to_string(kEntryBytesMax));
    }
  }
  return absl::OkStatus();
}

// One connection: hands out what comes, and moves `after` on. OK where all has come, or the caller
// has enough.
absl::Status StreamOnce(Session* session, const Reader& reader, SteadyTime deadline, bool again,
                        const OnEntry& on_entry, Sequence* after) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       (deadline - std::chrono::steady_clock::now()));
  // As in Session::Call: only the first try fails at once where there is no connection.
  context.set_wait_for_ready(again);
  session->Authorize(reader, &context);
  v1::StreamEntriesRequest request;
  request.set_after_sequence(*after);
  const auto stream = session->transparency()->StreamEntries(&context, request);
  v1::StreamEntriesResponse response;
  absl::Status wrong;
  bool enough = false;
  while (wrong.ok() && !enough && stream->Read(&response)) {
    wrong = CheckMessage(*session, response, *after);
    if (!wrong.ok()) break;
    for (std::string& entry : *response.mutable_entries()) {
      ++*after;
      enough = !on_entry(*after, std::move(entry));
      if (enough) break;
    }
  }
  if (enough || !wrong.ok()) {
    context.TryCancel();
    // What was on its way; gRPC wants it read before the end.
    while (stream->Read(&response)) {
    }
  }
  const grpc::Status status = stream->Finish();
  if (enough || !wrong.ok()) return wrong;
  return session->Finish(status, &reader);
}

}  // namespace

absl::Status StreamEntries(Session* session, const Reader& reader, Sequence after,
                           const OnEntry& on_entry) {
  const std::chrono::milliseconds timeout = session->options().timeout;
  Backoff backoff(session->options().retry_pause);
  SteadyTime deadline = std::chrono::steady_clock::now() + timeout;
  absl::Status last;  // why the tries since the last entry failed
  bool again = false;
  while (true) {
    const Sequence before = after;
    const absl::Status status =
        StreamOnce(session, reader, deadline, std::exchange(again, true), on_entry, &after);
    if (status.ok()) return status;
    if (after > before) {
      deadline = std::chrono::steady_clock::now() + timeout;
      backoff.Reset();
      last = absl::OkStatus();
      // A long journal takes longer than one deadline: that is no failure.
      if (absl::IsDeadlineExceeded(status)) continue;
    }
    if (absl::IsDeadlineExceeded(status) && !last.ok()) return last;
    if (!IsPassing(status) || !PauseBefore(deadline, &backoff)) return status;
    last = status;
  }
}

}  // namespace kengred::client
