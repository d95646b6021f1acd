// SPDX-License-Identifier: MPL-2.0
// A world for one session: virtual time, a store that is a table in memory, and a record of all that came out. The broker
// in it stands in session_broker.h, which tests include.
#ifndef BUURTBEL_SESSION_WORLD_H
#define BUURTBEL_SESSION_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka wants the four above first.
#include <cmocka.h>

#include "client.pb-c.h"
#include "message/arena.h"
#include "message/frame.h"
#include "session/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESIDENTS = 7001, MAILBOX = 7002, ME = 501, EVENTS_MAX = 400, SENT_MAX = 3000, ROWS_MAX = 6000, SEVERAL = 16 };

struct heard {
    enum bb_event_kind kind;
    enum bb_code code;
    bool again;
    uint64_t id, seq;
    uint32_t revision, what, epoch;
};

struct row {
    uint8_t key[SESSION_KEY_SIZE_MAX], *value;
    size_t key_size, value_size;
};

struct world {
    struct session *session;
    struct session_time now;
    struct arena *arena;
    uint32_t seed;
    bool dies_before_events, dies_before_lost, without_follow;
    size_t actions, dies_at; // not 0: before the action of this number it dies
    bool dead;               // until world_crash
    bool commits_each;       // each row alone; else a run of rows at once, as client.c does
    struct row rows[ROWS_MAX];
    size_t rows_count;
    struct session_action unsaved[ROWS_MAX];   // a run that is not committed
    size_t unsaved_count, heard_before_cursor; // heard: before the last save of a cursor
    struct heard heard[EVENTS_MAX];
    size_t heard_count, read_count;
    Wire__FromClient *sent[SENT_MAX];
    size_t sent_count;
    char topics[200];
    size_t reconnects;
    void *ticket;
    uint32_t reply_code;
    size_t replies, answers;
    enum bb_code answer_code;
    // What the broker is
    uint8_t boot, key;
    uint32_t epoch, key_id;
    uint64_t head, mailbox_head;
    bool paused;
    Wire__PartyState state;
    Wire__PastEpoch past[PAST_EPOCHS_MAX];
    size_t past_count;
    uint64_t entry, made; // of the next reply that says yes
};

static inline void world_random(void *context, void *bytes, size_t size)
{
    struct world *world = context;
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)((world->seed = world->seed * 1664525u + 1013904223u) >> 24);
}

static inline ProtobufCBinaryData bytes(struct world *world, const void *from, size_t size)
{
    return (ProtobufCBinaryData){.len = size, .data = arena_copy(world->arena, from, size)};
}

static inline ProtobufCBinaryData filled(struct world *world, uint8_t value, size_t size)
{
    uint8_t block[64];
    memset(block, value, sizeof block);
    return bytes(world, block, size);
}

static inline ProtobufCBinaryData text(struct world *world, const char *from)
{
    return bytes(world, from, strlen(from));
}

// ---- the session's side

static inline void world_save(struct world *world, const struct session_action *action)
{
    size_t i = 0;
    while (i < world->rows_count && (world->rows[i].key_size != action->key_size ||
                                     memcmp(world->rows[i].key, action->key, action->key_size) != 0))
        i++;
    if (i < world->rows_count) {
        free(world->rows[i].value);
        world->rows[i] = world->rows[--world->rows_count];
    }
    if (!action->bytes)
        return;
    assert_true(world->rows_count < ROWS_MAX);
    struct row *row = &world->rows[world->rows_count++];
    *row = (struct row){.key_size = action->key_size, .value = malloc(action->size + 1), .value_size = action->size};
    memcpy(row->key, action->key, action->key_size);
    memcpy(row->value, action->bytes, action->size);
}

static inline void world_hear(struct world *world, const struct bb_event *event)
{
    struct heard heard = {
        .kind = event->kind, .code = event->code, .again = event->again, .seq = event->seq, .epoch = world->epoch};
    if (event->request) {
        heard.id = event->request->request;
        heard.revision = event->request->revision;
    } else if (event->item && event->item->what_case == WIRE__MAILBOX_ITEM__WHAT_OFFER) {
        heard.id = event->item->offer->offer;
        heard.revision = event->item->offer->revision;
    } else if (event->lost) {
        heard.id = event->lost->made;
        heard.what = event->lost->what;
    } else {
        heard.id = event->channel;
    }
    assert_true(world->heard_count < EVENTS_MAX);
    world->heard[world->heard_count++] = heard;
}

