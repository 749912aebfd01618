// The database: made anew, filled, and looked at in the end. By libpq, as its clients reach it.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>

namespace kengred::bench::postgres {

struct ConnectionCloser {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Connection = std::unique_ptr<PGconn, ConnectionCloser>;

struct ResultClearer {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ResultClearer>;

// Names of the prepared statements of a connection, one for each function of schema.sql.
inline constexpr char kTransferStatement[] = "transfer";
inline constexpr char kBatchStatement[] = "transfer_batch";

// UNAVAILABLE with what the server or libpq said; its lines made one.
absl::Status ErrorOf(const PGconn* connection);

// Where libpq's environment (PGHOST, ...) points. UNAVAILABLE where nobody answers there.
absl::StatusOr<Connection> Connect();
// The same, ready for transfers: statements prepared, not blocking, in pipeline mode. The tables
// must be there.
absl::StatusOr<Connection> ConnectForTransfers();

// What the tables hold.
struct Books {
  int64_t balances = 0;  // their sum, as are postings
  int64_t postings = 0;
  int64_t postings_count = 0;
  int64_t journal_count = 0;
};

// Replaces what a run before has left (the schema kengred_bench, nothing else), runs the file
// schema.sql, gives accounts 1 to `accounts` a balance, and waits until all is on disk. NOT_FOUND
// where the file cannot be read.
absl::Status SetUp(PGconn* connection, const std::string& schema_file, int64_t accounts,
                   int64_t balance);

absl::StatusOr<Books> ReadBooks(PGconn* connection);

// The server's own number of its version, 150020 for 15.20.
int ServerVersion(const PGconn* connection);

}  // namespace kengred::bench::postgres
