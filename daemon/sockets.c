// SPDX-License-Identifier: MPL-2.0
// The broker's two sockets and the door before them: options with their figures, binding, and trying its own door.
#include "broker.h"

#include "door/self_check.h"
#include "watch/log.h"

#include <string.h>

enum { COMMAND_SNDHWM = 1000, COMMAND_RCVHWM = 64, PUBLISH_SNDHWM = 256, PUBLISH_RCVHWM = 128 };
enum { COMMAND_SNDBUF_SIZE = 128 * 1024, PUBLISH_SNDBUF_SIZE = 64 * 1024, SOCKET_BACKLOG = 4096 };
// libzmq 4.3.4 has this option under its number and names it only in its draft header.
enum { SOCKET_ZAP_ENFORCE_DOMAIN = 93 };
enum { HANDSHAKE_MS = 5000, HEARTBEAT_MS = 10000, HEARTBEAT_TIMEOUT_MS = 30000 };

// `io_thread`: a reply must not wait until a publication went out to thousands, so each socket has a thread of libzmq's.
static void set_common(zsock_t *socket, const struct config *config, const char *domain, unsigned io_thread)
{
    void *handle = zsock_resolve(socket);
    uint64_t affinity = (uint64_t)1 << io_thread;
    zmq_setsockopt(handle, ZMQ_AFFINITY, &affinity, sizeof affinity);
    int one = 1, handshake = HANDSHAKE_MS, beat = HEARTBEAT_MS, patience = HEARTBEAT_TIMEOUT_MS, none = 0;
    int backlog = SOCKET_BACKLOG;
    zmq_setsockopt(handle, ZMQ_CURVE_SERVER, &one, sizeof one);
    zmq_setsockopt(handle, ZMQ_CURVE_SECRETKEY, config->server_secret_text, sizeof config->server_secret_text);
    zmq_setsockopt(handle, ZMQ_ZAP_DOMAIN, domain, strlen(domain));
    zmq_setsockopt(handle, ZMQ_HANDSHAKE_IVL, &handshake, sizeof handshake);
    zmq_setsockopt(handle, ZMQ_HEARTBEAT_IVL, &beat, sizeof beat);
    zmq_setsockopt(handle, ZMQ_HEARTBEAT_TTL, &patience, sizeof patience);
    zmq_setsockopt(handle, ZMQ_HEARTBEAT_TIMEOUT, &patience, sizeof patience);
    zmq_setsockopt(handle, ZMQ_BACKLOG, &backlog, sizeof backlog);
    zmq_setsockopt(handle, ZMQ_LINGER, &none, sizeof none);
}

struct socket_limits {
    int sndhwm, rcvhwm, sndbuf;
    int64_t message_size_max;
};

// With ZAP_ENFORCE_DOMAIN a socket whose questions nobody answers lets nobody in; without it, everybody.
static bool set_limits(zsock_t *socket, const struct socket_limits *limits)
{
    void *handle = zsock_resolve(socket);
    int enforce = 1;
    zmq_setsockopt(handle, ZMQ_SNDHWM, &limits->sndhwm, sizeof limits->sndhwm);
    zmq_setsockopt(handle, ZMQ_RCVHWM, &limits->rcvhwm, sizeof limits->rcvhwm);
    zmq_setsockopt(handle, ZMQ_SNDBUF, &limits->sndbuf, sizeof limits->sndbuf);
    zmq_setsockopt(handle, ZMQ_MAXMSGSIZE, &limits->message_size_max, sizeof limits->message_size_max);
    return zmq_setsockopt(handle, SOCKET_ZAP_ENFORCE_DOMAIN, &enforce, sizeof enforce) == 0;
}

static enum bb_code bind_socket(zsock_t *socket, const char *endpoint, const char *what)
{
    if (zmq_bind(zsock_resolve(socket), endpoint) == 0)
        return BB_OK;
    log_line(LEVEL_ERROR, "not_bound", "socket", what, "endpoint", endpoint, "problem", zmq_strerror(zmq_errno()),
             NULL);
    return BB_IN_USE;
}

// libzmq cuts off who sends more than its limit, without a word; so it stands above ours, which says TOO_LARGE.
static enum bb_code open_commands(struct broker *broker)
{
    const struct socket_limits limits = {COMMAND_SNDHWM, COMMAND_RCVHWM, COMMAND_SNDBUF_SIZE,
                                         2 * COMMAND_FRAME_SIZE_MAX + CURVE_OVERHEAD_SIZE};
    int one = 1;
    broker->commands = zsock_new(ZMQ_ROUTER);
    if (!broker->commands)
        return BB_NO_MEMORY;
    set_common(broker->commands, broker->config, ZAP_DOMAIN_COMMAND, 0);
    zmq_setsockopt(zsock_resolve(broker->commands), ZMQ_ROUTER_MANDATORY, &one, sizeof one);
    if (!set_limits(broker->commands, &limits))
        return complain("domain_not_enforced", BB_IO,
                        "libzmq does not enforce the ZAP domain; use libzmq 4.3.4 or later");
    return bind_socket(broker->commands, broker->config->command_endpoint, "command");
}

static enum bb_code open_publish(struct broker *broker)
{
    const struct socket_limits limits = {PUBLISH_SNDHWM, PUBLISH_RCVHWM, PUBLISH_SNDBUF_SIZE, SUBSCRIPTION_SIZE_MAX};
    int one = 1;
    broker->publish = zsock_new(ZMQ_XPUB);
    if (!broker->publish)
        return BB_NO_MEMORY;
    set_common(broker->publish, broker->config, ZAP_DOMAIN_PUBLISH, 1);
    zmq_setsockopt(zsock_resolve(broker->publish), ZMQ_XPUB_VERBOSE, &one, sizeof one);
    if (!set_limits(broker->publish, &limits))
        return complain("domain_not_enforced", BB_IO,
                        "libzmq does not enforce the ZAP domain; use libzmq 4.3.4 or later");
    return bind_socket(broker->publish, broker->config->publish_endpoint, "publish");
}

enum bb_code open_door(struct broker *broker)
{
    const struct config *config = broker->config;
    struct zap_limits limits = {
        .per_address = {(uint32_t)config->handshakes_per_second, (uint32_t)config->handshakes_burst},
        .per_key = {(uint32_t)config->key_handshakes_per_second, (uint32_t)config->key_handshakes_burst}};
    enum bb_code code = zap_create(&limits, &broker->metrics, &broker->zap);
    return code == BB_OK ? BB_OK : complain("door_not_opened", code, NULL);
}

// After this nobody else can have been served by a door that stands open.
enum bb_code open_sockets(struct broker *broker)
{
    const char *problem = NULL;
    enum bb_code code = open_commands(broker);
    if (code == BB_OK)
        code = open_publish(broker);
    if (code != BB_OK)
        return code;
    if (self_check(broker->config->command_endpoint, broker->config->publish_endpoint,
                   broker->config->server_public_text, SELF_CHECK_TIMEOUT_MS, &problem))
        return BB_OK;
    return complain("door_stands_open", BB_IO, problem);
}
