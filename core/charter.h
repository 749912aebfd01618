// Charters: checking one, and what follows from its bytes.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>

#include "kengred/core/ids.h"
#include "kengred/v1/charter.pb.h"

namespace kengred {

// SHA-256 of the charter's bytes.
LedgerId LedgerIdOf(std::string_view charter_bytes);

// InvalidArgument names the first thing that is wrong with a charter, in words for its author. The
// time zone's name is only checked for its characters; the server checks that its machine knows it.
absl::Status ValidateCharter(const v1::Charter& charter);

// Whether a text may be a log's origin: 1 to 128 printable ASCII characters without space or "+".
bool IsWellFormedOrigin(std::string_view origin);
// The origin of a charter that names none: "<address_prefix>.kengred/<16 digits of its salt>".
std::string DefaultOrigin(const v1::Charter& charter);

// The currency of that code; null where the charter has none. Lives as long as the charter.
const v1::Currency* FindCurrency(const v1::Charter& charter, std::string_view code);

// Whether an authority may be an account's or the governance's: 1 to 16 distinct acceptable keys, a
// threshold between 1 and their number.
bool IsWellFormedAuthority(const v1::Authority& authority);
// The same but that of the keys only the sizes are looked at, as IsAcceptablePublicKey takes as
// long as verifying a signature.
bool HasAuthorityShape(const v1::Authority& authority);

// The id of the account that an authority opens.
AccountId AccountIdOf(const v1::Authority& authority);

}  // namespace kengred
