// SPDX-License-Identifier: MPL-2.0
// The loop: ask for the next deadline, wait, read what is there, one turn, again. One thread owns both sockets.
#include "broker.h"
#include "clock.h"
#include "watch/log.h"
#include "watch/service.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SLOT_COMMANDS,
    SLOT_PUBLISH,
    SLOT_READER,
    SLOT_SIGNALS,
    SLOTS_COUNT,
};
enum { WAIT_MS_MAX = 1000, SWEEP_EVERY_MS = 10000, DESCRIPTORS_EVERY_MS = 1000 };
enum { ANSWERS_PER_ROUND_MAX = 1000, SUBSCRIPTIONS_PER_ROUND_MAX = 1000 };

static long wait_ms(const struct broker *broker)
{
    int64_t left = node_deadline_ms(broker->node) - clock_steady_ms();
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

// One message is two frames, route and body. More of them is nothing that a client of ours sends.
static bool take_message(struct broker *broker)
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
    bool known = route.size > 0 && route.size <= sizeof route.bytes;
    if (known)
        memcpy(route.bytes, zmq_msg_data(&message), route.size);
    bool usable = known && zmq_msg_more(&message) && zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) >= 0;
    broker->asker = usable ? zmq_msg_get(&message, ZMQ_SRCFD) : -1;
    if (usable && !zmq_msg_more(&message))
        node_take(broker->node, &route, zmq_msg_gets(&message, "User-Id"), zmq_msg_data(&message),
                  zmq_msg_size(&message));
    else if (known)
        node_take_parts(broker->node, &route);
    else
        metric_add(&broker->metrics, METRIC_FRAMES_MALFORMED, 1);
    drop_rest(&message, socket);
    zmq_msg_close(&message);
    return true;
}

static enum bb_code take_turn(struct broker *broker)
{
    for (int messages = 0; messages < TURN_COMMANDS_MAX && node_has_room(broker->node); messages++) {
        if (!take_message(broker))
            break;
    }
    return node_turn(broker->node);
}

static void forward_answers(struct broker *broker)
{
    struct routing_id route;
    zmq_msg_t frame;
    for (int i = 0; i < ANSWERS_PER_ROUND_MAX && reader_take(broker->reader, &route, &frame); i++) {
        if (zmq_msg_size(&frame) > 0)
            node_send(broker->node, &route, zmq_msg_data(&frame), zmq_msg_size(&frame));
        zmq_msg_close(&frame);
    }
}

// libzmq cannot be told to end one connection, but tells the descriptor that a message came by. If that was closed
// meanwhile and is somebody else's by now, that client dials again and fetches what it missed.
static void cut_off(zmq_msg_t *message)
{
    int fd = zmq_msg_get(message, ZMQ_SRCFD);
    if (fd >= 0)
        shutdown(fd, SHUT_RDWR);
}

static void take_subscriptions(struct broker *broker)
{
    void *socket = zsock_resolve(broker->publish);
    zmq_msg_t message;
    zmq_msg_init(&message);
    for (int i = 0; i < SUBSCRIPTIONS_PER_ROUND_MAX && zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) >= 0; i++) {
        const uint8_t *bytes = zmq_msg_data(&message);
        bool subscribes = zmq_msg_size(&message) > 0 && bytes[0] == 1;
        if (subscribes && !node_subscribed(broker->node, zmq_msg_gets(&message, "User-Id")))
            cut_off(&message);
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
    metric_set(&broker->metrics, METRIC_SESSIONS, node_sessions(broker->node));
    if (store_usage(broker->store, &usage) != BB_OK)
        return;
    metric_set(&broker->metrics, METRIC_STORE_USED_SIZE, usage.used_size);
    metric_set(&broker->metrics, METRIC_STORE_MAP_SIZE, usage.map_size);
}

// libzmq takes no connection then, and says nothing. Who is connected goes on.
static void watch_descriptors(struct broker *broker, int64_t now_ms)
{
    if (now_ms < broker->descriptors_seen_at_ms + DESCRIPTORS_EVERY_MS)
        return;
    broker->descriptors_seen_at_ms = now_ms;
    int fd = fcntl(broker->signals, F_DUPFD_CLOEXEC, 0);
    bool used_up = fd < 0 && errno == EMFILE;
    if (fd >= 0)
        close(fd);
    if (used_up && !broker->descriptors_used_up)
        log_line(LEVEL_ERROR, "descriptors_used_up", "problem",
                 "no new connection is taken until others leave; raise LimitNOFILE, and look who connects so often",
                 NULL);
    else if (!used_up && broker->descriptors_used_up)
        log_line(LEVEL_INFO, "descriptors_free_again", NULL);
    broker->descriptors_used_up = used_up;
}

static void keep_house(struct broker *broker)
{
    int64_t now_ms = clock_steady_ms();
    metric_set(&broker->metrics, METRIC_LOOP_TURNED_AT_MS, metrics_clock_ms());
    metric_set(&broker->metrics, METRIC_SESSIONS, node_sessions(broker->node));
    feed_watchdog(broker, now_ms);
    watch_descriptors(broker, now_ms);
    if (now_ms < broker->swept_at_ms + SWEEP_EVERY_MS)
        return;
    broker->swept_at_ms = now_ms;
    node_sweep(broker->node);
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
        enum bb_code code = (items[SLOT_COMMANDS].revents & ZMQ_POLLIN) ? take_turn(broker) : BB_OK;
        if (code != BB_OK)
            return code;
        node_send_beacons(broker->node);
    }
}
