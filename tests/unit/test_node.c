// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/node: a node whose outside is arrays. Whose right a message is, what is refused, in which order things
// go out, and when a session ends.
#include "town.h"

#include "message/command_id.h"
#include "message/frame.h"
#include "node/node.h"

#include <errno.h>
#include <inttypes.h>

enum { SENT_MAX = 64, BURST = 6 };

enum went { WENT_TO_SESSION, WENT_PUBLISHED, WENT_TO_DOOR };

struct out {
    enum went went;
    uint8_t route;
    Wire__FromBroker *message; // to a session
    char user_id[USER_ID_SIZE_MAX + 1];
};

struct fixture {
    struct town *town;
    struct metrics metrics;
    struct node *node;
    struct arena *arena;
    struct out out[SENT_MAX];
    size_t out_count, asked;
    uint64_t rolls;
    bool unreachable;
};

static int64_t now_ms;

static int64_t wall_ms(void)
{
    return now_ms;
}

static int64_t steady_us(void)
{
    return now_ms * 1000;
}

static void roll(void *context, void *bytes, size_t size)
{
    struct fixture *it = context;
    memset(bytes, (int)(++it->rolls & 0xFF), size);
}

static struct out *note(struct fixture *it, enum went went)
{
    assert_true(it->out_count < SENT_MAX);
    it->out[it->out_count] = (struct out){.went = went};
    return &it->out[it->out_count++];
}

static bool send_out(void *context, const struct routing_id *route, const uint8_t *frame, size_t size)
{
    struct fixture *it = context;
    if (it->unreachable)
        return false;
    struct out *out = note(it, WENT_TO_SESSION);
    out->route = route->bytes[0];
    assert_int_equal(
        frame_unpack(frame, size, BROKER_FRAME_SIZE_MAX, &wire__from_broker__descriptor, it->arena, &out->message),
        BB_OK);
    return true;
}

static void publish_out(void *context, const char *topic, const uint8_t *frame, size_t size)
{
    (void)topic, (void)frame, (void)size;
    note(context, WENT_PUBLISHED);
}

static enum bb_code ask(void *context, const struct routing_id *route, uint64_t member, const uint8_t *frame,
                        size_t size)
{
    (void)route, (void)member, (void)frame, (void)size;
    ((struct fixture *)context)->asked++;
    return BB_OK;
}

static enum bb_code admit(void *context, const uint8_t key[CURVE_KEY_SIZE], const char *user_id)
{
    (void)key;
    snprintf(note(context, WENT_TO_DOOR)->user_id, sizeof((struct out *)0)->user_id, "%s", user_id ? user_id : "");
    return BB_OK;
}

static int setup(void **state)
{
    struct fixture *it = calloc(1, sizeof *it);
    assert_non_null(it);
    town_setup((void **)&it->town);
    now_ms = it->town->now_ms;
    it->arena = arena_create(MESSAGE_ARENA_SIZE_MAX);
    const struct node_options options = {.store = it->town->scratch->store,
                                         .keyring = it->town->keyring,
                                         .tombstones = it->town->tombstones,
                                         .metrics = &it->metrics,
                                         .sessions_max = 16,
                                         .commands_per_second = 1,
                                         .commands_burst = BURST};
    const struct outside outside = {.clock = {wall_ms, steady_us},
                                    .context = it,
                                    .random = roll,
                                    .send = send_out,
                                    .publish = publish_out,
                                    .ask = ask,
                                    .admit = admit};
    const char *problem;
    assert_int_equal(node_create(&options, &outside, &it->node, &problem), BB_OK);
    assert_int_equal(node_load(it->node), BB_OK);
    it->out_count = 0;
    *state = it;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *it = *state;
    node_destroy(&it->node);
    arena_destroy(&it->arena);
    int rc = town_teardown((void **)&it->town);
    free(it);
    return rc;
}

// ---------------------------------------------------------------- saying things

