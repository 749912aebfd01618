// The secret key behind signed notes as one line of text, in the form of Go's
// golang.org/x/mod/sumdb/note:
//
//   "PRIVATE+KEY+" name "+" 8HEXDIG "+" base64( type seed )
//
// with the key id and the types of signed_note.h: a log's key or a witness's. Any thread.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "kengred/core/signed_note.h"
#include "kengred/core/signing.h"

namespace kengred {

struct NoteSecret {
  std::string name;
  KeyType type = KeyType::kEd25519;
  SecretKey key;
};

// The line without a newline, of a key with this seed of kSeedBytes. The caller wipes it.
// InvalidArgument where name or seed cannot be one's.
absl::StatusOr<std::string> FormatNoteSecret(std::string_view name, KeyType type,
                                             std::string_view seed);

// Reads a line, with or without its newline. InvalidArgument where it is none, or where its id does
// not follow from the key, so that a mistyped character is noticed. Messages hold nothing of it.
absl::StatusOr<NoteSecret> ParseNoteSecret(std::string_view line);

}  // namespace kengred
