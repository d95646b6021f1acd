// SPDX-License-Identifier: MPL-2.0
// Renders records as messages of the wire, for one viewer: what it may see and nothing else.
//
// The one place where numbers become public ids and secret texts become readable again.
#ifndef BUURTBEL_CORE_VIEW_H
#define BUURTBEL_CORE_VIEW_H

#include "channel.h"
#include "core.h"

// All that a broadcast holds. A closed request has no text any more.
BB_CHECKED enum bb_code view_public_request(struct core *core, const Stored__Request *request,
                                            Wire__PublicRequest **out);

// BB_UNKNOWN_ID when `viewer` may not see the request at all. With `whole`, its offers and releases too, newest first.
BB_CHECKED enum bb_code view_request(struct core *core, const Stored__Party *viewer, const Stored__Request *request,
                                     bool whole, Wire__RequestView **out);
BB_CHECKED enum bb_code view_offer(struct core *core, const Stored__Party *viewer, const Stored__Offer *offer,
                                   const Stored__Request *request, Wire__OfferView **out);
// With the sealed box only in the mailbox of the recipient's party.
BB_CHECKED enum bb_code view_release(struct core *core, const Stored__Party *viewer,
                                     const Stored__ReleaseRecord *release, Wire__ReleaseView **out);
BB_CHECKED enum bb_code view_party(struct core *core, const Stored__Party *party, Wire__PartyView **out);
BB_CHECKED enum bb_code view_member(struct core *core, const Stored__Party *party, const Stored__Member *member,
                                    Wire__MemberView **out);
// With the one wrapped key that is `member`'s; no key at all when the contact was erased.
BB_CHECKED enum bb_code view_asker(struct core *core, const Stored__Asker *asker, uint64_t member,
                                   Wire__AskerView **out);

// A logged notice as it goes out. `owner` is the party of a mailbox, NULL for a class channel.
BB_CHECKED enum bb_code view_notice(struct core *core, const Stored__Party *owner, const Stored__LogEntry *entry,
                                    Wire__Notice **out);

// An item of a mailbox. NULL in `*out` when the owner may not see it (any more).
BB_CHECKED enum bb_code view_item(struct core *core, const Stored__Party *owner, uint32_t subject, uint64_t number,
                                  Wire__MailboxItem **out);

#endif
