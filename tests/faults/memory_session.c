// SPDX-License-Identifier: MPL-2.0
// The client's session in one story of a giver, told once for each of its allocations, which fails: the session breaks
// with BB_NO_MEMORY or refuses, and the next process, with what was saved, ends as if nothing had happened.
#include "nth.h"

#include "session_broker.h"

enum { NOTICES = 4, ITEMS = 2, FIRST_REQUEST = 100, FIRST_OFFER = 900, ALLOCATIONS_MAX = 100000, ROUNDS_MAX = 400 };

struct story {
    struct world *world;
    size_t served; // messages of the session that were answered
    size_t restarts;
    bool published; // the last notice went out live
};

// Only what the session allocates counts, not what the world around it does.
#define COUNTED(type, name, parameters, arguments) \
    type __real_##name parameters; \
    type __wrap_##name parameters; \
    type __wrap_##name parameters \
    { \
        nth_count(true); \
        type result = __real_##name arguments; \
        nth_count(false); \
        return result; \
    }
#define COUNTED_VOID(name, parameters, arguments) \
    void __real_##name parameters; \
    void __wrap_##name parameters; \
    void __wrap_##name parameters \
    { \
        nth_count(true); \
        __real_##name arguments; \
        nth_count(false); \
    }
COUNTED(bool, session_take, (struct session * session, struct session_action *out), (session, out))
COUNTED(bool, session_take_row, (struct session * session, struct session_action *out), (session, out))
COUNTED(enum bb_code, session_send_command,
        (struct session * session, struct session_time now, const Wire__Command *command, void *ticket),
        (session, now, command, ticket))
COUNTED(enum bb_code, session_ask,
        (struct session * session, struct session_time now, const Wire__Query *query, void *ticket),
        (session, now, query, ticket))
COUNTED_VOID(session_online, (struct session * session, struct session_time now), (session, now))
COUNTED_VOID(session_tick, (struct session * session, struct session_time now), (session, now))
COUNTED_VOID(session_finish, (struct session * session), (session))
COUNTED_VOID(session_receive_command_socket,
             (struct session * session, struct session_time now, const uint8_t *bytes, size_t size),
             (session, now, bytes, size))
COUNTED_VOID(session_receive_publish_socket,
             (struct session * session, struct session_time now, const uint8_t *bytes, size_t size),
             (session, now, bytes, size))

// A session that cannot be made is tried again, as by its user.
struct session *__real_session_create(const struct session_options *options, struct session_time now,
                                      const struct session_row *rows, size_t count);
struct session *__wrap_session_create(const struct session_options *options, struct session_time now,
                                      const struct session_row *rows, size_t count);
struct session *__wrap_session_create(const struct session_options *options, struct session_time now,
                                      const struct session_row *rows, size_t count)
{
    nth_count(true);
    struct session *session = __real_session_create(options, now, rows, count);
    if (session == NULL) {
        assert_true(nth_failed());
        session = __real_session_create(options, now, rows, count);
    }
    nth_count(false);
    return session;
}

static void serve_sync(struct story *story, const Wire__Sync *sync)
{
    struct world *world = story->world;
    bool mailbox = sync->cursor->channel == MAILBOX;
    uint64_t head = mailbox ? world->mailbox_head : world->head;
    Wire__Notice *notices[NOTICES + ITEMS];
    size_t count = 0;
    for (uint64_t seq = sync->cursor->seq + 1; seq <= head; seq++)
        notices[count++] = mailbox ? item_notice(world, seq, an_offer(world, FIRST_OFFER + seq, 1))
                                   : notice_of(world, seq, a_request(world, FIRST_REQUEST + seq, 1, REQUEST_OPEN));
    broker_replays(world, sync->cursor->channel, notices, count);
}

static void serve(struct story *story, const Wire__FromClient *message)
{
    Wire__FromBroker answer = WIRE__FROM_BROKER__INIT;
    Wire__Reply reply = WIRE__REPLY__INIT;
    answer.correlation = message->correlation;
    switch (message->body_case) {
    case WIRE__FROM_CLIENT__BODY_HELLO:
        broker_welcomes(story->world);
        return;
    case WIRE__FROM_CLIENT__BODY_SYNC:
        serve_sync(story, message->sync);
        return;
    case WIRE__FROM_CLIENT__BODY_PING:
        broker_pongs(story->world);
        return;
    case WIRE__FROM_CLIENT__BODY_COMMAND:
        reply.command_bytes = message->command->id_bytes;
        answer.body_case = WIRE__FROM_BROKER__BODY_REPLY;
        answer.reply = &reply;
        broker_says(story->world, &answer);
        return;
    default:
        return;
    }
}

