// SPDX-License-Identifier: MPL-2.0
// A node: all that a running broker does with what comes in, and all that it sends. Greets, answers rights, gathers
// commands into turns, commits, publishes, replies, sends beacons.
//
// It has no socket, file, clock, thread or randomness of its own: what it needs of the outside is handed to it once, as
// struct outside. So the daemon runs it on libzmq, and the simulation runs the same code on a network and clocks of its
// own making. Called by broker.c and loop.c, from one thread.
#ifndef BUURTBELD_NODE_H
#define BUURTBELD_NODE_H

#include "clock.h"
#include "door/key_table.h"
#include "store/keyring.h"
#include "store/store.h"
#include "turn/sessions.h"
#include "turn/turn.h"
#include "watch/metrics.h"

struct outside {
    struct clock clock;
    void *context; // handed back with each call
    void (*random)(void *context, void *bytes, size_t size);
    // To one session. false when it cannot be delivered: the session ends, and what it misses it will fetch.
    bool (*send)(void *context, const struct routing_id *route, const uint8_t *frame, size_t frame_size);
    // To all who subscribed to the topic. What is dropped on the way, they fetch.
    void (*publish)(void *context, const char *topic, const uint8_t *frame, size_t frame_size);
    // Hands a query or a sync to the reader, which answers it with answer.h. BB_BUSY when too many wait.
    enum bb_code (*ask)(void *context, const struct routing_id *route, uint64_t member, const uint8_t *frame,
                        size_t frame_size);
    // Lets a key in under this name (`user_id`), or no longer (NULL). Returns when the door knows it. BB_NO_MEMORY.
    enum bb_code (*admit)(void *context, const uint8_t key[CURVE_KEY_SIZE], const char *user_id);
};

struct node_options {
    struct store *store;           // borrowed, like the next two
    struct keyring *keyring;       // holds the slots that the store uses, or is lengthened to
    struct tombstones *tombstones; // borrowed; see turn.h
    struct metrics *metrics;
    size_t sessions_max;
    uint32_t commands_per_second, commands_burst; // of each member
    const char *command_reach, *publish_reach;    // borrowed: endpoints as others reach them, or NULL
};

struct node;

// Reads where the journal stands. BB_STORE_DAMAGED when the keyring is shorter than the store needs, BB_NO_MEMORY, and
// what the store and the keyring say; `*problem` (static or NULL) adds what the code cannot say.
BB_CHECKED enum bb_code node_create(const struct node_options *options, const struct outside *outside,
                                    struct node **out, const char **problem);
void node_destroy(struct node **node);

// The first entry of an empty store; see turn.h.
BB_CHECKED enum bb_code node_found(struct node *node, const Stored__CommunityFounded *community,
                                   const struct founder *founder);

// Reads all members and channels into memory and lets the members in. Once, before anybody is served.
BB_CHECKED enum bb_code node_load(struct node *node);

// One message, from whom the transport vouches for (`user_id`, as it was admitted; NULL and what is not ours are
// dropped). Greetings are answered at once, questions go to the reader, commands wait for node_turn; call it only while
// node_has_room.
void node_take(struct node *node, const struct routing_id *route, const char *user_id, const uint8_t *frame,
               size_t frame_size);
// A message that is not one frame: refused.
void node_take_parts(struct node *node, const struct routing_id *route);
bool node_has_room(const struct node *node);

// The commands that wait, as one turn: committed, then published, then answered. One by one, when the store refuses the
// whole. BB_STORE_IO: the outcome is unknown or the door could not follow; stop, answer nobody.
BB_CHECKED enum bb_code node_turn(struct node *node);

// Beacons are due at this time of the steady clock.
int64_t node_deadline_ms(const struct node *node);
void node_send_beacons(struct node *node);

// An answer of the reader, to be sent; a session that cannot be reached ends.
void node_send(struct node *node, const struct routing_id *route, const uint8_t *frame, size_t frame_size);

// Somebody subscribed to a topic. A giver's client needs one. libzmq keeps all that a peer subscribes to, so who floods it
// is not let in again until the next start, and somebody is told. false: the connection is to be cut.
bool node_subscribed(struct node *node, const char *user_id);

// Ends sessions that were silent too long. Every few seconds.
void node_sweep(struct node *node);

size_t node_sessions(const struct node *node);
uint64_t node_head(const struct node *node); // of the journal
uint32_t node_epoch(const struct node *node);
const uint8_t *node_ids_key(const struct node *node);

#endif
