// SPDX-License-Identifier: MPL-2.0
// Many clients in one process: each a member with a home of its own, all polled together, and a tally of what each one
// was told.
//
// Uses the public library alone. Decides nothing about the story; called by its scenes and by the load generator.
#ifndef VILLAGE_VILLAGE_H
#define VILLAGE_VILLAGE_H

#include "buurtbel.h"

#include <limits.h>

// What one villager was told of one request.
struct holding {
    uint64_t request;
    enum bb_request_state state;
    uint32_t alerts, updates, cancels; // those that came again after a break are not counted
    int64_t heard_at_ms;               // steady; of the alert
};

struct villager {
    char name[NAME_SIZE_MAX + 1];
    char home[PATH_MAX];
    enum bb_role role;
    enum bb_class audience_class; // givers
    uint64_t party, member;
    struct bb_client *client; // NULL while away
    struct village *village;
    struct holding *holdings;
    size_t holdings_count, holdings_room;
};

struct village {
    int epoll;
    enum bb_code failed; // a client that could not go on
};

// Also raises the number of files that may be open: a client takes about twelve. BB_IO.
BB_CHECKED enum bb_code village_init(struct village *village);
void village_fini(struct village *village);

void villager_init(struct villager *villager, struct village *village, const char *name, const char *home);
void villager_fini(struct villager *villager);

// Opens the client and begins to connect. `follow` as in struct bb_options.
BB_CHECKED enum bb_code villager_come(struct villager *villager, bool follow);
void villager_leave(struct villager *villager);

// NULL when it was never told of.
const struct holding *villager_holding(const struct villager *villager, uint64_t request);

// `inviter` invites `newcomer` as `role`, who makes keys and enrols. `party`: 0, or the party to become a member of.
BB_CHECKED enum bb_code villager_join(struct villager *newcomer, struct villager *inviter, enum bb_role role,
                                      enum bb_class audience_class, uint64_t party);

// Lets every client that has something to do process, once; waits up to `timeout_ms` for the first.
void village_turn(struct village *village, int timeout_ms);

// Turns until `happened` says so; false when that took longer, or a client failed.
typedef bool village_sign(void *context);
bool village_until(struct village *village, village_sign *happened, void *context, int timeout_ms);

int64_t village_clock_ms(void); // steady

#endif
