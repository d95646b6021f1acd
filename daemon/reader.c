// SPDX-License-Identifier: MPL-2.0
// The reader thread; see reader.h.
#include "reader.h"

#include "bounds.h"
#include "clock.h"
#include "core/query.h"
#include "message/frame.h"
#include "turn/reply.h"
#include "turn/verify.h"

#include <sodium.h>
#include <string.h>

struct reader {
    struct reader_options options;
    zactor_t *thread;
    size_t waiting; // asked and not taken yet; the loop's
};

// ---------------------------------------------------------------- in the thread

struct job {
    const struct reader *reader;
    struct arena *arena;
    uint64_t member;
    Wire__FromClient *message;
};

static enum bb_code answer_status(const struct job *job, struct core *core, Wire__Answer **out)
{
    const struct metrics *metrics = job->reader->options.metrics;
    Wire__Status *status = core_alloc(core, sizeof *status);
    *out = core_alloc(core, sizeof **out);
    if (!status || !*out)
        return BB_NO_MEMORY;
    wire__answer__init(*out);
    wire__status__init(status);
    (*out)->what_case = WIRE__ANSWER__WHAT_STATUS;
    (*out)->status = status;
    status->version = (ProtobufCBinaryData){strlen(BUURTBEL_VERSION), (uint8_t *)BUURTBEL_VERSION};
    status->started_at_ms = job->reader->options.started_at_ms;
    status->epoch = job->reader->options.epoch;
    status->journal_head = metric_get(metrics, METRIC_JOURNAL_HEAD);
    status->store_used_size = metric_get(metrics, METRIC_STORE_USED_SIZE);
    status->store_map_size = metric_get(metrics, METRIC_STORE_MAP_SIZE);
    status->sessions = (uint32_t)metric_get(metrics, METRIC_SESSIONS);
    status->commands_accepted = metric_get(metrics, METRIC_COMMANDS_ACCEPTED);
    status->commands_refused = metric_get(metrics, METRIC_COMMANDS_REFUSED);
    return query_counts(core, status);
}

static enum bb_code answer_verify(struct core *core, const Wire__Verify *verify, Wire__Answer **out)
{
    *out = core_alloc(core, sizeof **out);
    if (*out == NULL)
        return BB_NO_MEMORY;
    wire__answer__init(*out);
    (*out)->what_case = WIRE__ANSWER__WHAT_VERIFY;
    return verify_slice(core, verify, clock_monotonic_us, &(*out)->verify);
}

static enum bb_code answer_query(const struct job *job, struct core *core, const struct actor *actor,
                                 Wire__FromBroker *out)
{
    const Wire__Query *query = job->message->query;
    out->body_case = WIRE__FROM_BROKER__BODY_ANSWER;
    enum bb_code code = query_may(actor, query);
    if (code != BB_OK)
        return code;
    metric_add(job->reader->options.metrics, METRIC_QUERIES, 1);
    if (query->what_case == WIRE__QUERY__WHAT_STATUS)
        return answer_status(job, core, &out->answer);
    if (query->what_case == WIRE__QUERY__WHAT_VERIFY)
        return answer_verify(core, query->verify, &out->answer);
    return query_answer(core, actor, query, &out->answer);
}

static enum bb_code answer_sync(const struct job *job, struct core *core, const struct actor *actor,
                                Wire__FromBroker *out)
{
    struct metrics *metrics = job->reader->options.metrics;
    out->body_case = WIRE__FROM_BROKER__BODY_PAGE;
    enum bb_code code = sync_answer(core, actor, job->message->sync, job->reader->options.epoch, &out->page);
    if (code != BB_OK)
        return code;
    bool snapshot = out->page->mode == WIRE__SYNC_MODE__SYNC_SNAPSHOT;
    metric_add(metrics, snapshot ? METRIC_SYNCS_SNAPSHOT : METRIC_SYNCS_REPLAY, 1);
    metric_add(metrics, METRIC_CATCH_UP_NOTICES, out->page->n_notices);
    return BB_OK;
}

static enum bb_code answer_in(const struct job *job, struct core *core, Wire__FromBroker *out)
{
    struct actor actor;
    enum bb_code code = actor_find(core, false, job->member, &actor);
    if (code != BB_OK)
        return code;
    switch (job->message->body_case) {
    case WIRE__FROM_CLIENT__BODY_QUERY:
        return answer_query(job, core, &actor, out);
    case WIRE__FROM_CLIENT__BODY_SYNC:
        return answer_sync(job, core, &actor, out);
    default:
        return BB_UNKNOWN_COMMAND;
    }
}

