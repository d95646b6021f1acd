// SPDX-License-Identifier: MPL-2.0
// The broker: all that one running daemon owns. Opened and closed by broker.c, which calls known.c and sockets.c; served
// by loop.c; dispatch.c says what becomes of a message, welcome.c greets, outgoing.c sends. Included by these and main.c.
#ifndef BUURTBELD_BROKER_H
#define BUURTBELD_BROKER_H

#include "core/core.h"
#include "door/token_bucket.h"
#include "door/zap.h"
#include "reader.h"
#include "setup/config.h"
#include "turn/publisher.h"
#include "turn/sessions.h"
#include "turn/turn.h"
#include "watch/http.h"
#include "watch/metrics.h"

#include <czmq.h>

struct broker {
    const struct config *config;
    struct metrics metrics;
    struct store *store;
    struct keyring *keyring;
    struct turn *turn;
    struct publisher *publisher;
    struct sessions *sessions;
    struct bucket_table *rates;         // what each member sends to the command socket
    struct bucket_table *subscriptions; // what each member subscribes to
    struct zap *zap;
    struct reader *reader;
    struct http *http;
    zsock_t *commands;   // ROUTER
    zsock_t *publish;    // XPUB
    int signals;         // signalfd: SIGTERM, SIGINT
    struct arena *arena; // for one message and its answer
    uint8_t boot[BOOT_ID_SIZE];
    uint32_t epoch;
    int64_t started_at_ms;
    int64_t swept_at_ms;     // monotonic
    int64_t fed_watchdog_ms; // monotonic
};

// Opens store, keyring, sockets and threads, in the order in which they need each other, and checks its own doors.
// What went wrong is in the log. Never call it twice in a process.
BB_CHECKED enum bb_code broker_open(const struct config *config, struct broker **out);
void broker_close(struct broker **broker);

// Serves until SIGTERM or SIGINT. BB_OK after a clean end; BB_STORE_IO or another code of the store when it must stop.
BB_CHECKED enum bb_code broker_run(struct broker *broker);

// ---------------------------------------------------------------- steps of opening: broker.c, known.c, sockets.c

// Logs what went wrong, in our words or the code's, and gives the code back.
enum bb_code complain(const char *event, enum bb_code code, const char *problem);

// known.c. The founding file is read once, when the store is empty; then all members and channels are.
BB_CHECKED enum bb_code found_if_empty(struct broker *broker);
BB_CHECKED enum bb_code load_known(struct broker *broker);

// sockets.c. The door must stand before the sockets are bound, and know everybody.
BB_CHECKED enum bb_code open_door(struct broker *broker);
BB_CHECKED enum bb_code open_sockets(struct broker *broker);

// ---------------------------------------------------------------- dispatch.c

// A message that waits for its turn. `command` lies in the turn's arena.
struct pending {
    struct routing_id route;
    uint32_t correlation;
    struct turn_input input;
};

// Handles one message. Commands are put into `pending` (room for one is there) and counted in `*count`; everything else
// is answered or handed to the reader at once.
void dispatch_message(struct broker *broker, const struct routing_id *route, zmq_msg_t *body, struct pending *pending,
                      size_t *count);

// Runs what is pending as one turn, or one by one when the store refuses the whole; publishes, then replies.
BB_CHECKED enum bb_code dispatch_turn(struct broker *broker, const struct pending *pending, size_t count);

// ---------------------------------------------------------------- outgoing.c

// To one session. When it cannot be delivered the session ends: what is missed will be fetched.
void send_frame(struct broker *broker, const struct routing_id *route, const uint8_t *frame, size_t frame_size);
void send_refusal(struct broker *broker, const struct routing_id *route, uint32_t correlation, enum bb_code code,
                  ProtobufCBinaryData command_id);
void send_message(struct broker *broker, const struct routing_id *route, const Wire__FromBroker *message);

// Lets a key in, or no longer. Returns when the door knows it.
BB_CHECKED enum bb_code admit(struct broker *broker, const uint8_t key[CURVE_KEY_SIZE], enum admission admission,
                              uint64_t number);

// Refuses a member's next handshake, until the daemon starts again. Logged as an error the first time.
void shut_out(struct broker *broker, const char *user_id);

// All that a committed turn leads to, outside its replies. BB_NO_MEMORY when a key could not be admitted.
BB_CHECKED enum bb_code send_effects(struct broker *broker, const struct turn_result *result);
void send_beacons(struct broker *broker);

// ---------------------------------------------------------------- welcome.c

// Answers Hello and Ping from a read transaction; the messages lie in `arena`.
BB_CHECKED enum bb_code welcome_make(struct broker *broker, struct core *core, const struct actor *actor,
                                     Wire__Welcome **out);
BB_CHECKED enum bb_code pong_make(struct broker *broker, struct core *core, const struct actor *actor,
                                  Wire__Pong **out);

#endif
