// SPDX-License-Identifier: MPL-2.0
// A client's own store: rows by key in one LMDB file, for several processes of one home at a time.
//
// Knows nothing of what the rows mean. Each carries a checksum; a damaged row counts as missing, because the broker can
// tell everything again but the commands, which their giver sees waiting. Called by client.c. One store a file and
// process (LMDB's rule).
#ifndef BUURTBEL_CLIENT_STORE_H
#define BUURTBEL_CLIENT_STORE_H

#include "codes.h"

#include <stddef.h>
#include <stdint.h>

#define CLIENT_STORE_FILE_NAME "client.mdb"

struct client_store;

// Creates the file (0600) where it is missing. BB_IO, BB_NO_MEMORY.
BB_CHECKED enum bb_code client_store_open(const char *path, struct client_store **out);
// What was not committed is lost.
void client_store_close(struct client_store **store);

// The first of them begins a transaction; it lasts until the commit, which must not wait for anything outside.
// After a failure the transaction is gone. BB_IO (also when the store is full), BB_NO_MEMORY.
BB_CHECKED enum bb_code client_store_put(struct client_store *store, const void *key, size_t key_size,
                                         const void *value, size_t value_size);
BB_CHECKED enum bb_code client_store_delete(struct client_store *store, const void *key, size_t key_size);
// Durable when it returns BB_OK. Does nothing when nothing was put.
BB_CHECKED enum bb_code client_store_commit(struct client_store *store);

struct client_row {
    uint8_t *key, *value;
    size_t key_size, value_size;
};
struct client_rows {
    struct client_row *rows;
    size_t count;
    uint8_t *memory;
};
// All rows whose key begins with the byte `kind`, in the order of their keys, as committed. 0: all rows.
BB_CHECKED enum bb_code client_store_read(struct client_store *store, uint8_t kind, struct client_rows *out);
void client_rows_fini(struct client_rows *rows);

// `*value` is the caller's to free. BB_NOT_FOUND, BB_IO, BB_NO_MEMORY.
BB_CHECKED enum bb_code client_store_get(struct client_store *store, const void *key, size_t key_size, uint8_t **value,
                                         size_t *value_size);

#endif
