#include "server/rpc/page_token.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <memory>
#include <string_view>

#include "kengred/core/base64.h"
#include "kengred/core/hash.h"
#include "kengred/core/limits.h"

namespace kengred::rpc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::string_view kDomain{"kengred/v1/page-token\0", 22};
static_assert(kDomain.back() == '\0');
constexpr char kVersion = 1;
constexpr size_t kBindingBytes = 8;
// Longer than any cursor needs; refuses garbage before it is decoded.
constexpr size_t kTokenCharsMax = 256;

// What the token of any page of this list begins with.
std::string Binding(const Message& request) {
  const std::unique_ptr<Message> filters(request.New());
  filters->CopyFrom(request);
  for (const char* name : {"page_size", "page_token"}) {
    filters->GetReflection()->ClearField(filters.get(),
                                         filters->GetDescriptor()->FindFieldByName(name));
  }
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    filters->SerializeToCodedStream(&coded);
  }
  const Digest digest = Sha256({kDomain, filters->GetDescriptor()->full_name(), bytes});
  return std::string(1, kVersion).append(digest.view().substr(0, kBindingBytes));
}

}  // namespace

std::string MakePageToken(const Message& request, const std::string& cursor) {
  return EncodeBase64Url(Binding(request) + cursor);
}

std::optional<std::string> ReadPageToken(const Message& request, size_t cursor_bytes) {
  const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName("page_token");
  const std::string token = request.GetReflection()->GetString(request, field);
  if (token.empty()) return std::string();
  if (token.size() > kTokenCharsMax) return std::nullopt;
  const std::optional<std::string> bytes = DecodeBase64Url(token);
  const std::string binding = Binding(request);
  if (!bytes || bytes->size() != binding.size() + cursor_bytes || !bytes->starts_with(binding)) {
    return std::nullopt;
  }
  return bytes->substr(binding.size());
}

std::optional<size_t> ReadPageSize(int32_t page_size) {
  if (page_size < 0 || page_size > kPageSizeMax) return std::nullopt;
  return static_cast<size_t>(page_size == 0 ? kPageSizeDefault : page_size);
}

}  // namespace kengred::rpc
