// SPDX-License-Identifier: MPL-2.0
// Opening and measuring the store: the lock that keeps a second daemon out, the environment, its tables, its identity
// record, the preallocated file, and how full it is. Must not look into any other record.
#include "store.h"

#include "bounds.h"
#include "store_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { READERS_MAX = 128, OPENING_ARENA_SIZE_MAX = 16 * 1024, IDS_KEY_SIZE = 16 };

// A file of the operator's that could not be used: `rc` is an errno value or one of LMDB's.
static enum bb_code file_code(int rc, const char **problem)
{
    *problem = rc > 0 ? strerrordesc_np(rc) : mdb_strerror(rc);
    enum bb_code code = store_code(rc);
    return code == BB_STORE_IO ? BB_IO : code;
}

static enum bb_code lock(int folder_fd, int *fd, const char **problem)
{
    *fd = openat(folder_fd, "daemon.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0)
        return file_code(errno, problem);
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
        return BB_OK;
    return errno == EWOULDBLOCK ? BB_STORE_IN_USE : file_code(errno, problem);
}

enum bb_code store_lock(const char *folder, int *fd, const char **problem)
{
    *fd = -1;
    *problem = NULL;
    int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0)
        return file_code(errno, problem);
    enum bb_code code = lock(folder_fd, fd, problem);
    close(folder_fd);
    if (code != BB_OK && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    return code;
}

// LMDB writes the first pages of a new file in place: cut short, they are no store, and nobody could start any more. So
// they are made and synced under another name, and a file that exists is always whole.
static enum bb_code create_file(int folder_fd, const struct store_options *options, const char **problem)
{
    char path[PATH_MAX];
    if (faccessat(folder_fd, "data.mdb", F_OK, 0) == 0)
        return BB_OK;
    if (snprintf(path, sizeof path, "%s/data.mdb.new", options->folder) >= (int)sizeof path)
        return file_code(ENAMETOOLONG, problem);
    (void)unlinkat(folder_fd, "data.mdb.new", 0); // left by a start that was cut short
    MDB_env *env = NULL;
    int rc = mdb_env_create(&env);
    if (rc == 0)
        rc = mdb_env_open(env, path, MDB_NOSUBDIR, 0600);
    if (rc == 0)
        rc = mdb_env_sync(env, 1);
    if (env)
        mdb_env_close(env);
    (void)unlinkat(folder_fd, "data.mdb.new-lock", 0);
    if (rc == 0 && renameat(folder_fd, "data.mdb.new", folder_fd, "data.mdb") != 0)
        rc = errno;
    return rc == 0 ? BB_OK : file_code(rc, problem);
}

// Every sync stays on (no MDB_NOSYNC, MDB_WRITEMAP and their like). MDB_NOTLS ties a read transaction to its object
// instead of its thread, so that the loop may measure the store while it reads.
static enum bb_code open_environment(struct store *store, const struct store_options *options, const char **problem)
{
    size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
    size_t map_size = (options->map_size + page_size - 1) / page_size * page_size;

