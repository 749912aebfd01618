// Side records: the openings of commitments. See side_record.proto.
#pragma once

#include <google/protobuf/message.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/v1/account.pb.h"
#include "kengred/v1/side_record.pb.h"
#include "kengred/v1/transaction.pb.h"

namespace kengred {

// What stands in the journal for a side record.
Digest CommitmentOf(const v1::SideRecord& record);

// A side record of this content with a fresh random salt, and the commitment to put into an
// operation.
v1::SideRecord MakeSideRecord(std::string_view content);
v1::Commitment MakeCommitment(const v1::SideRecord& record);

// Every commitment that a message (an operation, a transaction) carries, in order of appearance.
// Found by reflection, so that an operation added later needs no line here.
std::vector<Digest> CommitmentsIn(const google::protobuf::Message& message);

// Whether the salt and content keep their bounds.
bool IsWellFormedSideRecord(const v1::SideRecord& record);

// Reads a Profile. Nothing where it does not parse, has unknown fields, or a field is out of
// bounds.
std::optional<v1::Profile> ParseProfile(std::string_view content);
// Bounds and characters of a profile's fields.
bool IsWellFormedProfile(const v1::Profile& profile);
bool IsWellFormedAlias(std::string_view alias);

// Valid UTF-8 (RFC 3629), of any characters.
bool IsUtf8(std::string_view text);
// Valid UTF-8 without control characters except newline and tab.
bool IsPrintableUtf8(std::string_view text);

// Whether a message or any message in it has fields unknown to this build.
bool HasUnknownFields(const google::protobuf::Message& message);

}  // namespace kengred
