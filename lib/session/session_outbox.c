// SPDX-License-Identifier: MPL-2.0
// Commands on their way: saved first, sent in the order they were given, repeated under the same id until answered.
//
// The broker carries a command out once however often it comes (DOMAIN: rule 6), so repeating is always safe; giving up
// is not, and so a time-out ends only the waiting.
#include "session_inside.h"

#include "message/command_id.h"

#include <stdlib.h>
#include <string.h>

enum { FRAME_ROOM_SIZE = 32, REFUSALS_COUNTED_MAX = 6, ID_COUNT_MAX = 0xFFF };

static struct row_key key_of(const struct outgoing *command)
{
    return row_key(ROW_COMMAND, command->id, COMMAND_ID_SIZE);
}

// Ids of one run rise, so that the order of the rows is the order of giving.
static void make_id(struct session *session, uint8_t id[COMMAND_ID_SIZE])
{
    uint8_t random[COMMAND_ID_RANDOM_SIZE];
    session->random(session->random_context, random, sizeof random);
    int64_t now_ms = session_now_ms(session, session->now.wall_ms);
    if (now_ms > session->last_id_ms) {
        session->last_id_ms = now_ms;
        session->last_id_count = 0;
    } else if (++session->last_id_count > ID_COUNT_MAX) {
        session->last_id_ms++;
        session->last_id_count = 0;
    }
    random[0] = (uint8_t)(session->last_id_count >> 8);
    random[1] = (uint8_t)session->last_id_count;
    command_id_make(session->last_id_ms, random, id);
}

static void outgoing_destroy(struct outgoing *command)
{
    free(command->packed);
    free(command);
}

static struct outgoing *find(const struct session *session, const uint8_t *id)
{
    for (size_t i = 0; i < session->outbox_count; i++) {
        if (memcmp(session->outbox[i]->id, id, COMMAND_ID_SIZE) == 0)
            return session->outbox[i];
    }
    return NULL;
}

static void take_out(struct session *session, struct outgoing *command)
{
    size_t i = 0;
    while (session->outbox[i] != command)
        i++;
    session->outbox_count--;
    memmove(&session->outbox[i], &session->outbox[i + 1], (session->outbox_count - i) * sizeof command);
    session->under_way_count -= command->under_way;
    outgoing_destroy(command);
}

static struct outgoing *add(struct session *session, const Wire__Command *command, int64_t given_at_ms)
{
    struct outgoing *outgoing = calloc(1, sizeof *outgoing);
    if (outgoing)
        outgoing->packed = pack_copy(&command->base, &outgoing->packed_size);
    if (!outgoing || !outgoing->packed) {
        free(outgoing);
        return NULL;
    }
    memcpy(outgoing->id, command->id_bytes.data, COMMAND_ID_SIZE);
    outgoing->given_at_ms = given_at_ms;
    session->outbox[session->outbox_count++] = outgoing;
    return outgoing;
}

bool outbox_load(struct session *session, const struct session_row *row)
{
    Client__OutboxRow *saved = row_unpack(session, &client__outbox_row__descriptor, row);
    const Wire__Command *command = saved ? saved->command : NULL;
    bool usable = command && command->id_bytes.len == COMMAND_ID_SIZE && row->key_size == 1 + COMMAND_ID_SIZE &&
                  memcmp(command->id_bytes.data, row->key + 1, COMMAND_ID_SIZE) == 0;
    if (usable && session->outbox_count < OUTBOX_COMMANDS_MAX && !add(session, command, saved->given_at_ms))
        session->broken = BB_NO_MEMORY;
    if (saved)
        client__outbox_row__free_unpacked(saved, NULL);
    return usable;
}

