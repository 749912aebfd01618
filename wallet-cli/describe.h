// Operations in words: what is about to be signed, what a saved transaction holds, what happened.
// Always computed from the operation itself, never from what a command meant to build.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kengred/core/side_record.h"
#include "kengred/v1/operations.pb.h"
#include "kengred/v1/transaction.pb.h"
#include "wallet/manners.h"
#include "wallet/session.h"

namespace kengred::wallet {

// "amount" - "12.50 HEOL".
struct Fact {
  std::string label;
  std::string value;
};

struct Description {
  std::string title;  // "Payment"
  std::vector<Fact> facts;
};

// The texts behind commitments, by the commitment's 32 bytes.
using Openings = std::map<std::string, std::string>;

// Of a container of SideRecords.
template <typename Records>
Openings OpeningsOf(const Records& side_records) {
  Openings openings;
  for (const v1::SideRecord& record : side_records) {
    openings[CommitmentOf(record).ToBytes()] = record.content();
  }
  return openings;
}

Description Describe(Session& session, const v1::Operation& operation, const Openings& openings);
// Facts as aligned lines, each indented by two columns.
std::string FormatFacts(const std::vector<Fact>& facts);
std::string FormatDescription(const Description& description, bool color);
// {"operation": "transfer", ...}: the fields of the message by their proto names; ids of accounts
// as addresses, other ids in hexadecimal, amounts as {"currency", "amount", "minor"}, days as
// dates, commitments as the text behind them where it is known.
Json OperationToJson(Session& session, const v1::Operation& operation, const Openings& openings);

// "transfer": the field's name in Operation; empty where none is set.
std::string OperationName(const v1::Operation& operation);
// "Payment", "Reward" (translated).
std::string OperationTitle(const v1::Operation& operation);

// Enums for people ("partner shop"), and for JSON and options ("professional").
std::string HolderKindText(v1::HolderKind kind);
std::string HolderKindName(v1::HolderKind kind);
std::string RoleText(v1::Role role);
std::string RoleName(v1::Role role);

// Times: "2026-11-24 08:01" in this machine's zone; RFC 3339 in UTC for JSON.
std::string FormatTime(int64_t seconds);
std::string FormatTimeUtc(int64_t seconds);

}  // namespace kengred::wallet
