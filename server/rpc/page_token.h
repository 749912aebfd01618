// Page tokens: where the next page begins, opaque to clients. A token is bound to the request that
// it continues (every field but page_size and page_token itself), so that it cannot be carried over
// to other filters by mistake. It holds nothing secret and survives a restart: base64url of one
// version byte, 8 bytes of SHA-256 over the request, and the cursor.
#pragma once

#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace kengred::rpc {

// The token of the page of `request` that begins at `cursor`.
std::string MakePageToken(const google::protobuf::Message& request, const std::string& cursor);

// The cursor of the request's page_token; empty for the first page. Nothing where the token was not
// made for this request, or its cursor is not `cursor_bytes` long.
std::optional<std::string> ReadPageToken(const google::protobuf::Message& request,
                                         size_t cursor_bytes);

// The page size of a request: the default for 0; nothing where it is out of bounds.
std::optional<size_t> ReadPageSize(int32_t page_size);

}  // namespace kengred::rpc
