// SPDX-License-Identifier: MPL-2.0
// The roles of what we are compared with: bare libzmq, CURVE, one XPUB and many SUBs with the socket options of our own
// broker and clients, in as many threads as the givers have. Nothing is stored and nothing is repaired.
// Bare SUBs can also listen to our broker, with keys of givers; deaf ones never read what they subscribed to.
#include "bench.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <zmq.h>

enum { HEARTBEAT_MS = 10000, MISSING_MS = 30000, HANDSHAKE_MS = 10000, SNDHWM = 1000, RCVHWM = 10000, BACKLOG = 4096 };
// Shorter bodies are beacons of our broker.
enum { NOTICE_BODY_SIZE_MIN = 128 };
enum { SNDBUF_SIZE = 64 * 1024, FRAME_SIZE_MAX = 64 * 1024, KEY_TEXT_SIZE = 41 };

static void set(void *socket, int option, int value)
{
    if (zmq_setsockopt(socket, option, &value, sizeof value) != 0)
        bench_fail(zmq_strerror(zmq_errno()));
}

static void *open_socket(void *context, int type)
{
    void *socket = zmq_socket(context, type);
    if (!socket)
        bench_fail(zmq_strerror(zmq_errno()));
    set(socket, ZMQ_LINGER, 0);
    set(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
    set(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS);
    set(socket, ZMQ_HEARTBEAT_TIMEOUT, MISSING_MS);
    set(socket, ZMQ_HEARTBEAT_TTL, MISSING_MS);
    return socket;
}

// ---------------------------------------------------------------- publisher

static void send_burst(void *socket, const char *topic, size_t payload_size, unsigned count)
{
    uint8_t payload[FRAME_SIZE_MAX] = {0};
    int64_t sent_us = bench_clock_us();
    for (unsigned i = 0; i < count; i++) {
        memcpy(payload, &i, sizeof i);
        if (zmq_send(socket, topic, strlen(topic), ZMQ_SNDMORE) < 0 || zmq_send(socket, payload, payload_size, 0) < 0)
            bench_fail(zmq_strerror(zmq_errno()));
    }
    printf("{\"sent_us\": %" PRId64 "}\n", sent_us);
}

static void *open_publisher(const char *endpoint)
{
    char public_key[KEY_TEXT_SIZE], secret_key[KEY_TEXT_SIZE];
    void *socket = open_socket(zmq_ctx_new(), ZMQ_XPUB);
    zmq_curve_keypair(public_key, secret_key);
    set(socket, ZMQ_CURVE_SERVER, 1);
    set(socket, ZMQ_SNDHWM, SNDHWM);
    set(socket, ZMQ_SNDBUF, SNDBUF_SIZE);
    set(socket, ZMQ_BACKLOG, BACKLOG);
    set(socket, ZMQ_XPUB_VERBOSE, 1);
    if (zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key, KEY_TEXT_SIZE) != 0 || zmq_bind(socket, endpoint) != 0)
        bench_fail(zmq_strerror(zmq_errno()));
    printf("{\"key\": \"%s\"}\n", public_key);
    return socket;
}

// Subscriptions are taken as they come; the loop is that of a broker that has nothing else to do.
int bench_publisher(int count, char **arguments)
{
    (void)count;
    size_t payload_size = strtoul(arguments[2], NULL, 10);
    if (payload_size < sizeof(unsigned) || payload_size > FRAME_SIZE_MAX)
        bench_fail("no such payload");
    void *socket = open_publisher(arguments[0]);
    for (size_t subscriptions = 0;;) {
        zmq_pollitem_t items[] = {{socket, 0, ZMQ_POLLIN, 0}, {NULL, 0, ZMQ_POLLIN, 0}};
        struct bench_order order;
        uint8_t frame[64];
        zmq_poll(items, 2, -1);
        while (items[0].revents && zmq_recv(socket, frame, sizeof frame, ZMQ_DONTWAIT) >= 0)
            subscriptions += frame[0] == 1;
        if (!items[1].revents)
            continue;
        if (!bench_read_order(&order))
            exit(EXIT_SUCCESS);
        if (strcmp(order.word, "subscriptions") == 0)
            printf("{\"subscriptions\": %zu}\n", subscriptions);
        else
            send_burst(socket, arguments[1], payload_size, order.first);
    }
}

// ---------------------------------------------------------------- subscribers

struct subscribers {
    char **arguments;
    void *context;
    size_t count;
    int rcvhwm;
    void **sockets;
    atomic_size_t expected, taken; // deliveries of the burst under way
    int64_t *taken_us;             // when, of the first `count` of them, in any order
};

static void note_delivery(struct subscribers *subscribers, size_t body_size)
{
    if (body_size < NOTICE_BODY_SIZE_MIN)
        return;
    int64_t now_us = bench_clock_us();
    size_t taken = atomic_fetch_add(&subscribers->taken, 1);
    if (taken < subscribers->count)
        subscribers->taken_us[taken] = now_us;
    if (taken + 1 == atomic_load(&subscribers->expected))
        printf("{\"last_us\": %" PRId64 ", \"body_size\": %zu}\n", now_us, body_size);
}

static void take(struct subscribers *subscribers, void *socket)
{
    uint8_t frame[FRAME_SIZE_MAX];
    int events = 0;
    size_t size = sizeof events;
    while (zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN)) {
        int body_size;
        if (zmq_recv(socket, frame, sizeof frame, 0) < 0 || (body_size = zmq_recv(socket, frame, sizeof frame, 0)) < 0)
            bench_fail(zmq_strerror(zmq_errno()));
        note_delivery(subscribers, (size_t)body_size);
    }
}

