// SPDX-License-Identifier: MPL-2.0
// Token buckets and their bounded table, in times that the tests make up.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "door/token_bucket.h"

#include <stdio.h>
#include <string.h>

static const struct token_limit two_a_second = {.per_second = 2, .burst = 3};
static const uint8_t hash_key[BUCKET_TABLE_KEY_SIZE] = {7};

static int take_all(struct token_bucket *bucket, int64_t now_ms)
{
    int taken = 0;
    while (taken < 1000 && token_bucket_take(bucket, &two_a_second, now_ms))
        taken++;
    return taken;
}

static void a_fresh_bucket_gives_its_burst_and_no_more(void **state)
{
    (void)state;
    struct token_bucket bucket;
    token_bucket_init(&bucket, &two_a_second, 1000);
    assert_int_equal(take_all(&bucket, 1000), 3);
}

static void a_token_comes_back_in_its_millisecond_and_not_before(void **state)
{
    (void)state;
    struct token_bucket bucket;
    token_bucket_init(&bucket, &two_a_second, 1000);
    take_all(&bucket, 1000);
    assert_false(token_bucket_take(&bucket, &two_a_second, 1499));
    assert_true(token_bucket_take(&bucket, &two_a_second, 1500));
    assert_false(token_bucket_take(&bucket, &two_a_second, 1500));
}

static void asking_often_does_not_lose_fractions(void **state)
{
    (void)state;
    struct token_bucket bucket;
    int taken = 0;
    token_bucket_init(&bucket, &two_a_second, 0);
    take_all(&bucket, 0);
    for (int64_t now_ms = 1; now_ms <= 10000; now_ms++)
        taken += token_bucket_take(&bucket, &two_a_second, now_ms);
    assert_int_equal(taken, 20);
}

static void a_bucket_never_holds_more_than_its_burst(void **state)
{
    (void)state;
    struct token_bucket bucket;
    token_bucket_init(&bucket, &two_a_second, 0);
    take_all(&bucket, 0);
    assert_false(token_bucket_is_full(&bucket, &two_a_second, 1499));
    assert_true(token_bucket_is_full(&bucket, &two_a_second, 1500));
    assert_int_equal(take_all(&bucket, INT64_MAX), 3);
}

static void time_that_runs_back_gives_nothing(void **state)
{
    (void)state;
    struct token_bucket bucket;
    token_bucket_init(&bucket, &two_a_second, 10000);
    take_all(&bucket, 10000);
    assert_false(token_bucket_take(&bucket, &two_a_second, 0));
    assert_false(token_bucket_take(&bucket, &two_a_second, 10400));
    assert_true(token_bucket_take(&bucket, &two_a_second, 10500));
}

static void names_have_buckets_of_their_own(void **state)
{
    (void)state;
    struct bucket_table *table = NULL;
    assert_int_equal(bucket_table_create(&two_a_second, 64, hash_key, &table), BB_OK);
    for (int i = 0; i < 3; i++)
        assert_true(bucket_table_take(table, "one", 3, 5));
    assert_false(bucket_table_take(table, "one", 3, 5));
    assert_true(bucket_table_take(table, "two", 3, 5));
    bucket_table_destroy(&table);
    assert_null(table);
}

static void an_idle_name_gives_way_and_an_empty_one_keeps_its_place(void **state)
{
    (void)state;
    struct bucket_table *table = NULL;
    char name[16];
    assert_int_equal(bucket_table_create(&two_a_second, 8, hash_key, &table), BB_OK);
    while (bucket_table_take(table, "greedy", 6, 0))
        continue;
    for (int i = 0; i < 100; i++) {
        int length = snprintf(name, sizeof name, "idle %d", i);
        bucket_table_take(table, name, (size_t)length, 0);
    }
    assert_false(bucket_table_take(table, "greedy", 6, 0));
    bucket_table_destroy(&table);
}

static void more_names_than_places_do_not_get_more_tokens(void **state)
{
    (void)state;
    struct bucket_table *table = NULL;
    char name[16];
    int taken = 0;
    assert_int_equal(bucket_table_create(&two_a_second, 8, hash_key, &table), BB_OK);
    for (int i = 0; i < 1000; i++) {
        int length = snprintf(name, sizeof name, "%d", i);
        taken += bucket_table_take(table, name, (size_t)length, 0);
    }
    assert_int_equal(taken, 8 * 3);
    assert_true(bucket_table_take(table, "later", 5, 500));
    bucket_table_destroy(&table);
}

static void a_table_of_any_size_has_room_for_somebody(void **state)
{
    (void)state;
    for (size_t most = 0; most < 20; most++) {
        struct bucket_table *table = NULL;
        assert_int_equal(bucket_table_create(&two_a_second, most, hash_key, &table), BB_OK);
        assert_true(bucket_table_take(table, "somebody", 8, 0));
        bucket_table_destroy(&table);
    }
}

static void what_never_comes_back_is_gone_after_the_burst(void **state)
{
    (void)state;
    const struct token_limit once = {.per_second = 0, .burst = 2};
    struct token_bucket bucket;
    token_bucket_init(&bucket, &once, 0);
    assert_true(token_bucket_take(&bucket, &once, 0));
    assert_true(token_bucket_take(&bucket, &once, 1000));
    assert_false(token_bucket_take(&bucket, &once, INT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_bucket_gives_its_burst_and_no_more),
        cmocka_unit_test(a_token_comes_back_in_its_millisecond_and_not_before),
        cmocka_unit_test(asking_often_does_not_lose_fractions),
        cmocka_unit_test(a_bucket_never_holds_more_than_its_burst),
        cmocka_unit_test(time_that_runs_back_gives_nothing),
        cmocka_unit_test(names_have_buckets_of_their_own),
        cmocka_unit_test(an_idle_name_gives_way_and_an_empty_one_keeps_its_place),
        cmocka_unit_test(more_names_than_places_do_not_get_more_tokens),
        cmocka_unit_test(a_table_of_any_size_has_room_for_somebody),
        cmocka_unit_test(what_never_comes_back_is_gone_after_the_burst),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
