// SPDX-License-Identifier: MPL-2.0
// The journal: numbered entries of facts with a hash chain, append-only (DOMAIN: rule 9).
//
// This small interface is all that the rest of the daemon knows of it, so that a replicated log can stand behind it
// later. Today an entry lives in the same write transaction as its effects.
#ifndef BUURTBEL_JOURNAL_H
#define BUURTBEL_JOURNAL_H

#include "store.h"

enum { JOURNAL_HASH_SIZE = 32 };

struct journal_head {
    uint64_t seq; // 0: empty
    uint8_t hash[JOURNAL_HASH_SIZE];
};

BB_CHECKED enum bb_code journal_head(struct txn *txn, struct journal_head *out);

// Appends `entry`; its seq must be the head's + 1, anything else is our own bug and ends the process.
BB_CHECKED enum bb_code journal_append(struct txn *txn, const Stored__Entry *entry);

// Reads one entry; BB_NOT_FOUND past the head. The chain is checked by journal_verify only, the checksum always.
BB_CHECKED enum bb_code journal_read(struct txn *txn, uint64_t seq, Stored__Entry **out);

// Checks that entry `seq` follows from `hash` (of seq - 1), and moves `hash` on. BB_STORE_DAMAGED when it does not.
BB_CHECKED enum bb_code journal_verify(struct txn *txn, uint64_t seq, uint8_t hash[JOURNAL_HASH_SIZE]);

// The same for an entry before which the chain is broken: the entry itself is checked, and `hash` set to what it says,
// so that the chain can be followed again from there.
BB_CHECKED enum bb_code journal_verify_alone(struct txn *txn, uint64_t seq, uint8_t hash[JOURNAL_HASH_SIZE]);

#endif
