// SPDX-License-Identifier: MPL-2.0
// A DEALER with CURVE and a monitor, asking one thing at a time.
//
// libzmq loses what was sent on a connection that breaks, without a word, so every request is repeated until it is
// answered. Only the monitor knows that a key was refused: the socket itself is silent then.
#include "door.h"

#include "bounds.h"
#include "message/frame.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

enum { AGAIN_MS = 2000, TRY_MS = 100, RECONNECT_MS_MIN = 500, RECONNECT_MS_SPREAD = 1500, EVENT_SIZE = 6 };

static const char MONITOR[] = "inproc://door";

int64_t door_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool set_keys(void *socket, const uint8_t server_key[KEY_SIZE], const struct key_pair *own)
{
    return zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_key, KEY_SIZE) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, own->public_key, KEY_SIZE) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, own->secret_key, KEY_SIZE) == 0;
}

static bool set_limits(void *socket)
{
    const struct {
        int option, value;
    } options[] = {
        {ZMQ_LINGER, 0},
        {ZMQ_IMMEDIATE, 1},
        {ZMQ_SNDHWM, 64},
        {ZMQ_RCVHWM, 1000},
        {ZMQ_CONNECT_TIMEOUT, 10000},
        {ZMQ_HANDSHAKE_IVL, 10000},
        {ZMQ_HEARTBEAT_IVL, 10000},
        {ZMQ_HEARTBEAT_TIMEOUT, 30000},
        {ZMQ_HEARTBEAT_TTL, 30000},
        {ZMQ_RECONNECT_IVL, RECONNECT_MS_MIN + (int)randombytes_uniform(RECONNECT_MS_SPREAD)},
        {ZMQ_RECONNECT_IVL_MAX, 30000},
    };
    const int64_t size_max = BROKER_FRAME_SIZE_MAX + CURVE_OVERHEAD_SIZE;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (zmq_setsockopt(socket, options[i].option, &options[i].value, sizeof options[i].value) != 0) {
            return false;
        }
    }
    return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &size_max, sizeof size_max) == 0;
}

static bool open_monitor(struct door *door)
{
    const int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    const int no_linger = 0;
    if (zmq_socket_monitor(door->socket, MONITOR, events) != 0) {
        return false;
    }
    door->monitor = zmq_socket(door->zmq_context, ZMQ_PAIR);
    return door->monitor && zmq_setsockopt(door->monitor, ZMQ_LINGER, &no_linger, sizeof no_linger) == 0 &&
           zmq_connect(door->monitor, MONITOR) == 0;
}

enum bb_code door_open(struct door *door, const char *endpoint, const uint8_t server_key[KEY_SIZE],
                       const struct key_pair *own)
{
    *door = (struct door){.zmq_context = zmq_ctx_new()};
    if (door->zmq_context) {
        door->socket = zmq_socket(door->zmq_context, ZMQ_DEALER);
    }
    enum bb_code code = BB_OK;
    if (!door->socket) {
        code = BB_NO_MEMORY;
    } else if (!set_limits(door->socket) || !set_keys(door->socket, server_key, own) || !open_monitor(door)) {
        code = BB_IO;
    } else if (zmq_connect(door->socket, endpoint) != 0) {
        code = BB_BAD_VALUE;
    }
    if (code != BB_OK) {
        door_close(door);
    }
    return code;
}

void door_close(struct door *door)
{
    if (door->socket) {
        zmq_socket_monitor(door->socket, NULL, 0);
        zmq_close(door->socket);
    }
    if (door->monitor) {
        zmq_close(door->monitor);
    }
    if (door->zmq_context) {
        zmq_ctx_term(door->zmq_context);
    }
    *door = (struct door){0};
}

