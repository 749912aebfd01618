// Who may read what over gRPC. Who a caller is follows from their token (server/access/), which the
// metadata carries.
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

#include "kengred/core/ids.h"
#include "kengred/v1/programme.pb.h"
#include "server/access/token_check.h"
#include "server/rpc/ledger_reader.h"
#include "server/sequence/sequencer.h"

namespace kengred::rpc {

using access::Caller;
using access::MaybeCaller;

// Thread-safe.
class Access {
 public:
  // `now_seconds`: seconds since 1970. The sequencer must outlive it.
  Access(const sequence::Sequencer* sequencer, std::function<int64_t()> now_seconds);

  // Who calls, by the metadata `authorization: Bearer <token>`; nobody where there is none. A token
  // that is there must be good, also where the read needs none: TOKEN_INVALID, TOKEN_EXPIRED.
  grpc::Status Identify(const grpc::ServerContext& context, LedgerReader& reader,
                        MaybeCaller* caller) const;

  // Brings a caller up to date later on, in a long-lived call: TOKEN_INVALID where the key is no
  // longer one of the account's. The token's own end does not count.
  grpc::Status Refresh(LedgerReader& reader, Caller* caller) const;

 private:
  const access::TokenCheck tokens_;
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
// For the journal's entries: auditors.
grpc::Status CheckMayReadEntries(const MaybeCaller& caller);
// For which awards of a programme have been paid: its association, its validators, auditors.
grpc::Status CheckMayReadAwards(const MaybeCaller& caller, const v1::Programme& programme);

}  // namespace kengred::rpc