// The answer, or the refusal, as a frame in the arena.
static enum bb_code answer(const struct job *job, uint8_t **frame, size_t *frame_size)
{
    struct core core = {.keyring = job->reader->options.keyring, .now_ms = clock_wall_ms()};
    memcpy(core.ids_key, job->reader->options.ids_key, IDS_KEY_SIZE);
    Wire__FromBroker message = WIRE__FROM_BROKER__INIT;
    message.correlation = job->message->correlation;
    enum bb_code code = txn_begin_read(job->reader->options.store, job->arena, &core.txn);
    if (code == BB_OK)
        code = answer_in(job, &core, &message);
    txn_abort(&core.txn);
    if (code == BB_OK)
        code = frame_pack(&message.base, BROKER_FRAME_SIZE_MAX, job->arena, frame, frame_size);
    if (code == BB_OK)
        return BB_OK;
    if (reply_is_about_rights(code))
        metric_add(job->reader->options.metrics, METRIC_REFUSED_BY_RIGHTS, 1);
    return reply_refusal(job->message->correlation, code, (ProtobufCBinaryData){0, NULL}, job->arena, frame,
                         frame_size);
}

static void take_job(struct job *job, zsock_t *pipe, zframe_t *route, zframe_t *frame)
{
    uint8_t *out;
    size_t out_size;
    arena_reset(job->arena);
    enum bb_code code = frame_unpack(zframe_data(frame), zframe_size(frame), COMMAND_FRAME_SIZE_MAX,
                                     &wire__from_client__descriptor, job->arena, &job->message);
    if (code == BB_OK)
        code = answer(job, &out, &out_size);
    if (code == BB_OK)
        zsock_send(pipe, "fb", route, out, out_size);
    else
        zsock_send(pipe, "fb", route, "", (size_t)0); // nothing to send, but the place in the queue is free again
}

static void run(zsock_t *pipe, void *argument)
{
    struct job job = {.reader = argument, .arena = arena_create(QUERY_ARENA_SIZE_MAX)};
    zsock_signal(pipe, job.arena == NULL);
    while (job.arena) {
        zframe_t *route = NULL, *member = NULL, *frame = NULL;
        char *command = NULL;
        if (zsock_recv(pipe, "sfff", &command, &route, &member, &frame) != 0)
            break;
        bool ends = command == NULL || strcmp(command, "ask") != 0;
        if (!ends && zframe_size(member) == sizeof job.member) {
            memcpy(&job.member, zframe_data(member), sizeof job.member);
            take_job(&job, pipe, route, frame);
        }
        zframe_destroy(&route);
        zframe_destroy(&member);
        zframe_destroy(&frame);
        zstr_free(&command);
        if (ends)
            break;
    }
    arena_destroy(&job.arena);
}

// ---------------------------------------------------------------- in the loop

enum bb_code reader_create(const struct reader_options *options, struct reader **out)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return BB_NO_MEMORY;
    (*out)->options = *options;
    (*out)->thread = zactor_new(run, *out);
    if ((*out)->thread)
        return BB_OK;
    reader_destroy(out);
    return BB_NO_MEMORY;
}

void reader_destroy(struct reader **reader)
{
    if (*reader == NULL)
        return;
    zactor_destroy(&(*reader)->thread);
    free(*reader);
    *reader = NULL;
}

enum bb_code reader_ask(struct reader *reader, const struct routing_id *route, uint64_t member, const uint8_t *frame,
                        size_t frame_size)
{
    if (reader->waiting >= READER_QUEUE_MAX)
        return BB_BUSY;
    if (zsock_send(reader->thread, "sbbb", "ask", route->bytes, route->size, &member, sizeof member, frame,
                   frame_size) != 0)
        return BB_BUSY;
    reader->waiting++;
    return BB_OK;
}

zsock_t *reader_socket(struct reader *reader)
{
    return zactor_sock(reader->thread);
}

bool reader_take(struct reader *reader, struct routing_id *route, zmq_msg_t *frame)
{
    void *socket = zsock_resolve(reader->thread);
    zmq_msg_t first;
    zmq_msg_init(&first);
    bool taken = zmq_msg_recv(&first, socket, ZMQ_DONTWAIT) >= 0 && zmq_msg_size(&first) <= sizeof route->bytes;
    if (taken) {
        route->size = zmq_msg_size(&first);
        memcpy(route->bytes, zmq_msg_data(&first), route->size);
        zmq_msg_init(frame);
        taken = zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) >= 0;
        reader->waiting--;
    }
    zmq_msg_close(&first);
    return taken;
}
