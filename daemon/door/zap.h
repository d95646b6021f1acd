// SPDX-License-Identifier: MPL-2.0
// Who may connect: the handler of libzmq's authentication questions (RFC 27), in a thread of its own. Deny by default.
//
// Only CURVE, only the domains "command" and "publish"; only a key whose user id begins with "giver:" may use the publish
// socket, because nobody else has anything to read there. It decides about connecting and nothing else: rights are looked up by User-Id on every message.
//
// The table changes key by key, and each change returns only when the thread has made it, so that a member's reply can
// wait until the table holds its key. (Replacing the table whole, as first planned, would copy 100,000 keys for one.)
//
// Refusals: 400 for what will stay refused (libzmq then stops trying, and a client can tell its user), 300 for
// "too often just now": the connection is dropped without a word at HANDSHAKE_IVL, and libzmq tries again by itself.
#ifndef BUURTBELD_ZAP_H
#define BUURTBELD_ZAP_H

#include "codes.h"
#include "key_table.h"
#include "token_bucket.h"
#include "watch/metrics.h"

#include <stddef.h>
#include <stdint.h>

#define ZAP_DOMAIN_COMMAND "command"
#define ZAP_DOMAIN_PUBLISH "publish"

enum { ZAP_BUCKETS_MAX = 16384 }; // remembered addresses, and as many keys

struct zap_limits {
    struct token_limit per_address; // IPv6: per network of 64 bits
    struct token_limit per_key;     // a client needs two handshakes to connect
};

struct zap_key {
    uint8_t key[CURVE_KEY_SIZE];
    char user_id[USER_ID_SIZE_MAX + 1];
};

struct zap;

// Returns when questions are answered: bind sockets after it. `metrics` must outlive it. One a process.
// BB_IN_USE when somebody else answers them already, BB_NO_MEMORY.
BB_CHECKED enum bb_code zap_create(const struct zap_limits *limits, struct metrics *metrics, struct zap **out);
// After this nobody new gets in.
void zap_destroy(struct zap **zap);

// These three belong to one thread, the loop's, and wait for the ZAP thread's confirmation.
// Adds keys or replaces their user ids. BB_MISSING or BB_TOO_LONG (a user id), BB_NO_MEMORY; keys before it are in.
BB_CHECKED enum bb_code zap_admit(struct zap *zap, const uint8_t key[CURVE_KEY_SIZE], const char *user_id);
BB_CHECKED enum bb_code zap_admit_many(struct zap *zap, const struct zap_key *keys, size_t count);
// From the next handshake on; who is connected stays so. BB_OK also when it was not there.
BB_CHECKED enum bb_code zap_remove(struct zap *zap, const uint8_t key[CURVE_KEY_SIZE]);

#endif