static void send_one(struct session *session, struct outgoing *outgoing)
{
    Wire__Command *command = wire__command__unpack(NULL, outgoing->packed_size, outgoing->packed);
    if (!command) {
        session->broken = BB_NO_MEMORY;
        return;
    }
    Wire__FromClient message = WIRE__FROM_CLIENT__INIT;
    message.correlation = outgoing->correlation = session_correlation(session);
    message.body_case = WIRE__FROM_CLIENT__BODY_COMMAND;
    message.command = command;
    out_send(session, &message);
    wire__command__free_unpacked(command, NULL);
    session->under_way_count += !outgoing->under_way;
    outgoing->under_way = true;
    int64_t wait_ms = (int64_t)COMMAND_AGAIN_MS << (outgoing->attempts < 3 ? outgoing->attempts : 3);
    outgoing->attempts++;
    outgoing->again_at_ms = session->now.steady_ms + (wait_ms < COMMAND_AGAIN_MAX_MS ? wait_ms : COMMAND_AGAIN_MAX_MS);
}

static bool may_be_sent(const struct session *session, const struct outgoing *command)
{
    return session->welcomed && (command->under_way || session->under_way_count < SESSION_COMMANDS_SENT_MAX);
}

static void send_due(struct session *session)
{
    for (size_t i = 0; session->welcomed && i < session->outbox_count; i++) {
        struct outgoing *command = session->outbox[i];
        if (command->again_at_ms <= session->now.steady_ms && may_be_sent(session, command))
            send_one(session, command);
    }
}

static void ticket_back(struct session *session, struct outgoing *command, enum bb_code code)
{
    out_reply_code(session, command->ticket, code);
    command->ticket = NULL;
    command->timeout_at_ms = NEVER;
}

void outbox_tickets_back(struct session *session, enum bb_code code)
{
    for (size_t i = 0; i < session->outbox_count; i++)
        ticket_back(session, session->outbox[i], code);
}

void outbox_tick(struct session *session)
{
    for (size_t i = 0; i < session->outbox_count; i++) {
        struct outgoing *command = session->outbox[i];
        if (command->timeout_at_ms != NEVER && command->timeout_at_ms <= session->now.steady_ms)
            ticket_back(session, command, session->welcomed ? BB_TIMED_OUT : BB_AWAY);
    }
    if (session->broken == BB_OK)
        send_due(session);
}

int64_t outbox_deadline(const struct session *session)
{
    int64_t deadline = NEVER;
    for (size_t i = 0; i < session->outbox_count; i++) {
        const struct outgoing *command = session->outbox[i];
        deadline = sooner(deadline, command->timeout_at_ms);
        if (may_be_sent(session, command))
            deadline = sooner(deadline, command->again_at_ms ? command->again_at_ms : session->now.steady_ms);
    }
    return deadline;
}

// A new connection: what was under way may be lost.
void outbox_online(struct session *session)
{
    session->under_way_count = 0;
    for (size_t i = 0; i < session->outbox_count; i++) {
        session->outbox[i]->under_way = false;
        session->outbox[i]->again_at_ms = session->now.steady_ms;
        session->outbox[i]->attempts = 0;
    }
    send_due(session);
}

static struct outgoing *answered(const struct session *session, uint32_t correlation, const Wire__Reply *reply)
{
    if (reply->command_bytes.len == COMMAND_ID_SIZE)
        return find(session, reply->command_bytes.data);
    for (size_t i = 0; reply->command_bytes.len == 0 && i < session->outbox_count; i++) {
        if (session->outbox[i]->under_way && session->outbox[i]->correlation == correlation)
            return session->outbox[i];
    }
    return NULL;
}

// Whoever gave the command went away before its answer came; a refusal must still reach a person (DOMAIN: rule 10).
static void tell_kept(struct session *session, const struct outgoing *command, uint32_t code)
{
    struct bb_event event = {.kind = BB_EVENT_KEPT, .code = (enum bb_code)code};
    out_event(session, &event, &wire__command__descriptor, command->packed, command->packed_size);
}