static void says(struct fixture *it, const char *kind, uint64_t number, uint8_t route, Wire__FromClient *message)
{
    struct routing_id id = {.bytes = {route}, .size = 1};
    char user_id[USER_ID_SIZE_MAX + 1];
    uint8_t *frame;
    size_t size;
    message->correlation = 7;
    snprintf(user_id, sizeof user_id, "%s:%" PRIu64, kind, number);
    assert_int_equal(frame_pack(&message->base, COMMAND_FRAME_SIZE_MAX, it->arena, &frame, &size), BB_OK);
    node_take(it->node, &id, user_id, frame, size);
}

static void says_hello(struct fixture *it, const char *kind, uint64_t number, uint8_t route)
{
    Wire__Hello hello = WIRE__HELLO__INIT;
    Wire__FromClient message = WIRE__FROM_CLIENT__INIT;
    message.body_case = WIRE__FROM_CLIENT__BODY_HELLO;
    message.hello = &hello;
    says(it, kind, number, route, &message);
}

static void says_publish(struct fixture *it, const char *kind, uint64_t number, uint8_t route)
{
    uint8_t random[COMMAND_ID_RANDOM_SIZE] = {(uint8_t)++it->town->made_ids}, id[COMMAND_ID_SIZE];
    Wire__PublishRequest publish = town_request(it->town, "Fiets gezocht");
    Wire__Command command = WIRE__COMMAND__INIT;
    Wire__FromClient message = WIRE__FROM_CLIENT__INIT;
    publish.base = (ProtobufCMessage)PROTOBUF_C_MESSAGE_INIT(&wire__publish_request__descriptor);
    command_id_make(now_ms, random, id);
    command.id_bytes = (ProtobufCBinaryData){sizeof id, id};
    command.what_case = WIRE__COMMAND__WHAT_PUBLISH_REQUEST;
    command.publish_request = &publish;
    message.body_case = WIRE__FROM_CLIENT__BODY_COMMAND;
    message.command = &command;
    says(it, kind, number, route, &message);
}

static uint32_t last_code(const struct fixture *it)
{
    assert_true(it->out_count > 0);
    const struct out *last = &it->out[it->out_count - 1];
    assert_int_equal(last->went, WENT_TO_SESSION);
    assert_int_equal(last->message->body_case, WIRE__FROM_BROKER__BODY_REPLY);
    return last->message->reply->code;
}

// ---------------------------------------------------------------- the stories

static void the_right_is_that_of_the_connection_and_looked_up_each_time(void **state)
{
    struct fixture *it = *state;
    says_publish(it, "giver", it->town->anna.number, 1);
    assert_int_equal(node_turn(it->node), BB_OK);
    assert_int_equal(last_code(it), BB_NOT_ALLOWED);
    says_publish(it, "member", it->town->desk.number, 2);
    assert_int_equal(node_turn(it->node), BB_OK);
    assert_int_equal(last_code(it), BB_OK);
    says_hello(it, "member", 4711, 3); // nobody
    assert_int_equal(last_code(it), BB_MEMBER_REVOKED);
    says_hello(it, "invite", 1, 4);
    assert_true(last_code(it) != BB_OK);
    assert_int_equal(node_sessions(it->node), 0);
}

static void who_the_door_did_not_name_is_not_answered(void **state)
{
    struct fixture *it = *state;
    struct routing_id route = {.bytes = {9}, .size = 1};
    static const uint8_t frame[] = {PROTOCOL_VERSION};
    node_take(it->node, &route, NULL, frame, sizeof frame);
    node_take(it->node, &route, "anybody", frame, sizeof frame);
    says_hello(it, "member", 0, 9);
    assert_int_equal(it->out_count, 0);
}

static void a_message_in_parts_and_one_that_cannot_be_read_are_told_so(void **state)
{
    struct fixture *it = *state;
    struct routing_id route = {.bytes = {9}, .size = 1};
    static const uint8_t garbage[] = {PROTOCOL_VERSION, 0xFF, 0xFF};
    node_take_parts(it->node, &route);
    assert_int_equal(last_code(it), BB_MALFORMED);
    node_take(it->node, &route, "member:1", garbage, sizeof garbage);
    assert_int_equal(last_code(it), BB_MALFORMED);
    assert_int_equal(it->out_count, 2);
}

