// SPDX-License-Identifier: MPL-2.0
// What a node is made of. Included by the files of this room, and by their tests.
//
// node.c creates it; known.c reads what it knows at the start; dispatch.c says what becomes of a message; turning.c runs
// the turn and answers; outgoing.c sends; welcome.c makes greetings.
#ifndef BUURTBELD_NODE_INSIDE_H
#define BUURTBELD_NODE_INSIDE_H

#include "node.h"

#include "bounds.h"
#include "core/core.h"
#include "door/token_bucket.h"
#include "turn/publisher.h"

// A command that waits for its turn; it lies in the turn's arena.
struct pending {
    struct routing_id route;
    uint32_t correlation;
    struct turn_input input;
};

struct node {
    struct outside outside;
    struct store *store;
    struct keyring *keyring;
    struct metrics *metrics;
    struct turn *turn;
    struct publisher *publisher;
    struct sessions *sessions;
    struct bucket_table *rates;         // what each member sends to the command socket
    struct bucket_table *subscriptions; // what each member subscribes to
    struct bucket_table *floods_told;   // who is told of in the log, once a second at most
    struct arena *arena;                // for one message and its answer
    uint8_t boot[BOOT_ID_SIZE];
    uint32_t epoch;
    struct pending pending[TURN_COMMANDS_MAX];
    size_t pending_count;
    const char *command_reach, *publish_reach; // for invitations; NULL: not told
    bool keyring_told;                         // that it cannot be filled now
    struct turn_result result;
};

int64_t node_wall_ms(const struct node *node);
int64_t node_steady_ms(const struct node *node);
void node_random(const struct node *node, void *bytes, size_t size);

// ---------------------------------------------------------------- outgoing.c

void send_refusal(struct node *node, const struct routing_id *route, uint32_t correlation, enum bb_code code,
                  ProtobufCBinaryData command_id);
void send_message(struct node *node, const struct routing_id *route, const Wire__FromBroker *message);

BB_CHECKED enum bb_code admit(struct node *node, const uint8_t key[CURVE_KEY_SIZE], enum admission admission,
                              uint64_t number);

// All that a committed turn leads to, outside its replies. BB_NO_MEMORY when a key could not be admitted.
BB_CHECKED enum bb_code send_effects(struct node *node, const struct turn_result *result);

// ---------------------------------------------------------------- turning.c

// Slots are filled ahead between turns, so that no commit ever waits for the keyring. Without room for more, who needs
// no new slot goes on, and it is tried again after the next turn.
BB_CHECKED enum bb_code fill_keyring(struct node *node);

// ---------------------------------------------------------------- welcome.c

// Answers Hello and Ping from a read transaction; the messages lie in the core's arena.
BB_CHECKED enum bb_code welcome_make(const struct node *node, struct core *core, const struct actor *actor,
                                     Wire__Welcome **out);
BB_CHECKED enum bb_code pong_make(const struct node *node, struct core *core, const struct actor *actor,
                                  Wire__Pong **out);

#endif
