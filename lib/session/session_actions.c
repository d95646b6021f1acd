// SPDX-License-Identifier: MPL-2.0
// What comes out of a session: two queues, rows to save before all else, so that nothing is handed on that is not
// durable. Messages wait packed and are unpacked when they are taken, so that an event in a caller's hands stays whole
// whatever the caller hands in meanwhile.
#include "session_inside.h"

#include "message/frame.h"

#include <stdlib.h>
#include <string.h>

void queue_init(struct queue *queue)
{
    *queue = (struct queue){.last = &queue->first};
}

static void queued_destroy(struct queued *queued)
{
    session_action_fini(&queued->action);
    free(queued->packed);
    free(queued);
}

static struct queued *queue_pop(struct queue *queue)
{
    struct queued *queued = queue->first;
    if (!queued)
        return NULL;
    queue->first = queued->next;
    if (!queue->first)
        queue->last = &queue->first;
    return queued;
}

void queue_fini(struct queue *queue)
{
    struct queued *queued;
    while ((queued = queue_pop(queue)))
        queued_destroy(queued);
}

static struct queued *add(struct session *session, struct queue *queue, enum session_action_kind kind)
{
    struct queued *queued = calloc(1, sizeof *queued);
    if (!queued) {
        session->broken = BB_NO_MEMORY;
        return NULL;
    }
    queued->action.kind = kind;
    *queue->last = queued;
    queue->last = &queued->next;
    return queued;
}

ProtobufCBinaryData bytes_of(const void *bytes, size_t size)
{
    return (ProtobufCBinaryData){.len = size, .data = (uint8_t *)(uintptr_t)bytes};
}

