// SPDX-License-Identifier: MPL-2.0
// Tests of enrol.c and door.c against a small broker of our own, which can lose answers, be busy and close its door.
#include "folder.h"

#include "buurtbel.h"
#include "file/home.h"
#include "message/command_id.h"
#include "message/frame.h"
#include "message/message_bytes.h"
#include "seal/identity.h"
#include "seal/invitation.h"

#include <pthread.h>
#include <sodium.h>
#include <zmq.h>

static const int64_t BROKER_NOW_MS = 1893456000000; // 2030, far from any clock here

// A broker on a thread of its own. `rules` are set before it starts and the rest is looked at after it ended.
struct broker {
    struct {
        unsigned enrols_lost; // so many stay without an answer
        unsigned enrols_busy; // so many of the next ones are answered with BUSY
        enum bb_code refusal; // of the others
        bool shut;            // the invitation's key is let in no more
        bool members_in;      // all other keys are members
        bool expire_first_id; // refuse the id of the first enrol as too old
    } rules;
    void *zmq_context, *router, *zap, *stop;
    pthread_t thread;
    char endpoint[64];
    struct key_pair keys, admission;
    unsigned pings, hellos, enrols;
    uint8_t first_id[COMMAND_ID_SIZE], last_id[COMMAND_ID_SIZE];
    uint8_t first_keys[3][32], last_keys[3][32];
    char party_name[NAME_SIZE_MAX + 1], member_name[NAME_SIZE_MAX + 1];
};

static void answer_zap(struct broker *broker)
{
    uint8_t frames[7][256];
    int sizes[7];
    for (int i = 0; i < 7; i++) {
        sizes[i] = zmq_recv(broker->zap, frames[i], sizeof frames[i], 0);
    }
    bool invited = sizes[6] == 32 && memcmp(frames[6], broker->admission.public_key, 32) == 0;
    bool let_in = invited ? !broker->rules.shut : broker->rules.members_in;
    zmq_send(broker->zap, frames[0], (size_t)sizes[0], ZMQ_SNDMORE);
    zmq_send(broker->zap, frames[1], (size_t)sizes[1], ZMQ_SNDMORE);
    zmq_send(broker->zap, let_in ? "200" : "400", 3, ZMQ_SNDMORE);
    zmq_send(broker->zap, "", 0, ZMQ_SNDMORE);
    zmq_send(broker->zap, "someone", 7, ZMQ_SNDMORE);
    zmq_send(broker->zap, "", 0, 0);
}

static void note_enrol(struct broker *broker, const Wire__Command *command)
{
    const Wire__Enrol *enrol = command->enrol;
    const ProtobufCBinaryData keys[] = {enrol->curve_key_bytes, enrol->sealing_key_bytes, enrol->signing_key_bytes};
    memcpy(broker->last_id, command->id_bytes.data, COMMAND_ID_SIZE);
    for (int i = 0; i < 3; i++) {
        memcpy(broker->last_keys[i], keys[i].data, 32);
    }
    bytes_take_text(enrol->party_name, broker->party_name, sizeof broker->party_name);
    bytes_take_text(enrol->member_name, broker->member_name, sizeof broker->member_name);
    if (broker->enrols++ == 0) {
        memcpy(broker->first_id, broker->last_id, sizeof broker->first_id);
        memcpy(broker->first_keys, broker->last_keys, sizeof broker->first_keys);
    }
}

// False: no answer.
static bool answer_enrol(struct broker *broker, const Wire__Command *command, Wire__Reply *reply)
{
    note_enrol(broker, command);
    if (broker->enrols <= broker->rules.enrols_lost) {
        return false;
    }
    if (broker->enrols <= broker->rules.enrols_lost + broker->rules.enrols_busy) {
        reply->code = BB_BUSY;
    } else if (broker->rules.expire_first_id && memcmp(broker->first_id, broker->last_id, COMMAND_ID_SIZE) == 0) {
        reply->code = BB_ID_EXPIRED;
    } else if (broker->rules.refusal != BB_OK) {
        reply->code = broker->rules.refusal;
    } else {
        reply->made = 21;
        reply->party = 20;
        reply->state = PARTY_WAITING;
    }
    return true;
}

