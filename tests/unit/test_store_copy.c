// SPDX-License-Identifier: MPL-2.0
// Stores and keyrings that are only read, copied or come from elsewhere: what is wrong with them is told. Beside it, what
// each code of LMDB means to callers. That every call on a file may fail is played in tests/faults/store_files.c.
#include "scratch.h"

#include "store/keyring.h"
#include "store/keyring_copy.h"
#include "store/store_inside.h"
#include "store/tombstones.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

static const char *in(const struct scratch *it, const char *name)
{
    static char paths[4][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", it->folder, name);
    return path;
}

static enum bb_code read_store(const char *folder, const char **problem)
{
    struct store *store;
    enum bb_code code = store_open_to_read(folder, &store, problem);
    store_close(&store);
    return code;
}

static void each_code_of_lmdb_has_its_meaning(void **state)
{
    (void)state;
    static const struct {
        int rc;
        enum bb_code code;
    } meanings[] = {
        {MDB_SUCCESS, BB_OK},
        {MDB_NOTFOUND, BB_NOT_FOUND},
        {MDB_MAP_FULL, BB_STORE_FULL},
        {MDB_TXN_FULL, BB_STORE_FULL},
        {MDB_READERS_FULL, BB_BUSY},
        {ENOMEM, BB_NO_MEMORY},
        {MDB_VERSION_MISMATCH, BB_STORE_NEWER},
        {MDB_CORRUPTED, BB_STORE_DAMAGED},
        {MDB_PAGE_NOTFOUND, BB_STORE_DAMAGED},
        {MDB_INVALID, BB_STORE_DAMAGED},
        {MDB_BAD_TXN, BB_STORE_DAMAGED},
        {MDB_PANIC, BB_STORE_IO},
        {EIO, BB_STORE_IO},
    };
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        assert_int_equal(store_code(meanings[i].rc), meanings[i].code);
}

static void a_store_that_is_not_there_is_said_so(void **state)
{
    const char *problem;
    assert_int_equal(read_store(in(*state, "nowhere"), &problem), BB_NOT_FOUND);
}

static void a_file_that_is_no_store_is_not_read(void **state)
{
    struct scratch *it = *state;
    const char *problem;
    FILE *file = fopen(in(it, "data.mdb"), "w");
    assert_non_null(file);
    for (int i = 0; i < 10000; i++)
        fputc('x', file);
    fclose(file);
    assert_int_equal(read_store(it->folder, &problem), BB_STORE_DAMAGED);
    assert_non_null(problem);
}

// An environment of LMDB without our tables, or with less in them than a store has.
static void a_store_without_its_tables_is_not_read(void **state)
{
    struct scratch *it = *state;
    const char *problem;
    MDB_env *env;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, it->folder, 0, 0600), 0);
    assert_int_equal(mdb_env_sync(env, 1), 0);
    mdb_env_close(env);
    assert_int_equal(read_store(it->folder, &problem), BB_STORE_DAMAGED);
    assert_non_null(problem);
}

static void change_identity(struct scratch *it, uint32_t version)
{
    scratch_open_store(it);
    struct txn *txn = scratch_write(it);
    Stored__StoreIdentity *identity;
    assert_int_equal(store_identity(txn, &identity), BB_OK);
    identity->version = version;
    struct store_key key = key_bytes(STORE_IDENTITY_KEY, strlen(STORE_IDENTITY_KEY));
    assert_int_equal(version ? store_put(txn, TABLE_META, &key, &identity->base) : store_delete(txn, TABLE_META, &key),
                     BB_OK);
    assert_int_equal(txn_commit(&txn), BB_OK);
    store_close(&it->store);
}

static void a_store_of_a_newer_version_is_not_read(void **state)
{
    const char *problem;
    change_identity(*state, STORE_VERSION);
    assert_int_equal(read_store(((struct scratch *)*state)->folder, &problem), BB_OK);
    change_identity(*state, STORE_VERSION + 1);
    assert_int_equal(read_store(((struct scratch *)*state)->folder, &problem), BB_STORE_NEWER);
}

static void a_store_without_an_identity_is_not_read(void **state)
{
    const char *problem;
    change_identity(*state, 0);
    assert_int_equal(read_store(((struct scratch *)*state)->folder, &problem), BB_STORE_DAMAGED);
}

