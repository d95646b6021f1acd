// SPDX-License-Identifier: MPL-2.0
// The client's sockets on libzmq.
//
// A ZMQ_FD is edge-like: it tells that something changed, once, and any call on the socket may take that away. So
// before this client waits, the sockets are asked themselves (net_arm).
#include "client_net.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECT_MS = 10000,
    HANDSHAKE_MS = 10000,
    HEARTBEAT_MS = 10000,
    HEARTBEAT_MISSING_MS = 30000,
    RECONNECT_MS_MIN = 500,
    RECONNECT_MS_SPREAD = 4500,
    RECONNECT_MS_MAX = 30000,
    REFUSED_RETRY_MS = 15000,
    MONITOR_EVENT_SIZE = 6,
    REFUSED_BY_NAME = 400, // ZAP; 300 and 500 are trouble at the broker
};

enum { SOURCE_TIMER = 1, SOURCE_MONITOR = 2, SOURCE_DEALER = 4, SOURCE_SUBSCRIBER = 8 };

static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static void *shared_context;
static size_t shared_users;
static unsigned monitors_made;

static void *context_take(void)
{
    pthread_mutex_lock(&shared_lock);
    if (!shared_context) {
        shared_context = zmq_ctx_new();
        if (shared_context) // a process may hold a thousand clients with four sockets each
            zmq_ctx_set(shared_context, ZMQ_MAX_SOCKETS, zmq_ctx_get(shared_context, ZMQ_SOCKET_LIMIT));
    }
    shared_users += shared_context != NULL;
    void *context = shared_context;
    pthread_mutex_unlock(&shared_lock);
    return context;
}

static void context_give_back(void)
{
    pthread_mutex_lock(&shared_lock);
    void *ended = --shared_users == 0 ? shared_context : NULL;
    if (ended)
        shared_context = NULL;
    pthread_mutex_unlock(&shared_lock);
    if (ended)
        zmq_ctx_term(ended);
}

int64_t net_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool set_options(void *socket, const struct identity *identity, int send_hwm, int receive_hwm)
{
    const struct {
        int option, value;
    } options[] = {
        {ZMQ_LINGER, 0},
        {ZMQ_SNDHWM, send_hwm},
        {ZMQ_RCVHWM, receive_hwm},
        {ZMQ_CONNECT_TIMEOUT, CONNECT_MS}, // after a silent cut TCP alone would dial again ever more seldom
        {ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS},
        {ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS},
        {ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_MISSING_MS},
        {ZMQ_HEARTBEAT_TTL, HEARTBEAT_MISSING_MS},
        {ZMQ_RECONNECT_IVL, RECONNECT_MS_MIN + (int)randombytes_uniform(RECONNECT_MS_SPREAD)},
        {ZMQ_RECONNECT_IVL_MAX, RECONNECT_MS_MAX},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (zmq_setsockopt(socket, options[i].option, &options[i].value, sizeof options[i].value) != 0)
            return false;
    }
    const int64_t size_max = BROKER_FRAME_SIZE_MAX + CURVE_OVERHEAD_SIZE;
    return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &size_max, sizeof size_max) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, identity->server_key, KEY_SIZE) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, identity->curve.public_key, KEY_SIZE) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, identity->curve.secret_key, KEY_SIZE) == 0;
}