// The process ends, with a sentence to its user, and is started again.
static void restart_if_broken(struct story *story)
{
    struct world *world = story->world;
    if (session_broken(world->session) == BB_OK)
        return;
    assert_string_equal(bb_code_symbol(session_broken(world->session)), "NO_MEMORY");
    assert_true(nth_failed());
    story->restarts++;
    world_crash(world);
    story->served = world->sent_count;
    session_online(world->session, world->now);
    world_drain(world);
}

// Lets broker and session talk until neither has more to say.
static void settle(struct story *story)
{
    struct world *world = story->world;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        restart_if_broken(story);
        if (story->served < world->sent_count)
            serve(story, world->sent[story->served++]);
        else if (session_complete(world->session) && session_outbox_count(world->session) == 0 && round > 50)
            return;
        else
            wait_ms(world, 500);
    }
    fail_msg("it never settles");
}

static bool heard(const struct world *world, enum bb_event_kind kind, uint64_t id)
{
    for (size_t i = 0; i < world->heard_count; i++) {
        if (world->heard[i].kind == kind && world->heard[i].id == id)
            return true;
    }
    return false;
}

// The command's ids as they were sent: one, however often.
static size_t commands_sent(const struct world *world)
{
    size_t count = 0;
    const uint8_t *last = NULL;
    for (size_t i = 0; i < world->sent_count; i++) {
        if (world->sent[i]->body_case != WIRE__FROM_CLIENT__BODY_COMMAND)
            continue;
        const uint8_t *id = world->sent[i]->command->id_bytes.data;
        count += last == NULL || memcmp(last, id, COMMAND_ID_SIZE) != 0;
        last = id;
    }
    return count;
}

static void give_command(struct story *story)
{
    struct world *world = story->world;
    for (int attempt = 0; attempt < 2; attempt++) {
        Wire__Command command = WIRE__COMMAND__INIT;
        Wire__Pause pause = WIRE__PAUSE__INIT;
        command.what_case = WIRE__COMMAND__WHAT_PAUSE;
        command.pause = &pause;
        enum bb_code code = session_send_command(world->session, world->now, &command, NULL);
        if (code == BB_OK)
            break;
        assert_string_equal(bb_code_symbol(code), "NO_MEMORY"); // it was not taken: its giver gives it again
        restart_if_broken(story);
    }
    world_drain(world);
}

static void ask(struct story *story)
{
    struct world *world = story->world;
    Wire__Query query = WIRE__QUERY__INIT;
    Wire__ListOffers list = WIRE__LIST_OFFERS__INIT;
    query.what_case = WIRE__QUERY__WHAT_OFFERS;
    query.offers = &list;
    enum bb_code code = session_ask(world->session, world->now, &query, NULL);
    assert_true(code == BB_OK || code == BB_NO_MEMORY);
    world_drain(world);
}

// Told with allocation `n` failing; gives whether there was one.
static bool tell(size_t n, size_t *restarts)
{
    struct story story = {0};
    nth_count(false);
    nth_arm(n);
    world_setup((void **)&story.world);
    struct world *world = story.world;
    world->head = NOTICES - 1;
    world->mailbox_head = ITEMS;
    session_online(world->session, world->now);
    world_drain(world);
    settle(&story);
    broker_tells(world, FIRST_REQUEST + NOTICES, 1, REQUEST_OPEN);
    settle(&story);
    session_offline(world->session, world->now, BB_AWAY);
    world_drain(world);
    give_command(&story);
    world_crash(world); // all rows are read, and the command is still to be sent
    story.served = world->sent_count;
    session_online(world->session, world->now);
    world_drain(world);
    settle(&story);
    ask(&story);
    settle(&story);
    session_finish(world->session);
    world_drain(world);
    restart_if_broken(&story);

    for (uint64_t seq = 1; seq <= NOTICES; seq++)
        assert_true(heard(world, BB_EVENT_ALERT, FIRST_REQUEST + seq));
    for (uint64_t seq = 1; seq <= ITEMS; seq++)
        assert_true(heard(world, BB_EVENT_ITEM, FIRST_OFFER + seq));
    assert_int_equal(commands_sent(world), 1);
    bool failed = nth_disarm();
    *restarts += story.restarts;
    world_teardown((void **)&story.world);
    return failed;
}

static void whatever_allocation_fails_nothing_is_missed_and_the_command_is_sent(void **state)
{
    (void)state;
    size_t n = 1, restarts = 0;
    while (n < ALLOCATIONS_MAX && tell(n, &restarts))
        n++;
    assert_true(n > 100 && n < ALLOCATIONS_MAX && restarts > 0);
    print_message("%zu allocations failed one by one; %zu of them ended the process\n", n - 1, restarts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_allocation_fails_nothing_is_missed_and_the_command_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
