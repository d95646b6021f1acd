// SPDX-License-Identifier: MPL-2.0
// What becomes of a message: greeted, answered by the reader, or taken into the turn. Rights are looked up by the
// User-Id that our own ZAP handler gave to the connection, on each message, and by nothing that a message says.
#include "broker.h"
#include "clock.h"
#include "message/frame.h"
#include "turn/reply.h"
#include "watch/log.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const ProtobufCBinaryData no_command = {0, NULL};

// One message and who sent it.
struct incoming {
    const struct routing_id *route;
    bool invitee;
    uint64_t number;
    const uint8_t *frame;
    size_t frame_size;
    Wire__FromClient *message;
};

// "giver:17", "member:3" or "invite:4", as outgoing.c names connections; anything else is not ours and is dropped.
static bool read_user_id(zmq_msg_t *body, struct incoming *in)
{
    const char *user_id = zmq_msg_gets(body, "User-Id");
    const char *colon = user_id ? strchr(user_id, ':') : NULL;
    if (colon == NULL)
        return false;
    in->invitee = strncmp(user_id, "invite:", 7) == 0;
    in->number = strtoull(colon + 1, NULL, 10);
    return in->number != 0;
}

// With the correlation, and the command's id where there is one, so that the client knows what was refused.
static void refuse(struct broker *broker, const struct incoming *in, enum bb_code code)
{
    uint32_t correlation = in->message ? in->message->correlation : 0;
    bool command = in->message && in->message->body_case == WIRE__FROM_CLIENT__BODY_COMMAND && in->message->command;
    send_refusal(broker, in->route, correlation, code, command ? in->message->command->id_bytes : no_command);
}

// ---------------------------------------------------------------- greetings

static enum bb_code greet_hello(struct broker *broker, const struct incoming *in, struct core *core,
                                const struct actor *actor, Wire__FromBroker *out)
{
    if (in->invitee)
        return BB_NOT_ALLOWED;
    metric_add(&broker->metrics, METRIC_HELLOS, 1);
    out->body_case = WIRE__FROM_BROKER__BODY_WELCOME;
    enum bb_code code =
        sessions_begin(broker->sessions, in->route, actor->member->member, actor->party->party, clock_monotonic_ms());
    return code == BB_OK ? welcome_make(broker, core, actor, &out->welcome) : code;
}

static enum bb_code greet_ping(struct broker *broker, const struct incoming *in, struct core *core,
                               const struct actor *actor, Wire__FromBroker *out)
{
    metric_add(&broker->metrics, METRIC_PINGS, 1);
    struct session *session = sessions_find(broker->sessions, in->route);
    if (session != NULL)
        session->heard_at_ms = clock_monotonic_ms();
    out->body_case = WIRE__FROM_BROKER__BODY_PONG;
    return pong_make(broker, core, actor, &out->pong);
}

static enum bb_code greet_in(struct broker *broker, const struct incoming *in, struct core *core, Wire__FromBroker *out)
{
    struct actor actor;
    enum bb_code code = actor_find(core, in->invitee, in->number, &actor);
    if (code != BB_OK)
        return code;
    if (in->message->body_case == WIRE__FROM_CLIENT__BODY_HELLO)
        return greet_hello(broker, in, core, &actor, out);
    return greet_ping(broker, in, core, &actor, out);
}

static void greet(struct broker *broker, const struct incoming *in)
{
    struct core core = {.keyring = broker->keyring, .now_ms = turn_now_ms(broker->turn, clock_wall_ms())};
    memcpy(core.ids_key, turn_ids_key(broker->turn), IDS_KEY_SIZE);
    Wire__FromBroker message = WIRE__FROM_BROKER__INIT;
    message.correlation = in->message->correlation;
    enum bb_code code = txn_begin_read(broker->store, broker->arena, &core.txn);
    if (code == BB_OK)
        code = greet_in(broker, in, &core, &message);
    if (code == BB_OK)
        send_message(broker, in->route, &message);
    txn_abort(&core.txn);
    if (code == BB_OK)
        return;
    metric_add(&broker->metrics, code == BB_BUSY ? METRIC_REFUSED_BUSY : METRIC_REFUSED_BY_RIGHTS, 1);
    send_refusal(broker, in->route, in->message->correlation, code, no_command);
}

