// SPDX-License-Identifier: MPL-2.0
// A scratch folder for one test, and a store in it. Included by the tests of the store's room.
#ifndef BUURTBEL_TESTS_SCRATCH_H
#define BUURTBEL_TESTS_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "message/arena.h"
#include "store.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scratch {
    char folder[64];
    size_t map_size;
    bool preallocate;
    struct arena *arena;
    struct store *store;
};

static const uint8_t scratch_ids_key[16] = "0123456789abcdef";

static inline enum bb_code scratch_try_open(struct scratch *it, struct store **out)
{
    const char *problem;
    struct store_options options = {.folder = it->folder, .map_size = it->map_size, .preallocate = it->preallocate};
    return store_open(&options, scratch_ids_key, 1700000000000, out, &problem);
}

static inline void scratch_open_store(struct scratch *it)
{
    assert_int_equal(scratch_try_open(it, &it->store), BB_OK);
}

static inline struct txn *scratch_write(struct scratch *it)
{
    struct txn *txn = NULL;
    assert_int_equal(txn_begin_write(it->store, it->arena, &txn), BB_OK);
    return txn;
}

static inline struct txn *scratch_read(struct scratch *it)
{
    struct txn *txn = NULL;
    assert_int_equal(txn_begin_read(it->store, it->arena, &txn), BB_OK);
    return txn;
}

static inline int scratch_setup(void **state)
{
    struct scratch *it = calloc(1, sizeof *it);
    assert_non_null(it);
    strcpy(it->folder, "/tmp/buurtbel-test-XXXXXX");
    assert_non_null(mkdtemp(it->folder));
    it->map_size = 4 * 1024 * 1024;
    it->arena = arena_create(16 * 1024 * 1024);
    assert_non_null(it->arena);
    *state = it;
    return 0;
}

static inline int scratch_setup_store(void **state)
{
    scratch_setup(state);
    scratch_open_store(*state);
    return 0;
}

static inline int scratch_remove_one(const char *path, const struct stat *stat, int type, struct FTW *place)
{
    (void)stat, (void)type, (void)place;
    return remove(path);
}

static inline int scratch_teardown(void **state)
{
    struct scratch *it = *state;
    store_close(&it->store);
    arena_destroy(&it->arena);
    int rc = nftw(it->folder, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(it);
    return rc;
}

#endif