static bool watch(struct client_net *net, int fd, unsigned source)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = source};
    return epoll_ctl(net->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool watch_socket(struct client_net *net, void *socket, unsigned source)
{
    int fd;
    size_t size = sizeof fd;
    net->touched |= source;
    return zmq_getsockopt(socket, ZMQ_FD, &fd, &size) == 0 && watch(net, fd, source);
}

static bool open_monitor(struct client_net *net, void *context)
{
    char endpoint[64];
    pthread_mutex_lock(&shared_lock);
    snprintf(endpoint, sizeof endpoint, "inproc://buurtbel-client-%u", monitors_made++);
    pthread_mutex_unlock(&shared_lock);
    const int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_DISCONNECTED |
                       ZMQ_EVENT_CONNECT_RETRIED;
    if (zmq_socket_monitor(net->dealer, endpoint, events) != 0)
        return false;
    net->monitor = zmq_socket(context, ZMQ_PAIR);
    const int no_linger = 0;
    return net->monitor && zmq_setsockopt(net->monitor, ZMQ_LINGER, &no_linger, sizeof no_linger) == 0 &&
           zmq_connect(net->monitor, endpoint) == 0 && watch_socket(net, net->monitor, SOURCE_MONITOR);
}

enum bb_code net_open(struct client_net *net, const struct identity *identity)
{
    *net = (struct client_net){.identity = identity, .epoll = -1, .timer = -1, .armed_ms = -1};
    void *context = context_take();
    if (!context)
        return BB_NO_MEMORY;
    const int immediate = 1; // without it messages pile up while the broker is away
    enum bb_code code = BB_OK;
    net->epoll = epoll_create1(EPOLL_CLOEXEC);
    net->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    net->dealer = zmq_socket(context, ZMQ_DEALER);
    if (net->epoll < 0 || net->timer < 0 || !net->dealer || !set_options(net->dealer, identity, 64, 1000) ||
        zmq_setsockopt(net->dealer, ZMQ_IMMEDIATE, &immediate, sizeof immediate) != 0 ||
        !watch(net, net->timer, SOURCE_TIMER) || !watch_socket(net, net->dealer, SOURCE_DEALER) ||
        !open_monitor(net, context))
        code = errno == ENOMEM ? BB_NO_MEMORY : BB_IO;
    else if (zmq_connect(net->dealer, identity->command_endpoint) != 0)
        code = BB_BAD_IDENTITY;
    if (code != BB_OK)
        net_close(net);
    return code;
}

static void forget_pending(struct client_net *net)
{
    while (net->pending_count > 0)
        free(net->pending[--net->pending_count].bytes);
}

void net_close(struct client_net *net)
{
    if (!net->identity)
        return;
    if (net->dealer) {
        zmq_socket_monitor(net->dealer, NULL, 0);
        zmq_close(net->dealer);
    }
    if (net->monitor)
        zmq_close(net->monitor);
    if (net->subscriber)
        zmq_close(net->subscriber);
    if (net->timer >= 0)
        close(net->timer);
    if (net->epoll >= 0)
        close(net->epoll);
    forget_pending(net);
    *net = (struct client_net){.epoll = -1, .timer = -1};
    context_give_back();
}

static int events_of(void *socket)
{
    int events = 0;
    size_t size = sizeof events;
    if (socket && zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) != 0)
        events = 0;
    return events;
}

// Asking for the events first makes libzmq look at its commands, among them that a connection is there.
static bool send_now(struct client_net *net, const uint8_t *bytes, size_t size)
{
    net->touched |= SOURCE_DEALER;
    return (events_of(net->dealer) & ZMQ_POLLOUT) && zmq_send(net->dealer, bytes, size, ZMQ_DONTWAIT) >= 0;
}

static void send_pending(struct client_net *net)
{
    size_t sent = 0;
    while (sent < net->pending_count && send_now(net, net->pending[sent].bytes, net->pending[sent].size))
        free(net->pending[sent++].bytes);
    net->pending_count -= sent;
    memmove(net->pending, net->pending + sent, net->pending_count * sizeof *net->pending);
}

void net_send(struct client_net *net, const uint8_t *bytes, size_t size)
{
    send_pending(net);
    if ((net->pending_count == 0 && send_now(net, bytes, size)) || net->pending_count == NET_PENDING_MAX)
        return;
    uint8_t *copy = malloc(size);
    if (!copy)
        return;
    memcpy(copy, bytes, size);
    net->pending[net->pending_count++] = (struct net_frame){copy, size};
    // cppcheck-suppress memleak; the list holds it: freed when it is sent or forgotten
}

// One event of the monitor: a frame with number and value, and one with the endpoint.
static bool next_of_monitor(struct client_net *net, struct net_input *out)
{
    uint8_t event[MONITOR_EVENT_SIZE], endpoint[256];
    if (zmq_recv(net->monitor, event, sizeof event, ZMQ_DONTWAIT) != MONITOR_EVENT_SIZE)
        return false;
    (void)zmq_recv(net->monitor, endpoint, sizeof endpoint, ZMQ_DONTWAIT);
    uint16_t number;
    uint32_t value;
    memcpy(&number, event, sizeof number);
    memcpy(&value, event + sizeof number, sizeof value);
    forget_pending(net); // they were for the connection before
    out->kind = number == ZMQ_EVENT_HANDSHAKE_SUCCEEDED ? NET_ONLINE : NET_OFFLINE;
    if (out->kind == NET_ONLINE) {
        net->refused = false;
        net->retry_at_ms = 0;
    } else if (number == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH && value == REFUSED_BY_NAME) {
        net->refused = true;
        net->retry_at_ms = net_clock_ms() + REFUSED_RETRY_MS;
    }
    out->code = net->refused ? BB_REFUSED_AT_THE_DOOR : BB_AWAY;
    return true;
}

static bool receive(void *socket, zmq_msg_t *message)
{
    if (!socket)
        return false;
    zmq_msg_init(message);
    if (zmq_msg_recv(message, socket, ZMQ_DONTWAIT) >= 0)
        return true;
    zmq_msg_close(message);
    return false;
}

// The last frame is the body: a publication has its topic before it, and a broker that says more is of a newer kind.
static bool next_of_socket(void *socket, enum net_input_kind kind, struct net_input *out)
{
    out->kind = kind;
    if (!receive(socket, &out->message))
        return false;
    while (zmq_msg_more(&out->message)) {
        zmq_msg_close(&out->message);
        if (!receive(socket, &out->message))
            return false;
    }
    return true;
}

