// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/turn/publisher.c and batch.c.
#include "scratch.h"

#include "bounds.h"
#include "message/frame.h"
#include "turn/batch.h"
#include "turn/publisher.h"

#include <sodium.h>

enum { CHANNEL = 7, CHANNEL_ID = 1007, EPOCH = 3, START_MS = 1000000 };

static const uint8_t boot[BOOT_ID_SIZE] = "boot of today...";
static const uint8_t first_key[NOTICE_BOX_KEY_SIZE] = "the first key of this channel...";
static const uint8_t second_key[NOTICE_BOX_KEY_SIZE] = "the second key of this channel..";
static const uint8_t nonce[NOTICE_BOX_NONCE_SIZE] = "a nonce of 24 bytes.....";

struct fixture {
    struct publisher *publisher;
    struct arena *arena;
};

static int setup(void **state)
{
    struct fixture *it = calloc(1, sizeof *it);
    assert_non_null(it);
    assert_true(sodium_init() >= 0);
    it->arena = arena_create(8 * 1024 * 1024);
    assert_non_null(it->arena);
    assert_int_equal(publisher_create(boot, EPOCH, &it->publisher), BB_OK);
    assert_int_equal(publisher_add(it->publisher, CHANNEL, CHANNEL_ID, "meppel/resident/", 40, first_key, START_MS),
                     BB_OK);
    *state = it;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *it = *state;
    publisher_destroy(&it->publisher);
    publisher_destroy(&it->publisher); // with NULL: nothing
    arena_destroy(&it->arena);
    free(it);
    return 0;
}

// A batch of notices seq 41, 42 ... whose texts have this size.
static Wire__Batch batch_of(struct fixture *it, size_t count, size_t text_size)
{
    Wire__Batch batch = WIRE__BATCH__INIT;
    uint8_t *text = arena_alloc(it->arena, text_size + 1);
    memset(text, 'x', text_size);
    batch.channel = CHANNEL_ID;
    batch.n_notices = count;
    batch.notices = arena_alloc(it->arena, count * sizeof *batch.notices);
    for (size_t i = 0; i < count; i++) {
        Wire__Notice *notice = arena_alloc(it->arena, sizeof *notice);
        Wire__PublicRequest *request = arena_alloc(it->arena, sizeof *request);
        wire__notice__init(notice);
        wire__public_request__init(request);
        request->text = (ProtobufCBinaryData){text_size, text};
        notice->seq = 41 + i;
        notice->what_case = WIRE__NOTICE__WHAT_PUBLIC_REQUEST;
        notice->public_request = request;
        batch.notices[i] = notice;
    }
    return batch;
}

static Wire__Published *unpack(struct fixture *it, const uint8_t *frame, size_t size)
{
    Wire__Published *published;
    assert_int_equal(
        frame_unpack(frame, size, BROKER_FRAME_SIZE_MAX, &wire__published__descriptor, it->arena, &published), BB_OK);
    return published;
}

static Wire__Published *publish(struct fixture *it, const Wire__Batch *batch, size_t first, size_t *taken)
{
    uint8_t *frame;
    size_t size;
    assert_int_equal(
        publisher_pack(it->publisher, CHANNEL, batch, first, nonce, START_MS, it->arena, &frame, &size, taken), BB_OK);
    assert_true(size <= BROKER_FRAME_SIZE_MAX);
    return unpack(it, frame, size);
}

static enum bb_code open_box(struct fixture *it, const Wire__Published *published, const uint8_t *key,
                             Wire__Batch **out)
{
    struct notice_box_header header = {.epoch = published->epoch,
                                       .channel = published->channel,
                                       .first = published->first,
                                       .head = published->head,
                                       .key_id = published->key_id};
    memcpy(header.boot, published->boot_bytes.data, BOOT_ID_SIZE);
    uint8_t *plain;
    size_t size;
    enum bb_code code = notice_box_open(&header, key, published->nonce_bytes.data, published->box_bytes.data,
                                        published->box_bytes.len, it->arena, &plain, &size);
    if (code != BB_OK)
        return code;
    *out = wire__batch__unpack(arena_allocator(it->arena), size, plain);
    assert_non_null(*out);
    return BB_OK;
}