static void note_accepted(struct session *session, const struct outgoing *outgoing, const Wire__Reply *reply)
{
    Wire__Command *command = wire__command__unpack(NULL, outgoing->packed_size, outgoing->packed);
    if (!command) {
        session->broken = BB_NO_MEMORY;
        return;
    }
    accepted_save(session, command, reply);
    wire__command__free_unpacked(command, NULL);
}

bool outbox_reply(struct session *session, uint32_t correlation, const Wire__Reply *reply)
{
    struct outgoing *command = answered(session, correlation, reply);
    if (!command)
        return false;
    if (bb_code_retryable(reply->code)) {
        session->under_way_count -= command->under_way;
        command->under_way = false;
        uint32_t wait_ms = (uint32_t)BUSY_AGAIN_MS << command->refusals;
        if (command->refusals < REFUSALS_COUNTED_MAX)
            command->refusals++;
        command->again_at_ms = session_jitter(session, wait_ms / 2) + wait_ms / 2;
        return true;
    }
    if (reply->code == BB_OK)
        note_accepted(session, command, reply);
    out_save(session, key_of(command), NULL);
    if (command->ticket)
        out_reply(session, command->ticket, reply);
    else
        tell_kept(session, command, reply->code);
    take_out(session, command);
    send_due(session);
    return true;
}

enum bb_code session_send_command(struct session *session, struct session_time now, const Wire__Command *command,
                                  void *ticket)
{
    session_begin(session, now);
    if (session->broken != BB_OK)
        return session->broken;
    if (session->outbox_count >= OUTBOX_COMMANDS_MAX)
        return BB_OUTBOX_FULL;
    uint8_t id[COMMAND_ID_SIZE];
    make_id(session, id);
    Wire__Command named = *command;
    named.id_bytes = bytes_of(id, sizeof id);
    if (wire__command__get_packed_size(&named) + FRAME_ROOM_SIZE > COMMAND_FRAME_SIZE_MAX)
        return BB_TOO_LARGE;
    struct outgoing *outgoing = add(session, &named, now.wall_ms);
    if (!outgoing)
        return BB_NO_MEMORY;
    outgoing->ticket = ticket;
    outgoing->timeout_at_ms = ticket ? now.steady_ms + session->timeout_ms : NEVER;
    outgoing->again_at_ms = now.steady_ms;
    Client__OutboxRow row = CLIENT__OUTBOX_ROW__INIT;
    row.command = &named;
    row.given_at_ms = now.wall_ms;
    out_save(session, key_of(outgoing), &row.base);
    send_due(session);
    return session->broken;
}

static bool has_row(const struct outgoing *command, const struct session_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].key_size == 1 + COMMAND_ID_SIZE && memcmp(rows[i].key + 1, command->id, COMMAND_ID_SIZE) == 0)
            return true;
    }
    return false;
}

// Its giver, in another process, waits for the answer right now.
static bool is_waited_for(const struct outgoing *command, struct session_time now)
{
    return command->given_at_ms > now.wall_ms - COMMAND_AGAIN_MS && command->given_at_ms <= now.wall_ms;
}

void session_outbox_reread(struct session *session, struct session_time now, const struct session_row *rows,
                           size_t count)
{
    session_begin(session, now);
    for (size_t i = session->outbox_count; i-- > 0;) {
        struct outgoing *command = session->outbox[i];
        if (!command->ticket && !has_row(command, rows, count))
            take_out(session, command); // another process got its answer
    }
    for (size_t i = 0; i < count; i++) {
        if (rows[i].key_size != 1 + COMMAND_ID_SIZE || find(session, rows[i].key + 1))
            continue;
        size_t before = session->outbox_count;
        outbox_load(session, &rows[i]);
        if (session->outbox_count > before && is_waited_for(session->outbox[before], now))
            take_out(session, session->outbox[before]);
    }
    if (session->broken == BB_OK)
        send_due(session);
}

void outbox_fini(struct session *session)
{
    while (session->outbox_count > 0)
        outgoing_destroy(session->outbox[--session->outbox_count]);
}