// ---------------------------------------------------------------- questions and commands

static bool within_rate(struct broker *broker, const struct incoming *in)
{
    uint64_t name[2] = {in->invitee, in->number};
    return bucket_table_take(broker->rates, name, sizeof name, clock_monotonic_ms());
}

static void ask_reader(struct broker *broker, const struct incoming *in)
{
    enum bb_code code = BB_NOT_ALLOWED;
    if (!in->invitee)
        code = reader_ask(broker->reader, in->route, in->number, in->frame, in->frame_size);
    if (code == BB_OK)
        return;
    metric_add(&broker->metrics, code == BB_BUSY ? METRIC_REFUSED_BUSY : METRIC_REFUSED_BY_RIGHTS, 1);
    send_refusal(broker, in->route, in->message->correlation, code, no_command);
}

// The turn's arena keeps the command until its turn; the other arena is used again for the next message.
static void take_command(struct broker *broker, const struct incoming *in, struct pending *pending, size_t *count)
{
    struct pending *place = &pending[*count];
    Wire__FromClient *kept;
    enum bb_code code = frame_unpack(in->frame, in->frame_size, COMMAND_FRAME_SIZE_MAX, &wire__from_client__descriptor,
                                     turn_arena(broker->turn), &kept);
    if (code != BB_OK) {
        refuse(broker, in, code);
        return;
    }
    *place = (struct pending){.route = *in->route, .correlation = kept->correlation};
    place->input = (struct turn_input){.invitee = in->invitee, .number = in->number, .command = kept->command};
    (*count)++;
}

static void dispatch(struct broker *broker, const struct incoming *in, struct pending *pending, size_t *count)
{
    if (!within_rate(broker, in)) {
        metric_add(&broker->metrics, METRIC_REFUSED_BUSY, 1);
        refuse(broker, in, BB_BUSY);
        return;
    }
    switch (in->message->body_case) {
    case WIRE__FROM_CLIENT__BODY_HELLO:
    case WIRE__FROM_CLIENT__BODY_PING:
        greet(broker, in);
        return;
    case WIRE__FROM_CLIENT__BODY_QUERY:
    case WIRE__FROM_CLIENT__BODY_SYNC:
        ask_reader(broker, in);
        return;
    case WIRE__FROM_CLIENT__BODY_COMMAND:
        take_command(broker, in, pending, count);
        return;
    default:
        refuse(broker, in, BB_UNKNOWN_COMMAND);
    }
}

void dispatch_message(struct broker *broker, const struct routing_id *route, zmq_msg_t *body, struct pending *pending,
                      size_t *count)
{
    struct incoming in = {.route = route, .frame = zmq_msg_data(body), .frame_size = zmq_msg_size(body)};
    if (!read_user_id(body, &in))
        return;
    arena_reset(broker->arena);
    enum bb_code code = frame_unpack(in.frame, in.frame_size, COMMAND_FRAME_SIZE_MAX, &wire__from_client__descriptor,
                                     broker->arena, &in.message);
    if (code == BB_OK) {
        dispatch(broker, &in, pending, count);
        return;
    }
    metric_add(&broker->metrics, METRIC_FRAMES_MALFORMED, 1);
    refuse(broker, &in, code);
}

// ---------------------------------------------------------------- the turn

static void count_answer(struct broker *broker, const struct turn_answer *answer)
{
    if (answer->code == BB_OK)
        metric_add(&broker->metrics, answer->repeated ? METRIC_COMMANDS_REPEATED : METRIC_COMMANDS_ACCEPTED, 1);
    else
        metric_add(&broker->metrics, METRIC_COMMANDS_REFUSED, 1);
    if (reply_is_about_rights(answer->code))
        metric_add(&broker->metrics, METRIC_REFUSED_BY_RIGHTS, 1);
}