static void a_box_opens_with_the_key_of_the_channel(void **state)
{
    struct fixture *it = *state;
    Wire__Batch batch = batch_of(it, 2, 10), *got;
    size_t taken;
    Wire__Published *published = publish(it, &batch, 0, &taken);
    assert_int_equal(taken, 2);
    assert_memory_equal(published->boot_bytes.data, boot, BOOT_ID_SIZE);
    assert_int_equal(published->epoch, EPOCH);
    assert_int_equal(published->channel, CHANNEL_ID);
    assert_int_equal(published->first, 41);
    assert_int_equal(published->head, 42);
    assert_int_equal(open_box(it, published, first_key, &got), BB_OK);
    assert_int_equal(got->n_notices, 2);
    assert_int_equal(got->epoch, EPOCH);
    assert_int_equal(got->notices[1]->seq, 42);
    assert_int_equal(open_box(it, published, second_key, &got), BB_CANNOT_OPEN);
    assert_int_equal(publisher_find(it->publisher, CHANNEL)->head, 42);
}

static void after_a_rekey_the_old_key_opens_nothing_new(void **state)
{
    struct fixture *it = *state;
    Wire__Batch batch = batch_of(it, 1, 10), *got;
    size_t taken;
    uint32_t before = publisher_find(it->publisher, CHANNEL)->key_id;
    publisher_rekey(it->publisher, CHANNEL, second_key, START_MS);
    Wire__Published *published = publish(it, &batch, 0, &taken);
    assert_int_equal(published->key_id, before + 1);
    assert_int_equal(open_box(it, published, first_key, &got), BB_CANNOT_OPEN);
    assert_int_equal(open_box(it, published, second_key, &got), BB_OK);
    publisher_rekey(it->publisher, 99, second_key, START_MS); // a channel that is not there: nothing
}

static void a_large_batch_is_cut_and_nothing_of_it_is_lost(void **state)
{
    struct fixture *it = *state;
    enum { NOTICES = 400 };
    Wire__Batch batch = batch_of(it, NOTICES, REQUEST_TEXT_SIZE_MAX), *got;
    size_t first = 0, frames = 0;
    while (first < NOTICES) {
        size_t taken;
        Wire__Published *published = publish(it, &batch, first, &taken);
        assert_true(taken > 0);
        assert_int_equal(published->first, 41 + first);
        assert_int_equal(published->head, 41 + first + taken - 1);
        assert_int_equal(open_box(it, published, first_key, &got), BB_OK);
        assert_int_equal(got->n_notices, taken);
        assert_int_equal(got->notices[0]->seq, 41 + first);
        first += taken;
        frames++;
    }
    assert_int_equal(first, NOTICES);
    assert_in_range(frames, 4, 5); // full frames, not one for each notice
}

static void the_largest_notice_goes_out_alone(void **state)
{
    struct fixture *it = *state;
    Wire__Batch batch = batch_of(it, 3, 60000);
    assert_int_equal(batch_fitting(&batch, 0), 1);
    assert_int_equal(batch_fitting(&batch, 2), 1);
    assert_int_equal(batch_fitting(&batch, 3), 0);
    size_t taken;
    publish(it, &batch, 1, &taken);
    assert_int_equal(taken, 1);
}

static void a_channel_that_was_never_added_publishes_nothing(void **state)
{
    struct fixture *it = *state;
    Wire__Batch batch = batch_of(it, 1, 10);
    uint8_t *frame;
    size_t size, taken;
    assert_null(publisher_find(it->publisher, 99));
    assert_int_equal(publisher_pack(it->publisher, 99, &batch, 0, nonce, START_MS, it->arena, &frame, &size, &taken),
                     BB_TOO_LARGE);
    assert_int_equal(
        publisher_pack(it->publisher, CHANNEL, &batch, 1, nonce, START_MS, it->arena, &frame, &size, &taken),
        BB_TOO_LARGE); // past its end
}

// Takes the beacon that is due; NULL when none is.
static const struct published_channel *beacon(struct fixture *it, int64_t now_ms)
{
    const struct published_channel *channel;
    uint8_t *frame;
    size_t size;
    assert_int_equal(publisher_beacon(it->publisher, now_ms, it->arena, &channel, &frame, &size), BB_OK);
    if (channel == NULL)
        return NULL;
    Wire__Published *published = unpack(it, frame, size);
    assert_int_equal(published->channel, channel->id);
    assert_int_equal(published->head, channel->head);
    assert_int_equal(published->key_id, channel->key_id);
    assert_int_equal(published->first, 0);
    assert_int_equal(published->box_bytes.len, 0);
    return channel;
}

