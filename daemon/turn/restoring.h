// SPDX-License-Identifier: MPL-2.0
// The history of a backup goes on: one write transaction with the facts of a restore (core/restore.h) in entries of
// their own. Called by daemon/maintenance on a store that nobody serves yet.
#ifndef BUURTBELD_RESTORING_H
#define BUURTBELD_RESTORING_H

#include "core/restore.h"

struct restoring {
    struct store *store;                // borrowed, like the tombstones
    const struct tombstone *tombstones; // all of the file
    size_t tombstones_count;
    uint64_t keyring_last; // the last slot that the keyring holds
    int64_t clock_ms;
    uint32_t node;
};

struct restored {
    uint32_t epoch;
    uint64_t last_entry; // of the backup
    uint64_t members_revoked, parties_changed, invitations_revoked, keys_barred;
    bool operators_left; // is there one who may still come in?
};

// BB_BUSY: there were more restores than epochs can be counted.
BB_CHECKED enum bb_code restoring_run(const struct restoring *options, struct restored *out);

#endif