static void send_answers(struct broker *broker, const struct pending *pending, size_t count,
                         const struct turn_result *result)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t *frame;
        size_t frame_size;
        arena_reset(broker->arena);
        count_answer(broker, &result->answers[i]);
        if (reply_answer(pending[i].correlation, &result->answers[i], pending[i].input.command->id_bytes, broker->arena,
                         &frame, &frame_size) == BB_OK)
            send_frame(broker, &pending[i].route, frame, frame_size);
    }
}

static void count_turn(struct broker *broker, const struct turn_result *result, int64_t started_us)
{
    struct metrics *metrics = &broker->metrics;
    metric_add(metrics, METRIC_TURNS, 1);
    metric_add(metrics, METRIC_FACTS, result->facts_count);
    metric_add(metrics, METRIC_TURN_MICROSECONDS, (uint64_t)(clock_monotonic_us() - started_us));
    metric_set(metrics, METRIC_JOURNAL_HEAD, result->entry);
}

// Slots are filled ahead between turns, so that no commit ever waits for the keyring.
static enum bb_code fill_keyring(struct broker *broker)
{
    uint64_t used = turn_slots_used(broker->turn);
    if (keyring_last(broker->keyring) >= used + KEYRING_SLOTS_AHEAD / 2)
        return BB_OK;
    return keyring_fill(broker->keyring, used + KEYRING_SLOTS_AHEAD);
}

// The door does not know what the store knows. Only a new start, which reads it all, makes them agree again.
static enum bb_code stop_after_commit(void)
{
    log_line(LEVEL_ERROR, "door_not_changed", "problem", "out of memory; the daemon stops so that a restart mends it",
             NULL);
    return BB_STORE_IO;
}

static enum bb_code run(struct broker *broker, const struct pending *pending, size_t count, struct turn_result *result)
{
    struct turn_input inputs[TURN_COMMANDS_MAX];
    uint8_t random[CORE_RANDOM_SIZE];
    int64_t started_us = clock_monotonic_us();
    for (size_t i = 0; i < count; i++)
        inputs[i] = pending[i].input;
    randombytes_buf(random, sizeof random);
    enum bb_code code = turn_run(broker->turn, inputs, count, clock_wall_ms(), random, result);
    if (code != BB_OK)
        return code;
    count_turn(broker, result, started_us);
    if (send_effects(broker, result) != BB_OK)
        return stop_after_commit();
    send_answers(broker, pending, count, result);
    return BB_OK;
}

static bool must_stop(enum bb_code code)
{
    return code == BB_STORE_IO || code == BB_STORE_NEWER;
}

// The store refused the whole turn and kept nothing of it. One by one, only the command that it refuses is refused.
static enum bb_code run_singly(struct broker *broker, const struct pending *pending, size_t count,
                               struct turn_result *result)
{
    for (size_t i = 0; i < count; i++) {
        enum bb_code code = run(broker, &pending[i], 1, result);
        if (must_stop(code))
            return code;
        if (code != BB_OK) {
            log_line(LEVEL_ERROR, "command_not_kept", "code", bb_code_symbol(code), NULL);
            result->answers[0] = (struct turn_answer){.code = code};
            send_answers(broker, &pending[i], 1, result);
        }
    }
    return BB_OK;
}

enum bb_code dispatch_turn(struct broker *broker, const struct pending *pending, size_t count)
{
    static struct turn_result result; // too large for the stack; there is one loop
    enum bb_code code = run(broker, pending, count, &result);
    if (code != BB_OK && !must_stop(code))
        code = run_singly(broker, pending, count, &result);
    if (code == BB_OK)
        code = fill_keyring(broker);
    return code;
}
