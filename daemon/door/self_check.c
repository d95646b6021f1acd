// SPDX-License-Identifier: MPL-2.0
// Knocks with a fresh key pair and listens to what libzmq's socket monitor tells of the handshake. Only a plain refusal
// (status 400) counts; silence, a broken handshake and "try again later" do not.
#include "self_check.h"

#include "setup/host_port.h"
#include "watch/metrics.h"

#include <czmq.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum knock_result { KNOCK_REFUSED, KNOCK_LET_IN, KNOCK_NO_ANSWER, KNOCK_NOT_POSSIBLE };

static bool reachable_endpoint(const char *bound, char *out, size_t out_size)
{
    struct host_port address;
    if (!endpoint_parse(bound, &address))
        return false;
    bool bracketed = strchr(address.host, ':') != NULL;
    const char *host = address.host;
    if (address.kind == HOST_ANY)
        host = bracketed ? "::1" : "127.0.0.1";
    int length =
        snprintf(out, out_size, "tcp://%s%s%s:%u", bracketed ? "[" : "", host, bracketed ? "]" : "", address.port);
    return length > 0 && (size_t)length < out_size;
}

static zsock_t *knocker(int type, const char *server_public_key)
{
    uint8_t server_key[32];
    char public_text[41];
    char secret_text[41];
    zsock_t *sock = zsock_new(type);
    // A key that is not Z85 would make czmq end the process.
    if (!sock || strlen(server_public_key) != 40 || !zmq_z85_decode(server_key, server_public_key) ||
        zmq_curve_keypair(public_text, secret_text) != 0) {
        zsock_destroy(&sock);
        return NULL;
    }
    zsock_set_curve_serverkey(sock, server_public_key);
    zsock_set_curve_publickey(sock, public_text);
    zsock_set_curve_secretkey(sock, secret_text);
    zsock_set_linger(sock, 0);
    zsock_set_ipv6(sock, 1);
    sodium_memzero(secret_text, sizeof secret_text);
    return sock;
}

// The next event of the monitor: its number and value, or false when the time is over.
static bool next_event(zsock_t *monitor, uint64_t until_ms, uint16_t *event, uint32_t *value)
{
    uint8_t first[6];
    char address[300];
    void *socket = zsock_resolve(monitor);
    zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};
    uint64_t now_ms = metrics_clock_ms();
    if (now_ms >= until_ms || zmq_poll(&item, 1, (long)(until_ms - now_ms)) <= 0)
        return false;
    if (zmq_recv(socket, first, sizeof first, 0) != (int)sizeof first)
        return false;
    zmq_recv(socket, address, sizeof address, 0);
    memcpy(event, first, sizeof *event);
    memcpy(value, first + sizeof *event, sizeof *value);
    return true;
}

static enum knock_result await(zsock_t *monitor, uint64_t until_ms)
{
    uint16_t event;
    uint32_t value;
    while (next_event(monitor, until_ms, &event, &value)) {
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
            return KNOCK_LET_IN;
        if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH && value == 400)
            return KNOCK_REFUSED;
    }
    return KNOCK_NO_ANSWER;
}

static enum knock_result knock(int type, const char *bound, const char *server_public_key, int timeout_ms)
{
    const int events =
        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
    // A name of its own for each knock: libzmq frees one a moment after it was closed, in another thread.
    static unsigned int knocks;
    char monitor_endpoint[48];
    char endpoint[HOST_SIZE_MAX + 16];
    snprintf(monitor_endpoint, sizeof monitor_endpoint, "inproc://buurtbeld.self-check.%u", knocks++);
    enum knock_result result = KNOCK_NOT_POSSIBLE;
    zsock_t *monitor = zsock_new(ZMQ_PAIR);
    zsock_t *sock = knocker(type, server_public_key);
    if (monitor && sock && reachable_endpoint(bound, endpoint, sizeof endpoint) &&
        zmq_socket_monitor(zsock_resolve(sock), monitor_endpoint, events) == 0 &&
        zsock_connect(monitor, "%s", monitor_endpoint) == 0 && zsock_connect(sock, "%s", endpoint) == 0)
        result = await(monitor, metrics_clock_ms() + (uint64_t)timeout_ms);
    if (sock)
        zmq_socket_monitor(zsock_resolve(sock), NULL, 0);
    zsock_destroy(&sock);
    zsock_destroy(&monitor);
    return result;
}

static const char *sentence(enum knock_result result)
{
    switch (result) {
    case KNOCK_REFUSED:
        return NULL;
    case KNOCK_LET_IN:
        return "An unknown key was let in, so anybody could connect. The daemon does not run like this; look whether "
               "another program or an old libzmq stands on this port, and report it.";
    case KNOCK_NO_ANSWER:
        return "The daemon's own socket did not refuse an unknown key in time. Look at the firewall rules for loopback "
               "and at the load of this computer, then start again.";
    case KNOCK_NOT_POSSIBLE:
        break;
    }
    return "The daemon could not dial its own socket. Look at server/command, server/publish and server/keys in the "
           "configuration, then start again.";
}

bool self_check(const char *command_endpoint, const char *publish_endpoint, const char *server_public_key,
                int timeout_ms, const char **problem)
{
    *problem = sentence(knock(ZMQ_DEALER, command_endpoint, server_public_key, timeout_ms));
    if (!*problem)
        *problem = sentence(knock(ZMQ_SUB, publish_endpoint, server_public_key, timeout_ms));
    return !*problem;
}
