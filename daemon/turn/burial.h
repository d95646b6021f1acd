// SPDX-License-Identifier: MPL-2.0
// Which facts are tombstones, and keeping their file in step with the journal.
//
// A turn appends its tombstones after its commit and before anybody is answered. When the daemon is killed in between,
// the next start finds them in the journal. Called by the turn, by the broker before it serves, and by the restore.
#ifndef BUURTBELD_BURIAL_H
#define BUURTBELD_BURIAL_H

#include "core/core.h"
#include "store/tombstones.h"

struct burial {
    struct tombstone *records; // in the transaction's arena
    size_t count;
};

// Adds what the facts of an entry bury. Reads members in the core's transaction, in which the facts were applied.
BB_CHECKED enum bb_code burial_of_entry(struct core *core, uint32_t epoch, const Stored__Entry *entry,
                                        struct burial *out);

// Opens the store's file of tombstones before anybody is served, makes it for a store that has none yet, and appends
// what the journal has and the file lacks. BB_STORE_DAMAGED when the file is missing, or when it knows of things that
// the store does not: then somebody put an older copy in the store's place, in which revoked people would be let in.
// `*damaged` is the first entry that could not be read for that, or 0: what it revoked stands in the state that is served,
// so the daemon can start, but somebody must be told.
BB_CHECKED enum bb_code burial_open(struct store *store, const char *path, struct tombstones **out, uint64_t *damaged,
                                    const char **problem);

// Appends what the journal has from entry `from` on and the file, as it was opened, lacks.
BB_CHECKED enum bb_code burial_catch_up(struct store *store, struct tombstones *tombstones, uint64_t from,
                                        uint64_t *damaged);

#endif