    int rc = mdb_env_create(&store->env);
    if (rc == 0)
        rc = mdb_env_set_mapsize(store->env, map_size);
    if (rc == 0)
        rc = mdb_env_set_maxreaders(store->env, READERS_MAX);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(store->env, TABLES_COUNT);
    if (rc == 0)
        rc = mdb_env_open(store->env, options->folder, MDB_NOTLS, 0600);
    int dead;
    if (rc == 0)
        rc = mdb_reader_check(store->env, &dead);
    MDB_stat stat;
    if (rc == 0)
        rc = mdb_env_stat(store->env, &stat);
    if (rc != 0)
        return file_code(rc, problem);
    store->page_size = stat.ms_psize;
    return BB_OK;
}

static enum bb_code make_identity(struct txn *txn, const uint8_t ids_key[IDS_KEY_SIZE], int64_t now_ms)
{
    Stored__StoreIdentity identity = STORED__STORE_IDENTITY__INIT;
    identity.version = STORE_VERSION;
    identity.epoch = 1;
    identity.ids_key_bytes = (ProtobufCBinaryData){.len = IDS_KEY_SIZE, .data = (uint8_t *)ids_key};
    identity.made_at_ms = now_ms;
    struct store_key key = key_bytes(STORE_IDENTITY_KEY, strlen(STORE_IDENTITY_KEY));
    return store_put(txn, TABLE_META, &key, &identity.base);
}

static enum bb_code check_identity(struct txn *txn, const uint8_t ids_key[IDS_KEY_SIZE], int64_t now_ms,
                                   const char **problem)
{
    Stored__StoreIdentity *identity;
    enum bb_code code = store_identity(txn, &identity);
    if (code == BB_NOT_FOUND) {
        MDB_stat journal;
        code = store_code(mdb_stat(txn->mdb, txn->store->dbis[TABLE_JOURNAL], &journal));
        if (code != BB_OK || journal.ms_entries == 0)
            return code == BB_OK ? make_identity(txn, ids_key, now_ms) : code;
        *problem = "the store has a journal and no identity record";
        return BB_STORE_DAMAGED;
    }
    if (code != BB_OK)
        return code;
    if (identity->version > STORE_VERSION)
        return BB_STORE_NEWER;
    return identity->version > 0 && identity->ids_key_bytes.len == IDS_KEY_SIZE ? BB_OK : BB_STORE_DAMAGED;
}

// One transaction: when the store turns out to be newer than we are, the tables that it lacked are not made either.
static enum bb_code open_tables(struct store *store, const uint8_t ids_key[IDS_KEY_SIZE], int64_t now_ms,
                                const char **problem)
{
    struct arena *arena = arena_create(OPENING_ARENA_SIZE_MAX);
    if (!arena)
        return BB_NO_MEMORY;
    struct txn *txn = NULL;
    enum bb_code code = txn_begin_write(store, arena, &txn);
    for (size_t i = 0; code == BB_OK && i < TABLES_COUNT; i++)
        code = store_code(mdb_dbi_open(txn->mdb, store_tables[i].name, MDB_CREATE, &store->dbis[i]));
    if (code == BB_OK) {
        txn_use_reserve(txn, true);
        code = check_identity(txn, ids_key, now_ms, problem);
    }
    if (code == BB_OK)
        code = txn_commit(&txn);
    txn_abort(&txn);
    arena_destroy(&arena);
    return code;
}

// Claims the disk now, so that a full disk cannot stop a commit later. LMDB takes a new file of zeros for a damaged
// one, so this comes after it wrote its first pages.
static enum bb_code preallocate(struct store *store, const char **problem)
{
    MDB_envinfo info;
    int fd;
    int rc = mdb_env_info(store->env, &info);
    if (rc == 0)
        rc = mdb_env_get_fd(store->env, &fd);
    if (rc == 0)
        rc = posix_fallocate(fd, 0, (off_t)info.me_mapsize);
    return rc == 0 ? BB_OK : file_code(rc, problem);
}

// LMDB syncs pages, never the names of its files. At each start, as the creating one may have been cut short.
static enum bb_code sync_files(struct store *store, int folder_fd, const char **problem)
{
    int rc = mdb_env_sync(store->env, 1);
    if (rc != 0)
        return file_code(rc, problem);
    int fd;
    rc = mdb_env_get_fd(store->env, &fd);
    if (rc != 0)
        return file_code(rc, problem);
    int parent_fd = openat(folder_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent_fd < 0)
        return file_code(errno, problem);
    enum bb_code code = BB_OK;
    if (fsync(fd) != 0 || fsync(folder_fd) != 0 || fsync(parent_fd) != 0)
        code = file_code(errno, problem);
    close(parent_fd);
    return code;
}

static enum bb_code open_in_folder(struct store *store, int folder_fd, const struct store_options *options,
                                   const uint8_t ids_key[IDS_KEY_SIZE], int64_t now_ms, const char **problem)
{
    enum bb_code code = lock(folder_fd, &store->lock_fd, problem);
    if (code == BB_OK)
        code = create_file(folder_fd, options, problem);
    if (code == BB_OK)
        code = open_environment(store, options, problem);
    if (code == BB_OK)
        code = open_tables(store, ids_key, now_ms, problem);
    if (code == BB_OK && options->preallocate)
        code = preallocate(store, problem);
    if (code == BB_OK)
        code = sync_files(store, folder_fd, problem);
    return code;
}

enum bb_code store_open(const struct store_options *options, const uint8_t ids_key[16], int64_t now_ms,
                        struct store **out, const char **problem)
{
    *problem = NULL;
    *out = NULL;
    if (sodium_init() < 0)
        return BB_NO_MEMORY;
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return BB_NO_MEMORY;
    store->lock_fd = -1;