// Reads one event: a frame with number and value, and one with the endpoint, which is of no interest.
static enum bb_code look_at_monitor(struct door *door)
{
    uint8_t event[EVENT_SIZE], endpoint[256];
    if (zmq_recv(door->monitor, event, sizeof event, ZMQ_DONTWAIT) != EVENT_SIZE) {
        return BB_OK;
    }
    (void)zmq_recv(door->monitor, endpoint, sizeof endpoint, ZMQ_DONTWAIT);
    uint16_t number;
    uint32_t value;
    memcpy(&number, event, sizeof number);
    memcpy(&value, event + sizeof number, sizeof value);
    if (number == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        door->opened = true;
    }
    // 400 is a refusal by name; 300 and 500 are trouble at the broker, and it is tried again.
    return number == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH && value == 400 ? BB_REFUSED_AT_THE_DOOR : BB_OK;
}

// NULL when nothing is there or it makes no sense: then it is as if it was lost.
static Wire__FromBroker *receive(struct door *door, struct arena *arena)
{
    zmq_msg_t message;
    Wire__FromBroker *answer = NULL;
    zmq_msg_init(&message);
    if (zmq_msg_recv(&message, door->socket, ZMQ_DONTWAIT) >= 0) {
        arena_reset(arena);
        if (zmq_msg_more(&message) ||
            frame_unpack(zmq_msg_data(&message), zmq_msg_size(&message), BROKER_FRAME_SIZE_MAX,
                         &wire__from_broker__descriptor, arena, &answer) != BB_OK) {
            answer = NULL;
        }
    }
    zmq_msg_close(&message);
    return answer;
}

static enum bb_code wait(struct door *door, int64_t until_ms, short events, short *happened)
{
    zmq_pollitem_t items[] = {
        {.socket = door->monitor, .events = ZMQ_POLLIN},
        {.socket = door->socket, .events = events},
    };
    int64_t left_ms = until_ms - door_clock_ms();
    *happened = 0;
    if (zmq_poll(items, 2, left_ms > 0 ? (long)left_ms : 0) < 0) {
        return errno == EINTR ? BB_OK : BB_IO;
    }
    *happened = items[1].revents;
    return (items[0].revents & ZMQ_POLLIN) ? look_at_monitor(door) : BB_OK;
}

// With IMMEDIATE nothing is accepted before the broker let us in.
static bool send_now(struct door *door, const uint8_t *frame, size_t size, unsigned *sent)
{
    bool accepted = zmq_send(door->socket, frame, size, ZMQ_DONTWAIT) >= 0;
    *sent += accepted;
    return accepted;
}

static enum bb_code repeat(struct door *door, const uint8_t *frame, size_t size, uint32_t correlation,
                           int64_t deadline_ms, struct arena *arena, Wire__FromBroker **answer, unsigned *sent)
{
    int64_t again_at_ms = 0;
    short events = ZMQ_POLLIN;
    for (int64_t now_ms = door_clock_ms(); now_ms < deadline_ms; now_ms = door_clock_ms()) {
        if (now_ms >= again_at_ms) {
            bool accepted = send_now(door, frame, size, sent);
            events = accepted ? ZMQ_POLLIN : ZMQ_POLLIN | ZMQ_POLLOUT;
            again_at_ms = now_ms + (accepted ? AGAIN_MS : TRY_MS);
        }
        short happened;
        enum bb_code code = wait(door, again_at_ms < deadline_ms ? again_at_ms : deadline_ms, events, &happened);
        if (code != BB_OK) {
            return code;
        }
        if (happened & ZMQ_POLLOUT) {
            again_at_ms = 0;
        }
        Wire__FromBroker *got = (happened & ZMQ_POLLIN) ? receive(door, arena) : NULL;
        if (got && got->correlation == correlation) {
            *answer = got;
            return BB_OK;
        }
    }
    return door->opened ? BB_TIMED_OUT : BB_AWAY;
}

enum bb_code door_ask(struct door *door, const Wire__FromClient *request, int64_t deadline_ms, struct arena *arena,
                      Wire__FromBroker **answer, unsigned *sent)
{
    uint8_t frame[COMMAND_FRAME_SIZE_MAX], *packed;
    size_t size;
    arena_reset(arena);
    enum bb_code code = frame_pack(&request->base, sizeof frame, arena, &packed, &size);
    if (code != BB_OK) {
        return code;
    }
    memcpy(frame, packed, size); // receiving resets the arena
    return repeat(door, frame, size, request->correlation, deadline_ms, arena, answer, sent);
}
