// SPDX-License-Identifier: MPL-2.0
// Who is connected to the command socket now: routing ids of libzmq and the members behind them.
//
// Pure memory of the loop; no socket. A session begins with a Hello and ends when its member is revoked, when a push
// cannot be delivered, or when it was silent for too long. Routing ids are never shown to anybody.
#ifndef BUURTBELD_SESSIONS_H
#define BUURTBELD_SESSIONS_H

#include "codes.h"

#include <stddef.h>
#include <stdint.h>

enum { ROUTING_ID_SIZE_MAX = 32, SESSION_SILENT_MS_MAX = 60 * 1000 };

struct routing_id {
    uint8_t bytes[ROUTING_ID_SIZE_MAX];
    size_t size;
};

struct session {
    struct routing_id route;
    uint64_t member, party;
    int64_t heard_at_ms;
    struct session *next_of_party, *previous_of_party;
};

struct sessions;

BB_CHECKED enum bb_code sessions_create(size_t sessions_max, struct sessions **out);
void sessions_destroy(struct sessions **sessions);

// Begins a session, or moves it to another member when the route has got a new owner. BB_BUSY when there are too many;
// of one member the session that was silent longest makes room.
BB_CHECKED enum bb_code sessions_begin(struct sessions *sessions, const struct routing_id *route, uint64_t member,
                                       uint64_t party, int64_t now_ms);
// NULL when there is none.
struct session *sessions_find(struct sessions *sessions, const struct routing_id *route);
void sessions_end(struct sessions *sessions, struct session *session);
void sessions_end_member(struct sessions *sessions, uint64_t member, uint64_t party);

// The first session of a party, then along next_of_party. NULL when none of its members is connected.
struct session *sessions_of_party(struct sessions *sessions, uint64_t party);

// Ends those that were silent too long. Called every few seconds.
void sessions_sweep(struct sessions *sessions, int64_t now_ms);

size_t sessions_count(const struct sessions *sessions);

#endif
