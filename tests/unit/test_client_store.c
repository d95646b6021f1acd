// SPDX-License-Identifier: MPL-2.0
// The client's rows: kept, shared between processes, private, and never served damaged.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka wants the four above first.
#include <cmocka.h>

#include "client/client_store.h"

#include <lmdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64], path[96];
static struct client_store *store;

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/client-store-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/client.mdb", folder);
    assert_int_equal(client_store_open(path, &store), BB_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    client_store_close(&store);
    char lock[128];
    snprintf(lock, sizeof lock, "%s-lock", path);
    unlink(path);
    unlink(lock);
    return rmdir(folder);
}

static void put(const char *key, const char *value)
{
    assert_int_equal(client_store_put(store, key, strlen(key), value, strlen(value)), BB_OK);
}

static void expect(const char *key, const char *value)
{
    uint8_t *found = NULL;
    size_t size = 0;
    enum bb_code code = client_store_get(store, key, strlen(key), &found, &size);
    assert_int_equal(code, value ? BB_OK : BB_NOT_FOUND);
    if (value) {
        assert_int_equal(size, strlen(value));
        assert_memory_equal(found, value, size);
    }
    free(found);
}

static void reopen(void)
{
    client_store_close(&store);
    assert_int_equal(client_store_open(path, &store), BB_OK);
}

static void what_was_committed_is_there_after_reopening_and_the_rest_is_not(void **state)
{
    (void)state;
    put("r1", "one");
    put("r2", "");
    assert_int_equal(client_store_commit(store), BB_OK);
    put("r3", "three");
    expect("r3", NULL);
    reopen();
    expect("r1", "one");
    expect("r2", "");
    expect("r3", NULL);
    assert_int_equal(client_store_delete(store, "r1", 2), BB_OK);
    assert_int_equal(client_store_delete(store, "r1", 2), BB_OK);
    assert_int_equal(client_store_commit(store), BB_OK);
    expect("r1", NULL);
}

static void rows_of_one_kind_come_in_the_order_of_their_keys(void **state)
{
    (void)state;
    put("o2", "b");
    put("r1", "c");
    put("o1", "a");
    assert_int_equal(client_store_commit(store), BB_OK);
    struct client_rows rows;
    assert_int_equal(client_store_read(store, 'o', &rows), BB_OK);
    assert_int_equal(rows.count, 2);
    assert_memory_equal(rows.rows[0].key, "o1", 2);
    assert_memory_equal(rows.rows[1].value, "b", 1);
    client_rows_fini(&rows);
    assert_int_equal(client_store_read(store, 0, &rows), BB_OK);
    assert_int_equal(rows.count, 3);
    client_rows_fini(&rows);
    assert_int_equal(client_store_read(store, 'z', &rows), BB_OK);
    assert_int_equal(rows.count, 0);
    client_rows_fini(&rows);
}