static inline int by_key(const void *a, const void *b)
{
    const struct row *left = a, *right = b;
    size_t size = left->key_size < right->key_size ? left->key_size : right->key_size;
    int order = memcmp(left->key, right->key, size);
    return order != 0 ? order : (left->key_size > right->key_size) - (left->key_size < right->key_size);
}

// The rows of one kind, or all for 0, in the order of their keys, as a store gives them; they stay until the next call.
static inline size_t world_rows(struct world *world, uint8_t kind, struct session_row **out)
{
    static struct session_row rows[ROWS_MAX];
    size_t count = 0;
    qsort(world->rows, world->rows_count, sizeof *world->rows, by_key);
    for (size_t i = 0; i < world->rows_count; i++) {
        const struct row *row = &world->rows[i];
        if (kind == 0 || row->key[0] == kind)
            rows[count++] = (struct session_row){row->key, row->key_size, row->value, row->value_size};
    }
    *out = rows;
    return count;
}

static inline size_t rows_of(struct world *world, enum session_row_kind kind)
{
    struct session_row *rows;
    return world_rows(world, (uint8_t)kind, &rows);
}

static inline void world_look_back(struct world *world)
{
    struct session_row *rows;
    size_t count = world_rows(world, ROW_ACCEPTED, &rows);
    session_look_back(world->session, world->now, rows, count);
}

static inline void world_topic(struct world *world, const struct session_action *action)
{
    if (action->kind == SESSION_SUBSCRIBE)
        snprintf(world->topics, sizeof world->topics, "%.*s", (int)action->size, action->bytes);
    else
        world->topics[0] = 0;
}

static inline void world_carry_out(struct world *world, const struct session_action *action)
{
    switch (action->kind) {
    case SESSION_SAVE:
        world_save(world, action);
        break;
    case SESSION_SEND:
        assert_true(world->sent_count < SENT_MAX);
        assert_int_equal(frame_unpack(action->bytes, action->size, COMMAND_FRAME_SIZE_MAX,
                                      &wire__from_client__descriptor, world->arena, &world->sent[world->sent_count]),
                         BB_OK);
        world->sent_count++;
        break;
    case SESSION_SUBSCRIBE:
    case SESSION_UNSUBSCRIBE:
        world_topic(world, action);
        break;
    case SESSION_RECONNECT:
        world->reconnects++;
        break;
    case SESSION_EVENT:
        world_hear(world, &action->event);
        break;
    case SESSION_REPLY:
        world->ticket = action->ticket;
        world->reply_code = action->reply->code;
        world->replies++;
        break;
    case SESSION_LOOK_BACK:
        world_look_back(world);
        break;
    case SESSION_ANSWER:
        world->ticket = action->ticket;
        world->answer_code = action->code;
        world->answers++;
        break;
    }
}

static inline void world_commit(struct world *world)
{
    for (size_t i = 0; i < world->unsaved_count; i++) {
        if (world->unsaved[i].key[0] == ROW_CURSOR)
            world->heard_before_cursor = world->heard_count;
        world_save(world, &world->unsaved[i]);
        session_action_fini(&world->unsaved[i]);
    }
    world->unsaved_count = 0;
}

static inline void world_forget_unsaved(struct world *world)
{
    while (world->unsaved_count > 0)
        session_action_fini(&world->unsaved[--world->unsaved_count]);
}

static inline void world_act(struct world *world, struct session_action *action)
{
    if (action->kind == SESSION_SAVE) {
        assert_true(world->unsaved_count < ROWS_MAX);
        world->unsaved[world->unsaved_count++] = *action;
        if (world->commits_each)
            world_commit(world);
        return;
    }
    world_carry_out(world, action);
    session_action_fini(action);
}

static inline void world_drain(struct world *world)
{
    struct session_action action;
    while (!world->dead && session_take(world->session, &action)) {
        if (action.kind != SESSION_SAVE)
            world_commit(world);
        world->dead = (world->dies_before_events && action.kind != SESSION_SAVE) ||
                      ++world->actions == world->dies_at ||
                      (world->dies_before_lost && action.event.kind == BB_EVENT_LOST);
        if (world->dead)
            session_action_fini(&action);
        else
            world_act(world, &action);
    }
    if (!world->dead)
        world_commit(world);
}

