// SPDX-License-Identifier: MPL-2.0
// The tombstones: an append-only file beside the store of all that must stay so after a backup was put back: members
// and invitations that were revoked, parties that were suspended or reinstated, keyring slots that were erased.
//
// Written after the commit of the facts and synced before anybody is answered; daemon/turn/burial.h says which facts.
// The file's layout, numbers big-endian:
//   header  128 bytes: "BBTOMBST", u32 version, u32 record size, 16 bytes mark of the store, zeros, checksum at 112
//   record  128 bytes: u32 kind, u32 epoch, u64 its number in the file (from 0), u64 number of the first one that was
//           written together with it, u64 journal entry, i64 time in ms, u64 number of the subject, 32 bytes key,
//           32 bytes key of the party's first member, checksum at 112 (BLAKE2b-16 of the bytes before it)
// Room ahead is zeros. A record stands within one sector of the disk, yet those of one write may reach it in any order:
// when one is broken and all that follow it were written together with it, the write was cut short by a power failure.
// Its readable part is kept and the rest is cut off; the journal has it and it is appended again. Anything else that
// is broken is damage. To change the layout, raise TOMBSTONES_VERSION and keep reading the old one.
#ifndef BUURTBEL_TOMBSTONES_H
#define BUURTBEL_TOMBSTONES_H

#include "codes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TOMBSTONES_VERSION = 1,
    TOMBSTONE_SIZE = 128,
    TOMBSTONE_KEY_SIZE = 32,
    TOMBSTONES_MARK_SIZE = 16,
    TOMBSTONES_AHEAD = 512, // records for which disk space is taken ahead, so that a full disk stops no suspension
};

// Numbers in the file: never used a second time.
enum tombstone_kind {
    TOMBSTONE_MEMBER_REVOKED = 1,     // key: the member's
    TOMBSTONE_PARTY_SUSPENDED = 2,    // one for each member that it had; key: the member's; founder
    TOMBSTONE_PARTY_ACTIVE = 3,       // reinstated, or approved; founder
    TOMBSTONE_INVITATION_REVOKED = 4, // key: its admission key
    TOMBSTONE_SLOT_ERASED = 5,        // number: the slot
    TOMBSTONE_RESTORED = 6,           // a restore began this epoch; entry: the one that says so
    TOMBSTONE_COMPLETE = 7,           // all facts up to this entry are in the file
};

// A subject is known by keys, which mean the same in each history. `number` is for people, but for slots.
struct tombstone {
    enum tombstone_kind kind;
    uint32_t epoch;
    uint64_t entry;
    int64_t at_ms;
    uint64_t number;
    uint8_t key[TOMBSTONE_KEY_SIZE];
    uint8_t founder[TOMBSTONE_KEY_SIZE]; // key of the party's first member
};

struct tombstones;

// Opens the file of the store with this mark. BB_NOT_FOUND when there is none; BB_STORE_NEWER; BB_STORE_DAMAGED also
// when it is another store's. `*problem` (static or NULL) adds what the code cannot say. One that was cut short is
// mended on disk, unless it is opened to be read only.
BB_CHECKED enum bb_code tombstones_open(const char *path, const uint8_t mark[TOMBSTONES_MARK_SIZE], bool read_only,
                                        struct tombstones **out, const char **problem);
// Makes an empty file, durably. One that is there already is an error.
BB_CHECKED enum bb_code tombstones_create(const char *path, const uint8_t mark[TOMBSTONES_MARK_SIZE]);
void tombstones_close(struct tombstones **tombstones);

// Durable when it returns BB_OK. After any other code it is unknown what the file holds: stop, answer nobody.
BB_CHECKED enum bb_code tombstones_append(struct tombstones *tombstones, const struct tombstone *records, size_t count);

// What the file held when it was opened, in its order.
const struct tombstone *tombstones_all(const struct tombstones *tombstones, size_t *count);

// Was a write that was cut short found at the end, and cut off?
bool tombstones_was_torn(const struct tombstones *tombstones);

// The mark of the store with this key of public ids: the same in all of its backups.
void tombstones_mark(const uint8_t ids_key[16], uint8_t out[TOMBSTONES_MARK_SIZE]);

#endif
