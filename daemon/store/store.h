// SPDX-License-Identifier: MPL-2.0
// The store: LMDB with checksummed records. The only file-facing room of the daemon besides the keyring.
//
// It knows tables, keys and messages of stored.proto, and nothing of what they mean. One environment a process, one
// write transaction at a time (the loop's), read transactions of at most READ_SLICE_MS (the reader's).
// Errors: BB_NOT_FOUND, BB_STORE_FULL, BB_STORE_IO, BB_STORE_DAMAGED, BB_NO_MEMORY (also when the arena is full), from
// txn_begin_read BB_BUSY when all reader slots are taken, and from store_open also BB_STORE_IN_USE, BB_STORE_NEWER and
// BB_IO.
#ifndef BUURTBEL_STORE_H
#define BUURTBEL_STORE_H

#include "codes.h"
#include "message/arena.h"
#include "stored.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STORE_VERSION = 1, STORE_KEY_SIZE_MAX = 40 };

enum table {
#define X(symbol, name, message, key) TABLE_##symbol,
#include "tables.def"
#undef X
    TABLES_COUNT,
};

struct store;
struct txn;

struct store_options {
    const char *folder; // must exist; holds data.mdb, lock.mdb and daemon.lock
    size_t map_size;    // bytes, at most what the disk can hold; the file is preallocated to it
    bool preallocate;   // off only in tests
};

// Opens or creates the store and its identity record (version, epoch 1, `ids_key`, made at `now_ms`).
// Takes the lock that keeps a second daemon out. On failure `*problem` (static or NULL) adds what the code cannot say.
BB_CHECKED enum bb_code store_open(const struct store_options *options, const uint8_t ids_key[16], int64_t now_ms,
                                   struct store **out, const char **problem);
void store_close(struct store **store);

// Opens a store that another process may be writing to, for read transactions only: to copy it or to verify it. Takes no
// lock against daemons, makes and changes nothing. BB_NOT_FOUND when there is none in the folder.
BB_CHECKED enum bb_code store_open_to_read(const char *folder, struct store **out, const char **problem);

// Writes a compact copy, as of one moment, as `folder`/data.mdb, which must not be there; and syncs it, not the folder.
BB_CHECKED enum bb_code store_copy(struct store *store, const char *folder);

// Holds the lock of a folder that keeps daemons out, without opening the store in it. BB_STORE_IN_USE. `*fd` is closed
// to let go.
BB_CHECKED enum bb_code store_lock(const char *folder, int *fd, const char **problem);

// A write transaction is the scratch pad of a turn: what it puts, it reads. `arena` receives the records that
// are read and must outlive the transaction.
BB_CHECKED enum bb_code txn_begin_write(struct store *store, struct arena *arena, struct txn **out);
BB_CHECKED enum bb_code txn_begin_read(struct store *store, struct arena *arena, struct txn **out);
// Durable when it returns BB_OK. After BB_STORE_IO the outcome is unknown: stop the process, answer nobody.
BB_CHECKED enum bb_code txn_commit(struct txn **txn);
void txn_abort(struct txn **txn); // also ends a read transaction; does nothing with NULL

struct arena *txn_arena(struct txn *txn);
struct store *txn_store(struct txn *txn);

// From here on puts that grow the store are taken although it is nearly full (withdraw, close, suspend, revoke).
void txn_use_reserve(struct txn *txn, bool allowed);

struct store_key {
    uint8_t bytes[STORE_KEY_SIZE_MAX];
    size_t size;
};
struct store_key key_number(uint64_t number);
struct store_key key_bytes(const void *bytes, size_t size); // size <= STORE_KEY_SIZE_MAX
uint64_t key_to_number(const struct store_key *key);

// `message` must be of the table's type. The header and checksum are added here.
BB_CHECKED enum bb_code store_put(struct txn *txn, enum table table, const struct store_key *key,
                                  const ProtobufCMessage *message);
// `*out` lies in the transaction's arena. BB_NOT_FOUND when there is none, BB_STORE_DAMAGED when its checksum is wrong.
BB_CHECKED enum bb_code store_get(struct txn *txn, enum table table, const struct store_key *key, void *out);
BB_CHECKED enum bb_code store_delete(struct txn *txn, enum table table, const struct store_key *key);

// The same for rows that are not just a message: those of TABLE_JOURNAL, which journal.c alone writes and reads (the
// functions above refuse that table). `*out` is a copy in the transaction's arena.
BB_CHECKED enum bb_code store_put_bytes(struct txn *txn, enum table table, uint64_t number, const void *bytes,
                                        size_t size);
BB_CHECKED enum bb_code store_get_bytes(struct txn *txn, enum table table, uint64_t number, uint8_t **out,
                                        size_t *out_size);

// The same by number, for the many tables that have one.
BB_CHECKED enum bb_code store_put_number(struct txn *txn, enum table table, uint64_t number,
                                         const ProtobufCMessage *message);
BB_CHECKED enum bb_code store_get_number(struct txn *txn, enum table table, uint64_t number, void *out);

// Walks a table by key. `*key` in: where to start; out: the row that was found. First row at or after it,
// or last row at or before it.
// `out` may be NULL when only the key is wanted (then the record is not checked either). An empty key comes before
// all others.
BB_CHECKED enum bb_code store_at_or_after(struct txn *txn, enum table table, struct store_key *key, void *out);
BB_CHECKED enum bb_code store_at_or_before(struct txn *txn, enum table table, struct store_key *key, void *out);

// How many rows a table has.
BB_CHECKED enum bb_code store_rows(struct txn *txn, enum table table, uint64_t *out);

// Counters in TABLE_COUNTER: the last value given out under a name ("request", "log" ...). 0 when never used.
BB_CHECKED enum bb_code store_counter(struct txn *txn, const char *name, uint64_t *out);
BB_CHECKED enum bb_code store_count_up(struct txn *txn, const char *name, uint64_t *out);  // the new value
BB_CHECKED enum bb_code store_count_on(struct txn *txn, const char *name, uint64_t least); // raises it to `least`

BB_CHECKED enum bb_code store_identity(struct txn *txn, Stored__StoreIdentity **out);
BB_CHECKED enum bb_code store_put_identity(struct txn *txn, const Stored__StoreIdentity *identity);

struct store_usage {
    uint64_t used_size; // bytes of pages in use
    uint64_t map_size;
    uint32_t readers_stale_cleared;
};
// Also clears the slots of readers that died; call it about once a minute.
BB_CHECKED enum bb_code store_usage(struct store *store, struct store_usage *out);

#endif
