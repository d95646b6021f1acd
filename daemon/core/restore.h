// SPDX-License-Identifier: MPL-2.0
// What a restore changes in the store that a backup holds: a new epoch, numbers that were never given, and all that was
// revoked, suspended or reinstated in the history that is lost. Facts like any others, marked `by_restore`; called by
// daemon/turn/restoring.c, which applies each decision before it asks for the next one.
//
// What is known by key alone. A member's, an invitation's or a party's first member's key means the same in each
// history; numbers do not. A key that this history does not know is barred: it cannot be enrolled again, whatever
// invitation is used. Of a party's suspensions and reinstatements the last one counts.
//
// Invitations used after the backup look unused in it. Each personal one lets somebody in without a further yes, and who
// was let in with it may since have been suspended. So all personal invitations that are open are revoked, and made
// anew by who still needs one. A standing one stays: it only ever leads to a coordinator's yes.
#ifndef BUURTBEL_CORE_RESTORE_H
#define BUURTBEL_CORE_RESTORE_H

#include "core.h"
#include "store/tombstones.h"

// Numbers of an epoch begin at (epoch - 1) << this; below 2^48, as they share the channels' numbers with class channels.
enum { EPOCH_NUMBERS_SHIFT = 32, EPOCHS_MAX = 65535 };

// The first fact of the new history.
BB_CHECKED enum bb_code restore_begin(struct core *core, const Stored__Restored *restored, struct decision *out);

// What follows from one of all tombstones: one fact, or none.
BB_CHECKED enum bb_code restore_tombstone(struct core *core, const struct tombstone *all, size_t count, size_t which,
                                          struct decision *out);

// Revokes the next open personal invitation at or after `*number`, and moves it on; 0 once there is none left.
BB_CHECKED enum bb_code restore_invitation(struct core *core, uint64_t *number, struct decision *out);

#endif
