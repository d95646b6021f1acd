// SPDX-License-Identifier: MPL-2.0
// The session's trunk: connection and welcome, ping and pong, time, and where what comes in goes.
//
// Garbage is counted and left; nothing that a broker says makes it stop but the word that this member's access ended.
#include "session_inside.h"

#include "message/frame.h"
#include "message/message_bytes.h"
#include "message/unpack.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_SIZE = 4 * MESSAGE_ARENA_SIZE_MAX, FRAME_ARENA_SIZE = 2 * COMMAND_FRAME_SIZE_MAX };

void session_begin(struct session *session, struct session_time now)
{
    session->now = now;
    arena_reset(session->arena);
}

int64_t session_jitter(struct session *session, uint32_t range_ms)
{
    uint32_t number = 0;
    session->random(session->random_context, &number, sizeof number);
    return session->now.steady_ms + (range_ms ? number % range_ms : 0);
}

uint32_t session_correlation(struct session *session)
{
    if (++session->correlation == 0)
        session->correlation = 1;
    return session->correlation;
}

void session_drop(struct session *session)
{
    session->dropped++;
}

void session_tell(struct session *session, enum bb_event_kind kind, enum bb_code code)
{
    out_event(session, &(struct bb_event){.kind = kind, .code = code}, NULL, NULL, 0);
}

void session_state_save(struct session *session)
{
    Client__SessionState row = CLIENT__SESSION_STATE__INIT;
    row.clock_offset_ms = session->clock_offset_saved_ms = session->clock_offset_ms;
    row.welcome = session->welcome;
    out_save(session, row_key(ROW_STATE, "", 0), &row.base);
}

void *row_unpack(struct session *session, const ProtobufCMessageDescriptor *type, const struct session_row *row)
{
    void *message;
    if (message_unpack(type, row->value, row->value_size, &message) == BB_NO_MEMORY)
        session->broken = BB_NO_MEMORY;
    return message;
}

static bool state_load(struct session *session, const struct session_row *row)
{
    Client__SessionState *state = row_unpack(session, &client__session_state__descriptor, row);
    bool usable = state && state->welcome && !session->welcome && state->clock_offset_ms >= -TIME_MS_MAX &&
                  state->clock_offset_ms <= TIME_MS_MAX;
    if (usable) {
        session->clock_offset_ms = session->clock_offset_saved_ms = state->clock_offset_ms;
        session->welcome = state->welcome;
        session->paused = session->welcome->paused;
        state->welcome = NULL;
    }
    if (state)
        client__session_state__free_unpacked(state, NULL);
    return usable;
}

static bool load(struct session *session, const struct session_row *row)
{
    switch (row->key_size > 0 ? row->key[0] : 0) {
    case ROW_STATE:
        return state_load(session, row);
    case ROW_COMMAND:
        return outbox_load(session, row);
    case ROW_CURSOR:
        return !session->follow || channels_load(session, row);
    case ROW_REQUEST:
    case ROW_ITEM:
        return !session->follow || known_load(session, row);
    default:
        return true; // not the session's
    }
}

struct session *session_create(const struct session_options *options, struct session_time now,
                               const struct session_row *rows, size_t count)
{
    struct session *session = calloc(1, sizeof *session);
    if (!session)
        return NULL;
    session->follow = options->follow;
    session->timeout_ms = options->timeout_ms;
    session->random = options->random;
    session->random_context = options->random_context;
    session->software_size = options->software ? strnlen(options->software, SOFTWARE_SIZE_MAX) : 0;
    if (session->software_size > 0)
        memcpy(session->software, options->software, session->software_size);
    session->now = now;
    session->away_due_ms = now.steady_ms + AWAY_AFTER_MS;
    queue_init(&session->saves);
    queue_init(&session->rest);
    session->arena = arena_create(ARENA_SIZE);
    session->out_arena = arena_create(FRAME_ARENA_SIZE);
    for (size_t i = 0; i < count; i++) {
        struct row_key key = {.size = rows[i].key_size};
        if (load(session, &rows[i]) || key.size == 0 || key.size > SESSION_KEY_SIZE_MAX)
            continue;
        memcpy(key.bytes, rows[i].key, key.size);
        out_save(session, key, NULL);
    }
    known_hand_out_again(session);
    if (!session->arena || !session->out_arena || session->broken != BB_OK)
        session_destroy(&session);
    return session;
}

void session_destroy(struct session **session)
{
    struct session *old = *session;
    if (!old)
        return;
    outbox_fini(old);
    queries_back(old, BB_AWAY);
    known_fini(old);
    queue_fini(&old->saves);
    queue_fini(&old->rest);
    if (old->welcome)
        wire__welcome__free_unpacked(old->welcome, NULL);
    arena_destroy(&old->arena);
    arena_destroy(&old->out_arena);
    bytes_wipe((ProtobufCBinaryData){.len = sizeof old->channels, .data = (uint8_t *)old->channels}); // their keys
    free(old);
    *session = NULL;
}

static void send_hello(struct session *session)
{
    Wire__Hello hello = WIRE__HELLO__INIT;
    hello.software = bytes_of(session->software, session->software_size);
    Wire__FromClient message = WIRE__FROM_CLIENT__INIT;
    if (session->hello_correlation == 0)
        session->hello_correlation = session_correlation(session);
    message.correlation = session->hello_correlation;
    message.body_case = WIRE__FROM_CLIENT__BODY_HELLO;
    message.hello = &hello;
    out_send(session, &message);
    session->hello_due_ms = session->now.steady_ms + HELLO_AGAIN_MS;
}

