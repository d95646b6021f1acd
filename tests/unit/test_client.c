// SPDX-License-Identifier: MPL-2.0
// The client on real sockets: a broker of a few lines in the same thread, CURVE on both sides, one turn each.
#include "folder.h"

#include "buurtbel.h"
#include "message/arena.h"
#include "message/frame.h"

#include <poll.h>
#include <sodium.h>
#include <zmq.h>

enum { PATIENCE_TURNS = 1500, TURN_MS = 10, MAILBOX = 9 };

struct broker {
    void *context, *router, *publisher, *door;
    char command_endpoint[64], publish_endpoint[64];
    uint8_t server_key[32], secret[32];
    struct arena *arena;
    bool refuses, silent;
    size_t hellos, commands, syncs;
    uint32_t reply_code;
    uint32_t epoch; // 0, or 1 after a restore
    uint64_t entry; // of the next reply that says yes; what a restore leaves is the first
};

struct world {
    const char *home;
    struct broker broker;
    struct bb_client *client;
    size_t connected, away, items, complete, replies, lost;
    struct bb_lost last_lost;
    uint32_t away_code, reply_code;
};

static void *bind_one(struct broker *broker, int type, const uint8_t secret[32], char endpoint[64])
{
    void *socket = zmq_socket(broker->context, type);
    const int one = 1, none = 0;
    size_t size = 64;
    assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &one, sizeof one), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret, 32), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, "test", 4), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none), 0);
    assert_int_equal(zmq_bind(socket, *endpoint ? endpoint : "tcp://127.0.0.1:*"), 0);
    assert_int_equal(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size), 0);
    return socket;
}

static void broker_open(struct broker *broker)
{
    const int none = 0;
    broker->context = zmq_ctx_new();
    broker->door = zmq_socket(broker->context, ZMQ_REP);
    zmq_setsockopt(broker->door, ZMQ_LINGER, &none, sizeof none);
    assert_int_equal(zmq_bind(broker->door, "inproc://zeromq.zap.01"), 0);
    broker->router = bind_one(broker, ZMQ_ROUTER, broker->secret, broker->command_endpoint);
    broker->publisher = bind_one(broker, ZMQ_XPUB, broker->secret, broker->publish_endpoint);
    broker->arena = arena_create(1 << 20);
}

static void broker_close(struct broker *broker)
{
    zmq_close(broker->router);
    zmq_close(broker->publisher);
    zmq_close(broker->door);
    zmq_ctx_term(broker->context);
    arena_destroy(&broker->arena);
}

