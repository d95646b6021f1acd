// SPDX-License-Identifier: MPL-2.0
// Failing calls of LMDB, see nth.h: what is read comes from a damaged page, what is written finds the map full, and all
// else meets a disk that fails.
#include "nth.h"

#include <errno.h>
#include <lmdb.h>

bool nth_is_told(enum bb_code code)
{
    return code == BB_STORE_DAMAGED || code == BB_STORE_FULL || code == BB_STORE_IO || code == BB_IO;
}

#define WRAPPED(name, rc, parameters, arguments) \
    int __real_##name parameters; \
    int __wrap_##name parameters; \
    int __wrap_##name parameters \
    { \
        return nth_fails() ? (rc) : __real_##name arguments; \
    }
WRAPPED(mdb_get, MDB_CORRUPTED, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *data), (txn, dbi, key, data))
WRAPPED(mdb_cursor_get, MDB_CORRUPTED, (MDB_cursor * cursor, MDB_val *key, MDB_val *data, MDB_cursor_op op),
        (cursor, key, data, op))
WRAPPED(mdb_put, MDB_MAP_FULL, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *data, unsigned flags),
        (txn, dbi, key, data, flags))
WRAPPED(mdb_del, MDB_CORRUPTED, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *data), (txn, dbi, key, data))
WRAPPED(mdb_cursor_open, MDB_CORRUPTED, (MDB_txn * txn, MDB_dbi dbi, MDB_cursor **out), (txn, dbi, out))
WRAPPED(mdb_stat, MDB_CORRUPTED, (MDB_txn * txn, MDB_dbi dbi, MDB_stat *out), (txn, dbi, out))
WRAPPED(mdb_dbi_open, MDB_CORRUPTED, (MDB_txn * txn, const char *name, unsigned flags, MDB_dbi *out),
        (txn, name, flags, out))
WRAPPED(mdb_txn_begin, EIO, (MDB_env * env, MDB_txn *parent, unsigned flags, MDB_txn **out), (env, parent, flags, out))
WRAPPED(mdb_env_create, EIO, (MDB_env * *out), (out))
WRAPPED(mdb_env_open, EIO, (MDB_env * env, const char *path, unsigned flags, mdb_mode_t mode), (env, path, flags, mode))
WRAPPED(mdb_env_set_mapsize, EIO, (MDB_env * env, size_t size), (env, size))
WRAPPED(mdb_env_set_maxreaders, EIO, (MDB_env * env, unsigned count), (env, count))
WRAPPED(mdb_env_set_maxdbs, EIO, (MDB_env * env, MDB_dbi count), (env, count))
WRAPPED(mdb_env_info, EIO, (MDB_env * env, MDB_envinfo *out), (env, out))
WRAPPED(mdb_env_stat, EIO, (MDB_env * env, MDB_stat *out), (env, out))
WRAPPED(mdb_env_get_fd, EIO, (MDB_env * env, int *out), (env, out))
WRAPPED(mdb_env_sync, EIO, (MDB_env * env, int force), (env, force))
WRAPPED(mdb_env_copyfd2, EIO, (MDB_env * env, int fd, unsigned flags), (env, fd, flags))
WRAPPED(mdb_reader_check, EIO, (MDB_env * env, int *dead), (env, dead))
#undef WRAPPED

// Also when it fails, the transaction is gone.
int __real_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn)
{
    if (!nth_fails())
        return __real_mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return EIO;
}
