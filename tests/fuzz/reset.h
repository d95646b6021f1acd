// SPDX-License-Identifier: MPL-2.0
// A town that is as new for each input: made once, in memory, and whatever an input wrote is thrown away after it.
//
// LMDB's transactions are looked after: all that the store begins are one and the same, which is aborted at the reset.
// So an input costs neither files nor syncs, and nothing that it did is there for the next. See reset.c for what holds.
#ifndef BUURTBEL_FUZZ_RESET_H
#define BUURTBEL_FUZZ_RESET_H

#include "../unit/town.h"

// Made at the first call, with one request that has two offers, one of them confirmed and released, and one that is
// closed. Each call gives it as it was then, with a turn of its own.
struct town *town_anew(void);

// What the first request and the others are called.
struct town_story {
    uint64_t open, filled, closed, referred; // requests
    uint64_t offer, waiting, match, release; // offers on `open` and `filled`, and a release
    uint64_t invitation;                     // nobody used it yet
};
const struct town_story *town_story(void);

// Puts bytes over a row, as a disk would: no header is made and nothing is checked. False when there is no such row.
bool row_damage(struct town *town, enum table table, const struct store_key *key, const void *bytes, size_t size);
// A copy of the row as it stands, header and all; malloc'd.
bool row_read(struct town *town, enum table table, const struct store_key *key, uint8_t **bytes, size_t *size);

#endif
