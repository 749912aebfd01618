// Operations as JSON, by the proto's own field names: OperationToJson of describe.h. Found by
// reflection, so that an operation added later needs no line here.
#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

#include <cctype>

#include "kengred/core/civil_day.h"
#include "wallet/describe.h"

namespace kengred::wallet {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool EndsWith(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

std::string LowerEnum(const FieldDescriptor* field, int number) {
  const auto* value = field->enum_type()->FindValueByNumber(number);
  if (value == nullptr) return std::to_string(number);
  // "ROLE_ISSUER" of Role is "issuer": the type's name in capitals is the prefix.
  std::string prefix;
  for (const char c : field->enum_type()->name()) {
    if (std::isupper(static_cast<unsigned char>(c)) != 0 && !prefix.empty()) prefix.push_back('_');
    prefix.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  }
  prefix.push_back('_');
  std::string name = value->name();
  if (name.starts_with(prefix)) name = name.substr(prefix.size());
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

Json BytesToJson(Session& session, const std::string& name, const std::string& bytes) {
  if (EndsWith(name, "account_id") || EndsWith(name, "account_ids")) {
    if (const auto id = AccountId::FromBytes(bytes)) return session.Address(*id);
  }
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex;
}

// `currency` is the nearest one above, for amounts in messages without one of their own.
Json MessageToJson(Session& session, const Message& message, const Openings& openings,
                   std::string currency) {
  if (message.GetDescriptor() == v1::Commitment::descriptor()) {
    const auto& commitment = static_cast<const v1::Commitment&>(message);
    const auto found = openings.find(commitment.sha256());
    if (found == openings.end()) return Json(nullptr);
    const auto profile = ParseProfile(found->second);
    if (!IsPrintableUtf8(found->second) && profile.has_value()) {
      return MessageToJson(session, *profile, openings, currency);
    }
    return found->second;
  }
  const Reflection& reflection = *message.GetReflection();
  const auto* descriptor = message.GetDescriptor();
  if (const FieldDescriptor* own = descriptor->FindFieldByName("currency")) {
    currency = reflection.GetString(message, own);
  }
  Json json = Json::object();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    const std::string& name = field->name();
    if (field->is_repeated()) {
      Json list = Json::array();
      for (int k = 0; k < reflection.FieldSize(message, field); ++k) {
        if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
          list.push_back(MessageToJson(session, reflection.GetRepeatedMessage(message, field, k),
                                       openings, currency));
        } else if (field->type() == FieldDescriptor::TYPE_BYTES) {
          list.push_back(
              BytesToJson(session, name, reflection.GetRepeatedString(message, field, k)));
        } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
          list.push_back(reflection.GetRepeatedString(message, field, k));
        }
      }
      json[name] = std::move(list);
      continue;
    }
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (reflection.HasField(message, field)) {
          json[name] =
              MessageToJson(session, reflection.GetMessage(message, field), openings, currency);
        }
        break;
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string value = reflection.GetString(message, field);
        if (field->type() == FieldDescriptor::TYPE_BYTES) {
          if (!value.empty()) json[name] = BytesToJson(session, name, value);
        } else {
          json[name] = value;
        }
        break;
      }
      case FieldDescriptor::CPPTYPE_ENUM:
        json[name] = LowerEnum(field, reflection.GetEnumValue(message, field));
        break;
      case FieldDescriptor::CPPTYPE_INT64: {
        const int64_t value = reflection.GetInt64(message, field);
        if (EndsWith(name, "_minor")) {
          json[name.substr(0, name.size() - 6)] = session.currencies().ToJson(currency, value);
        } else {
          json[name] = value;
        }
        break;
      }
      case FieldDescriptor::CPPTYPE_INT32: {
        const int32_t value = reflection.GetInt32(message, field);
        if (!EndsWith(name, "_day")) {
          json[name] = value;
        } else {
          json[name] = value == 0 ? Json(nullptr) : Json(FormatDay(value));
        }
        break;
      }
      case FieldDescriptor::CPPTYPE_UINT32:
        json[name] = reflection.GetUInt32(message, field);
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        json[name] = reflection.GetUInt64(message, field);
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        json[name] = reflection.GetBool(message, field);
        break;
      default:
        break;
    }
  }
  return json;
}

}  // namespace

Json OperationToJson(Session& session, const v1::Operation& operation, const Openings& openings) {
  Json json;
  json["operation"] = OperationName(operation);
  const auto* field = v1::Operation::descriptor()->FindFieldByNumber(operation.operation_case());
  if (field == nullptr) return json;
  const Json fields =
      MessageToJson(session, operation.GetReflection()->GetMessage(operation, field), openings, "");
  for (const auto& [key, value] : fields.items()) json[key] = value;
  return json;
}

}  // namespace kengred::wallet
