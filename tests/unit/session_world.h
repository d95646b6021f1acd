// SPDX-License-Identifier: MPL-2.0
// A world for one session: virtual time, a store that is a table in memory, a broker whose words the test writes, and a
// record of all that came out. Included by test_session*.c.
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
#include "seal/notice_box.h"
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

// ---- the broker's side

static inline void broker_says(struct world *world, const Wire__FromBroker *message)
{
    uint8_t *frame;
    size_t size;
    assert_int_equal(frame_pack(&message->base, BROKER_FRAME_SIZE_MAX, world->arena, &frame, &size), BB_OK);
    session_receive_command_socket(world->session, world->now, frame, size);
    world_drain(world);
}

static inline Wire__ChannelState *broker_channel(struct world *world, uint64_t id, const char *topic, uint64_t head)
{
    Wire__ChannelState *channel = arena_alloc(world->arena, sizeof *channel);
    wire__channel_state__init(channel);
    channel->channel = id;
    channel->head = head;
    if (*topic) {
        channel->topic = text(world, topic);
        channel->key_id = world->key_id;
        channel->key_bytes = filled(world, world->key, NOTICE_BOX_KEY_SIZE);
    }
    return channel;
}

static inline void broker_welcomes(struct world *world)
{
    Wire__ChannelState *channels[] = {broker_channel(world, MAILBOX, "", world->mailbox_head),
                                      broker_channel(world, RESIDENTS, "meppel/resident/", world->head)};
    Wire__PastEpoch *past[PAST_EPOCHS_MAX];
    for (size_t i = 0; i < world->past_count; i++)
        past[i] = &world->past[i];
    Wire__Welcome welcome = WIRE__WELCOME__INIT;
    welcome.past_epochs = past;
    welcome.n_past_epochs = world->past_count;
    welcome.boot_bytes = filled(world, world->boot, BOOT_ID_SIZE);
    welcome.epoch = world->epoch;
    welcome.now_at_ms = world->now.wall_ms + 5000; // this computer's clock is five seconds late
    welcome.party = ME;
    welcome.party_state = world->state;
    welcome.paused = world->paused;
    welcome.channels = channels;
    welcome.n_channels = world->state == WIRE__PARTY_STATE__PARTY_ACTIVE ? 2 : 1;
    Wire__FromBroker message = WIRE__FROM_BROKER__INIT;
    message.correlation = last_sent(world, WIRE__FROM_CLIENT__BODY_HELLO)->correlation;
    message.body_case = WIRE__FROM_BROKER__BODY_WELCOME;
    message.welcome = &welcome;
    broker_says(world, &message);
}

static inline Wire__PublicRequest *a_request(struct world *world, uint64_t id, uint32_t revision,
                                             enum bb_request_state state)
{
    Wire__PublicRequest *request = arena_alloc(world->arena, sizeof *request);
    wire__public_request__init(request);
    request->request = id;
    request->revision = revision;
    request->state = (Wire__RequestState)state;
    request->text = text(world, "Wie kan de fiets van mijn dochter repareren?");
    return request;
}

static inline Wire__MailboxItem *an_offer(struct world *world, uint64_t id, uint32_t revision)
{
    Wire__MailboxItem *item = arena_alloc(world->arena, sizeof *item);
    wire__mailbox_item__init(item);
    item->what_case = WIRE__MAILBOX_ITEM__WHAT_OFFER;
    item->offer = arena_alloc(world->arena, sizeof *item->offer);
    wire__offer_view__init(item->offer);
    item->offer->offer = id;
    item->offer->revision = revision;
    return item;
}

static inline Wire__MailboxItem *my_party(struct world *world, Wire__PartyState state, bool paused)
{
    Wire__MailboxItem *item = arena_alloc(world->arena, sizeof *item);
    wire__mailbox_item__init(item);
    item->what_case = WIRE__MAILBOX_ITEM__WHAT_PARTY;
    item->party = arena_alloc(world->arena, sizeof *item->party);
    wire__party_view__init(item->party);
    item->party->party = ME;
    item->party->state = state;
    item->party->paused = paused;
    return item;
}

static inline Wire__Notice *a_notice(struct world *world, uint64_t seq)
{
    Wire__Notice *notice = arena_alloc(world->arena, sizeof *notice);
    wire__notice__init(notice);
    notice->seq = seq;
    notice->hash_bytes = filled(world, (uint8_t)seq, 8);
    return notice;
}

