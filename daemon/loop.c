// SPDX-License-Identifier: MPL-2.0
// The loop: ask for the next deadline, wait, read what is there, one turn, again. One thread owns both sockets.
#include "broker.h"
#include "clock.h"
#include "watch/log.h"
#include "watch/service.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
    SLOT_COMMANDS,
    SLOT_PUBLISH,
    SLOT_READER,
    SLOT_SIGNALS,
    SLOTS_COUNT,
};
enum { WAIT_MS_MAX = 1000, SWEEP_EVERY_MS = 10000, ANSWERS_PER_ROUND_MAX = 1000, SUBSCRIPTIONS_PER_ROUND_MAX = 1000 };

static long wait_ms(const struct broker *broker)
{
    int64_t left = publisher_deadline_ms(broker->publisher) - clock_monotonic_ms();
    if (left < 0)
        return 0;
    return (long)(left < WAIT_MS_MAX ? left : WAIT_MS_MAX);
}

static int wait_for_input(struct broker *broker, zmq_pollitem_t items[SLOTS_COUNT])
{
    items[SLOT_COMMANDS] = (zmq_pollitem_t){zsock_resolve(broker->commands), 0, ZMQ_POLLIN, 0};
    items[SLOT_PUBLISH] = (zmq_pollitem_t){zsock_resolve(broker->publish), 0, ZMQ_POLLIN, 0};
    items[SLOT_READER] = (zmq_pollitem_t){zsock_resolve(reader_socket(broker->reader)), 0, ZMQ_POLLIN, 0};
    items[SLOT_SIGNALS] = (zmq_pollitem_t){NULL, broker->signals, ZMQ_POLLIN, 0};
    return zmq_poll(items, SLOTS_COUNT, wait_ms(broker));
}

static void drop_rest(zmq_msg_t *message, void *socket)
{
    while (zmq_msg_more(message) && zmq_msg_recv(message, socket, ZMQ_DONTWAIT) >= 0)
        ;
}

static void refuse_parts(struct broker *broker, const struct routing_id *route)
{
    metric_add(&broker->metrics, METRIC_FRAMES_MALFORMED, 1);
    arena_reset(broker->arena);
    if (route->size > 0 && route->size <= sizeof route->bytes)
        send_refusal(broker, route, 0, BB_MALFORMED, (ProtobufCBinaryData){0, NULL});
}

// One message is two frames, route and body. More of them is nothing that a client of ours sends.
static bool take_message(struct broker *broker, struct pending *pending, size_t *count)
{
    void *socket = zsock_resolve(broker->commands);
    struct routing_id route;
    zmq_msg_t message;
    zmq_msg_init(&message);
    if (zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(&message);
        return false;
    }
    route.size = zmq_msg_size(&message);
    bool usable = route.size <= sizeof route.bytes && zmq_msg_more(&message);
    if (usable)
        memcpy(route.bytes, zmq_msg_data(&message), route.size);
    usable = usable && zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) >= 0;
    if (usable && !zmq_msg_more(&message))
        dispatch_message(broker, &route, &message, pending, count);
    else
        refuse_parts(broker, &route);
    drop_rest(&message, socket);
    zmq_msg_close(&message);
    return true;
}

// One more message always fits into the rest.
static bool has_room(struct broker *broker)
{
    return arena_used_size(turn_arena(broker->turn)) < TURN_ARENA_SIZE_MAX / 2;
}

static enum bb_code take_turn(struct broker *broker)
{
    static struct pending pending[TURN_COMMANDS_MAX];
    size_t count = 0;
    turn_begin(broker->turn);
    for (int messages = 0; messages < TURN_COMMANDS_MAX && has_room(broker); messages++) {
        if (!take_message(broker, pending, &count))
            break;
    }
    return count > 0 ? dispatch_turn(broker, pending, count) : BB_OK;
}

static void forward_answers(struct broker *broker)
{
    struct routing_id route;
    zmq_msg_t frame;
    for (int i = 0; i < ANSWERS_PER_ROUND_MAX && reader_take(broker->reader, &route, &frame); i++) {
        if (zmq_msg_size(&frame) > 0)
            send_frame(broker, &route, zmq_msg_data(&frame), zmq_msg_size(&frame));
        zmq_msg_close(&frame);
    }
}

// A giver's client needs one topic. libzmq keeps all that a peer subscribes to and cannot be told to cut it off, so who
// floods it is not let in again until the next start, and somebody is told.
static void watch_subscriber(struct broker *broker, const char *user_id)
{
    if (user_id == NULL || bucket_table_take(broker->subscriptions, user_id, strlen(user_id), clock_monotonic_ms()))
        return;
    metric_add(&broker->metrics, METRIC_SUBSCRIPTION_FLOODS, 1);
    shut_out(broker, user_id);
}

static void take_subscriptions(struct broker *broker)
{
    void *socket = zsock_resolve(broker->publish);
    zmq_msg_t message;
    zmq_msg_init(&message);
    for (int i = 0; i < SUBSCRIPTIONS_PER_ROUND_MAX && zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) >= 0; i++) {
        const uint8_t *bytes = zmq_msg_data(&message);
        if (zmq_msg_size(&message) == 0 || bytes[0] != 1)
            continue;
        metric_add(&broker->metrics, METRIC_SUBSCRIPTIONS, 1);
        watch_subscriber(broker, zmq_msg_gets(&message, "User-Id"));
    }
    zmq_msg_close(&message);
}

static void feed_watchdog(struct broker *broker, int64_t now_ms)
{
    int64_t every_ms = service_watchdog_interval_ms();
    if (every_ms == 0 || now_ms < broker->fed_watchdog_ms + every_ms)
        return;
    service_alive();
    broker->fed_watchdog_ms = now_ms;
}

static void measure(struct broker *broker)
{
    struct store_usage usage;
    metric_set(&broker->metrics, METRIC_SESSIONS, sessions_count(broker->sessions));
    if (store_usage(broker->store, &usage) != BB_OK)
        return;
    metric_set(&broker->metrics, METRIC_STORE_USED_SIZE, usage.used_size);
    metric_set(&broker->metrics, METRIC_STORE_MAP_SIZE, usage.map_size);
}

static void keep_house(struct broker *broker)
{
    int64_t now_ms = clock_monotonic_ms();
    metric_set(&broker->metrics, METRIC_LOOP_TURNED_AT_MS, metrics_clock_ms());
    metric_set(&broker->metrics, METRIC_SESSIONS, sessions_count(broker->sessions));
    feed_watchdog(broker, now_ms);
    if (now_ms < broker->swept_at_ms + SWEEP_EVERY_MS)
        return;
    broker->swept_at_ms = now_ms;
    sessions_sweep(broker->sessions, now_ms);
    measure(broker);
}

enum bb_code broker_run(struct broker *broker)
{
    zmq_pollitem_t items[SLOTS_COUNT];
    measure(broker);
    for (;;) {
        keep_house(broker);
        if (wait_for_input(broker, items) < 0 && errno != EINTR)
            return BB_IO;
        if (items[SLOT_SIGNALS].revents & ZMQ_POLLIN)
            return BB_OK; // what is not answered yet is repeated by its client
        if (items[SLOT_READER].revents & ZMQ_POLLIN)
            forward_answers(broker);
        if (items[SLOT_PUBLISH].revents & ZMQ_POLLIN)
            take_subscriptions(broker);
        enum bb_code code = items[SLOT_COMMANDS].revents & ZMQ_POLLIN ? take_turn(broker) : BB_OK;
        if (code != BB_OK)
            return code;
        send_beacons(broker);
    }
}
