// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/turn/batch.c: how many notices fit into a frame, and that parts lose and double nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bounds.h"
#include "message/arena.h"
#include "turn/batch.h"

#include <string.h>

// What stays free for the header around a batch, and what each notice takes beside its own bytes.
enum { ROOM = BROKER_FRAME_SIZE_MAX - 1024, FIELD_SIZE = 8, EPOCH = 3, CHANNEL_ID = 1007 };

static int setup(void **state)
{
    *state = arena_create(16 * 1024 * 1024);
    return *state == NULL;
}

static int teardown(void **state)
{
    arena_destroy((struct arena **)state);
    return 0;
}

// A notice that takes exactly `size` bytes of a batch, its field among them.
static Wire__Notice *notice_taking(struct arena *arena, uint64_t seq, size_t size)
{
    Wire__Notice *notice = arena_alloc(arena, sizeof *notice);
    Wire__PublicRequest *request = arena_alloc(arena, sizeof *request);
    wire__notice__init(notice);
    wire__public_request__init(request);
    notice->seq = seq;
    notice->what_case = WIRE__NOTICE__WHAT_PUBLIC_REQUEST;
    notice->public_request = request;
    request->text.data = arena_alloc(arena, size);
    request->text.len = size - 64;
    while (wire__notice__get_packed_size(notice) + FIELD_SIZE < size)
        request->text.len++;
    assert_int_equal(wire__notice__get_packed_size(notice) + FIELD_SIZE, size);
    return notice;
}

static Wire__Batch batch_of(struct arena *arena, const size_t *sizes, size_t count)
{
    Wire__Batch batch = WIRE__BATCH__INIT;
    batch.channel = CHANNEL_ID;
    batch.n_notices = count;
    batch.notices = arena_alloc(arena, (count + 1) * sizeof *batch.notices);
    for (size_t i = 0; i < count; i++)
        batch.notices[i] = notice_taking(arena, 1 + i, sizes[i]);
    return batch;
}

static void notices_that_just_fit_go_together_and_with_one_byte_more_they_do_not(void **state)
{
    const size_t at_the_limit[] = {ROOM / 2, ROOM / 2}, past_it[] = {ROOM / 2, ROOM / 2 + 1};
    Wire__Batch fits = batch_of(*state, at_the_limit, 2), too_much = batch_of(*state, past_it, 2);
    assert_int_equal(batch_fitting(&fits, 0), 2);
    assert_int_equal(batch_fitting(&too_much, 0), 1);
    assert_int_equal(batch_fitting(&too_much, 1), 1);
}

static void what_went_before_takes_no_room(void **state)
{
    const size_t sizes[] = {ROOM, ROOM / 2, ROOM / 2, 100};
    Wire__Batch batch = batch_of(*state, sizes, 4);
    assert_int_equal(batch_fitting(&batch, 0), 1);
    assert_int_equal(batch_fitting(&batch, 1), 2);
    assert_int_equal(batch_fitting(&batch, 2), 2);
}

static void a_notice_that_is_too_large_for_any_frame_goes_alone(void **state)
{
    const size_t sizes[] = {100, ROOM + 1, 100, 2 * ROOM};
    Wire__Batch batch = batch_of(*state, sizes, 4);
    assert_int_equal(batch_fitting(&batch, 0), 1); // not the small one together with the large one
    assert_int_equal(batch_fitting(&batch, 1), 1);
    assert_int_equal(batch_fitting(&batch, 2), 1);
    assert_int_equal(batch_fitting(&batch, 3), 1);
}

static void past_the_last_notice_there_is_nothing(void **state)
{
    const size_t sizes[] = {100, 100};
    Wire__Batch batch = batch_of(*state, sizes, 2), empty = batch_of(*state, sizes, 0);
    assert_int_equal(batch_fitting(&batch, 2), 0);
    assert_int_equal(batch_fitting(&empty, 0), 0);
}

static void over_all_parts_nothing_is_lost_or_doubled(void **state)
{
    enum { NOTICES = 500 };
    size_t sizes[NOTICES], first = 0, parts = 0;
    uint32_t mixed = 1;
    for (size_t i = 0; i < NOTICES; i++) {
        mixed = mixed * 1664525 + 1013904223;
        sizes[i] = i % 97 == 96 ? ROOM + 500 : 80 + mixed % 4000;
    }
    Wire__Batch batch = batch_of(*state, sizes, NOTICES);
    uint64_t seq = 0;
    for (size_t count; (count = batch_fitting(&batch, first)) > 0; first += count, parts++) {
        Wire__Batch part = batch_part(&batch, first, count, EPOCH);
        assert_int_equal(part.n_notices, count);
        assert_true(count == 1 || wire__batch__get_packed_size(&part) <= ROOM);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(part.notices[i]->seq, ++seq);
    }
    assert_int_equal(seq, NOTICES);
    assert_true(parts > 10 && parts < 50); // full ones, not one a notice
}

static void a_part_is_of_its_channel_and_of_the_epoch_and_leaves_the_whole_as_it_was(void **state)
{
    const size_t sizes[] = {100, 200, 300};
    Wire__Batch batch = batch_of(*state, sizes, 3);
    Wire__Batch part = batch_part(&batch, 1, 2, EPOCH);
    assert_int_equal(part.channel, CHANNEL_ID);
    assert_int_equal(part.epoch, EPOCH);
    assert_ptr_equal(part.notices[0], batch.notices[1]);
    assert_int_equal(batch.n_notices, 3);
    assert_int_equal(batch.epoch, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(notices_that_just_fit_go_together_and_with_one_byte_more_they_do_not),
        TEST(what_went_before_takes_no_room),
        TEST(a_notice_that_is_too_large_for_any_frame_goes_alone),
        TEST(past_the_last_notice_there_is_nothing),
        TEST(over_all_parts_nothing_is_lost_or_doubled),
        TEST(a_part_is_of_its_channel_and_of_the_epoch_and_leaves_the_whole_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
