// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/verify.c: what was flipped is named, what is clean is not.
#include "town.h"

#include "turn/verify.h"

#include <lmdb.h>

static int64_t clock_us, step_us; // each record takes `step_us`

static int64_t ticking(void)
{
    return clock_us += step_us;
}

struct outcome {
    uint64_t checked;
    size_t slices, problems;
    char problem[200]; // the last one
};

static struct outcome verify_all(struct town *it)
{
    struct outcome outcome = {0};
    Wire__Verify from = WIRE__VERIFY__INIT;
    uint8_t key[STORE_KEY_SIZE_MAX], hash[JOURNAL_HASH_SIZE];
    for (bool done = false; !done; outcome.slices++) {
        struct core core = town_read(it);
        Wire__Verified *verified;
        assert_int_equal(verify_slice(&core, &from, ticking, &verified), BB_OK);
        outcome.checked += verified->checked;
        outcome.problems += verified->n_problems;
        if (verified->n_problems > 0)
            snprintf(outcome.problem, sizeof outcome.problem, "%.*s", (int)verified->problems[0].len,
                     (const char *)verified->problems[0].data);
        done = verified->done;
        from = *verified->next; // the arena is reset before the next slice
        memcpy(key, from.key_bytes.data, from.key_bytes.len);
        memcpy(hash, from.hash_bytes.data, from.hash_bytes.len);
        from.key_bytes.data = key;
        from.hash_bytes.data = hash;
        town_read_end(&core);
        assert_true(outcome.slices < 100000);
    }
    return outcome;
}

// Flips a bit of a row, as a disk might.
static void flip(struct town *it, const char *table, struct store_key key)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    turn_destroy(&it->turn);
    store_close(&it->scratch->store);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_mapsize(env, it->scratch->map_size), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, TABLES_COUNT), 0);
    assert_int_equal(mdb_env_open(env, it->scratch->folder, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
    MDB_val mdb_key = {.mv_size = key.size, .mv_data = key.bytes}, data;
    assert_int_equal(mdb_get(txn, dbi, &mdb_key, &data), 0);
    uint8_t copy[4096];
    assert_true(data.mv_size <= sizeof copy);
    memcpy(copy, data.mv_data, data.mv_size);
    copy[data.mv_size - 1] ^= 1;
    data.mv_data = copy;
    assert_int_equal(mdb_put(txn, dbi, &mdb_key, &data, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    town_restart(it);
}

static void some_life(struct town *it)
{
    for (int i = 0; i < 5; i++)
        town_match(it, it->anna, town_publish_for(it, 1));
}

static void a_clean_store_has_no_problems(void **state)
{
    struct town *it = *state;
    some_life(it);
    step_us = 0;
    struct outcome outcome = verify_all(it);
    assert_int_equal(outcome.problems, 0);
    assert_int_equal(outcome.slices, 1);

    struct core core = town_read(it);
    uint64_t rows = turn_head(it->turn);
    for (int table = 0; table < TABLES_COUNT; table++) {
        uint64_t count;
        assert_int_equal(store_rows(core.txn, (enum table)table, &count), BB_OK);
        rows += table == TABLE_JOURNAL ? 0 : count;
    }
    town_read_end(&core);
    assert_int_equal(outcome.checked, rows); // each row, once
}

static void slices_go_on_where_the_one_before_ended(void **state)
{
    struct town *it = *state;
    some_life(it);
    step_us = 0;
    struct outcome whole = verify_all(it);
    step_us = 700; // a few records a slice
    struct outcome sliced = verify_all(it);
    assert_true(sliced.slices > 20);
    assert_int_equal(sliced.checked, whole.checked);
    assert_int_equal(sliced.problems, 0);
}

static void a_record_that_was_flipped_is_named(void **state)
{
    struct town *it = *state;
    some_life(it);
    flip(it, "request", key_number(3));
    step_us = 0;
    struct outcome outcome = verify_all(it);
    assert_int_equal(outcome.problems, 1);
    assert_string_equal(outcome.problem, "table request, key 0000000000000003");
    step_us = 700;
    assert_int_equal(verify_all(it).problems, 1);
}

static void an_entry_that_was_flipped_is_named_once_and_the_records_are_still_checked(void **state)
{
    struct town *it = *state;
    some_life(it);
    step_us = 0;
    uint64_t clean = verify_all(it).checked;
    flip(it, "journal", key_number(4));
    struct outcome outcome = verify_all(it);
    assert_int_equal(outcome.problems, 1);
    assert_string_equal(outcome.problem, "table journal, key 0000000000000004");
    assert_int_equal(outcome.checked, clean); // entry 5 by itself, and the chain again from there
    step_us = 700;
    outcome = verify_all(it);
    assert_int_equal(outcome.problems, 1);
    assert_int_equal(outcome.checked, clean);
}

static void odd_questions_are_refused(void **state)
{
    struct town *it = *state;
    uint8_t bytes[STORE_KEY_SIZE_MAX + 1] = {0};
    Wire__Verified *verified;
    struct core core = town_read(it);
    Wire__Verify odd = WIRE__VERIFY__INIT;
    odd.key_bytes = (ProtobufCBinaryData){sizeof bytes, bytes};
    assert_int_equal(verify_slice(&core, &odd, ticking, &verified), BB_BAD_VALUE);
    odd.key_bytes.len = 0;
    odd.hash_bytes = (ProtobufCBinaryData){JOURNAL_HASH_SIZE - 1, bytes};
    assert_int_equal(verify_slice(&core, &odd, ticking, &verified), BB_BAD_VALUE);
    odd.hash_bytes.len = 0;
    odd.table = UINT32_MAX;
    odd.entry = UINT64_MAX;
    assert_int_equal(verify_slice(&core, &odd, ticking, &verified), BB_OK);
    assert_true(verified->done);
    town_read_end(&core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_clean_store_has_no_problems),
        IN_TOWN(slices_go_on_where_the_one_before_ended),
        IN_TOWN(a_record_that_was_flipped_is_named),
        IN_TOWN(an_entry_that_was_flipped_is_named_once_and_the_records_are_still_checked),
        IN_TOWN(odd_questions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
