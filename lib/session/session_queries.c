// SPDX-License-Identifier: MPL-2.0
// Queries under way: sent when there is a connection, once more after a new one, and given up at the time-out.
#include "session_inside.h"

#include <stdlib.h>
#include <string.h>

enum { FRAME_ROOM_SIZE = 32, REFUSALS_COUNTED_MAX = 6 };

static void take_out(struct session *session, size_t i)
{
    struct asked *query = session->queries[i];
    session->queries_count--;
    memmove(&session->queries[i], &session->queries[i + 1], (session->queries_count - i) * sizeof query);
    free(query->packed);
    free(query);
}

static void end(struct session *session, size_t i, enum bb_code code, const Wire__Answer *answer)
{
    out_answer(session, session->queries[i]->ticket, code, answer);
    take_out(session, i);
}

static void send_one(struct session *session, struct asked *asked)
{
    Wire__Query *query = wire__query__unpack(NULL, asked->packed_size, asked->packed);
    if (!query) {
        session->broken = BB_NO_MEMORY;
        return;
    }
    Wire__FromClient message = WIRE__FROM_CLIENT__INIT;
    message.correlation = asked->correlation = session_correlation(session);
    message.body_case = WIRE__FROM_CLIENT__BODY_QUERY;
    message.query = query;
    out_send(session, &message);
    wire__query__free_unpacked(query, NULL);
    asked->sent = true;
}

static void send_due(struct session *session)
{
    for (size_t i = 0; session->welcomed && i < session->queries_count; i++) {
        if (!session->queries[i]->sent && session->queries[i]->again_at_ms <= session->now.steady_ms)
            send_one(session, session->queries[i]);
    }
}

void queries_online(struct session *session)
{
    for (size_t i = 0; i < session->queries_count; i++) {
        session->queries[i]->sent = false;
        session->queries[i]->again_at_ms = session->now.steady_ms;
    }
    send_due(session);
}

void queries_tick(struct session *session)
{
    for (size_t i = session->queries_count; i-- > 0;) {
        if (session->queries[i]->timeout_at_ms <= session->now.steady_ms)
            end(session, i, session->welcomed ? BB_TIMED_OUT : BB_AWAY, NULL);
    }
    send_due(session);
}

int64_t queries_deadline(const struct session *session)
{
    int64_t deadline = NEVER;
    for (size_t i = 0; i < session->queries_count; i++) {
        const struct asked *query = session->queries[i];
        deadline = sooner(deadline, query->timeout_at_ms);
        if (session->welcomed && !query->sent)
            deadline = sooner(deadline, query->again_at_ms);
    }
    return deadline;
}

void queries_back(struct session *session, enum bb_code code)
{
    while (session->queries_count > 0)
        end(session, 0, code, NULL);
}

static size_t find(const struct session *session, uint32_t correlation)
{
    size_t i = 0;
    while (i < session->queries_count &&
           !(session->queries[i]->sent && session->queries[i]->correlation == correlation))
        i++;
    return i;
}

void queries_answer(struct session *session, uint32_t correlation, const Wire__Answer *answer)
{
    size_t i = find(session, correlation);
    if (i < session->queries_count)
        end(session, i, BB_OK, answer);
}

bool queries_reply(struct session *session, uint32_t correlation, const Wire__Reply *reply)
{
    size_t i = find(session, correlation);
    if (i == session->queries_count)
        return false;
    struct asked *query = session->queries[i];
    if (!bb_code_retryable(reply->code)) {
        end(session, i, (enum bb_code)reply->code, NULL);
        return true;
    }
    uint32_t wait_ms = (uint32_t)BUSY_AGAIN_MS << query->refusals;
    if (query->refusals < REFUSALS_COUNTED_MAX)
        query->refusals++;
    query->sent = false;
    query->again_at_ms = session_jitter(session, wait_ms / 2) + wait_ms / 2;
    return true;
}

enum bb_code session_ask(struct session *session, struct session_time now, const Wire__Query *query, void *ticket)
{
    session_begin(session, now);
    if (session->broken != BB_OK)
        return session->broken;
    if (session->queries_count >= SESSION_QUERIES_MAX)
        return BB_BUSY;
    if (wire__query__get_packed_size(query) + FRAME_ROOM_SIZE > COMMAND_FRAME_SIZE_MAX)
        return BB_TOO_LARGE;
    struct asked *asked = calloc(1, sizeof *asked);
    if (asked)
        asked->packed = pack_copy(&query->base, &asked->packed_size);
    if (!asked || !asked->packed) {
        free(asked);
        return BB_NO_MEMORY;
    }
    asked->ticket = ticket;
    asked->timeout_at_ms = now.steady_ms + session->timeout_ms;
    asked->again_at_ms = now.steady_ms;
    session->queries[session->queries_count++] = asked;
    send_due(session);
    return session->broken;
}