static uint8_t *copy_of(struct session *session, const void *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        session->broken = BB_NO_MEMORY;
    else if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

uint8_t *pack_copy(const ProtobufCMessage *message, size_t *size)
{
    *size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(*size ? *size : 1);
    if (bytes)
        protobuf_c_message_pack(message, bytes);
    return bytes;
}

static uint8_t *pack(struct session *session, const ProtobufCMessage *message, size_t *size)
{
    uint8_t *bytes = pack_copy(message, size);
    if (!bytes)
        session->broken = BB_NO_MEMORY;
    return bytes;
}

struct row_key row_key(enum session_row_kind kind, const void *rest, size_t rest_size)
{
    struct row_key key = {.bytes = {(uint8_t)kind}, .size = 1 + rest_size};
    memcpy(key.bytes + 1, rest, rest_size);
    return key;
}

struct row_key row_key_numbers(enum session_row_kind kind, uint64_t first, uint64_t second, size_t count)
{
    uint8_t rest[16];
    for (size_t i = 0; i < 8; i++) {
        rest[i] = (uint8_t)(first >> (56 - 8 * i));
        rest[8 + i] = (uint8_t)(second >> (56 - 8 * i));
    }
    return row_key(kind, rest, 8 * count);
}

uint64_t number_of(const uint8_t *bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    return number;
}

void out_save(struct session *session, struct row_key key, const ProtobufCMessage *row)
{
    struct queued *queued = add(session, &session->saves, SESSION_SAVE);
    if (!queued)
        return;
    memcpy(queued->action.key, key.bytes, key.size);
    queued->action.key_size = key.size;
    if (row)
        queued->action.bytes = pack(session, row, &queued->action.size);
}

void out_send(struct session *session, const Wire__FromClient *message)
{
    uint8_t *frame = NULL;
    size_t size = 0;
    arena_reset(session->out_arena);
    if (frame_pack(&message->base, COMMAND_FRAME_SIZE_MAX, session->out_arena, &frame, &size) != BB_OK)
        return; // sizes were checked before, so memory is short; what matters is sent again
    struct queued *queued = add(session, &session->rest, SESSION_SEND);
    if (!queued)
        return;
    queued->action.bytes = copy_of(session, frame, size);
    queued->action.size = queued->action.bytes ? size : 0;
}

void out_topic(struct session *session, enum session_action_kind kind, const struct channel *channel)
{
    struct queued *queued = add(session, &session->rest, kind);
    if (!queued)
        return;
    queued->action.bytes = copy_of(session, channel->topic, channel->topic_size);
    queued->action.size = queued->action.bytes ? channel->topic_size : 0;
}

void out_plain(struct session *session, enum session_action_kind kind)
{
    add(session, &session->rest, kind);
}

void out_event(struct session *session, const struct bb_event *event, const ProtobufCMessageDescriptor *type,
               const uint8_t *packed, size_t packed_size)
{
    struct queued *queued = add(session, &session->rest, SESSION_EVENT);
    if (!queued)
        return;
    queued->action.event = *event;
    queued->type = type;
    if (type)
        queued->packed = copy_of(session, packed, packed_size);
    queued->packed_size = packed_size;
}

void out_lost(struct session *session, const struct bb_lost *lost, bool again)
{
    struct queued *queued = add(session, &session->rest, SESSION_EVENT);
    if (!queued)
        return;
    queued->action.event = (struct bb_event){.kind = BB_EVENT_LOST, .again = again};
    queued->action.bytes = copy_of(session, lost, sizeof *lost);
    queued->action.size = queued->action.bytes ? sizeof *lost : 0;
    queued->action.event.lost = (const struct bb_lost *)(const void *)queued->action.bytes;
}

void out_reply(struct session *session, void *ticket, const Wire__Reply *reply)
{
    struct queued *queued = ticket ? add(session, &session->rest, SESSION_REPLY) : NULL;
    if (!queued)
        return;
    queued->action.ticket = ticket;
    queued->type = &wire__reply__descriptor;
    queued->packed = pack(session, &reply->base, &queued->packed_size);
}

void out_reply_code(struct session *session, void *ticket, enum bb_code code)
{
    const char *sentence = bb_code_sentence(code, BB_ENGLISH);
    Wire__Reply reply = WIRE__REPLY__INIT;
    reply.code = code;
    reply.sentence = bytes_of(sentence, sentence ? strlen(sentence) : 0);
    out_reply(session, ticket, &reply);
}

void out_answer(struct session *session, void *ticket, enum bb_code code, const Wire__Answer *answer)
{
    struct queued *queued = ticket ? add(session, &session->rest, SESSION_ANSWER) : NULL;
    if (!queued)
        return;
    queued->action.ticket = ticket;
    queued->action.code = code;
    if (answer) {
        queued->type = &wire__answer__descriptor;
        queued->packed = pack(session, &answer->base, &queued->packed_size);
    }
}

// Hangs the unpacked message where the action's reader looks for it.
static void attach(struct session_action *action, ProtobufCMessage *message)
{
    action->owned = message;
    if (message->descriptor == &wire__reply__descriptor)
        action->reply = (Wire__Reply *)message;
    else if (message->descriptor == &wire__answer__descriptor)
        action->answer = (Wire__Answer *)message;
    else if (message->descriptor == &wire__welcome__descriptor)
        action->event.welcome = (Wire__Welcome *)message;
    else if (message->descriptor == &wire__public_request__descriptor)
        action->event.request = (Wire__PublicRequest *)message;
    else if (message->descriptor == &wire__command__descriptor)
        action->event.command = (Wire__Command *)message;
    else
        action->event.item = (Wire__MailboxItem *)message;
}

static void note_handed(struct session *session, const struct bb_event *event)
{
    if (event->request)
        known_handed(session, 0, event->request->request);
    if (event->item)
        known_handed(session, event->item->what_case, item_id(event->item));
    if (event->lost)
        accepted_told(session, event->lost);
}

bool session_take_row(struct session *session, struct session_action *out)
{
    return session->broken != BB_NO_MEMORY && session->saves.first && session_take(session, out);
}

// Once memory ran out what is queued may lack its bytes, so nothing more comes out.
bool session_take(struct session *session, struct session_action *out)
{
    if (session->broken == BB_NO_MEMORY)
        return false;
    struct queued *queued = queue_pop(&session->saves);
    if (!queued)
        queued = queue_pop(&session->rest);
    if (!queued)
        return false;
    if (queued->type) {
        ProtobufCMessage *message = protobuf_c_message_unpack(queued->type, NULL, queued->packed_size, queued->packed);
        if (!message) {
            session->broken = BB_NO_MEMORY;
            queued_destroy(queued);
            return false;
        }
        attach(&queued->action, message);
    }
    if (queued->action.kind == SESSION_EVENT)
        note_handed(session, &queued->action.event);
    *out = queued->action;
    queued->action = (struct session_action){.kind = SESSION_SAVE};
    queued_destroy(queued);
    return true;
}

void session_action_fini(struct session_action *action)
{
    free(action->bytes);
    if (action->owned)
        protobuf_c_message_free_unpacked(action->owned, NULL);
    *action = (struct session_action){.kind = SESSION_SAVE};
}