static void answer_at_the_door(struct broker *broker)
{
    char frames[8][128];
    int count = 0, more = 1;
    size_t size = sizeof more;
    if (zmq_recv(broker->door, frames[0], sizeof frames[0], ZMQ_DONTWAIT) < 0)
        return;
    int id_size = 0;
    for (count = 1; zmq_getsockopt(broker->door, ZMQ_RCVMORE, &more, &size) == 0 && more; count++) {
        int got = zmq_recv(broker->door, frames[count % 8], sizeof frames[0], 0);
        if (count == 1)
            id_size = got;
    }
    zmq_send(broker->door, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(broker->door, frames[1], (size_t)id_size, ZMQ_SNDMORE);
    zmq_send(broker->door, broker->refuses ? "400" : "200", 3, ZMQ_SNDMORE);
    zmq_send(broker->door, "", 0, ZMQ_SNDMORE);
    zmq_send(broker->door, "member:1", 8, ZMQ_SNDMORE);
    zmq_send(broker->door, "", 0, 0);
}

static void send_to(struct broker *broker, const uint8_t *peer, size_t peer_size, const Wire__FromBroker *message)
{
    uint8_t *frame;
    size_t size;
    assert_int_equal(frame_pack(&message->base, BROKER_FRAME_SIZE_MAX, broker->arena, &frame, &size), BB_OK);
    zmq_send(broker->router, peer, peer_size, ZMQ_SNDMORE);
    zmq_send(broker->router, frame, size, 0);
}

static void answer(struct broker *broker, const uint8_t *peer, size_t peer_size, const Wire__FromClient *asked)
{
    uint8_t boot[16] = {1}, hash[8] = {1};
    Wire__FromBroker message = WIRE__FROM_BROKER__INIT;
    Wire__Welcome welcome = WIRE__WELCOME__INIT;
    Wire__PastEpoch past = WIRE__PAST_EPOCH__INIT, *pasts[] = {&past};
    Wire__ChannelState mailbox = WIRE__CHANNEL_STATE__INIT, *channels[] = {&mailbox};
    Wire__SyncPage page = WIRE__SYNC_PAGE__INIT;
    Wire__Cursor cursor = WIRE__CURSOR__INIT;
    Wire__OfferView offer = WIRE__OFFER_VIEW__INIT;
    Wire__MailboxItem item = WIRE__MAILBOX_ITEM__INIT, *items[] = {&item};
    Wire__Reply reply = WIRE__REPLY__INIT;
    Wire__Status status = WIRE__STATUS__INIT;
    Wire__Answer answered = WIRE__ANSWER__INIT;
    message.correlation = asked->correlation;
    switch (asked->body_case) {
    case WIRE__FROM_CLIENT__BODY_HELLO:
        broker->hellos++;
        mailbox.channel = MAILBOX;
        mailbox.head = 1;
        welcome.epoch = broker->epoch;
        past.last_entry = 1;
        welcome.past_epochs = pasts;
        welcome.n_past_epochs = broker->epoch;
        welcome.boot_bytes = (ProtobufCBinaryData){16, boot};
        welcome.channels = channels;
        welcome.n_channels = 1;
        welcome.now_at_ms = 1700000000000;
        message.body_case = WIRE__FROM_BROKER__BODY_WELCOME;
        message.welcome = &welcome;
        break;
    case WIRE__FROM_CLIENT__BODY_SYNC:
        broker->syncs++;
        offer.offer = 77;
        item.what_case = WIRE__MAILBOX_ITEM__WHAT_OFFER;
        item.offer = &offer;
        cursor.channel = MAILBOX;
        cursor.epoch = page.epoch = broker->epoch;
        cursor.seq = 1;
        cursor.hash_bytes = (ProtobufCBinaryData){8, hash};
        page.channel = MAILBOX;
        page.mode = WIRE__SYNC_MODE__SYNC_SNAPSHOT;
        page.head = 1;
        page.items = items;
        page.n_items = 1;
        page.cursor = &cursor;
        message.body_case = WIRE__FROM_BROKER__BODY_PAGE;
        message.page = &page;
        break;
    case WIRE__FROM_CLIENT__BODY_COMMAND:
        broker->commands++;
        reply.code = broker->reply_code;
        reply.entry = broker->reply_code == BB_OK ? ++broker->entry : 0;
        reply.made = 40 + reply.entry;
        reply.command_bytes = asked->command->id_bytes;
        message.body_case = WIRE__FROM_BROKER__BODY_REPLY;
        message.reply = &reply;
        break;
    case WIRE__FROM_CLIENT__BODY_QUERY:
        answered.what_case = WIRE__ANSWER__WHAT_STATUS;
        answered.status = &status;
        message.body_case = WIRE__FROM_BROKER__BODY_ANSWER;
        message.answer = &answered;
        break;
    default:
        return;
    }
    send_to(broker, peer, peer_size, &message);
}

static void broker_turn(struct broker *broker)
{
    uint8_t peer[64], frame[COMMAND_FRAME_SIZE_MAX];
    answer_at_the_door(broker);
    int peer_size, size;
    while ((peer_size = zmq_recv(broker->router, peer, sizeof peer, ZMQ_DONTWAIT)) >= 0) {
        size = zmq_recv(broker->router, frame, sizeof frame, 0);
        Wire__FromClient *asked;
        arena_reset(broker->arena);
        assert_int_equal(frame_unpack(frame, (size_t)size, COMMAND_FRAME_SIZE_MAX, &wire__from_client__descriptor,
                                      broker->arena, &asked),
                         BB_OK);
        if (!broker->silent)
            answer(broker, peer, (size_t)peer_size, asked);
    }
}

static void hear(void *context, const struct bb_event *event)
{
    struct world *world = context;
    world->connected += event->kind == BB_EVENT_CONNECTED;
    world->items += event->kind == BB_EVENT_ITEM;
    world->complete += event->kind == BB_EVENT_COMPLETE;
    if (event->kind == BB_EVENT_LOST) {
        world->lost++;
        world->last_lost = *event->lost;
    }
    if (event->kind == BB_EVENT_AWAY) {
        world->away++;
        world->away_code = event->code;
    }
}

static void reply_came(void *context, const Wire__Reply *reply)
{
    struct world *world = context;
    world->replies++;
    world->reply_code = reply->code;
}

static enum bb_code open_client(struct world *world, bool follow, struct bb_client **out)
{
    const struct bb_options options = {.home = world->home,
                                       .software = "test 1",
                                       .follow = follow,
                                       .timeout_ms = 1000,
                                       .handler = hear,
                                       .context = world};
    return bb_client_open(&options, out);
}

// Turns of broker and client until the counter moved.
static void until(struct world *world, const size_t *counter, size_t count)
{
    for (int i = 0; i < PATIENCE_TURNS && *counter < count; i++) {
        broker_turn(&world->broker);
        assert_int_equal(bb_client_wait(world->client, TURN_MS), BB_OK);
    }
    assert_true(*counter >= count);
}

static enum bb_code give(struct world *world)
{
    Wire__Pause pause = WIRE__PAUSE__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_PAUSE;
    command.pause = &pause;
    return bb_client_send(world->client, &command, reply_came, world);
}

static int setup(void **state)
{
    void *folder;
    struct world *world = calloc(1, sizeof *world);
    struct bb_founder_keys keys;
    assert_int_equal(folder_setup(&folder), 0);
    world->home = folder;
    crypto_box_keypair(world->broker.server_key, world->broker.secret);
    broker_open(&world->broker);
    assert_int_equal(bb_identity_found(world->home, "meppel", world->broker.command_endpoint,
                                       world->broker.publish_endpoint, world->broker.server_key, &keys),
                     BB_OK);
    assert_int_equal(open_client(world, true, &world->client), BB_OK);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    void *folder = (void *)(uintptr_t)world->home;
    bb_client_close(&world->client);
    broker_close(&world->broker);
    free(world);
    return folder_teardown(&folder);
}

static void it_connects_catches_up_and_shows_what_it_holds(void **state)
{
    struct world *world = *state;
    assert_null(bb_client_welcome(world->client));
    until(world, &world->complete, 1);
    assert_int_equal(world->connected, 1);
    assert_int_equal(world->items, 1);
    assert_true(bb_client_connected(world->client) && bb_client_complete(world->client));
    int64_t now_ms = bb_client_now_ms(world->client);
    assert_in_range(now_ms, 1700000000000, 1700000060000);
}

static void what_was_handed_on_does_not_come_again_after_reopening(void **state)
{
    struct world *world = *state;
    until(world, &world->complete, 1);
    bb_client_close(&world->client);
    assert_int_equal(open_client(world, true, &world->client), BB_OK);
    until(world, &world->complete, 2);
    assert_int_equal(world->items, 1);
}

static void a_second_follower_in_one_home_is_turned_away(void **state)
{
    struct world *world = *state;
    struct bb_client *second;
    assert_int_equal(open_client(world, true, &second), BB_IN_USE);
    assert_null(second);
}

static void a_command_is_durable_before_it_is_sent_and_answered_once(void **state)
{
    struct world *world = *state;
    world->broker.reply_code = BB_WRONG_STATE;
    assert_int_equal(give(world), BB_OK);
    assert_int_equal(bb_client_outbox_count(world->client), 1);
    assert_int_equal(world->broker.commands, 0);
    bb_client_close(&world->client);
    assert_int_equal(world->replies, 0);
    assert_int_equal(open_client(world, true, &world->client), BB_OK);
    until(world, &world->broker.commands, 1);
    assert_int_equal(give(world), BB_OK);
    until(world, &world->replies, 1);
    assert_int_equal(world->reply_code, BB_WRONG_STATE);
    assert_int_equal(bb_client_outbox_count(world->client), 0);
    assert_int_equal(world->broker.commands, 2);
}

static void waiting_for_a_broker_that_is_silent_ends_at_the_time_out(void **state)
{
    struct world *world = *state;
    world->broker.silent = true;
    Wire__AskStatus status = WIRE__ASK_STATUS__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_STATUS;
    query.status = &status;
    Wire__Answer *out;
    assert_int_equal(bb_client_query(world->client, &query, &out), BB_AWAY);
    assert_null(out);
    assert_int_equal(give(world), BB_OK);
    until(world, &world->replies, 1);
    assert_int_equal(world->reply_code, BB_AWAY);
    assert_int_equal(bb_client_outbox_count(world->client), 1);
}

static void a_key_that_is_refused_is_told_and_tried_again(void **state)
{
    struct world *world = *state;
    world->broker.refuses = true;
    until(world, &world->away, 1);
    assert_int_equal(world->away_code, BB_REFUSED_AT_THE_DOOR);
    world->broker.refuses = false; // approved in the meantime
    until(world, &world->connected, 1);
}

static void a_broker_that_restarts_is_found_again(void **state)
{
    struct world *world = *state;
    until(world, &world->complete, 1);
    size_t hellos = world->broker.hellos;
    zmq_close(world->broker.router);
    for (int i = 0; i < PATIENCE_TURNS && world->away == 0; i++) {
        answer_at_the_door(&world->broker); // closing a connection waits for the door too
        assert_int_equal(bb_client_wait(world->client, TURN_MS), BB_OK);
    }
    assert_int_equal(world->away_code, BB_AWAY);
    assert_false(bb_client_connected(world->client));
    world->broker.router = bind_one(&world->broker, ZMQ_ROUTER, world->broker.secret, world->broker.command_endpoint);
    until(world, &world->connected, 2);
    assert_true(world->broker.hellos > hellos);
}

static void count_lost(void *context, const struct bb_lost *lost)
{
    size_t *count = context;
    assert_int_equal(lost->made, 42);
    ++*count;
}

static size_t listed(struct world *world)
{
    size_t count = 0;
    assert_int_equal(bb_client_visit_lost(world->client, count_lost, &count), BB_OK);
    return count;
}

static void a_command_that_a_restore_lost_is_told_once_and_listed_until_it_is_forgotten(void **state)
{
    struct world *world = *state;
    until(world, &world->complete, 1);
    assert_int_equal(give(world), BB_OK);
    assert_int_equal(give(world), BB_OK); // the second one, entry 2, is newer than the backup
    until(world, &world->replies, 2);
    assert_int_equal(listed(world), 0);
    bb_client_close(&world->client);
    world->broker.epoch = 1;
    assert_int_equal(open_client(world, false, &world->client), BB_OK); // whoever comes first tells it
    until(world, &world->lost, 1);
    assert_int_equal(world->last_lost.what, WIRE__COMMAND__WHAT_PAUSE);
    assert_int_equal(world->last_lost.made, 42);
    assert_int_equal(listed(world), 1);
    bb_client_close(&world->client);
    assert_int_equal(open_client(world, true, &world->client), BB_OK);
    until(world, &world->complete, 2);
    assert_int_equal(world->lost, 1);
    assert_int_equal(listed(world), 1);
    assert_int_equal(bb_client_forget_lost(world->client), BB_OK);
    assert_int_equal(listed(world), 0);
    bb_client_close(&world->client);
    assert_int_equal(open_client(world, true, &world->client), BB_OK);
    until(world, &world->complete, 3);
    assert_int_equal(world->lost, 1);
    assert_int_equal(listed(world), 0);
}

int main(void)
{
#define WITH_A_BROKER(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_A_BROKER(it_connects_catches_up_and_shows_what_it_holds),
        WITH_A_BROKER(what_was_handed_on_does_not_come_again_after_reopening),
        WITH_A_BROKER(a_second_follower_in_one_home_is_turned_away),
        WITH_A_BROKER(a_command_is_durable_before_it_is_sent_and_answered_once),
        WITH_A_BROKER(waiting_for_a_broker_that_is_silent_ends_at_the_time_out),
        WITH_A_BROKER(a_key_that_is_refused_is_told_and_tried_again),
        WITH_A_BROKER(a_broker_that_restarts_is_found_again),
        WITH_A_BROKER(a_command_that_a_restore_lost_is_told_once_and_listed_until_it_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
