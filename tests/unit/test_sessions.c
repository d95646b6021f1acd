// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/sessions.c.
#include "scratch.h"

#include "bounds.h"
#include "turn/sessions.h"

static struct routing_id route_of(uint32_t number)
{
    struct routing_id route = {.size = 5};
    memcpy(route.bytes + 1, &number, sizeof number);
    return route;
}

static enum bb_code begin(struct sessions *sessions, uint32_t route, uint64_t member, uint64_t party, int64_t now_ms)
{
    struct routing_id id = route_of(route);
    return sessions_begin(sessions, &id, member, party, now_ms);
}

static struct session *find(struct sessions *sessions, uint32_t route)
{
    struct routing_id id = route_of(route);
    return sessions_find(sessions, &id);
}

static size_t count_of_party(struct sessions *sessions, uint64_t party)
{
    size_t count = 0;
    const struct session *before = NULL;
    for (struct session *it = sessions_of_party(sessions, party); it; it = it->next_of_party) {
        assert_int_equal(it->party, party);
        assert_ptr_equal(it->previous_of_party, before);
        before = it;
        count++;
    }
    return count;
}

static int setup(void **state)
{
    struct sessions *sessions;
    assert_int_equal(sessions_create(100, &sessions), BB_OK);
    *state = sessions;
    return 0;
}

static int teardown(void **state)
{
    struct sessions *sessions = *state;
    sessions_destroy(&sessions);
    assert_null(sessions);
    sessions_destroy(&sessions); // with NULL: nothing
    return 0;
}

static void a_session_is_found_by_its_route_and_its_party(void **state)
{
    struct sessions *it = *state;
    assert_int_equal(begin(it, 1, 10, 5, 1000), BB_OK);
    assert_int_equal(begin(it, 2, 11, 5, 1000), BB_OK);
    assert_int_equal(begin(it, 3, 20, 6, 1000), BB_OK);
    assert_int_equal(find(it, 2)->member, 11);
    assert_null(find(it, 4));
    assert_int_equal(count_of_party(it, 5), 2);
    assert_int_equal(count_of_party(it, 6), 1);
    assert_null(sessions_of_party(it, 7));
    assert_int_equal(sessions_count(it), 3);
}

static void saying_hello_again_keeps_the_session(void **state)
{
    struct sessions *it = *state;
    assert_int_equal(begin(it, 1, 10, 5, 1000), BB_OK);
    struct session *first = find(it, 1);
    assert_int_equal(begin(it, 1, 10, 5, 2000), BB_OK);
    assert_ptr_equal(find(it, 1), first);
    assert_int_equal(first->heard_at_ms, 2000);
    assert_int_equal(sessions_count(it), 1);
}

static void a_route_with_a_new_owner_is_no_longer_the_old_ones(void **state)
{
    struct sessions *it = *state;
    assert_int_equal(begin(it, 1, 10, 5, 1000), BB_OK);
    assert_int_equal(begin(it, 1, 20, 6, 1000), BB_OK);
    assert_int_equal(find(it, 1)->member, 20);
    assert_int_equal(count_of_party(it, 5), 0);
    assert_int_equal(count_of_party(it, 6), 1);
    assert_int_equal(sessions_count(it), 1);
}

static void routes_of_different_length_are_different(void **state)
{
    struct sessions *it = *state;
    struct routing_id shorter = {.bytes = {0, 1}, .size = 2}, longer = {.bytes = {0, 1, 0}, .size = 3};
    assert_int_equal(sessions_begin(it, &shorter, 10, 5, 1000), BB_OK);
    assert_null(sessions_find(it, &longer));
}

static void one_session_more_than_a_member_may_have_ends_the_one_that_was_silent_longest(void **state)
{
    struct sessions *it = *state;
    for (uint32_t i = 0; i < SESSIONS_PER_MEMBER_MAX; i++)
        assert_int_equal(begin(it, i, 10, 5, i == 7 ? 500 : 1000), BB_OK);
    assert_int_equal(begin(it, 51, 11, 5, 100), BB_OK); // a colleague's does not count
    assert_non_null(find(it, 7));
    assert_int_equal(begin(it, 50, 10, 5, 1000), BB_OK);
    assert_null(find(it, 7));
    assert_non_null(find(it, 50));
    assert_non_null(find(it, 51));
    assert_int_equal(sessions_count(it), SESSIONS_PER_MEMBER_MAX + 1);
}

static void all_of_them_together_have_a_limit(void **state)
{
    struct sessions *it = *state;
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(begin(it, i, i, i, 1000), BB_OK);
    assert_int_equal(begin(it, 100, 100, 100, 1000), BB_BUSY);
    assert_int_equal(begin(it, 99, 99, 99, 2000), BB_OK); // one that is there already
    sessions_end(it, find(it, 0));
    assert_int_equal(begin(it, 100, 100, 100, 1000), BB_OK);
}

static void a_partys_list_stays_whole_whichever_session_ends(void **state)
{
    struct sessions *it = *state;
    static const uint32_t orders[][3] = {{1, 2, 3}, {3, 2, 1}, {2, 1, 3}, {2, 3, 1}, {1, 3, 2}, {3, 1, 2}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        for (uint32_t route = 1; route <= 3; route++)
            assert_int_equal(begin(it, route, route, 5, 1000), BB_OK);
        for (size_t left = 3; left > 0; left--) {
            assert_int_equal(count_of_party(it, 5), left);
            sessions_end(it, find(it, orders[i][3 - left]));
        }
        assert_null(sessions_of_party(it, 5));
        assert_int_equal(sessions_count(it), 0);
    }
}

static void a_revoked_member_leaves_and_its_colleagues_stay(void **state)
{
    struct sessions *it = *state;
    for (uint32_t route = 1; route <= 6; route++)
        assert_int_equal(begin(it, route, route % 2, 5, 1000), BB_OK);
    sessions_end_member(it, 1, 5);
    assert_int_equal(count_of_party(it, 5), 3);
    assert_null(find(it, 1));
    assert_non_null(find(it, 2));
    sessions_end_member(it, 1, 5);
    sessions_end_member(it, 1, 77);
    assert_int_equal(sessions_count(it), 3);
}

static void who_was_silent_too_long_is_swept_away(void **state)
{
    struct sessions *it = *state;
    assert_int_equal(begin(it, 1, 10, 5, 0), BB_OK);
    assert_int_equal(begin(it, 2, 11, 5, 1), BB_OK);
    assert_int_equal(begin(it, 3, 12, 5, 0), BB_OK);
    find(it, 3)->heard_at_ms = 5000;
    sessions_sweep(it, SESSION_SILENT_MS_MAX);
    assert_int_equal(sessions_count(it), 3); // to the millisecond
    sessions_sweep(it, SESSION_SILENT_MS_MAX + 1);
    assert_null(find(it, 1));
    assert_int_equal(count_of_party(it, 5), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_session_is_found_by_its_route_and_its_party),
        TEST(saying_hello_again_keeps_the_session),
        TEST(a_route_with_a_new_owner_is_no_longer_the_old_ones),
        TEST(routes_of_different_length_are_different),
        TEST(one_session_more_than_a_member_may_have_ends_the_one_that_was_silent_longest),
        TEST(all_of_them_together_have_a_limit),
        TEST(a_partys_list_stays_whole_whichever_session_ends),
        TEST(a_revoked_member_leaves_and_its_colleagues_stay),
        TEST(who_was_silent_too_long_is_swept_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