static void expect_beacon_at(struct fixture *it, int64_t at_ms)
{
    assert_int_equal(publisher_deadline_ms(it->publisher), at_ms);
    assert_null(beacon(it, at_ms - 1));
    assert_non_null(beacon(it, at_ms));
    assert_null(beacon(it, at_ms));
}

static void beacons_follow_a_notice_after_1_4_and_15_seconds_and_then_every_30(void **state)
{
    struct fixture *it = *state;
    expect_beacon_at(it, START_MS); // the boot itself
    expect_beacon_at(it, START_MS + 30000);
    Wire__Batch batch = batch_of(it, 1, 10);
    uint8_t *frame;
    size_t size, taken;
    int64_t noticed_ms = START_MS + 31000;
    assert_int_equal(
        publisher_pack(it->publisher, CHANNEL, &batch, 0, nonce, noticed_ms, it->arena, &frame, &size, &taken), BB_OK);
    expect_beacon_at(it, noticed_ms + 1000);
    expect_beacon_at(it, noticed_ms + 4000);
    expect_beacon_at(it, noticed_ms + 15000);
    expect_beacon_at(it, noticed_ms + 45000);
    expect_beacon_at(it, noticed_ms + 75000);
}

static void a_rekey_is_told_at_once(void **state)
{
    struct fixture *it = *state;
    assert_non_null(beacon(it, START_MS));
    publisher_rekey(it->publisher, CHANNEL, second_key, START_MS + 500);
    expect_beacon_at(it, START_MS + 500);
}

static void each_channel_has_its_own_beacons(void **state)
{
    struct fixture *it = *state;
    for (uint64_t i = 1; i <= 20; i++) // past the first capacity
        assert_int_equal(
            publisher_add(it->publisher, CHANNEL + i, CHANNEL_ID + i, "meppel/media/", i, second_key, START_MS), BB_OK);
    for (uint64_t i = 0; i <= 20; i++) {
        const struct published_channel *channel = beacon(it, START_MS);
        assert_non_null(channel);
        assert_int_equal(channel->channel, CHANNEL + i);
    }
    assert_null(beacon(it, START_MS));
    assert_memory_equal(publisher_find(it->publisher, CHANNEL)->key, first_key, sizeof first_key);
    assert_int_equal(publisher_find(it->publisher, CHANNEL + 20)->head, 20);
}

static void without_channels_nothing_is_due(void **state)
{
    (void)state;
    struct publisher *empty;
    assert_int_equal(publisher_create(boot, EPOCH, &empty), BB_OK);
    assert_true(publisher_deadline_ms(empty) == INT64_MAX);
    publisher_destroy(&empty);
}

static void a_topic_has_a_limit(void **state)
{
    struct fixture *it = *state;
    char topic[TOPIC_SIZE_MAX + 1];
    memset(topic, 't', sizeof topic);
    topic[TOPIC_SIZE_MAX] = '\0';
    assert_int_equal(publisher_add(it->publisher, 50, 51, topic, 0, first_key, START_MS), BB_TOO_LONG);
    topic[TOPIC_SIZE_MAX - 1] = '\0';
    assert_int_equal(publisher_add(it->publisher, 50, 51, topic, 0, first_key, START_MS), BB_OK);
    assert_string_equal(publisher_find(it->publisher, 50)->topic, topic);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_box_opens_with_the_key_of_the_channel),
        TEST(after_a_rekey_the_old_key_opens_nothing_new),
        TEST(a_large_batch_is_cut_and_nothing_of_it_is_lost),
        TEST(the_largest_notice_goes_out_alone),
        TEST(a_channel_that_was_never_added_publishes_nothing),
        TEST(beacons_follow_a_notice_after_1_4_and_15_seconds_and_then_every_30),
        TEST(a_rekey_is_told_at_once),
        TEST(each_channel_has_its_own_beacons),
        TEST(without_channels_nothing_is_due),
        TEST(a_topic_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
