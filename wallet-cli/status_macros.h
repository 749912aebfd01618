// Passing errors on, in one line.
#pragma once

#include <utility>

#define WALLET_CONCAT_INNER(a, b) a##b
#define WALLET_CONCAT(a, b) WALLET_CONCAT_INNER(a, b)

// Returns the error of a Status expression, if it is one.
#define WALLET_RETURN_IF_ERROR(expression)                                            \
  do {                                                                                \
    if (auto wallet_status = (expression); !wallet_status.ok()) return wallet_status; \
  } while (false)

// WALLET_ASSIGN_OR_RETURN(auto x, F()): the value of a StatusOr, or return with its error.
#define WALLET_ASSIGN_OR_RETURN(declaration, expression) \
  WALLET_ASSIGN_OR_RETURN_INNER(WALLET_CONCAT(wallet_result_, __LINE__), declaration, expression)
#define WALLET_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                          \
  if (!result.ok()) return result.status();                            \
  declaration = *std::move(result)
