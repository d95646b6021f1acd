// SPDX-License-Identifier: MPL-2.0
// Answers to queries and catch-ups; see answer.h.
#include "answer.h"

#include "bounds.h"
#include "core/query.h"
#include "message/frame.h"
#include "turn/reply.h"
#include "turn/verify.h"

#include <string.h>

static enum bb_code answer_status(const struct answerer *answerer, struct core *core, Wire__Answer **out)
{
    const struct metrics *metrics = answerer->metrics;
    Wire__Status *status = core_alloc(core, sizeof *status);
    *out = core_alloc(core, sizeof **out);
    if (!status || !*out)
        return BB_NO_MEMORY;
    wire__answer__init(*out);
    wire__status__init(status);
    (*out)->what_case = WIRE__ANSWER__WHAT_STATUS;
    (*out)->status = status;
    status->version = (ProtobufCBinaryData){strlen(BUURTBEL_VERSION), (uint8_t *)BUURTBEL_VERSION};
    status->started_at_ms = answerer->started_at_ms;
    status->epoch = answerer->epoch;
    status->journal_head = metric_get(metrics, METRIC_JOURNAL_HEAD);
    status->store_used_size = metric_get(metrics, METRIC_STORE_USED_SIZE);
    status->store_map_size = metric_get(metrics, METRIC_STORE_MAP_SIZE);
    status->sessions = (uint32_t)metric_get(metrics, METRIC_SESSIONS);
    status->commands_accepted = metric_get(metrics, METRIC_COMMANDS_ACCEPTED);
    status->commands_refused = metric_get(metrics, METRIC_COMMANDS_REFUSED);
    return query_counts(core, status);
}

static enum bb_code answer_verify(const struct answerer *answerer, struct core *core, const Wire__Verify *verify,
                                  Wire__Answer **out)
{
    *out = core_alloc(core, sizeof **out);
    if (*out == NULL)
        return BB_NO_MEMORY;
    wire__answer__init(*out);
    (*out)->what_case = WIRE__ANSWER__WHAT_VERIFY;
    return verify_slice(core, verify, answerer->clock.steady_us, &(*out)->verify);
}

static enum bb_code answer_query(const struct answerer *answerer, struct core *core, const struct actor *actor,
                                 const Wire__Query *query, Wire__FromBroker *out)
{
    out->body_case = WIRE__FROM_BROKER__BODY_ANSWER;
    enum bb_code code = query_may(actor, query);
    if (code != BB_OK)
        return code;
    metric_add(answerer->metrics, METRIC_QUERIES, 1);
    if (query->what_case == WIRE__QUERY__WHAT_STATUS)
        return answer_status(answerer, core, &out->answer);
    if (query->what_case == WIRE__QUERY__WHAT_VERIFY)
        return answer_verify(answerer, core, query->verify, &out->answer);
    return query_answer(core, actor, query, &out->answer);
}

static enum bb_code answer_sync(const struct answerer *answerer, struct core *core, const struct actor *actor,
                                const Wire__Sync *sync, Wire__FromBroker *out)
{
    struct metrics *metrics = answerer->metrics;
    out->body_case = WIRE__FROM_BROKER__BODY_PAGE;
    enum bb_code code = sync_answer(core, actor, sync, answerer->epoch, &out->page);
    if (code != BB_OK)
        return code;
    bool snapshot = out->page->mode == WIRE__SYNC_MODE__SYNC_SNAPSHOT;
    metric_add(metrics, snapshot ? METRIC_SYNCS_SNAPSHOT : METRIC_SYNCS_REPLAY, 1);
    metric_add(metrics, METRIC_CATCH_UP_NOTICES, out->page->n_notices);
    return BB_OK;
}

static enum bb_code answer_in(const struct answerer *answerer, struct core *core, uint64_t member,
                              const Wire__FromClient *question, Wire__FromBroker *out)
{
    struct actor actor;
    enum bb_code code = actor_find(core, false, member, &actor);
    if (code != BB_OK)
        return code;
    switch (question->body_case) {
    case WIRE__FROM_CLIENT__BODY_QUERY:
        return answer_query(answerer, core, &actor, question->query, out);
    case WIRE__FROM_CLIENT__BODY_SYNC:
        return answer_sync(answerer, core, &actor, question->sync, out);
    default:
        return BB_UNKNOWN_COMMAND;
    }
}

// The answer, or the refusal, as a frame in the arena.
static enum bb_code answer(const struct answerer *answerer, uint64_t member, const Wire__FromClient *question,
                           struct arena *arena, uint8_t **frame, size_t *frame_size)
{
    struct core core = {.keyring = answerer->keyring, .now_ms = answerer->clock.wall_ms()};
    memcpy(core.ids_key, answerer->ids_key, IDS_KEY_SIZE);
    Wire__FromBroker message = WIRE__FROM_BROKER__INIT;
    message.correlation = question->correlation;
    enum bb_code code = txn_begin_read(answerer->store, arena, &core.txn);
    if (code == BB_OK)
        code = answer_in(answerer, &core, member, question, &message);
    txn_abort(&core.txn);
    if (code == BB_OK)
        code = frame_pack(&message.base, BROKER_FRAME_SIZE_MAX, arena, frame, frame_size);
    if (code == BB_OK)
        return BB_OK;
    if (reply_is_about_rights(code))
        metric_add(answerer->metrics, METRIC_REFUSED_BY_RIGHTS, 1);
    return reply_refusal(question->correlation, code, (ProtobufCBinaryData){0, NULL}, arena, frame, frame_size);
}

enum bb_code answer_make(const struct answerer *answerer, uint64_t member, const uint8_t *question,
                         size_t question_size, struct arena *arena, uint8_t **frame, size_t *frame_size)
{
    Wire__FromClient *message;
    arena_reset(arena);
    enum bb_code code =
        frame_unpack(question, question_size, COMMAND_FRAME_SIZE_MAX, &wire__from_client__descriptor, arena, &message);
    return code == BB_OK ? answer(answerer, member, message, arena, frame, frame_size) : code;
}
