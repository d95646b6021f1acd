// SPDX-License-Identifier: MPL-2.0
// What becomes of a message: greeted, answered by the reader, or taken into the turn. Rights are looked up by the
// User-Id that our own ZAP handler gave to the connection, on each message, and by nothing that a message says.
#include "node_inside.h"

#include "message/frame.h"
#include "turn/reply.h"

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
static bool read_user_id(const char *user_id, struct incoming *in)
{
    const char *colon = strchr(user_id, ':');
    if (colon == NULL)
        return false;
    in->invitee = strncmp(user_id, "invite:", 7) == 0;
    in->number = strtoull(colon + 1, NULL, 10);
    return in->number != 0;
}

// With the correlation, and the command's id where there is one, so that the client knows what was refused.
static void refuse(struct node *node, const struct incoming *in, enum bb_code code)
{
    uint32_t correlation = in->message ? in->message->correlation : 0;
    bool command = in->message && in->message->body_case == WIRE__FROM_CLIENT__BODY_COMMAND && in->message->command;
    send_refusal(node, in->route, correlation, code, command ? in->message->command->id_bytes : no_command);
}

// ---------------------------------------------------------------- greetings

static enum bb_code greet_hello(struct node *node, const struct incoming *in, struct core *core,
                                const struct actor *actor, Wire__FromBroker *out)
{
    if (in->invitee)
        return BB_NOT_ALLOWED;
    metric_add(node->metrics, METRIC_HELLOS, 1);
    out->body_case = WIRE__FROM_BROKER__BODY_WELCOME;
    enum bb_code code =
        sessions_begin(node->sessions, in->route, actor->member->member, actor->party->party, node_steady_ms(node));
    return code == BB_OK ? welcome_make(node, core, actor, &out->welcome) : code;
}

static enum bb_code greet_ping(struct node *node, const struct incoming *in, struct core *core,
                               const struct actor *actor, Wire__FromBroker *out)
{
    metric_add(node->metrics, METRIC_PINGS, 1);
    struct session *session = sessions_find(node->sessions, in->route);
    if (session != NULL)
        session->heard_at_ms = node_steady_ms(node);
    out->body_case = WIRE__FROM_BROKER__BODY_PONG;
    return pong_make(node, core, actor, &out->pong);
}

static enum bb_code greet_in(struct node *node, const struct incoming *in, struct core *core, Wire__FromBroker *out)
{
    struct actor actor;
    enum bb_code code = actor_find(core, in->invitee, in->number, &actor);
    if (code != BB_OK)
        return code;
    if (in->message->body_case == WIRE__FROM_CLIENT__BODY_HELLO)
        return greet_hello(node, in, core, &actor, out);
    return greet_ping(node, in, core, &actor, out);
}

static void greet(struct node *node, const struct incoming *in)
{
    struct core core = {.keyring = node->keyring, .now_ms = turn_now_ms(node->turn, node_wall_ms(node))};
    memcpy(core.ids_key, turn_ids_key(node->turn), IDS_KEY_SIZE);
    Wire__FromBroker message = WIRE__FROM_BROKER__INIT;
    message.correlation = in->message->correlation;
    enum bb_code code = txn_begin_read(node->store, node->arena, &core.txn);
    if (code == BB_OK)
        code = greet_in(node, in, &core, &message);
    if (code == BB_OK)
        send_message(node, in->route, &message);
    txn_abort(&core.txn);
    if (code == BB_OK)
        return;
    metric_add(node->metrics, code == BB_BUSY ? METRIC_REFUSED_BUSY : METRIC_REFUSED_BY_RIGHTS, 1);
    send_refusal(node, in->route, in->message->correlation, code, no_command);
}

// ---------------------------------------------------------------- questions and commands

static bool within_rate(struct node *node, const struct incoming *in)
{
    uint64_t name[2] = {in->invitee, in->number};
    return bucket_table_take(node->rates, name, sizeof name, node_steady_ms(node));
}

static void ask_reader(struct node *node, const struct incoming *in)
{
    enum bb_code code = BB_NOT_ALLOWED;
    if (!in->invitee)
        code = node->outside.ask(node->outside.context, in->route, in->number, in->frame, in->frame_size);
    if (code == BB_OK)
        return;
    metric_add(node->metrics, code == BB_BUSY ? METRIC_REFUSED_BUSY : METRIC_REFUSED_BY_RIGHTS, 1);
    send_refusal(node, in->route, in->message->correlation, code, no_command);
}

// The turn's arena keeps the command until its turn; the other arena is used again for the next message.
static void take_command(struct node *node, const struct incoming *in)
{
    struct pending *place = &node->pending[node->pending_count];
    Wire__FromClient *kept;
    enum bb_code code = frame_unpack(in->frame, in->frame_size, COMMAND_FRAME_SIZE_MAX, &wire__from_client__descriptor,
                                     turn_arena(node->turn), &kept);
    if (code != BB_OK) {
        refuse(node, in, code);
        return;
    }
    *place = (struct pending){.route = *in->route, .correlation = kept->correlation};
    place->input = (struct turn_input){.invitee = in->invitee, .number = in->number, .command = kept->command};
    node->pending_count++;
}

static void dispatch(struct node *node, const struct incoming *in)
{
    if (!within_rate(node, in)) {
        metric_add(node->metrics, METRIC_REFUSED_BUSY, 1);
        refuse(node, in, BB_BUSY);
        return;
    }
    switch (in->message->body_case) {
    case WIRE__FROM_CLIENT__BODY_HELLO:
    case WIRE__FROM_CLIENT__BODY_PING:
        greet(node, in);
        return;
    case WIRE__FROM_CLIENT__BODY_QUERY:
    case WIRE__FROM_CLIENT__BODY_SYNC:
        ask_reader(node, in);
        return;
    case WIRE__FROM_CLIENT__BODY_COMMAND:
        take_command(node, in);
        return;
    default:
        refuse(node, in, BB_UNKNOWN_COMMAND);
    }
}

// One more message always fits into the rest of the arena.
bool node_has_room(const struct node *node)
{
    return node->pending_count < TURN_COMMANDS_MAX && arena_used_size(turn_arena(node->turn)) < TURN_ARENA_SIZE_MAX / 2;
}

void node_take(struct node *node, const struct routing_id *route, const char *user_id, const uint8_t *frame,
               size_t frame_size)
{
    struct incoming in = {.route = route, .frame = frame, .frame_size = frame_size};
    if (user_id == NULL || !read_user_id(user_id, &in))
        return;
    arena_reset(node->arena);
    enum bb_code code = frame_unpack(frame, frame_size, COMMAND_FRAME_SIZE_MAX, &wire__from_client__descriptor,
                                     node->arena, &in.message);
    if (code == BB_OK) {
        dispatch(node, &in);
        return;
    }
    metric_add(node->metrics, METRIC_FRAMES_MALFORMED, 1);
    refuse(node, &in, code);
}

void node_take_parts(struct node *node, const struct routing_id *route)
{
    metric_add(node->metrics, METRIC_FRAMES_MALFORMED, 1);
    arena_reset(node->arena);
    send_refusal(node, route, 0, BB_MALFORMED, no_command);
}