// From the file of keys, "PUBLIC SECRET" in each line; without one, fresh.
static void take_keys(FILE *keys, char public_key[KEY_TEXT_SIZE], char secret_key[KEY_TEXT_SIZE])
{
    if (!keys)
        zmq_curve_keypair(public_key, secret_key);
    else if (fscanf(keys, "%40s %40s", public_key, secret_key) != 2)
        bench_fail("too few keys");
}

static void *open_subscriber(const struct subscribers *subscribers, FILE *keys)
{
    char public_key[KEY_TEXT_SIZE], secret_key[KEY_TEXT_SIZE];
    const char *endpoint = subscribers->arguments[0], *server_key = subscribers->arguments[1];
    const char *topic = subscribers->arguments[2];
    void *socket = open_socket(subscribers->context, ZMQ_SUB);
    take_keys(keys, public_key, secret_key);
    set(socket, ZMQ_SNDHWM, 0);
    set(socket, ZMQ_RCVHWM, subscribers->rcvhwm);
    if (zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_key, KEY_TEXT_SIZE) != 0 ||
        zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_key, KEY_TEXT_SIZE) != 0 ||
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key, KEY_TEXT_SIZE) != 0 ||
        zmq_setsockopt(socket, ZMQ_SUBSCRIBE, topic, strlen(topic)) != 0 || zmq_connect(socket, endpoint) != 0)
        bench_fail(zmq_strerror(zmq_errno()));
    return socket;
}

static void open_all(struct subscribers *subscribers, FILE *keys)
{
    subscribers->context = zmq_ctx_new();
    zmq_ctx_set(subscribers->context, ZMQ_MAX_SOCKETS, zmq_ctx_get(subscribers->context, ZMQ_SOCKET_LIMIT));
    subscribers->sockets = calloc(subscribers->count, sizeof(void *));
    subscribers->taken_us = calloc(subscribers->count, sizeof *subscribers->taken_us);
    if (!subscribers->sockets || !subscribers->taken_us)
        bench_fail("no memory");
    for (size_t i = 0; i < subscribers->count; i++)
        subscribers->sockets[i] = open_subscriber(subscribers, keys);
}

static void listen(void *context, size_t first, size_t end)
{
    struct subscribers *subscribers = context;
    int epoll = bench_epoll();
    for (size_t i = first; i < end; i++) {
        int fd;
        size_t size = sizeof fd;
        if (zmq_getsockopt(subscribers->sockets[i], ZMQ_FD, &fd, &size) != 0)
            bench_fail(zmq_strerror(zmq_errno()));
        bench_watch(epoll, fd, (uint32_t)i);
        take(subscribers, subscribers->sockets[i]);
    }
    for (;;) {
        struct epoll_event events[BENCH_EVENTS_AT_ONCE];
        int ready = epoll_wait(epoll, events, BENCH_EVENTS_AT_ONCE, -1);
        for (int i = 0; i < ready; i++)
            take(subscribers, subscribers->sockets[events[i].data.u32]);
    }
}

// The last write of another thread may still be under way when its burst is told complete; it is a microsecond of one.
static void tell_times(const struct subscribers *subscribers)
{
    size_t taken = atomic_load(&subscribers->taken);
    printf("{\"taken\": %zu, \"taken_us\": [", taken);
    for (size_t i = 0; i < taken && i < subscribers->count; i++)
        printf("%s%" PRId64, i > 0 ? ", " : "", subscribers->taken_us[i]);
    puts("]}");
}

static void obey(struct subscribers *subscribers, const struct bench_order *order)
{
    if (strcmp(order->word, "taken") == 0)
        printf("{\"taken\": %zu}\n", atomic_load(&subscribers->taken));
    else if (strcmp(order->word, "times") == 0)
        tell_times(subscribers);
    else {
        atomic_store(&subscribers->taken, 0);
        atomic_store(&subscribers->expected, subscribers->count * order->first);
        printf("{\"expected\": %zu}\n", subscribers->count * order->first);
    }
}

static void open_subscribers(struct subscribers *subscribers, char **arguments, int rcvhwm, const char *path_of_keys)
{
    FILE *keys = strcmp(path_of_keys, "-") == 0 ? NULL : fopen(path_of_keys, "r");
    subscribers->arguments = arguments;
    subscribers->count = strtoul(arguments[3], NULL, 10);
    subscribers->rcvhwm = rcvhwm;
    open_all(subscribers, keys);
    if (keys)
        fclose(keys);
}

int bench_subscribers(int count, char **arguments)
{
    (void)count;
    static struct subscribers subscribers;
    struct bench_order order;
    open_subscribers(&subscribers, arguments, RCVHWM, arguments[5]);
    bench_share(strtoul(arguments[4], NULL, 10), subscribers.count, listen, &subscribers);
    while (bench_read_order(&order))
        obey(&subscribers, &order);
    _exit(EXIT_SUCCESS);
}

// Their heartbeats go on: libzmq's own thread answers them.
int bench_deaf(int count, char **arguments)
{
    (void)count;
    static struct subscribers subscribers;
    struct bench_order order;
    open_subscribers(&subscribers, arguments, 1, arguments[4]);
    while (bench_read_order(&order))
        ;
    _exit(EXIT_SUCCESS);
}
