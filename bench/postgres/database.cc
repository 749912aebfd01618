#include "bench/postgres/database.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <utility>

namespace kengred::bench::postgres {
namespace {

constexpr char kTransfer[] = "select transfer($1::uuid, $2::bigint, $3::bigint, $4::bigint)";
constexpr char kBatch[] =
    "select transfer_batch($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[])";
// Sums as text: a sum of bigints is a numeric, which has another binary format.
constexpr char kBooks[] =
    "select (select coalesce(sum(balance), 0) from accounts),"
    " (select coalesce(sum(amount), 0) from postings),"
    " (select count(*) from postings), (select count(*) from journal)";

absl::StatusOr<Result> Execute(PGconn* connection, const std::string& sql) {
  Result result(PQexec(connection, sql.c_str()));
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return ErrorOf(connection);
  return result;
}

absl::Status ExecuteAll(PGconn* connection, std::initializer_list<std::string> statements) {
  for (const std::string& statement : statements) {
    const absl::Status status = Execute(connection, statement).status();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ErrorOf(const PGconn* connection) {
  std::string message = PQerrorMessage(connection);
  std::replace(message.begin(), message.end(), '\n', ' ');
  return absl::UnavailableError("PostgreSQL: " + message);
}

absl::StatusOr<Connection> Connect() {
  Connection connection(PQconnectdb("options='-c search_path=kengred_bench'"));
  if (PQstatus(connection.get()) != CONNECTION_OK) return ErrorOf(connection.get());
  return connection;
}

absl::StatusOr<Connection> ConnectForTransfers() {
  auto connection = Connect();
  if (!connection.ok()) return connection;
  for (const auto& [name, sql] :
       {std::pair{kTransferStatement, kTransfer}, std::pair{kBatchStatement, kBatch}}) {
    const Result result(PQprepare(connection->get(), name, sql, 0, nullptr));
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) return ErrorOf(connection->get());
  }
  if (PQsetnonblocking(connection->get(), 1) != 0 || PQenterPipelineMode(connection->get()) != 1) {
    return ErrorOf(connection->get());
  }
  return connection;
}

absl::Status SetUp(PGconn* connection, const std::string& schema_file, int64_t accounts,
                   int64_t balance) {
  std::ifstream file(schema_file);
  if (!file) return absl::NotFoundError("cannot read " + schema_file);
  const std::string schema((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
  return ExecuteAll(
      connection,
      {"set client_min_messages = warning", "drop schema if exists kengred_bench cascade",
       "create schema kengred_bench", schema,
       "insert into accounts select number, " + std::to_string(balance) +
           " from generate_series(1, " + std::to_string(accounts) + ") as number",
       "vacuum analyze accounts", "checkpoint"});
}

absl::StatusOr<Books> ReadBooks(PGconn* connection) {
  const auto result = Execute(connection, kBooks);
  if (!result.ok()) return result.status();
  const auto number = [&](int column) {
    return std::strtoll(PQgetvalue(result->get(), 0, column), nullptr, 10);
  };
  return Books{number(0), number(1), number(2), number(3)};
}

int ServerVersion(const PGconn* connection) { return PQserverVersion(connection); }

}  // namespace kengred::bench::postgres