    int folder_fd = open(options->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum bb_code code;
    if (folder_fd < 0)
        code = file_code(errno, problem);
    else
        code = open_in_folder(store, folder_fd, options, ids_key, now_ms, problem);
    if (folder_fd >= 0)
        close(folder_fd);
    if (code == BB_OK)
        *out = store;
    else
        store_close(&store);
    return code;
}

void store_close(struct store **store)
{
    struct store *it = *store;
    *store = NULL;
    if (!it)
        return;
    if (it->env)
        mdb_env_close(it->env);
    if (it->lock_fd >= 0)
        close(it->lock_fd); // last: from here on another daemon may open the store
    free(it);
}

// The list of free pages is a table of its own: each row starts with the number of pages it holds. It may be read in
// read transactions only.
static enum bb_code count_free_pages(struct store *store, uint64_t *out)
{
    MDB_txn *txn;
    enum bb_code code = store_code(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn));
    if (code != BB_OK)
        return code;
    MDB_cursor *cursor = NULL;
    int rc = mdb_cursor_open(txn, 0, &cursor);
    MDB_val key, data;
    uint64_t pages = 0;
    while (rc == 0 && (rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT)) == 0) {
        size_t row_pages;
        memcpy(&row_pages, data.mv_data, sizeof row_pages);
        pages += row_pages;
    }
    if (cursor)
        mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    *out = pages;
    return rc == MDB_NOTFOUND ? BB_OK : store_code(rc);
}

enum bb_code store_room(struct store *store, uint64_t *out)
{
    MDB_envinfo info;
    enum bb_code code = store_code(mdb_env_info(store->env, &info));
    if (code != BB_OK)
        return code;
    uint64_t limit_pages = info.me_mapsize / store->page_size * STORE_USED_PERCENT_MAX / 100;
    uint64_t used_pages = info.me_last_pgno + 1;
    if (used_pages > limit_pages) { // counting the free pages costs a walk; before this point it would change nothing
        uint64_t free_pages;
        code = count_free_pages(store, &free_pages);
        if (code != BB_OK)
            return code;
        used_pages -= free_pages;
    }
    *out = used_pages < limit_pages ? (limit_pages - used_pages) * store->page_size : 0;
    return BB_OK;
}

enum bb_code store_usage(struct store *store, struct store_usage *out)
{
    int dead = 0;
    MDB_envinfo info;
    uint64_t free_pages;
    enum bb_code code = store_code(mdb_reader_check(store->env, &dead));
    if (code == BB_OK)
        code = count_free_pages(store, &free_pages);
    if (code == BB_OK)
        code = store_code(mdb_env_info(store->env, &info));
    if (code != BB_OK)
        return code;
    uint64_t known_pages = info.me_last_pgno + 1;
    *out = (struct store_usage){
        .used_size = known_pages > free_pages ? (known_pages - free_pages) * store->page_size : 0,
        .map_size = info.me_mapsize,
        .readers_stale_cleared = (uint32_t)dead,
    };
    return BB_OK;
}