static inline Wire__Notice *notice_of(struct world *world, uint64_t seq, Wire__PublicRequest *request)
{
    Wire__Notice *notice = a_notice(world, seq);
    notice->what_case = WIRE__NOTICE__WHAT_PUBLIC_REQUEST;
    notice->public_request = request;
    return notice;
}

static inline Wire__Notice *item_notice(struct world *world, uint64_t seq, Wire__MailboxItem *item)
{
    Wire__Notice *notice = a_notice(world, seq);
    notice->what_case = WIRE__NOTICE__WHAT_ITEM;
    notice->item = item;
    return notice;
}

static inline void broker_pages(struct world *world, const Wire__SyncPage *page)
{
    Wire__SyncPage sent = *page;
    Wire__FromBroker message = WIRE__FROM_BROKER__INIT;
    message.correlation = last_sync(world, page->channel)->correlation;
    message.body_case = WIRE__FROM_BROKER__BODY_PAGE;
    message.page = &sent;
    broker_says(world, &message);
}

static inline void broker_replays(struct world *world, uint64_t channel, Wire__Notice **notices, size_t count)
{
    Wire__SyncPage page = WIRE__SYNC_PAGE__INIT;
    page.channel = channel;
    page.epoch = world->epoch;
    page.mode = WIRE__SYNC_MODE__SYNC_REPLAY;
    page.head = channel == MAILBOX ? world->mailbox_head : world->head;
    page.notices = notices;
    page.n_notices = count;
    broker_pages(world, &page);
}

static inline void broker_snapshot_page(struct world *world, Wire__PublicRequest **requests, size_t count, uint64_t seq,
                                        uint64_t page_token)
{
    Wire__Cursor cursor = WIRE__CURSOR__INIT;
    cursor.channel = RESIDENTS;
    cursor.epoch = world->epoch;
    cursor.seq = seq;
    cursor.hash_bytes = seq ? filled(world, (uint8_t)seq, 8) : (ProtobufCBinaryData){0};
    Wire__SyncPage page = WIRE__SYNC_PAGE__INIT;
    page.channel = RESIDENTS;
    page.epoch = world->epoch;
    page.mode = WIRE__SYNC_MODE__SYNC_SNAPSHOT;
    page.head = world->head;
    page.requests = requests;
    page.n_requests = count;
    page.page_token = page_token;
    page.cursor = &cursor;
    broker_pages(world, &page);
}

static inline void broker_snapshot_mailbox(struct world *world, Wire__MailboxItem **items, size_t count)
{
    Wire__Cursor cursor = WIRE__CURSOR__INIT;
    cursor.channel = MAILBOX;
    cursor.epoch = world->epoch;
    cursor.seq = world->mailbox_head;
    cursor.hash_bytes = world->mailbox_head ? filled(world, (uint8_t)world->mailbox_head, 8) : (ProtobufCBinaryData){0};
    Wire__SyncPage page = WIRE__SYNC_PAGE__INIT;
    page.channel = MAILBOX;
    page.epoch = world->epoch;
    page.mode = WIRE__SYNC_MODE__SYNC_SNAPSHOT;
    page.head = world->mailbox_head;
    page.items = items;
    page.n_items = count;
    page.cursor = &cursor;
    broker_pages(world, &page);
}

static inline void socket_publishes(struct world *world, const Wire__Published *published)
{
    uint8_t *frame;
    size_t size;
    assert_int_equal(frame_pack(&published->base, BROKER_FRAME_SIZE_MAX, world->arena, &frame, &size), BB_OK);
    session_receive_publish_socket(world->session, world->now, frame, size);
    world_drain(world);
}

static inline Wire__Published published_of(struct world *world)
{
    Wire__Published published = WIRE__PUBLISHED__INIT;
    published.boot_bytes = filled(world, world->boot, BOOT_ID_SIZE);
    published.epoch = world->epoch;
    published.channel = RESIDENTS;
    published.head = world->head;
    published.key_id = world->key_id;
    return published;
}

static inline void broker_beacon(struct world *world)
{
    Wire__Published published = published_of(world);
    socket_publishes(world, &published);
}

