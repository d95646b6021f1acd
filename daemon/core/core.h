// SPDX-License-Identifier: MPL-2.0
// The core: decides what a command leads to (facts), and applies facts to the state. Pure: no sockets, files, clock,
// random numbers, logging, threads or globals; time, randomness and keys come in with `struct core`.
//
// core_decide reads and yields facts or one refusal. core_apply changes state and yields effects; it cannot refuse,
// and fails only with what the store says (then the turn is aborted). A later command of a turn sees the facts before it.
#ifndef BUURTBEL_CORE_CORE_H
#define BUURTBEL_CORE_CORE_H

#include "bounds.h"
#include "codes.h"
#include "ids.h"
#include "store/keyring.h"
#include "store/store.h"
#include "stored.pb-c.h"
#include "wire.pb-c.h"
#include "words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CORE_RANDOM_SIZE = 16 };

// A notice that was numbered and logged; it is rendered when it is sent.
struct effect_notice {
    uint64_t channel;
    uint64_t log; // key in TABLE_LOG
};

// What a key may connect to.
enum admission {
    ADMISSION_NONE,
    ADMISSION_INVITATION, // the command socket, as an invitee
    ADMISSION_MEMBER,     // the command socket
    ADMISSION_GIVER,      // a member of an active giver: also the publish socket, where nobody else has a channel
};

// A key that may connect from now on, or no longer.
struct effect_admission {
    uint8_t key[32];
    enum admission admission;
    uint64_t number; // of the member or invitation
};

enum admission admission_of(const Stored__Party *party, const Stored__Member *member);

// A member whose sessions end, because it was revoked.
struct effect_departed {
    uint64_t member, party;
};

// What a turn leads to outside the store, once it is committed. The arrays lie in the turn's arena.
struct effects {
    struct effect_notice *notices;
    struct effect_admission *admissions;
    uint64_t *rekeyed; // class channels whose key is to be renewed: somebody may no longer read them
    struct effect_departed *departed;
    size_t notices_count, admissions_count, rekeyed_count, departed_count;
};

struct core {
    struct txn *txn; // its arena holds all that the core makes
    const struct keyring *keyring;
    uint8_t ids_key[IDS_KEY_SIZE];
    uint8_t random[CORE_RANDOM_SIZE]; // fresh for each attempt at a turn
    uint64_t nonces_used;
    int64_t now_ms; // never less than the last entry's
    struct effects effects;
};

// Who gives a command. Looked up by the number that the transport vouches for, never from the message.
struct actor {
    bool invitee; // connected with an invitation's key: may only enrol
    uint64_t number;
    Stored__Invitation *invitation; // of an invitee
    Stored__Member *member;
    Stored__Party *party;
};
// BB_MEMBER_REVOKED also when there is no such member (any more). BB_INVITATION_REVOKED likewise.
BB_CHECKED enum bb_code actor_find(struct core *core, bool invitee, uint64_t number, struct actor *out);

// What a command leads to: facts in order, and what its answer names.
struct decision {
    Stored__Fact **facts;
    size_t facts_count;
    uint64_t made;  // public id
    uint64_t party; // public id
    uint32_t state;
};

BB_CHECKED enum bb_code core_decide(struct core *core, const struct actor *actor, const Wire__Command *command,
                                    struct decision *out);
BB_CHECKED enum bb_code core_apply(struct core *core, const Stored__Fact *fact);

// May this command use the store's reserve (withdraw, close, suspend, revoke)?
bool core_uses_reserve(const Wire__Command *command);

// The facts of an empty store: one community and its first operator.
struct founder {
    ProtobufCBinaryData party_name, member_name;
    uint8_t curve_key[32], sealing_key[32], signing_key[32];
};
BB_CHECKED enum bb_code core_found(struct core *core, const Stored__CommunityFounded *community,
                                   const struct founder *founder, struct decision *out);

// ---------------------------------------------------------------- inside the core

// Zeroed memory in the transaction's arena; NULL when it is full.
void *core_alloc(const struct core *core, size_t size);

// Makes room for one more element at `*array` (capacities are powers of two); false when the arena is full.
bool core_grow(const struct core *core, void *array, size_t count, size_t element_size);

// A fact of `actor` at the end of the decision; NULL when the arena is full. The caller sets `what`.
Stored__Fact *decision_add(struct core *core, struct decision *decision, const struct actor *actor);

// Records by public id. BB_UNKNOWN_ID when the id is of another kind, of nothing, or of another community.
BB_CHECKED enum bb_code find_request(struct core *core, const struct actor *actor, uint64_t id, Stored__Request **out);
BB_CHECKED enum bb_code find_offer(struct core *core, const struct actor *actor, uint64_t id, Stored__Offer **offer,
                                   Stored__Request **request);
BB_CHECKED enum bb_code find_party(struct core *core, const struct actor *actor, uint64_t id, Stored__Party **out);
BB_CHECKED enum bb_code find_member(struct core *core, const struct actor *actor, uint64_t id, Stored__Member **member,
                                    Stored__Party **party);

// The same, by number: what a record names must be there, so BB_NOT_FOUND becomes BB_STORE_DAMAGED.
BB_CHECKED enum bb_code get_named(struct core *core, enum table table, uint64_t number, void *out);

// May a giver of this class see the request in its class channel?
bool request_reaches(const Stored__Request *request, uint32_t audience_class);

const Stored__Category *find_category(const Stored__Community *community, ProtobufCBinaryData key);

// Compares and measures texts. text_within: BB_MISSING when empty, BB_TOO_LONG.
bool same_bytes(ProtobufCBinaryData a, ProtobufCBinaryData b);
BB_CHECKED enum bb_code text_within(ProtobufCBinaryData text, size_t size_max);

// The key in TABLE_REF of a desk's reference, `kind` 'a' for askers and 'r' for requests.
struct store_key ref_key(const struct core *core, char kind, uint64_t desk, ProtobufCBinaryData ref);

// The key in TABLE_ANSWER of a party's answer to a request.
struct store_key answer_key(uint64_t request, uint64_t party);

#endif