static bool make_answer(struct broker *broker, const Wire__FromClient *request, struct arena *arena, uint8_t **frame,
                        size_t *size)
{
    Wire__FromBroker answer = WIRE__FROM_BROKER__INIT;
    Wire__Pong pong = WIRE__PONG__INIT;
    Wire__Welcome welcome = WIRE__WELCOME__INIT;
    Wire__Reply reply = WIRE__REPLY__INIT;
    answer.correlation = request->correlation;
    if (request->body_case == WIRE__FROM_CLIENT__BODY_PING) {
        broker->pings++;
        pong.now_at_ms = BROKER_NOW_MS;
        answer.body_case = WIRE__FROM_BROKER__BODY_PONG;
        answer.pong = &pong;
    } else if (request->body_case == WIRE__FROM_CLIENT__BODY_HELLO) {
        broker->hellos++;
        welcome.party = 20;
        welcome.member = 21;
        welcome.party_state = WIRE__PARTY_STATE__PARTY_ACTIVE;
        answer.body_case = WIRE__FROM_BROKER__BODY_WELCOME;
        answer.welcome = &welcome;
    } else if (answer_enrol(broker, request->command, &reply)) {
        answer.body_case = WIRE__FROM_BROKER__BODY_REPLY;
        answer.reply = &reply;
    } else {
        return false;
    }
    return frame_pack(&answer.base, BROKER_FRAME_SIZE_MAX, arena, frame, size) == BB_OK;
}

// The answer to a ping that was repeated comes late, when something else is waited for.
static void send_late_pong(struct broker *broker, struct arena *arena, const uint8_t *routing_id, size_t id_size)
{
    Wire__FromClient ping = WIRE__FROM_CLIENT__INIT;
    ping.body_case = WIRE__FROM_CLIENT__BODY_PING;
    ping.correlation = 1;
    uint8_t *frame;
    size_t size;
    if (broker->pings > 0 && make_answer(broker, &ping, arena, &frame, &size)) {
        zmq_send(broker->router, routing_id, id_size, ZMQ_SNDMORE);
        zmq_send(broker->router, frame, size, 0);
    }
}

static void answer_client(struct broker *broker, struct arena *arena)
{
    uint8_t routing_id[256], bytes[COMMAND_FRAME_SIZE_MAX], *frame;
    int id_size = zmq_recv(broker->router, routing_id, sizeof routing_id, 0);
    int size = zmq_recv(broker->router, bytes, sizeof bytes, 0);
    Wire__FromClient *request;
    size_t frame_size;
    arena_reset(arena);
    send_late_pong(broker, arena, routing_id, (size_t)id_size);
    if (frame_unpack(bytes, (size_t)size, sizeof bytes, &wire__from_client__descriptor, arena, &request) == BB_OK &&
        make_answer(broker, request, arena, &frame, &frame_size)) {
        zmq_send(broker->router, routing_id, (size_t)id_size, ZMQ_SNDMORE);
        zmq_send(broker->router, frame, frame_size, 0);
    }
}

static void *serve(void *context)
{
    struct broker *broker = context;
    struct arena *arena = arena_create(MESSAGE_ARENA_SIZE_MAX);
    zmq_pollitem_t items[] = {
        {broker->stop, 0, ZMQ_POLLIN, 0}, {broker->zap, 0, ZMQ_POLLIN, 0}, {broker->router, 0, ZMQ_POLLIN, 0}};
    while (arena && zmq_poll(items, 3, -1) >= 0 && !items[0].revents) {
        if (items[1].revents) {
            answer_zap(broker);
        }
        if (items[2].revents) {
            answer_client(broker, arena);
        }
    }
    arena_destroy(&arena);
    zmq_close(broker->stop);
    return NULL;
}

static void broker_make_keys(struct broker *broker)
{
    memset(broker, 0, sizeof *broker);
    crypto_box_keypair(broker->keys.public_key, broker->keys.secret_key);
    crypto_box_keypair(broker->admission.public_key, broker->admission.secret_key);
}