static inline void broker_publishes(struct world *world, Wire__Notice **notices, size_t count)
{
    Wire__Batch batch = WIRE__BATCH__INIT;
    batch.channel = RESIDENTS;
    batch.epoch = world->epoch;
    batch.notices = notices;
    batch.n_notices = count;
    uint8_t plain[8192], key[NOTICE_BOX_KEY_SIZE], *box;
    size_t box_size;
    size_t plain_size = wire__batch__pack(&batch, plain);
    Wire__Published published = published_of(world);
    published.first = notices[0]->seq;
    published.nonce_bytes = filled(world, (uint8_t)published.first, NOTICE_BOX_NONCE_SIZE);
    struct notice_box_header header = {.epoch = world->epoch,
                                       .channel = RESIDENTS,
                                       .first = published.first,
                                       .head = published.head,
                                       .key_id = world->key_id};
    memset(header.boot, world->boot, BOOT_ID_SIZE);
    memset(key, world->key, sizeof key);
    assert_int_equal(
        notice_box_seal(&header, key, published.nonce_bytes.data, plain, plain_size, world->arena, &box, &box_size),
        BB_OK);
    published.box_bytes = (ProtobufCBinaryData){.len = box_size, .data = box};
    socket_publishes(world, &published);
}

// One notice more in the class channel, which reaches the client.
static inline void broker_tells(struct world *world, uint64_t id, uint32_t revision, enum bb_request_state state)
{
    world->head++;
    Wire__Notice *notice = notice_of(world, world->head, a_request(world, id, revision, state));
    broker_publishes(world, &notice, 1);
}

static inline void broker_pushes(struct world *world, Wire__MailboxItem *item)
{
    world->mailbox_head++;
    Wire__Notice *notice = item_notice(world, world->mailbox_head, item);
    Wire__Batch batch = WIRE__BATCH__INIT;
    batch.channel = MAILBOX;
    batch.epoch = world->epoch;
    batch.notices = &notice;
    batch.n_notices = 1;
    Wire__FromBroker message = WIRE__FROM_BROKER__INIT;
    message.body_case = WIRE__FROM_BROKER__BODY_PUSH;
    message.push = &batch;
    broker_says(world, &message);
}

static inline void broker_pongs(struct world *world)
{
    Wire__Head resident = WIRE__HEAD__INIT, mailbox = WIRE__HEAD__INIT, *heads[] = {&mailbox, &resident};
    resident.channel = RESIDENTS;
    resident.seq = world->head;
    resident.key_id = world->key_id;
    mailbox.channel = MAILBOX;
    mailbox.seq = world->mailbox_head;
    Wire__Pong pong = WIRE__PONG__INIT;
    pong.boot_bytes = filled(world, world->boot, BOOT_ID_SIZE);
    pong.epoch = world->epoch;
    pong.now_at_ms = world->now.wall_ms + 5000;
    pong.heads = heads;
    pong.n_heads = world->state == WIRE__PARTY_STATE__PARTY_ACTIVE ? 2 : 1;
    Wire__FromBroker message = WIRE__FROM_BROKER__INIT;
    message.body_case = WIRE__FROM_BROKER__BODY_PONG;
    message.pong = &pong;
    broker_says(world, &message);
}

static inline void broker_replies(struct world *world, const Wire__FromClient *to, uint32_t code)
{
    Wire__Reply reply = WIRE__REPLY__INIT;
    reply.code = code;
    reply.entry = code == BB_OK ? world->entry : 0;
    reply.made = code == BB_OK ? world->made : 0;
    if (to->body_case == WIRE__FROM_CLIENT__BODY_COMMAND)
        reply.command_bytes = to->command->id_bytes;
    Wire__FromBroker message = WIRE__FROM_BROKER__INIT;
    message.correlation = to->correlation;
    message.body_case = WIRE__FROM_BROKER__BODY_REPLY;
    message.reply = &reply;
    broker_says(world, &message);
}

// A backup was put back that the journal's entries up to `last_entry` of the present epoch stand in; the daemon is new.
static inline void broker_restores(struct world *world, uint64_t last_entry)
{
    Wire__PastEpoch *past = &world->past[world->past_count++];
    wire__past_epoch__init(past);
    past->epoch = world->epoch++;
    past->last_entry = last_entry;
    world->boot++;
}

static inline void go_online(struct world *world)
{
    session_online(world->session, world->now);
    world_drain(world);
    broker_welcomes(world);
}

// A giver who has caught up, with request 11 on the screen: head 5, cursor 5.
static inline void settle_down(struct world *world)
{
    world->head = 5;
    go_online(world);
    broker_snapshot_mailbox(world, NULL, 0);
    Wire__PublicRequest *open = a_request(world, 11, 1, REQUEST_OPEN);
    broker_snapshot_page(world, &open, 1, 5, 0);
    expect_heard(world, BB_EVENT_CONNECTED, 0, false);
    expect_heard(world, BB_EVENT_ALERT, 11, false);
    expect_silence(world);
    assert_true(session_complete(world->session));
}

#endif
