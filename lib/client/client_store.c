// SPDX-License-Identifier: MPL-2.0
// The client's rows in LMDB. A row is one byte version, a checksum over key and value, and the value.
#include "client_store.h"

#include "file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { ROW_VERSION = 1, CHECKSUM_SIZE = 16, HEADER_SIZE = 1 + CHECKSUM_SIZE, FILE_MODE = 0600, READERS_MAX = 32 };
static const size_t MAP_SIZE = (size_t)128 << 20;

struct client_store {
    MDB_env *env;
    MDB_dbi rows;
    MDB_txn *write;
};

static enum bb_code code_of(int rc)
{
    if (rc == MDB_SUCCESS)
        return BB_OK;
    if (rc == MDB_NOTFOUND)
        return BB_NOT_FOUND;
    return rc == ENOMEM ? BB_NO_MEMORY : BB_IO;
}

// Fills an empty file with LMDB's first pages, durably.
static int write_first_pages(const char *path)
{
    MDB_env *env;
    int rc = mdb_env_create(&env);
    if (rc != 0)
        return rc;
    rc = mdb_env_open(env, path, MDB_NOSUBDIR, FILE_MODE);
    if (rc == 0)
        rc = mdb_env_sync(env, 1);
    mdb_env_close(env);
    char *lock_path; // LMDB's, of this name alone
    if (asprintf(&lock_path, "%s-lock", path) < 0)
        return ENOMEM;
    (void)unlink(lock_path);
    free(lock_path);
    return rc;
}

// LMDB writes the first pages of a new file in place: cut short by a power failure they are no store, and the home could
// not be used any more. So they are made under another name, by one process at a time; who waited meanwhile holds the
// file that has its name by now.
static enum bb_code create_file(const char *path)
{
    char *new_path;
    if (access(path, F_OK) == 0)
        return BB_OK;
    if (asprintf(&new_path, "%s.new", path) < 0)
        return BB_NO_MEMORY;
    int fd = open(new_path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    int rc = fd >= 0 && flock(fd, LOCK_EX) == 0 ? 0 : EIO;
    if (rc == 0 && access(path, F_OK) == 0) {
        (void)unlink(new_path); // made anew, after somebody else was done
    } else if (rc == 0) {
        rc = ftruncate(fd, 0) == 0 ? write_first_pages(new_path)
                                   : EIO; // there may be some of a start that was cut short
        if (rc == 0 && rename(new_path, path) != 0)
            rc = EIO;
    }
    if (fd >= 0)
        close(fd);
    free(new_path);
    return code_of(rc);
}

static int open_rows(struct client_store *store)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0)
        return rc;
    rc = mdb_dbi_open(txn, NULL, 0, &store->rows);
    if (rc == 0)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

enum bb_code client_store_open(const char *path, struct client_store **out)
{
    struct client_store *store = calloc(1, sizeof *store);
    *out = NULL;
    if (!store || mdb_env_create(&store->env) != 0) {
        free(store);
        return BB_NO_MEMORY;
    }
    enum bb_code created = create_file(path);
    if (created != BB_OK) {
        client_store_close(&store);
        return created;
    }
    int dead = 0;
    int rc = mdb_env_set_mapsize(store->env, MAP_SIZE);
    if (rc == 0)
        rc = mdb_env_set_maxreaders(store->env, READERS_MAX);
    if (rc == 0) // NOTLS: without it each store takes one of a process's 1024 thread keys, and load tests open more
        rc = mdb_env_open(store->env, path, MDB_NOSUBDIR | MDB_NOTLS, FILE_MODE);
    if (rc == 0)
        rc = mdb_reader_check(store->env, &dead);
    if (rc == 0)
        rc = open_rows(store);
    enum bb_code code = code_of(rc);
    if (code == BB_OK) // at each start, as the creating one may have been cut short
        code = file_sync_folder(path);
    if (code != BB_OK)
        client_store_close(&store);
    *out = store;
    return code;
}

static void abort_write(struct client_store *store)
{
    if (store->write)
        mdb_txn_abort(store->write);
    store->write = NULL;
}

void client_store_close(struct client_store **store)
{
    if (!*store)
        return;
    abort_write(*store);
    mdb_env_close((*store)->env);
    free(*store);
    *store = NULL;
}

static void checksum(const void *key, size_t key_size, const void *value, size_t value_size, uint8_t out[CHECKSUM_SIZE])
{
    crypto_generichash_state state;
    const uint8_t size = (uint8_t)key_size;
    crypto_generichash_init(&state, NULL, 0, CHECKSUM_SIZE);
    crypto_generichash_update(&state, &size, 1);
    crypto_generichash_update(&state, key, key_size);
    crypto_generichash_update(&state, value, value_size);
    crypto_generichash_final(&state, out, CHECKSUM_SIZE);
}

static bool is_whole(const MDB_val *key, const MDB_val *row)
{
    uint8_t sum[CHECKSUM_SIZE];
    const uint8_t *bytes = row->mv_data;
    if (row->mv_size < HEADER_SIZE || bytes[0] != ROW_VERSION)
        return false;
    checksum(key->mv_data, key->mv_size, bytes + HEADER_SIZE, row->mv_size - HEADER_SIZE, sum);
    return memcmp(sum, bytes + 1, CHECKSUM_SIZE) == 0;
}