static void who_says_too_much_is_told_to_wait_and_others_are_not(void **state)
{
    struct fixture *it = *state;
    for (int i = 0; i < BURST; i++) {
        says_hello(it, "member", it->town->desk.number, 1);
        assert_int_equal(it->out[it->out_count - 1].message->body_case, WIRE__FROM_BROKER__BODY_WELCOME);
    }
    says_hello(it, "member", it->town->desk.number, 1);
    assert_int_equal(last_code(it), BB_BUSY);
    says_hello(it, "member", it->town->other_desk.number, 2);
    assert_int_equal(it->out[it->out_count - 1].message->body_case, WIRE__FROM_BROKER__BODY_WELCOME);
    now_ms += 1000;
    says_hello(it, "member", it->town->desk.number, 1);
    assert_int_equal(it->out[it->out_count - 1].message->body_case, WIRE__FROM_BROKER__BODY_WELCOME);
}

static void nothing_goes_out_before_the_turn_and_the_answer_comes_last_but_beacons(void **state)
{
    struct fixture *it = *state;
    says_hello(it, "member", it->town->desk.number, 1);
    it->out_count = 0;
    says_publish(it, "member", it->town->desk.number, 1);
    assert_int_equal(it->out_count, 0);
    assert_int_equal(node_turn(it->node), BB_OK);
    size_t published = SENT_MAX, pushed = SENT_MAX, answered = 0;
    for (size_t i = 0; i < it->out_count; i++) {
        bool reply = it->out[i].message && it->out[i].message->body_case == WIRE__FROM_BROKER__BODY_REPLY;
        if (it->out[i].went == WENT_PUBLISHED && published == SENT_MAX)
            published = i;
        else if (reply)
            answered = i;
        else if (it->out[i].message)
            pushed = i;
    }
    assert_true(published < answered && pushed < answered);
    assert_int_equal(last_code(it), BB_OK);
}

static void a_session_that_cannot_be_reached_ends(void **state)
{
    struct fixture *it = *state;
    says_hello(it, "member", it->town->desk.number, 1);
    assert_int_equal(node_sessions(it->node), 1);
    says_publish(it, "member", it->town->other_desk.number, 2); // not this desk's business
    assert_int_equal(node_turn(it->node), BB_OK);
    assert_int_equal(node_sessions(it->node), 1);
    it->unreachable = true;
    says_publish(it, "member", it->town->desk.number, 2);
    assert_int_equal(node_turn(it->node), BB_OK); // what it misses, it fetches
    assert_int_equal(node_sessions(it->node), 0);
}

static void a_disk_that_fails_at_the_commit_stops_the_node_and_nobody_hears_anything(void **state)
{
    struct fixture *it = *state;
    says_publish(it, "member", it->town->desk.number, 1);
    town_sync_errno = EIO;
    assert_int_equal(node_turn(it->node), BB_STORE_IO);
    assert_int_equal(it->out_count, 0);
}

static void questions_go_to_the_reader_but_not_an_invitees(void **state)
{
    struct fixture *it = *state;
    Wire__Query query = WIRE__QUERY__INIT;
    Wire__FromClient message = WIRE__FROM_CLIENT__INIT;
    message.body_case = WIRE__FROM_CLIENT__BODY_QUERY;
    message.query = &query;
    says(it, "member", it->town->desk.number, 1, &message);
    assert_int_equal(it->asked, 1);
    says(it, "invite", 1, 2, &message);
    assert_int_equal(it->asked, 1);
    assert_int_equal(last_code(it), BB_NOT_ALLOWED);
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(the_right_is_that_of_the_connection_and_looked_up_each_time),
        STORY(who_the_door_did_not_name_is_not_answered),
        STORY(a_message_in_parts_and_one_that_cannot_be_read_are_told_so),
        STORY(who_says_too_much_is_told_to_wait_and_others_are_not),
        STORY(nothing_goes_out_before_the_turn_and_the_answer_comes_last_but_beacons),
        STORY(a_session_that_cannot_be_reached_ends),
        STORY(a_disk_that_fails_at_the_commit_stops_the_node_and_nobody_hears_anything),
        STORY(questions_go_to_the_reader_but_not_an_invitees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
