// SPDX-License-Identifier: MPL-2.0
// Transactions of the store: beginning, committing, and what LMDB's return codes mean. What is put and read in one
// stands in store.c. A commit is durable or did not happen; where that cannot be known, the code is BB_STORE_IO.
#include "store.h"

#include "store_inside.h"

#include <errno.h>
#include <stdlib.h>

enum bb_code store_code(int rc)
{
    switch (rc) {
    case MDB_SUCCESS:
        return BB_OK;
    case MDB_NOTFOUND:
        return BB_NOT_FOUND;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
        return BB_STORE_FULL;
    case MDB_READERS_FULL:
        return BB_BUSY;
    case ENOMEM:
        return BB_NO_MEMORY;
    case MDB_VERSION_MISMATCH:
        return BB_STORE_NEWER;
    case MDB_PAGE_NOTFOUND:
    case MDB_CORRUPTED:
    case MDB_INVALID:
    case MDB_INCOMPATIBLE:
    case MDB_PAGE_FULL:
    case MDB_CURSOR_FULL:
    case MDB_BAD_TXN:
        return BB_STORE_DAMAGED;
    default: // errno, and MDB_PANIC after a commit that failed half-way
        return BB_STORE_IO;
    }
}

static enum bb_code begin(struct store *store, struct arena *arena, bool write, struct txn **out)
{
    struct txn *txn = calloc(1, sizeof *txn);
    if (!txn)
        return BB_NO_MEMORY;
    *txn = (struct txn){.store = store, .arena = arena, .write = write};

    enum bb_code code = BB_OK;
    if (write)
        code = store_room(store, &txn->room_size);
    if (code == BB_OK)
        code = store_code(mdb_txn_begin(store->env, NULL, write ? 0 : MDB_RDONLY, &txn->mdb));
    if (code != BB_OK) {
        free(txn);
        return code;
    }
    *out = txn;
    return BB_OK;
}

enum bb_code txn_begin_write(struct store *store, struct arena *arena, struct txn **out)
{
    store_insist(!store->writing);
    enum bb_code code = begin(store, arena, true, out);
    store->writing = code == BB_OK;
    return code;
}

enum bb_code txn_begin_read(struct store *store, struct arena *arena, struct txn **out)
{
    return begin(store, arena, false, out);
}

static void release(struct txn *txn)
{
    if (txn->write)
        txn->store->writing = false;
    free(txn);
}

// A full disk is a certain "no" when pages could not be written. When it was the meta page that could not, LMDB does
// not know what is on disk and refuses every further transaction: that is how the two are told apart.
static enum bb_code commit_code(struct store *store, int rc)
{
    if (rc != ENOSPC)
        return rc == MDB_NOTFOUND ? BB_STORE_IO : store_code(rc);
    MDB_txn *probe = NULL;
    if (mdb_txn_begin(store->env, NULL, MDB_RDONLY, &probe) != 0)
        return BB_STORE_IO;
    mdb_txn_abort(probe);
    return BB_STORE_FULL;
}

enum bb_code txn_commit(struct txn **txn)
{
    struct txn *it = *txn;
    if (it->failed != BB_OK || !it->write) {
        enum bb_code failed = it->failed;
        txn_abort(txn);
        return failed;
    }
    *txn = NULL;
    int rc = mdb_txn_commit(it->mdb);
    enum bb_code code = commit_code(it->store, rc);
    release(it);
    return code;
}

void txn_abort(struct txn **txn)
{
    struct txn *it = *txn;
    *txn = NULL;
    if (!it)
        return;
    mdb_txn_abort(it->mdb);
    release(it);
}

struct arena *txn_arena(struct txn *txn)
{
    return txn->arena;
}

struct store *txn_store(struct txn *txn)
{
    return txn->store;
}

void txn_use_reserve(struct txn *txn, bool allowed)
{
    txn->use_reserve = allowed;
}
