// SPDX-License-Identifier: MPL-2.0
// The keyring: a file of fixed slots with random keys, outside LMDB, one slot for each subject (party, asker, request).
//
// Names and free texts are encrypted under their subject's key. Slots are filled ahead of need, so that no commit waits
// for it. Erasing overwrites a slot and syncs: what was encrypted under it is gone from old pages, journal and backups.
// Slot numbers start at 1 and are assigned by the core, rising. The file's layout, with version and
// checksums: keyring_file.h.
#ifndef BUURTBEL_KEYRING_H
#define BUURTBEL_KEYRING_H

#include "codes.h"

#include <stdbool.h>
#include <stdint.h>

enum { KEYRING_KEY_SIZE = 32 };

struct keyring;

// Opens or creates `path` (0600; refused when others can read it). The whole file is held in locked memory.
BB_CHECKED enum bb_code keyring_open(const char *path, struct keyring **out, const char **problem);
void keyring_close(struct keyring **keyring); // wipes the memory

// Makes sure that slots 1 .. `slot_last` are filled and synced. Random bytes come from libsodium. Called between turns.
BB_CHECKED enum bb_code keyring_fill(struct keyring *keyring, uint64_t slot_last);

uint64_t keyring_last(const struct keyring *keyring);

// Borrowed; its memory never moves, and an erase zeroes it. Another thread may ask too while the loop fills.
// BB_NO_KEY_SLOT past the last filled one, BB_ERASED, BB_STORE_DAMAGED.
BB_CHECKED enum bb_code keyring_key(const struct keyring *keyring, uint64_t slot, const uint8_t **out);

// Overwrites the slot, in the file and in memory, and syncs. Erasing again is fine.
BB_CHECKED enum bb_code keyring_erase(struct keyring *keyring, uint64_t slot);

#endif
