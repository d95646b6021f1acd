// SPDX-License-Identifier: MPL-2.0
// What store.c (rows), txn.c (transactions) and store_open.c (opening, measuring) share. Nobody else includes it.
#ifndef BUURTBEL_STORE_INSIDE_H
#define BUURTBEL_STORE_INSIDE_H

#include "store.h"

#include <lmdb.h>
#include <stdlib.h>

#define STORE_IDENTITY_KEY "identity"

enum table_key { TABLE_KEY_NUMBER, TABLE_KEY_BYTES };

struct table_info {
    const char *name;
    const ProtobufCMessageDescriptor *message;
    enum table_key key;
};
extern const struct table_info store_tables[TABLES_COUNT];

struct store {
    MDB_env *env;
    int lock_fd;      // of daemon.lock; -1: not held
    bool writing;     // a write transaction is open; a second one would wait for itself for ever
    size_t page_size; // bytes
    MDB_dbi dbis[TABLES_COUNT];
};

struct txn {
    struct store *store;
    struct arena *arena;
    MDB_txn *mdb;
    bool write;
    bool use_reserve;
    enum bb_code failed; // of the first put that broke the transaction; LMDB takes nothing more after it
    uint64_t room_size;  // bytes that may be put before the store counts as nearly full
};

// For what only a bug of ours can make untrue; going on would write nonsense.
static inline void store_insist(bool truth)
{
    if (!truth)
        abort();
}

// What an LMDB or errno return code means to our callers.
enum bb_code store_code(int rc);

// Bytes that may still be put before the store is STORE_USED_PERCENT_MAX full. Must be asked outside a transaction.
BB_CHECKED enum bb_code store_room(struct store *store, uint64_t *out);

#endif
