// Who may read what. A caller is whom their token names, where the token is signed by a key that
// the account has now; roles count on today's civil day. Nothing else about a caller matters: there
// is no session and no password.
//
//   everybody                  the ledger, programmes, the directory, what a payer must know
//   the holder                 everything of the account; an association, of its programmes' too
//   an auditor                 everything
//   a registrar                accounts' records and persons' profiles
//   a committee member         accounts' records
//   a treasurer                reconversions
//   a programme's validator    which of its awards have been paid
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "kengred/core/ids.h"
#include "kengred/v1/account.pb.h"
#include "server/rpc/ledger_reader.h"
#include "server/sequence/sequencer.h"

namespace kengred::rpc {

// Somebody with a valid token.
struct Caller {
  AccountId account_id;
  PublicKey public_key;
  // As it stood when the token was checked.
  v1::Account account;
  // The civil day on which it was.
  int32_t today = 0;

  bool HasRole(v1::Role role) const;
};

// Absent: nobody in particular.
using MaybeCaller = std::optional<Caller>;

// Thread-safe.
class Access {
 public:
  // `now_seconds`: seconds since 1970. The sequencer must outlive it.
  Access(const sequence::Sequencer* sequencer, std::function<int64_t()> now_seconds);

  // Who calls, by the metadata `authorization: Bearer <token>`; nobody where there is none. A token
  // that is there must be good, also where the read needs none: TOKEN_INVALID, TOKEN_EXPIRED.
  grpc::Status Identify(const grpc::CallbackServerContext& context, LedgerReader& reader,
                        MaybeCaller* caller) const;

  // Brings a caller up to date later on, in a long-lived call: TOKEN_INVALID where the key is no
  // longer one of the account's. The token's own end does not count.
  grpc::Status Refresh(LedgerReader& reader, Caller* caller) const;

 private:
  const sequence::Sequencer* const sequencer_;
  const std::function<int64_t()> now_seconds_;
};

// OK, TOKEN_MISSING or READ_NOT_ALLOWED for the private data of an account: its holder, the
// association whose programme it is, auditors.
grpc::Status CheckMayRead(const MaybeCaller& caller, const AccountId& account,
                          LedgerReader& reader);
// Whether the caller may see the whole record of an account: CheckMayRead's, registrars, committee.
bool MaySeeRecord(const MaybeCaller& caller, const AccountId& account, LedgerReader& reader);
// Whether the caller may see a person's profile: the holder, registrars, auditors.
bool MaySeePersonProfile(const MaybeCaller& caller, const AccountId& account);
// For the reconversions of one account, or of all where it is absent: the holder of the one,
// treasurers, auditors.
grpc::Status CheckMayReadReconversions(const MaybeCaller& caller,
                                       const std::optional<AccountId>& account);
// Whether the caller may see who funded a programme: its association, auditors.
bool MaySeeFunders(const MaybeCaller& caller, const v1::Programme& programme);
// For which awards of a programme have been paid: its association, its validators, auditors.
grpc::Status CheckMayReadAwards(const MaybeCaller& caller, const v1::Programme& programme);

}  // namespace kengred::rpc