// A hello that is due or unanswered already is enough.
void session_hello_soon(struct session *session, uint32_t jitter_ms)
{
    if (session->online && session->hello_due_ms == NEVER)
        session->hello_due_ms = session_jitter(session, jitter_ms);
}

void session_online(struct session *session, struct session_time now)
{
    session_begin(session, now);
    if (session->broken != BB_OK)
        return;
    session->online = true;
    session->welcomed = false;
    session->heard_pong_ms = now.steady_ms;
    session->hello_correlation = 0;
    channels_offline(session);
    send_hello(session);
}

static void go_offline(struct session *session, enum bb_code code)
{
    bool told = session->away_told && session->away_code == code;
    session->online = session->welcomed = false;
    session->away_told = true;
    session->away_code = code;
    session->away_due_ms = session->hello_due_ms = session->ping_due_ms = NEVER;
    channels_offline(session);
    if (session->broken == BB_OK && !told)
        session_tell(session, BB_EVENT_AWAY, code);
    if (code == BB_REFUSED_AT_THE_DOOR) { // waiting helps nobody, and no cancel will come (DOMAIN: rule 4)
        channels_drop_classes(session);
        known_cancel_all(session);
        outbox_tickets_back(session, code);
        queries_back(session, code);
    }
}

void session_offline(struct session *session, struct session_time now, enum bb_code code)
{
    session_begin(session, now);
    go_offline(session, code);
}

// The broker ended this member's access: nothing more will come, so nothing may stay on the screen.
void session_stop(struct session *session, enum bb_code code)
{
    channels_drop_classes(session);
    known_cancel_all(session);
    go_offline(session, BB_AWAY);
    session->broken = code;
    session_tell(session, BB_EVENT_REFUSED, code);
    outbox_tickets_back(session, code);
    queries_back(session, code);
}

void session_ping_soon(struct session *session)
{
    session->ping_due_ms = sooner(session->ping_due_ms, session->now.steady_ms + PING_AFTER_NOTICE_MS);
}

static void send_ping(struct session *session)
{
    session->ping_due_ms = session->now.steady_ms + PING_MS;
    Wire__FromClient message = WIRE__FROM_CLIENT__INIT;
    message.correlation = session_correlation(session);
    message.body_case = WIRE__FROM_CLIENT__BODY_PING;
    message.ping = channels_ping(session);
    if (message.ping)
        out_send(session, &message);
}

void session_tick(struct session *session, struct session_time now)
{
    session_begin(session, now);
    int64_t at = now.steady_ms;
    if (session->mark_due_ms != NEVER && session->mark_due_ms <= at)
        known_marks_save(session);
    outbox_tick(session);
    queries_tick(session);
    if (session->broken != BB_OK)
        return;
    if (session->away_due_ms != NEVER && session->away_due_ms <= at && !session->online)
        go_offline(session, BB_AWAY);
    if (session->online && at - session->heard_pong_ms >= PONG_MISSING_MS) {
        out_plain(session, SESSION_RECONNECT);
        go_offline(session, BB_AWAY);
    }
    if (session->online && session->hello_due_ms != NEVER && session->hello_due_ms <= at)
        send_hello(session);
    if (session->welcomed && session->ping_due_ms != NEVER && session->ping_due_ms <= at)
        send_ping(session);
    sync_tick(session);
}

int64_t session_deadline(const struct session *session)
{
    int64_t deadline = sooner(outbox_deadline(session), queries_deadline(session));
    deadline = sooner(deadline, session->mark_due_ms);
    if (session->broken == BB_OK) {
        deadline = sooner(deadline, sync_deadline(session));
        if (session->online)
            deadline = sooner(deadline, sooner(session->hello_due_ms, session->heard_pong_ms + PONG_MISSING_MS));
        else
            deadline = sooner(deadline, session->away_due_ms);
        if (session->welcomed)
            deadline = sooner(deadline, session->ping_due_ms);
    }
    return deadline == NEVER ? INT64_MAX : deadline;
}

void session_finish(struct session *session)
{
    known_marks_save(session);
    if (session->welcome && session->clock_offset_ms != session->clock_offset_saved_ms)
        session_state_save(session);
}

bool session_connected(const struct session *session)
{
    return session->welcomed;
}

bool session_complete(const struct session *session)
{
    if (!session->follow || !session->welcomed)
        return false;
    for (size_t i = 0; i < CHANNELS_PER_CLIENT_MAX; i++) {
        const struct channel *channel = &session->channels[i];
        if (channel->id != 0 && (!channel->in_step || channel->seq < channel->head))
            return false;
    }
    return true;
}

const Wire__Welcome *session_welcome(const struct session *session)
{
    return session->welcome;
}

int64_t session_now_ms(const struct session *session, int64_t wall_ms)
{
    return wall_ms + session->clock_offset_ms;
}

size_t session_outbox_count(const struct session *session)
{
    return session->outbox_count;
}

uint64_t session_dropped(const struct session *session)
{
    return session->dropped;
}

enum bb_code session_broken(const struct session *session)
{
    return session->broken;
}