static void nobody_else_may_read_the_file(void **state)
{
    (void)state;
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void another_process_adds_a_row_while_the_store_is_open(void **state)
{
    (void)state;
    client_store_close(&store); // a child must not inherit an open environment
    int started[2];
    assert_int_equal(pipe(started), 0);
    pid_t child = fork();
    if (child == 0) {
        struct client_store *other;
        char go;
        bool done = read(started[0], &go, 1) == 1 && client_store_open(path, &other) == BB_OK &&
                    client_store_put(other, "o9", 2, "theirs", 6) == BB_OK && client_store_commit(other) == BB_OK;
        _exit(done ? 0 : 1);
    }
    assert_int_equal(client_store_open(path, &store), BB_OK);
    put("o8", "ours");
    assert_int_equal(client_store_commit(store), BB_OK);
    assert_int_equal(write(started[1], "g", 1), 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(started[0]);
    close(started[1]);
    expect("o8", "ours");
    expect("o9", "theirs");
}

// Puts a row past the store's own writing, as a flipped bit would.
static void damage(const char *key)
{
    client_store_close(&store);
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val name = {strlen(key), (void *)(uintptr_t)key}, row;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, path, MDB_NOSUBDIR, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
    assert_int_equal(mdb_get(txn, dbi, &name, &row), 0);
    uint8_t copy[100];
    size_t size = row.mv_size;
    memcpy(copy, row.mv_data, size);
    copy[size - 1] ^= 1;
    row = (MDB_val){size, copy};
    assert_int_equal(mdb_put(txn, dbi, &name, &row, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    assert_int_equal(client_store_open(path, &store), BB_OK);
}

static void a_damaged_row_counts_as_missing(void **state)
{
    (void)state;
    put("r1", "one");
    put("r2", "two");
    assert_int_equal(client_store_commit(store), BB_OK);
    damage("r1");
    expect("r1", NULL);
    struct client_rows rows;
    assert_int_equal(client_store_read(store, 'r', &rows), BB_OK);
    assert_int_equal(rows.count, 1);
    client_rows_fini(&rows);
}

static void a_store_that_is_full_says_so_and_keeps_what_it_has(void **state)
{
    (void)state;
    put("r1", "one");
    assert_int_equal(client_store_commit(store), BB_OK);
    static uint8_t block[1 << 20];
    enum bb_code code = BB_OK;
    for (uint32_t i = 0; i < 200 && code == BB_OK; i++) {
        code = client_store_put(store, &i, sizeof i, block, sizeof block);
        if (code == BB_OK)
            code = client_store_commit(store);
    }
    assert_int_equal(code, BB_IO);
    expect("r1", "one");
}

static void a_file_that_is_no_store_is_refused(void **state)
{
    (void)state;
    client_store_close(&store);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 10000; i++)
        fputs("no store", file);
    fclose(file);
    assert_int_equal(client_store_open(path, &store), BB_IO);
    assert_null(store);
}

// LMDB's first pages are made under another name; a power failure may have left any part of them there.
static void a_start_that_was_cut_short_can_be_repeated(void **state)
{
    (void)state;
    char left[128];
    client_store_close(&store);
    assert_int_equal(unlink(path), 0);
    snprintf(left, sizeof left, "%s.new", path);
    FILE *file = fopen(left, "w");
    assert_non_null(file);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(fputc(i % 7, file), i % 7);
    fclose(file);
    assert_int_equal(client_store_open(path, &store), BB_OK);
    assert_int_not_equal(access(left, F_OK), 0);
    put("a", "1");
    assert_int_equal(client_store_commit(store), BB_OK);
    expect("a", "1");
}

static void open_and_put(int number)
{
    char key[16];
    struct client_store *mine;
    snprintf(key, sizeof key, "k%d", number);
    bool good = client_store_open(path, &mine) == BB_OK && client_store_put(mine, key, strlen(key), "1", 1) == BB_OK &&
                client_store_commit(mine) == BB_OK;
    _exit(good ? 0 : 1);
}

static void programs_that_start_at_once_make_one_store(void **state)
{
    (void)state;
    enum { PROGRAMS = 12 };
    client_store_close(&store);
    for (int round = 0; round < 10; round++) {
        unlink(path);
        for (int i = 0; i < PROGRAMS; i++)
            if (fork() == 0)
                open_and_put(i);
        for (int i = 0, status; i < PROGRAMS; i++) {
            assert_true(wait(&status) > 0);
            assert_int_equal(status, 0);
        }
        struct client_rows rows;
        assert_int_equal(client_store_open(path, &store), BB_OK);
        assert_int_equal(client_store_read(store, 'k', &rows), BB_OK);
        assert_int_equal(rows.count, PROGRAMS);
        client_rows_fini(&rows);
        client_store_close(&store);
    }
}

int main(void)
{
#define IN_A_FOLDER(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(what_was_committed_is_there_after_reopening_and_the_rest_is_not),
        IN_A_FOLDER(rows_of_one_kind_come_in_the_order_of_their_keys),
        IN_A_FOLDER(nobody_else_may_read_the_file),
        IN_A_FOLDER(another_process_adds_a_row_while_the_store_is_open),
        IN_A_FOLDER(a_damaged_row_counts_as_missing),
        IN_A_FOLDER(a_store_that_is_full_says_so_and_keeps_what_it_has),
        IN_A_FOLDER(a_file_that_is_no_store_is_refused),
        IN_A_FOLDER(a_start_that_was_cut_short_can_be_repeated),
        IN_A_FOLDER(programs_that_start_at_once_make_one_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