static inline void world_open(struct world *world)
{
    struct session_row *rows;
    size_t count = world_rows(world, 0, &rows);
    const struct session_options options = {.follow = !world->without_follow,
                                            .timeout_ms = 10000,
                                            .software = "test 1",
                                            .random = world_random,
                                            .random_context = world};
    world->dies_before_events = world->dies_before_lost = world->dead = false;
    world->session = session_create(&options, world->now, rows, count);
    assert_non_null(world->session);
    world_drain(world);
}

// The process ends here and now, and a new one begins with what was saved.
static inline void world_crash(struct world *world)
{
    session_destroy(&world->session);
    world_forget_unsaved(world);
    world_open(world);
}

static inline int world_setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world->arena = arena_create(512u << 20);
    world->now = (struct session_time){.steady_ms = 1000, .wall_ms = 1700000000000};
    world->seed = 1;
    world->boot = 1;
    world->key = 'k';
    world->epoch = 1;
    world->key_id = 1;
    world->state = WIRE__PARTY_STATE__PARTY_ACTIVE;
    *state = world;
    world_open(world);
    return 0;
}

static inline int world_teardown(void **state)
{
    struct world *world = *state;
    session_destroy(&world->session);
    world_forget_unsaved(world);
    for (size_t i = 0; i < world->rows_count; i++)
        free(world->rows[i].value);
    arena_destroy(&world->arena);
    free(world);
    return 0;
}

// Lets time pass, waking the session when it wants to.
static inline void wait_ms(struct world *world, int64_t duration_ms)
{
    int64_t until = world->now.steady_ms + duration_ms;
    for (;;) {
        int64_t deadline = session_deadline(world->session);
        int64_t next = deadline < world->now.steady_ms ? world->now.steady_ms : deadline;
        if (next > until)
            next = until;
        world->now.wall_ms += next - world->now.steady_ms;
        world->now.steady_ms = next;
        session_tick(world->session, world->now);
        world_drain(world);
        if (next == until || world->dead)
            return;
        assert_true(session_deadline(world->session) > next);
    }
}

static inline size_t sent_of(const struct world *world, Wire__FromClient__BodyCase kind)
{
    size_t count = 0;
    for (size_t i = 0; i < world->sent_count; i++)
        count += world->sent[i]->body_case == kind;
    return count;
}

static inline const Wire__FromClient *last_sent(const struct world *world, Wire__FromClient__BodyCase kind)
{
    for (size_t i = world->sent_count; i-- > 0;) {
        if (world->sent[i]->body_case == kind)
            return world->sent[i];
    }
    fail_msg("nothing of kind %d was sent", kind);
    return NULL;
}

// The last sync of one channel.
static inline const Wire__FromClient *last_sync(const struct world *world, uint64_t channel)
{
    for (size_t i = world->sent_count; i-- > 0;) {
        if (world->sent[i]->body_case == WIRE__FROM_CLIENT__BODY_SYNC &&
            world->sent[i]->sync->cursor->channel == channel)
            return world->sent[i];
    }
    fail_msg("no sync was sent");
    return NULL;
}

static inline size_t syncs_of(const struct world *world, uint64_t channel)
{
    size_t count = 0;
    for (size_t i = 0; i < world->sent_count; i++)
        count += world->sent[i]->body_case == WIRE__FROM_CLIENT__BODY_SYNC &&
                 world->sent[i]->sync->cursor->channel == channel;
    return count;
}

// The next event that is about a request or an item, or tells of the connection; completeness is asked for apart.
static inline struct heard next_heard(struct world *world)
{
    while (world->read_count < world->heard_count) {
        struct heard heard = world->heard[world->read_count++];
        if (heard.kind != BB_EVENT_COMPLETE)
            return heard;
    }
    return (struct heard){.kind = (enum bb_event_kind) - 1};
}

static inline void expect_heard(struct world *world, enum bb_event_kind kind, uint64_t id, bool again)
{
    struct heard heard = next_heard(world);
    assert_int_equal(heard.kind, kind);
    if (id)
        assert_int_equal(heard.id, id);
    assert_int_equal(heard.again, again);
}

static inline void expect_silence(struct world *world)
{
    assert_int_equal(next_heard(world).kind, (enum bb_event_kind) - 1);
}

#endif
