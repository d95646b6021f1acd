// SPDX-License-Identifier: MPL-2.0
// What buurtbeld does with a store on disk instead of serving it: back up, verify, restore. Opens no socket.
//
// backup.c copies while a daemon may be running; check.c verifies a store or a backup as a whole; restore.c puts a backup
// in the store's place. What was done goes to standard output, what went wrong to standard error. Called by main.c.
#ifndef BUURTBELD_MAINTENANCE_H
#define BUURTBELD_MAINTENANCE_H

#include "setup/config.h"
#include "store/store.h"

// A folder `target` with the store as of one moment and the tombstones, checked as a whole; it must not be there yet.
BB_CHECKED enum bb_code maintenance_backup(const struct config *config, const char *target);
// The keyring, as a file in a place of its own: refused where the store's backup lies.
BB_CHECKED enum bb_code maintenance_backup_keyring(const struct config *config, const char *target);

// The store of a configuration: with its tombstones, and is the keyring long enough?
BB_CHECKED enum bb_code maintenance_verify(const struct config *config);
// A folder with a store, such as a backup.
BB_CHECKED enum bb_code maintenance_verify_folder(const char *folder);

// Puts a backup in the place of the store. What was there is kept beside it under a dated name. Killed at any moment, it
// leaves the store before or the restored one, and can be run again.
BB_CHECKED enum bb_code maintenance_restore(const struct config *config, const char *backup);

// ---------------------------------------------------------------- shared by these files

// Says what could not be done and why, in `problem`'s words or the code's, and gives the code back.
enum bb_code fail(enum bb_code code, const char *problem, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Checks each record of a store that is open. Problems are named on standard error, up to 20. BB_STORE_DAMAGED.
BB_CHECKED enum bb_code check_store(struct store *store, uint64_t *checked);

// PATH_MAX bytes; "" when it would not fit.
void path_join(char *out, const char *folder, const char *name);

#endif