// Starts it, again at the same place where it ran before, with its counts at zero.
static void broker_start(struct broker *broker)
{
    const int one = 1, zero = 0;
    size_t size = sizeof broker->endpoint;
    broker->pings = broker->hellos = broker->enrols = 0;
    broker->zmq_context = zmq_ctx_new();
    broker->zap = zmq_socket(broker->zmq_context, ZMQ_REP);
    broker->router = zmq_socket(broker->zmq_context, ZMQ_ROUTER);
    broker->stop = zmq_socket(broker->zmq_context, ZMQ_PAIR);
    zmq_setsockopt(broker->router, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(broker->router, ZMQ_CURVE_SERVER, &one, sizeof one);
    zmq_setsockopt(broker->router, ZMQ_CURVE_SECRETKEY, broker->keys.secret_key, 32);
    zmq_setsockopt(broker->router, ZMQ_ZAP_DOMAIN, "command", 7);
    assert_int_equal(zmq_bind(broker->zap, "inproc://zeromq.zap.01"), 0);
    assert_int_equal(zmq_bind(broker->stop, "inproc://stop"), 0);
    assert_int_equal(zmq_bind(broker->router, broker->endpoint[0] ? broker->endpoint : "tcp://127.0.0.1:*"), 0);
    assert_int_equal(zmq_getsockopt(broker->router, ZMQ_LAST_ENDPOINT, broker->endpoint, &size), 0);
    assert_int_equal(pthread_create(&broker->thread, NULL, serve, broker), 0);
}

static void broker_stop(struct broker *broker)
{
    void *stop = zmq_socket(broker->zmq_context, ZMQ_PAIR);
    assert_int_equal(zmq_connect(stop, "inproc://stop"), 0);
    assert_int_equal(zmq_send(stop, "", 0, 0), 0);
    assert_int_equal(pthread_join(broker->thread, NULL), 0);
    zmq_close(stop);
    zmq_close(broker->zap);
    zmq_close(broker->router);
    zmq_ctx_term(broker->zmq_context);
}

static char *invitation_of(const struct broker *broker)
{
    char *text = NULL;
    Client__Invitation it = CLIENT__INVITATION__INIT;
    it.command_endpoint = bytes_borrow_text(broker->endpoint);
    it.publish_endpoint = bytes_borrow_text("tcp://127.0.0.1:1");
    it.server_key_bytes = bytes_borrow(broker->keys.public_key, 32);
    it.admission_public_bytes = bytes_borrow(broker->admission.public_key, 32);
    it.admission_secret_bytes = bytes_borrow(broker->admission.secret_key, 32);
    it.community = bytes_borrow_text("meppel");
    it.role = WIRE__ROLE__ROLE_GIVER;
    it.audience_class = WIRE__AUDIENCE_CLASS__CLASS_RESIDENT;
    assert_int_equal(invitation_to_text(&it, &text), BB_OK);
    return text;
}

static struct bb_enrolment enrolled;

static enum bb_code try_enrol_as(const struct broker *broker, const char *home, const char *name, int timeout_ms)
{
    char *text = invitation_of(broker);
    enum bb_code code = bb_enrol(home, text, name, "Aïsha", timeout_ms, &enrolled);
    free(text);
    return code;
}

static enum bb_code try_enrol(const struct broker *broker, const char *home, int timeout_ms)
{
    return try_enrol_as(broker, home, "Buurthuis 't Anker", timeout_ms);
}

static enum bb_code load(const char *home, const char *name, struct identity *out)
{
    char *path = home_path(home, name);
    enum bb_code code = identity_load(path, out);
    free(path);
    return code;
}

static void enrolling_writes_an_identity_and_gives_its_numbers(void **state)
{
    struct broker broker;
    struct identity identity;
    broker_make_keys(&broker);
    broker_start(&broker);
    assert_int_equal(try_enrol(&broker, *state, 10000), BB_OK);
    broker_stop(&broker);
    assert_int_equal(enrolled.party, 20);
    assert_int_equal(enrolled.member, 21);
    assert_int_equal(enrolled.state, PARTY_WAITING);
    assert_string_equal(broker.party_name, "Buurthuis 't Anker");
    assert_string_equal(broker.member_name, "Aïsha");
    assert_true(command_id_valid(broker.last_id));
    assert_int_equal(command_id_time_ms(broker.last_id), BROKER_NOW_MS);

    assert_int_equal(load(*state, IDENTITY_FILE_NAME, &identity), BB_OK);
    assert_int_equal(load(*state, PENDING_FILE_NAME, &(struct identity){0}), BB_NO_IDENTITY);
    assert_memory_equal(identity.curve.public_key, broker.last_keys[0], 32);
    assert_memory_equal(identity.sealing.public_key, broker.last_keys[1], 32);
    assert_memory_equal(identity.signing_public, broker.last_keys[2], 32);
    assert_memory_equal(identity.server_key, broker.keys.public_key, 32);
    assert_string_equal(identity.command_endpoint, broker.endpoint);
    assert_string_equal(identity.community, "meppel");
    assert_string_equal(identity.party_name, "Buurthuis 't Anker");
    assert_int_equal(identity.role, ROLE_GIVER);
    assert_false(identity.enrolling);
}

static void a_second_enrolment_in_the_same_folder_is_refused(void **state)
{
    struct broker broker;
    broker_make_keys(&broker);
    broker_start(&broker);
    assert_int_equal(try_enrol(&broker, *state, 10000), BB_OK);
    assert_int_equal(try_enrol(&broker, *state, 10000), BB_ALREADY_ENROLLED);
    broker_stop(&broker);
    assert_int_equal(broker.enrols, 1);
}

static void without_an_answer_the_same_command_is_sent_again(void **state)
{
    struct broker broker;
    broker_make_keys(&broker);
    broker.rules.enrols_lost = 1;
    broker_start(&broker);
    assert_int_equal(try_enrol(&broker, *state, 10000), BB_OK);
    broker_stop(&broker);
    assert_int_equal(broker.enrols, 2);
    assert_memory_equal(broker.first_id, broker.last_id, COMMAND_ID_SIZE);
    assert_memory_equal(broker.first_keys, broker.last_keys, sizeof broker.first_keys);
}

static void a_later_run_uses_the_same_keys_and_command(void **state)
{
    struct broker broker;
    struct identity pending;
    broker_make_keys(&broker);
    broker.rules.enrols_lost = 100;
    broker_start(&broker);
    assert_int_equal(try_enrol(&broker, *state, 1500), BB_TIMED_OUT);
    broker_stop(&broker);
    assert_true(broker.enrols > 0);
    assert_int_equal(load(*state, IDENTITY_FILE_NAME, &pending), BB_NO_IDENTITY);
    assert_int_equal(load(*state, PENDING_FILE_NAME, &pending), BB_OK);
    assert_memory_equal(pending.enrol_id, broker.first_id, COMMAND_ID_SIZE);

    broker.rules.enrols_lost = 0;
    broker_start(&broker);
    assert_int_equal(try_enrol(&broker, *state, 10000), BB_OK);
    broker_stop(&broker);
    assert_int_equal(broker.pings, 0);
    assert_memory_equal(broker.last_id, pending.enrol_id, COMMAND_ID_SIZE);
    assert_memory_equal(broker.last_keys[0], pending.curve.public_key, 32);
}

static void whoever_used_up_its_own_invitation_is_a_member(void **state)
{
    struct broker broker;
    struct identity pending, identity;
    broker_make_keys(&broker);
    broker.rules.enrols_lost = 100;
    broker_start(&broker);
    assert_int_equal(try_enrol(&broker, *state, 1500), BB_TIMED_OUT);
    broker_stop(&broker);
    assert_int_equal(load(*state, PENDING_FILE_NAME, &pending), BB_OK);

    broker.rules.shut = true;
    broker.rules.members_in = true;
    broker_start(&broker);
    assert_int_equal(try_enrol(&broker, *state, 10000), BB_OK);
    broker_stop(&broker);
    assert_int_equal(broker.hellos, 1);
    assert_int_equal(enrolled.member, 21);
    assert_int_equal(enrolled.state, PARTY_ACTIVE);
    assert_int_equal(load(*state, IDENTITY_FILE_NAME, &identity), BB_OK);
    assert_memory_equal(&identity.curve, &pending.curve, sizeof pending.curve);
}

static void a_used_up_invitation_is_refused_at_the_door(void **state)
{
    struct broker broker;
    struct identity identity;
    broker_make_keys(&broker);
    broker.rules.shut = true;
    broker.rules.members_in = true; // nobody may get in by keys that were never sent
    broker_start(&broker);
    assert_int_equal(try_enrol(&broker, *state, 10000), BB_REFUSED_AT_THE_DOOR);
    broker_stop(&broker);
    assert_int_equal(broker.hellos, 0);
    assert_int_equal(load(*state, IDENTITY_FILE_NAME, &identity), BB_NO_IDENTITY);
}

static void nobody_there_is_away(void **state)
{
    struct broker broker;
    broker_make_keys(&broker);
    broker_start(&broker);
    broker_stop(&broker);
    assert_int_equal(try_enrol(&broker, *state, 300), BB_AWAY);
}

static void a_broker_with_another_key_is_away(void **state)
{
    struct broker broker, impostor;
    broker_make_keys(&broker);
    broker_make_keys(&impostor);
    broker_start(&impostor);
    strcpy(broker.endpoint, impostor.endpoint);
    assert_int_equal(try_enrol(&broker, *state, 500), BB_AWAY);
    broker_stop(&impostor);
    assert_int_equal(impostor.pings, 0);
}

static void the_refusal_of_the_broker_is_told(void **state)
{
    struct broker broker;
    struct identity identity;
    broker_make_keys(&broker);
    broker.rules.refusal = BB_INVITATION_EXPIRED;
    broker_start(&broker);
    assert_int_equal(try_enrol(&broker, *state, 10000), BB_INVITATION_EXPIRED);
    assert_int_equal(enrolled.member, 0);
    broker_stop(&broker);
    assert_int_equal(load(*state, IDENTITY_FILE_NAME, &identity), BB_NO_IDENTITY);
}

static void after_a_refusal_it_can_be_tried_with_another_name(void **state)
{
    struct broker broker;
    broker_make_keys(&broker);
    broker.rules.refusal = BB_MISSING;
    broker_start(&broker);
    assert_int_equal(try_enrol_as(&broker, *state, "", 10000), BB_MISSING);
    broker_stop(&broker);
    broker.rules.refusal = BB_OK;
    broker_start(&broker);
    assert_int_equal(try_enrol_as(&broker, *state, "Anker", 10000), BB_OK);
    broker_stop(&broker);
    assert_string_equal(broker.party_name, "Anker");
}

static void a_busy_broker_is_asked_again(void **state)
{
    struct broker broker;
    broker_make_keys(&broker);
    broker.rules.enrols_busy = 2;
    broker_start(&broker);
    assert_int_equal(try_enrol(&broker, *state, 10000), BB_OK);
    broker_stop(&broker);
    assert_int_equal(broker.enrols, 3);
    assert_memory_equal(broker.first_id, broker.last_id, COMMAND_ID_SIZE);
}

static void an_id_of_long_ago_is_made_anew_once(void **state)
{
    struct broker broker;
    broker_make_keys(&broker);
    broker.rules.enrols_lost = 100;
    broker_start(&broker);
    assert_int_equal(try_enrol(&broker, *state, 1500), BB_TIMED_OUT);
    broker_stop(&broker);

    broker.rules.enrols_lost = 0;
    broker.rules.expire_first_id = true;
    broker_start(&broker);
    assert_int_equal(try_enrol(&broker, *state, 10000), BB_OK);
    broker_stop(&broker);
    assert_int_equal(broker.enrols, 2);
    assert_memory_equal(broker.first_keys, broker.last_keys, sizeof broker.first_keys);
}

static void another_invitation_makes_other_keys(void **state)
{
    struct broker broker;
    struct identity first, second;
    broker_make_keys(&broker);
    broker.rules.enrols_lost = 100;
    broker_start(&broker);
    assert_int_equal(try_enrol(&broker, *state, 1500), BB_TIMED_OUT);
    broker_stop(&broker);
    assert_int_equal(load(*state, PENDING_FILE_NAME, &first), BB_OK);

    broker_make_keys(&broker);
    broker_start(&broker);
    assert_int_equal(try_enrol(&broker, *state, 10000), BB_OK);
    broker_stop(&broker);
    assert_int_equal(load(*state, IDENTITY_FILE_NAME, &second), BB_OK);
    assert_memory_not_equal(first.curve.public_key, second.curve.public_key, 32);
    assert_memory_not_equal(first.enrol_id, broker.first_id, COMMAND_ID_SIZE);
}

static void a_name_with_all_quotes_reaches_the_broker_unchanged(void **state)
{
    struct broker broker;
    struct identity identity;
    broker_make_keys(&broker);
    broker_start(&broker);
    assert_int_equal(try_enrol_as(&broker, *state, "\"'t Anker\"", 10000), BB_OK);
    broker_stop(&broker);
    assert_string_equal(broker.party_name, "\"'t Anker\"");
    assert_int_equal(load(*state, IDENTITY_FILE_NAME, &identity), BB_OK);
    assert_string_equal(identity.party_name, "''t Anker'");
}

static void names_and_invitations_that_are_none_are_refused_without_a_broker(void **state)
{
    struct broker broker;
    broker_make_keys(&broker);
    strcpy(broker.endpoint, "tcp://127.0.0.1:1");
    char name[NAME_SIZE_MAX + 2];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(try_enrol_as(&broker, *state, name, 100), BB_TOO_LONG);
    assert_int_equal(try_enrol_as(&broker, *state, name + 1, 100), BB_AWAY);
    assert_int_equal(try_enrol_as(&broker, *state, "a\nb", 100), BB_BAD_TEXT);
    assert_int_equal(try_enrol_as(&broker, *state, "\xff", 100), BB_BAD_TEXT);
    assert_int_equal(bb_enrol(*state, "hello", "a", "b", 100, &enrolled), BB_BAD_INVITATION);
    strcpy(broker.endpoint, "nowhere");
    assert_int_equal(try_enrol(&broker, *state, 100), BB_BAD_INVITATION);
}

static void a_pending_file_that_others_can_read_stops_it(void **state)
{
    struct broker broker;
    broker_make_keys(&broker);
    strcpy(broker.endpoint, "tcp://127.0.0.1:1");
    char *path = home_path(*state, PENDING_FILE_NAME);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(try_enrol(&broker, *state, 100), BB_OPEN_PERMISSIONS);
    free(path);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(enrolling_writes_an_identity_and_gives_its_numbers),
        IN_FOLDER(a_second_enrolment_in_the_same_folder_is_refused),
        IN_FOLDER(without_an_answer_the_same_command_is_sent_again),
        IN_FOLDER(a_later_run_uses_the_same_keys_and_command),
        IN_FOLDER(whoever_used_up_its_own_invitation_is_a_member),
        IN_FOLDER(a_used_up_invitation_is_refused_at_the_door),
        IN_FOLDER(nobody_there_is_away),
        IN_FOLDER(a_broker_with_another_key_is_away),
        IN_FOLDER(the_refusal_of_the_broker_is_told),
        IN_FOLDER(after_a_refusal_it_can_be_tried_with_another_name),
        IN_FOLDER(a_busy_broker_is_asked_again),
        IN_FOLDER(an_id_of_long_ago_is_made_anew_once),
        IN_FOLDER(another_invitation_makes_other_keys),
        IN_FOLDER(a_name_with_all_quotes_reaches_the_broker_unchanged),
        IN_FOLDER(names_and_invitations_that_are_none_are_refused_without_a_broker),
        IN_FOLDER(a_pending_file_that_others_can_read_stops_it),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
