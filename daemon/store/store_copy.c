// SPDX-License-Identifier: MPL-2.0
// A store that is only read, beside the daemon that writes it or as a backup: opening it, and copying it as of one
// moment. Takes no part in the lock of store_open.c. Called by daemon/maintenance.
#include "store.h"

#include "store_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { READ_ARENA_SIZE_MAX = 16 * 1024 };

static enum bb_code open_environment(struct store *store, const char *folder, const char **problem)
{
    int rc = mdb_env_create(&store->env);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(store->env, TABLES_COUNT);
    if (rc == 0)
        rc = mdb_env_open(store->env, folder, MDB_RDONLY | MDB_NOTLS, 0600);
    MDB_stat stat;
    if (rc == 0)
        rc = mdb_env_stat(store->env, &stat);
    if (rc == 0) {
        store->page_size = stat.ms_psize;
        return BB_OK;
    }
    if (rc == ENOENT)
        return BB_NOT_FOUND;
    *problem = rc > 0 ? strerrordesc_np(rc) : mdb_strerror(rc);
    return store_code(rc) == BB_STORE_IO ? BB_IO : store_code(rc);
}

// A table's handle stays with the environment only when the transaction that opened it commits.
static enum bb_code open_tables(struct store *store, const char **problem)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (rc != 0)
        return store_code(rc);
    for (size_t i = 0; rc == 0 && i < TABLES_COUNT; i++)
        rc = mdb_dbi_open(txn, store_tables[i].name, 0, &store->dbis[i]);
    if (rc == 0)
        return store_code(mdb_txn_commit(txn));
    mdb_txn_abort(txn);
    *problem = "a table is missing: this is no store, or not a whole one";
    return rc == MDB_NOTFOUND ? BB_STORE_DAMAGED : store_code(rc);
}

static enum bb_code check_version(struct store *store)
{
    struct arena *arena = arena_create(READ_ARENA_SIZE_MAX);
    if (!arena)
        return BB_NO_MEMORY;
    struct txn *txn;
    Stored__StoreIdentity *identity;
    enum bb_code code = txn_begin_read(store, arena, &txn);
    if (code == BB_OK) {
        code = store_identity(txn, &identity);
        if (code == BB_NOT_FOUND)
            code = BB_STORE_DAMAGED;
        if (code == BB_OK && identity->version > STORE_VERSION)
            code = BB_STORE_NEWER;
        txn_abort(&txn);
    }
    arena_destroy(&arena);
    return code;
}

enum bb_code store_open_to_read(const char *folder, struct store **out, const char **problem)
{
    *out = NULL;
    *problem = NULL;
    if (sodium_init() < 0)
        return BB_NO_MEMORY;
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return BB_NO_MEMORY;
    store->lock_fd = -1;
    enum bb_code code = open_environment(store, folder, problem);
    if (code == BB_OK)
        code = open_tables(store, problem);
    if (code == BB_OK)
        code = check_version(store);
    if (code == BB_OK)
        *out = store;
    else
        store_close(&store);
    return code;
}

enum bb_code store_copy(struct store *store, const char *folder)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/data.mdb", folder) >= (int)sizeof path)
        return BB_IO;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return BB_IO;
    enum bb_code code = store_code(mdb_env_copyfd2(store->env, fd, MDB_CP_COMPACT));
    if (code == BB_OK && fsync(fd) != 0)
        code = BB_STORE_IO;
    close(fd);
    return code;
}