void net_look(struct client_net *net)
{
    struct epoll_event events[4];
    int count = epoll_wait(net->epoll, events, 4, 0);
    for (int i = 0; i < count; i++)
        net->ready |= events[i].data.u32 & ~(unsigned)SOURCE_TIMER;
    if (net->pending_count > 0)
        send_pending(net);
}

bool net_next(struct client_net *net, struct net_input *out)
{
    *out = (struct net_input){.code = BB_OK};
    if (net->retry_at_ms != 0 && net->retry_at_ms <= net_clock_ms()) {
        net->retry_at_ms = net_clock_ms() + REFUSED_RETRY_MS;
        net_reconnect(net);
    }
    if (net->ready & SOURCE_MONITOR) {
        if (next_of_monitor(net, out))
            return true;
        net->ready &= ~(unsigned)SOURCE_MONITOR;
        net->touched &= ~(unsigned)SOURCE_MONITOR;
    }
    if (net->ready & SOURCE_DEALER) {
        if (next_of_socket(net->dealer, NET_COMMAND_SOCKET, out))
            return true;
        net->ready &= ~(unsigned)SOURCE_DEALER;
        net->touched &= ~(unsigned)SOURCE_DEALER;
    }
    if (net->ready & SOURCE_SUBSCRIBER) {
        if (next_of_socket(net->subscriber, NET_PUBLISH_SOCKET, out))
            return true;
        net->ready &= ~(unsigned)SOURCE_SUBSCRIBER;
        net->touched &= ~(unsigned)SOURCE_SUBSCRIBER;
    }
    return false;
}

void net_input_fini(struct net_input *input)
{
    if (input->kind == NET_COMMAND_SOCKET || input->kind == NET_PUBLISH_SOCKET)
        zmq_msg_close(&input->message);
}

static void *open_subscriber(struct client_net *net)
{
    void *socket = zmq_socket(shared_context, ZMQ_SUB);
    if (!socket)
        return NULL;
    if (set_options(socket, net->identity, 0, 10000) && watch_socket(net, socket, SOURCE_SUBSCRIBER) &&
        zmq_connect(socket, net->identity->publish_endpoint) == 0)
        return socket;
    zmq_close(socket);
    return NULL;
}

// Without this socket the pongs still show what was missed, so a failure slows the client down and loses nothing.
void net_subscribe(struct client_net *net, const uint8_t *topic, size_t size, bool on)
{
    if (!net->subscriber && on)
        net->subscriber = open_subscriber(net);
    if (net->subscriber)
        net->touched |= SOURCE_SUBSCRIBER;
    if (net->subscriber)
        (void)zmq_setsockopt(net->subscriber, on ? ZMQ_SUBSCRIBE : ZMQ_UNSUBSCRIBE, topic, size);
}

void net_reconnect(struct client_net *net)
{
    forget_pending(net);
    net->touched |= SOURCE_DEALER | SOURCE_SUBSCRIBER | SOURCE_MONITOR;
    (void)zmq_disconnect(net->dealer, net->identity->command_endpoint);
    (void)zmq_connect(net->dealer, net->identity->command_endpoint);
    if (net->subscriber) {
        (void)zmq_disconnect(net->subscriber, net->identity->publish_endpoint);
        (void)zmq_connect(net->subscriber, net->identity->publish_endpoint);
    }
}

static unsigned look_again(struct client_net *net)
{
    unsigned found = 0;
    if ((net->touched & SOURCE_MONITOR) && (events_of(net->monitor) & ZMQ_POLLIN))
        found |= SOURCE_MONITOR;
    if ((net->touched & SOURCE_SUBSCRIBER) && (events_of(net->subscriber) & ZMQ_POLLIN))
        found |= SOURCE_SUBSCRIBER;
    if ((net->touched & SOURCE_DEALER) || net->pending_count > 0) {
        int dealer = events_of(net->dealer);
        if ((dealer & ZMQ_POLLIN) || (net->pending_count > 0 && (dealer & ZMQ_POLLOUT)))
            found |= SOURCE_DEALER;
    }
    net->touched = 0;
    return found;
}

void net_arm(struct client_net *net, int64_t deadline_ms)
{
    net->ready |= look_again(net);
    if (net->retry_at_ms != 0 && net->retry_at_ms < deadline_ms)
        deadline_ms = net->retry_at_ms;
    if (net->ready || deadline_ms <= net_clock_ms())
        deadline_ms = 0;
    if (deadline_ms == net->armed_ms)
        return;
    struct itimerspec at = {0}; // all zero: never
    if (deadline_ms == 0)
        at.it_value.tv_nsec = 1;
    else if (deadline_ms < INT64_MAX)
        at.it_value = (struct timespec){.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000};
    net->armed_ms = deadline_ms;
    timerfd_settime(net->timer, TFD_TIMER_ABSTIME, &at, NULL); // also makes it unreadable until then
}
