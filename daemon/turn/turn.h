// SPDX-License-Identifier: MPL-2.0
// A turn: up to TURN_COMMANDS_MAX commands, one durable commit, and what goes out after it. No sockets, clock or
// randomness: bytes and time in, answers and notices out, so that a simulation runs the real thing.
//
// Nothing that a turn yields may leave the daemon unless turn_run returned BB_OK. The caller publishes, then replies.
#ifndef BUURTBELD_TURN_H
#define BUURTBELD_TURN_H

#include "core/channel.h"
#include "core/core.h"
#include "store/journal.h"
#include "store/tombstones.h"

struct turn_options {
    struct store *store;           // borrowed
    const struct keyring *keyring; // borrowed
    struct tombstones *tombstones; // borrowed; NULL only in tests that put no backup back
    uint32_t node;
};

struct turn;

// Reads where the journal stands. BB_NO_MEMORY and what the store says.
BB_CHECKED enum bb_code turn_create(const struct turn_options *options, struct turn **out);
void turn_destroy(struct turn **turn);

// Holds what a turn takes in, until turn_begin: commands are unpacked into it. Results lie elsewhere, until the next run.
struct arena *turn_arena(struct turn *turn);

// Forgets the turn before.
void turn_begin(struct turn *turn);

struct turn_input {
    bool invitee;
    uint64_t number; // of the member or the invitation, as the transport vouches for it
    const Wire__Command *command;
};

struct turn_answer {
    enum bb_code code;
    bool repeated;
    uint64_t entry, made, party;
    uint32_t state;
};

// The notices of one channel in this turn, rendered.
struct turn_batch {
    uint64_t channel;
    Wire__Batch *batch;
};

struct turn_result {
    struct turn_answer answers[TURN_COMMANDS_MAX];
    struct effects effects;
    struct turn_batch *batches;
    size_t batches_count;
    size_t facts_count;
    uint64_t entry; // the journal's head after the turn
};

// BB_OK: committed. BB_STORE_IO: the outcome is unknown; stop, answer nobody. Anything else: nothing happened; with
// several inputs run them one by one, with one input that is its answer.
BB_CHECKED enum bb_code turn_run(struct turn *turn, const struct turn_input *inputs, size_t count, int64_t clock_ms,
                                 const uint8_t random[CORE_RANDOM_SIZE], struct turn_result *out);

// The first entry of an empty store.
BB_CHECKED enum bb_code turn_found(struct turn *turn, const Stored__CommunityFounded *community,
                                   const struct founder *founder, int64_t clock_ms,
                                   const uint8_t random[CORE_RANDOM_SIZE]);

// Number of the newest entry, and the time that never runs back.
uint64_t turn_head(const struct turn *turn);
int64_t turn_now_ms(const struct turn *turn, int64_t clock_ms);

// How many keyring slots are given out; keep KEYRING_SLOTS_AHEAD filled beyond it.
uint64_t turn_slots_used(const struct turn *turn);

// The key of the public ids, for rendering outside a turn.
const uint8_t *turn_ids_key(const struct turn *turn);

#endif
