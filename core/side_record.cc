#include "kengred/core/side_record.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <unordered_map>

#include "kengred/core/hash.h"
#include "kengred/core/limits.h"
#include "kengred/core/signing.h"

namespace kengred {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;

// A field of a type of messages that holds messages, or a oneof some of whose fields do.
struct Part {
  const FieldDescriptor* field = nullptr;
  const OneofDescriptor* oneof = nullptr;
};

std::vector<Part> FindParts(const Descriptor& type) {
  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      fields.push_back(type.field(i));
    }
  }
  std::sort(fields.begin(), fields.end(),
            [](const auto* a, const auto* b) { return a->number() < b->number(); });
  std::vector<Part> parts;
  for (const FieldDescriptor* field : fields) {
    const OneofDescriptor* oneof = field->real_containing_oneof();
    const auto is_same = [oneof](const Part& part) { return part.oneof == oneof; };
    if (oneof == nullptr) {
      parts.push_back({field, nullptr});
    } else if (std::none_of(parts.begin(), parts.end(), is_same)) {
      parts.push_back({nullptr, oneof});
    }
  }
  return parts;
}

// The same, found once by each thread: listing the fields of each message anew took longer than
// parsing it.
const std::vector<Part>& PartsOf(const Descriptor* type) {
  thread_local std::unordered_map<const Descriptor*, std::vector<Part>> known;
  const auto [found, is_new] = known.try_emplace(type);
  if (is_new) found->second = FindParts(*type);
  return found->second;
}

// Calls visit(message) for every message inside `message`, itself included, in order of fields;
// what is in a oneof comes where its first field would.
template <typename Visit>
void ForEachMessage(const Message& message, const Visit& visit) {
  visit(message);
  const Reflection& reflection = *message.GetReflection();
  for (const Part& part : PartsOf(message.GetDescriptor())) {
    const FieldDescriptor* field = part.field;
    if (part.oneof != nullptr) {
      field = reflection.GetOneofFieldDescriptor(message, part.oneof);
      if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    }
    if (field->is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        ForEachMessage(reflection.GetRepeatedMessage(message, field, i), visit);
      }
    } else if (part.oneof != nullptr || reflection.HasField(message, field)) {
      ForEachMessage(reflection.GetMessage(message, field), visit);
    }
  }
}

}  // namespace

Digest CommitmentOf(const v1::SideRecord& record) {
  // The salt's length stands before it, so that no byte can move from the salt to the content.
  const char salt_bytes = static_cast<char>(record.salt().size());
  return Sha256(
      {domain::kCommitment, std::string_view(&salt_bytes, 1), record.salt(), record.content()});
}

v1::SideRecord MakeSideRecord(std::string_view content) {
  v1::SideRecord record;
  record.set_salt(RandomBytes(kSaltBytesMax));
  record.set_content(std::string(content));
  return record;
}

v1::Commitment MakeCommitment(const v1::SideRecord& record) {
  v1::Commitment commitment;
  commitment.set_sha256(CommitmentOf(record).ToBytes());
  return commitment;
}

std::vector<Digest> CommitmentsIn(const Message& message) {
  std::vector<Digest> commitments;
  ForEachMessage(message, [&commitments](const Message& part) {
    if (part.GetDescriptor() != v1::Commitment::descriptor()) return;
    const auto& commitment = static_cast<const v1::Commitment&>(part);
    if (const auto digest = Digest::FromBytes(commitment.sha256())) commitments.push_back(*digest);
  });
  return commitments;
}

bool IsWellFormedSideRecord(const v1::SideRecord& record) {
  return record.salt().size() >= kSaltBytesMin && record.salt().size() <= kSaltBytesMax &&
         record.content().size() <= kSideContentBytesMax && !HasUnknownFields(record);
}

std::optional<v1::Profile> ParseProfile(std::string_view content) {
  v1::Profile profile;
  if (!profile.ParseFromArray(content.data(), static_cast<int>(content.size())))
    return std::nullopt;
  if (HasUnknownFields(profile) || !IsWellFormedProfile(profile)) return std::nullopt;
  return profile;
}

bool IsWellFormedAlias(std::string_view alias) {
  if (alias.size() < kAliasCharsMin || alias.size() > kAliasCharsMax) return false;
  for (const char c : alias) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
  }
  return alias.front() != '-' && alias.back() != '-';
}

bool IsWellFormedProfile(const v1::Profile& profile) {
  const auto bounded = [](const std::string& text, size_t bytes_max) {
    return text.size() <= bytes_max && IsPrintableUtf8(text);
  };
  return !profile.display_name().empty() && bounded(profile.display_name(), kDisplayNameBytesMax) &&
         profile.display_name().find_first_of("\n\t") == std::string::npos &&
         (profile.alias().empty() || IsWellFormedAlias(profile.alias())) &&
         bounded(profile.description(), kDescriptionBytesMax) &&
         bounded(profile.location(), kLocationBytesMax) &&
         bounded(profile.website(), kWebsiteBytesMax) &&
         (profile.website().empty() || profile.website().starts_with("https://"));
}

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || i + length > text.size()) return false;
    uint32_t point = lead & (0x7fU >> length);
    for (size_t j = 1; j < length; ++j) {
      const auto next = static_cast<uint8_t>(text[i + j]);
      if ((next & 0xc0) != 0x80) return false;
      point = point << 6 | (next & 0x3fU);
    }
    // Overlong forms, surrogates, past the last plane.
    if ((length == 3 && point < 0x800) || (length == 4 && point < 0x10000) || point > 0x10ffff ||
        (point >= 0xd800 && point <= 0xdfff)) {
      return false;
    }
    i += length;
  }
  return true;
}

bool IsPrintableUtf8(std::string_view text) {
  if (!IsUtf8(text)) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) return false;
    // U+0080 to U+009F, the C1 controls, are the bytes C2 80 to C2 9F.
    if (byte == 0xc2 && static_cast<uint8_t>(text[i + 1]) < 0xa0) return false;
  }
  return true;
}

bool HasUnknownFields(const Message& message) {
  bool found = false;
  ForEachMessage(message, [&found](const Message& part) {
    found = found || !part.GetReflection()->GetUnknownFields(part).empty();
  });
  return found;
}

}  // namespace kengred