static int begin_write(struct client_store *store)
{
    return store->write ? 0 : mdb_txn_begin(store->env, NULL, 0, &store->write);
}

static enum bb_code ended(struct client_store *store, int rc)
{
    if (rc != 0)
        abort_write(store);
    return code_of(rc);
}

enum bb_code client_store_put(struct client_store *store, const void *key, size_t key_size, const void *value,
                              size_t value_size)
{
    MDB_val name = {.mv_size = key_size, .mv_data = (void *)(uintptr_t)key};
    MDB_val row = {.mv_size = HEADER_SIZE + value_size};
    int rc = begin_write(store);
    if (rc == 0)
        rc = mdb_put(store->write, store->rows, &name, &row, MDB_RESERVE);
    if (rc != 0)
        return ended(store, rc);
    uint8_t *bytes = row.mv_data;
    bytes[0] = ROW_VERSION;
    if (value_size > 0)
        memcpy(bytes + HEADER_SIZE, value, value_size);
    checksum(key, key_size, value, value_size, bytes + 1);
    return BB_OK;
}

enum bb_code client_store_delete(struct client_store *store, const void *key, size_t key_size)
{
    MDB_val name = {.mv_size = key_size, .mv_data = (void *)(uintptr_t)key};
    int rc = begin_write(store);
    if (rc == 0)
        rc = mdb_del(store->write, store->rows, &name, NULL);
    return ended(store, rc == MDB_NOTFOUND ? 0 : rc); // another process may have been first
}

enum bb_code client_store_commit(struct client_store *store)
{
    if (!store->write)
        return BB_OK;
    int rc = mdb_txn_commit(store->write);
    store->write = NULL;
    return code_of(rc);
}

static bool of_kind(const MDB_val *key, uint8_t kind)
{
    return kind == 0 || (key->mv_size > 0 && *(const uint8_t *)key->mv_data == kind);
}

// Walks the rows of one kind: with `out->rows` it fills them, without it counts rows and bytes.
static int walk(const struct client_store *store, MDB_txn *txn, uint8_t kind, struct client_rows *out, size_t *size)
{
    MDB_cursor *cursor;
    int rc = mdb_cursor_open(txn, store->rows, &cursor);
    if (rc != 0)
        return rc;
    MDB_val key = {.mv_size = kind != 0, .mv_data = &kind}, row;
    uint8_t *at = out->memory;
    out->count = *size = 0;
    rc = mdb_cursor_get(cursor, &key, &row, kind ? MDB_SET_RANGE : MDB_FIRST);
    for (; rc == 0 && of_kind(&key, kind); rc = mdb_cursor_get(cursor, &key, &row, MDB_NEXT)) {
        if (!is_whole(&key, &row))
            continue;
        size_t value_size = row.mv_size - HEADER_SIZE;
        if (out->rows) {
            struct client_row *copy = &out->rows[out->count];
            *copy = (struct client_row){at, at + key.mv_size, key.mv_size, value_size};
            memcpy(copy->key, key.mv_data, key.mv_size);
            memcpy(copy->value, (uint8_t *)row.mv_data + HEADER_SIZE, value_size);
            at += key.mv_size + value_size;
        }
        out->count++;
        *size += key.mv_size + value_size;
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

enum bb_code client_store_read(struct client_store *store, uint8_t kind, struct client_rows *out)
{
    *out = (struct client_rows){0};
    MDB_txn *txn;
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (rc != 0)
        return code_of(rc);
    size_t size;
    rc = walk(store, txn, kind, out, &size);
    if (rc == 0 && out->count > 0) {
        out->rows = calloc(out->count, sizeof *out->rows);
        out->memory = malloc(size);
        rc = out->rows && out->memory ? walk(store, txn, kind, out, &size) : ENOMEM;
    }
    mdb_txn_abort(txn);
    if (rc != 0)
        client_rows_fini(out);
    return code_of(rc);
}

void client_rows_fini(struct client_rows *rows)
{
    free(rows->rows);
    free(rows->memory);
    *rows = (struct client_rows){0};
}

enum bb_code client_store_get(struct client_store *store, const void *key, size_t key_size, uint8_t **value,
                              size_t *value_size)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (rc != 0)
        return code_of(rc);
    MDB_val name = {.mv_size = key_size, .mv_data = (void *)(uintptr_t)key}, row;
    rc = mdb_get(txn, store->rows, &name, &row);
    if (rc == 0 && !is_whole(&name, &row))
        rc = MDB_NOTFOUND;
    if (rc == 0) {
        *value_size = row.mv_size - HEADER_SIZE;
        *value = malloc(*value_size ? *value_size : 1);
        if (*value)
            memcpy(*value, (uint8_t *)row.mv_data + HEADER_SIZE, *value_size);
        else
            rc = ENOMEM;
    }
    mdb_txn_abort(txn);
    return code_of(rc);
}
