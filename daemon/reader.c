// SPDX-License-Identifier: MPL-2.0
// The reader thread; see reader.h.
#include "reader.h"

#include "bounds.h"

#include <string.h>

struct reader {
    struct answerer answerer;
    zactor_t *thread;
    size_t waiting; // asked and not taken yet; the loop's
};

// ---------------------------------------------------------------- in the thread

static void take_question(const struct reader *reader, struct arena *arena, zsock_t *pipe, zframe_t *route,
                          zframe_t *member, zframe_t *frame)
{
    uint8_t *out = (uint8_t *)"";
    size_t out_size = 0; // nothing to send, but the place in the queue is free again
    uint64_t number;
    if (zframe_size(member) != sizeof number)
        return;
    memcpy(&number, zframe_data(member), sizeof number);
    if (answer_make(&reader->answerer, number, zframe_data(frame), zframe_size(frame), arena, &out, &out_size) != BB_OK)
        out_size = 0;
    zsock_send(pipe, "fb", route, out, out_size);
}

static void run(zsock_t *pipe, void *argument)
{
    struct arena *arena = arena_create(QUERY_ARENA_SIZE_MAX);
    zsock_signal(pipe, arena == NULL);
    while (arena) {
        zframe_t *route = NULL, *member = NULL, *frame = NULL;
        char *command = NULL;
        if (zsock_recv(pipe, "sfff", &command, &route, &member, &frame) != 0)
            break;
        bool ends = command == NULL || strcmp(command, "ask") != 0;
        if (!ends)
            take_question(argument, arena, pipe, route, member, frame);
        zframe_destroy(&route);
        zframe_destroy(&member);
        zframe_destroy(&frame);
        zstr_free(&command);
        if (ends)
            break;
    }
    arena_destroy(&arena);
}

// ---------------------------------------------------------------- in the loop

enum bb_code reader_create(const struct answerer *answerer, struct reader **out)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return BB_NO_MEMORY;
    (*out)->answerer = *answerer;
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
