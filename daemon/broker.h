// SPDX-License-Identifier: MPL-2.0
// The broker: what one running daemon owns of the outside world, and the node that it serves. Opened and closed by
// broker.c, which calls found.c and sockets.c; served by loop.c; outside.c carries out what the node asks for. Included
// by these and main.c.
#ifndef BUURTBELD_BROKER_H
#define BUURTBELD_BROKER_H

#include "door/zap.h"
#include "node/node.h"
#include "reader.h"
#include "setup/config.h"
#include "watch/http.h"

#include <czmq.h>

struct broker {
    const struct config *config;
    struct metrics metrics;
    struct store *store;
    struct keyring *keyring;
    struct tombstones *tombstones;
    struct node *node;
    struct zap *zap;
    struct reader *reader;
    struct http *http;
    zsock_t *commands; // ROUTER
    zsock_t *publish;  // XPUB
    int signals;       // signalfd: SIGTERM, SIGINT
    int asker;         // descriptor that the message came by which is being taken; -1: not known
    int64_t started_at_ms;
    int64_t swept_at_ms;            // steady
    int64_t fed_watchdog_ms;        // steady
    int64_t descriptors_seen_at_ms; // steady
    bool descriptors_used_up;
};

// Opens store, keyring, sockets and threads, in the order in which they need each other, and checks its own doors.
// What went wrong is in the log. Never call it twice in a process.
BB_CHECKED enum bb_code broker_open(const struct config *config, struct broker **out);
void broker_close(struct broker **broker);

// Serves until SIGTERM or SIGINT. BB_OK after a clean end; BB_STORE_IO or another code of the store when it must stop.
BB_CHECKED enum bb_code broker_run(struct broker *broker);

// ---------------------------------------------------------------- steps of opening: broker.c, found.c, sockets.c

// Logs what went wrong, in our words or the code's, and gives the code back.
enum bb_code complain(const char *event, enum bb_code code, const char *problem);

// The founding file is read once, when the store is empty.
BB_CHECKED enum bb_code found_if_empty(struct broker *broker);

// The door must stand before the sockets are bound, and know everybody.
BB_CHECKED enum bb_code open_door(struct broker *broker);
BB_CHECKED enum bb_code open_sockets(struct broker *broker);

// ---------------------------------------------------------------- outside.c

// How the node reaches libzmq, the door and the reader of this broker.
struct outside broker_outside(struct broker *broker);

#endif
