// SPDX-License-Identifier: MPL-2.0
// The broker of a session's world: what it says is the test's to write. Included by test_session*.c.
#ifndef BUURTBEL_SESSION_BROKER_H
#define BUURTBEL_SESSION_BROKER_H

#include "seal/notice_box.h"
#include "session_world.h"

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