static void a_copy_is_never_written_over_anything(void **state)
{
    struct scratch *it = *state;
    scratch_open_store(it);
    assert_int_equal(store_copy(it->store, it->folder), BB_IO);
    assert_int_equal(store_copy(it->store, in(it, "nowhere")), BB_IO);
    store_close(&it->store);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    struct scratch *it = *state;
    char path[PATH_MAX + 1];
    const char *problem;
    uint64_t slots;
    memset(path, 'x', PATH_MAX);
    path[PATH_MAX - 1] = '\0';
    scratch_open_store(it);
    assert_int_equal(store_copy(it->store, path), BB_IO);
    store_close(&it->store);
    struct keyring *keyring;
    assert_int_not_equal(keyring_open(path, &keyring, &problem), BB_OK);
    assert_int_equal(keyring_open(in(it, "keyring"), &keyring, &problem), BB_OK);
    keyring_close(&keyring);
    assert_int_equal(keyring_copy(in(it, "keyring"), path, &slots, &problem), BB_IO);
    struct store_options options = {.folder = path, .map_size = 1 << 20};
    struct store *store;
    assert_int_equal(store_open(&options, scratch_ids_key, 0, &store, &problem), BB_IO);
}

// ---------------------------------------------------------------- the keyring

static void make_keyring(struct scratch *it)
{
    struct keyring *keyring;
    const char *problem;
    assert_int_equal(keyring_open(in(it, "keyring"), &keyring, &problem), BB_OK);
    assert_int_equal(keyring_fill(keyring, 5), BB_OK);
    keyring_close(&keyring);
}

static void a_keyring_that_is_not_there_is_not_copied(void **state)
{
    const char *problem;
    uint64_t slots;
    assert_int_equal(keyring_copy(in(*state, "keyring"), in(*state, "copy"), &slots, &problem), BB_NOT_FOUND);
}

static void a_keyring_with_a_damaged_slot_is_not_copied(void **state)
{
    const char *problem;
    uint64_t slots;
    make_keyring(*state);
    int fd = open(in(*state, "keyring"), O_WRONLY);
    assert_int_equal(pwrite(fd, "x", 1, 3 * 64 + 20), 1);
    close(fd);
    assert_int_equal(keyring_copy(in(*state, "keyring"), in(*state, "copy"), &slots, &problem), BB_STORE_DAMAGED);
    assert_int_not_equal(access(in(*state, "copy"), F_OK), 0);
    assert_int_not_equal(access(in(*state, "copy.new"), F_OK), 0);
}

static void a_keyring_is_a_file_and_stands_in_any_folder(void **state)
{
    struct keyring *keyring;
    const char *problem;
    char before[PATH_MAX];
    assert_int_not_equal(keyring_open(((struct scratch *)*state)->folder, &keyring, &problem), BB_OK);
    assert_int_equal(mkfifo(in(*state, "pipe"), 0600), 0);
    assert_int_equal(keyring_open(in(*state, "pipe"), &keyring, &problem), BB_IO);
    assert_non_null(problem);
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(((struct scratch *)*state)->folder), 0);
    assert_int_equal(keyring_open("keyring", &keyring, &problem), BB_OK);
    keyring_close(&keyring);
    assert_int_equal(chdir(before), 0);
}

int main(void)
{
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_code_of_lmdb_has_its_meaning),
        IN_SCRATCH(a_store_that_is_not_there_is_said_so),
        IN_SCRATCH(a_file_that_is_no_store_is_not_read),
        IN_SCRATCH(a_store_without_its_tables_is_not_read),
        IN_SCRATCH(a_store_of_a_newer_version_is_not_read),
        IN_SCRATCH(a_store_without_an_identity_is_not_read),
        IN_SCRATCH(a_copy_is_never_written_over_anything),
        IN_SCRATCH(a_path_that_is_too_long_is_refused),
        IN_SCRATCH(a_keyring_that_is_not_there_is_not_copied),
        IN_SCRATCH(a_keyring_with_a_damaged_slot_is_not_copied),
        IN_SCRATCH(a_keyring_is_a_file_and_stands_in_any_folder),
    };
#undef IN_SCRATCH
    return cmocka_run_group_tests(tests, NULL, NULL);
}
