#include "server/rules/rules.h"

#include <utility>

#include "kengred/core/system_accounts.h"
#include "kengred/core/verification.h"
#include "server/rules/invariants.h"
#include "server/rules/rule.h"

namespace kengred::rules {
namespace {

// Calls the rule of whichever operation it is.
Ruling ApplyOperation(const v1::Operation& operation, const Context& context, Draft& draft) {
  switch (operation.operation_case()) {
#define KENGRED_OPERATION(Message, field)        \
  case v1::Operation::OperationCase::k##Message: \
    return Apply(operation.field(), context, draft);
#include "kengred/operations.inc"
#undef KENGRED_OPERATION
    case v1::Operation::OPERATION_NOT_SET:
      break;
  }
  return Refuse(v1::VERDICT_OPERATION_EMPTY);
}

Outcome Refused(Refusal refusal) {
  Outcome outcome;
  outcome.refusal = std::move(refusal);
  return outcome;
}

}  // namespace

google::protobuf::Timestamp Context::Time() const {
  constexpr int64_t kMicros = 1'000'000;
  google::protobuf::Timestamp time;
  time.set_seconds(transaction.time_us() / kMicros);
  time.set_nanos(static_cast<int32_t>(transaction.time_us() % kMicros * 1000));
  return time;
}

int64_t CirculationOf(const StateReader& state, std::string_view currency) {
  // Checked by the invariants to fit: circulation's balance is minus the sum of all others.
  return -state.Balance(SystemAccountId(kCirculation, currency), currency);
}

Outcome Apply(const v1::Charter& charter, const StateView& view,
              const SequencedTransaction& transaction) {
  const v1::Transaction& body = transaction.verified().transaction();
  if (auto refusal = CheckWindow(body, transaction.time_us() / 1'000'000)) {
    return Refused(*std::move(refusal));
  }
  Draft draft(view);
  for (int i = 0; i < body.operations().size(); ++i) {
    const Context context{charter, transaction, static_cast<uint32_t>(i)};
    if (Ruling ruling = ApplyOperation(body.operations(i), context, draft)) {
      ruling->figures["operation_index"] = std::to_string(i);
      return Refused(*std::move(ruling));
    }
  }
  Outcome outcome;
  outcome.writes = std::move(draft).TakeWrites();
  outcome.postings = std::move(draft).TakePostings();
  outcome.touched = std::move(draft).TakeTouched();
  if (const std::string_view broken = FindBrokenInvariant(charter, view, body, outcome);
      !broken.empty()) {
    return Refused({v1::VERDICT_INVARIANT_BROKEN, {{"invariant", std::string(broken)}}});
  }
  return outcome;
}

}  // namespace kengred::rules
