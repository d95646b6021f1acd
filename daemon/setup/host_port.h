// SPDX-License-Identifier: MPL-2.0
// Addresses as the configuration writes them: "tcp://host:port" and "host:port". Pure; asks no name server.
//
// Called by the configuration's checks, the HTTP server and the self-check.
#ifndef BUURTBELD_HOST_PORT_H
#define BUURTBELD_HOST_PORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { HOST_SIZE_MAX = 255 };

enum host_kind {
    HOST_ANY, // "*", 0.0.0.0 or [::]: every address of this computer
    HOST_IP4,
    HOST_IP6,  // in brackets; `host` has none
    HOST_NAME, // letters, digits, dots and hyphens
};

struct host_port {
    char host[HOST_SIZE_MAX + 1];
    enum host_kind kind;
    uint16_t port;
};

// false when it is not one. Port 0 is taken; the caller says whether it may be.
bool host_port_parse(const char *text, struct host_port *out);
bool endpoint_parse(const char *text, struct host_port *out); // with "tcp://" before it

bool host_port_is_loopback(const struct host_port *address);

// For an address of kind HOST_IP4 or HOST_IP6; gives the size of what was filled in.
socklen_t host_port_sockaddr(const struct host_port *address, struct sockaddr_storage *out);

#endif
