// SPDX-License-Identifier: MPL-2.0
// A client's sockets: the command socket with its monitor, the publish socket once there is a topic, and one file
// descriptor that tells when any of them, or the timer, has something.
//
// Carries bytes and tells of the connection; what they mean is the session's business. All clients of a process share
// one libzmq context with one I/O thread. Called by client.c.
#ifndef BUURTBEL_CLIENT_NET_H
#define BUURTBEL_CLIENT_NET_H

#include "bounds.h"
#include "codes.h"
#include "seal/identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

enum { NET_PENDING_MAX = 256 };

struct net_frame {
    uint8_t *bytes;
    size_t size;
};

struct client_net {
    const struct identity *identity; // borrowed
    void *dealer, *monitor, *subscriber;
    int epoll, timer;
    unsigned ready;                            // sources that epoll told of and that are not read to their end
    unsigned touched;                          // sources whose descriptor may have been quietened by a call of ours
    int64_t armed_ms;                          // what the timer stands at; 0: at once
    bool refused;                              // the last handshake was
    int64_t retry_at_ms;                       // steady; 0: libzmq sees to it
    struct net_frame pending[NET_PENDING_MAX]; // what libzmq had no room for
    size_t pending_count;
};

// Begins to connect; does not wait. BB_BAD_IDENTITY when an endpoint is none, BB_IO, BB_NO_MEMORY.
BB_CHECKED enum bb_code net_open(struct client_net *net, const struct identity *identity);
void net_close(struct client_net *net);

int64_t net_clock_ms(void); // steady

enum net_input_kind { NET_ONLINE, NET_OFFLINE, NET_COMMAND_SOCKET, NET_PUBLISH_SOCKET };
struct net_input {
    enum net_input_kind kind;
    enum bb_code code; // offline: why
    zmq_msg_t message; // of a socket
};
// Looks which sockets have something; before a round of net_next.
void net_look(struct client_net *net);
// The next thing that came in, to be ended with net_input_fini; false when there is nothing.
bool net_next(struct client_net *net, struct net_input *out);
void net_input_fini(struct net_input *input);

// May lose it, as a connection may.
void net_send(struct client_net *net, const uint8_t *bytes, size_t size);
void net_subscribe(struct client_net *net, const uint8_t *topic, size_t size, bool on);
void net_reconnect(struct client_net *net);

// Makes the file descriptor readable at `deadline_ms` (steady) at the latest, or at once when something waits already.
void net_arm(struct client_net *net, int64_t deadline_ms);

#endif
