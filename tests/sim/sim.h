// SPDX-License-Identifier: MPL-2.0
// The simulated world: one real broker node, real client sessions, and between them a network, clocks and stores of the
// simulation's making. All of it is driven by one seed.
//
// world.c: time and events. network.c: links. broker.c: the node's life. client.c: the clients' lives. enrol.c: who comes
// in. acts.c and acts_*.c: what people do. faults.c: what goes wrong. The model (model.h) judges all of it.
#ifndef BUURTBEL_SIM_SIM_H
#define BUURTBEL_SIM_SIM_H

#include "dice.h"
#include "plan.h"
#include "rows.h"

#include "node/answer.h"
#include "node/node.h"
#include "seal/notice_box.h"
#include "session/session.h"
#include "wire.pb-c.h"

#include <stdlib.h>

enum {
    CLIENTS_MAX = 48,
    TOPICS_MAX = 4,
    SHOWN_MAX = 512,
    KEYS_HELD_MAX = 64,
    ROUTES_GONE_MAX = 8,
    MADE_MAX = 1024,
    ROUTE_DIRECT = 0x7FFFFFFF, // of the first people, before there is a network
};

// For what only a mistake of the simulation itself can make untrue.
#define sim_insist(truth) ((truth) ? (void)0 : sim_give_up(#truth, __FILE__, __LINE__))
_Noreturn void sim_give_up(const char *what, const char *file, int line);

// ---------------------------------------------------------------- network

struct frame {
    struct frame *next;
    int64_t due_us;
    size_t size;
    uint8_t bytes[];
};

// One direction of a TCP connection: nothing overtakes.
struct pipe {
    struct frame *first, *last;
    size_t count;
    int64_t due_us; // of the last one
    bool waiting;   // an event is planned
};

enum link_kind { LINK_COMMAND, LINK_PUBLISH, LINKS_COUNT };

struct link {
    bool up;
    bool connecting;                    // an attempt is planned
    bool black_hole;                    // the other side is gone, and this side does not know yet
    uint32_t generation;                // of the connection; what was planned for an earlier one is void
    uint32_t route;                     // of the command socket's ROUTER
    char user_id[USER_ID_SIZE_MAX + 1]; // as it was let in
    struct pipe to_broker, to_client;
};

// ---------------------------------------------------------------- clients

// What a person sees of one request or item, whatever happens to the program.
struct shown {
    uint64_t id;
    uint32_t kind; // 0: a request of a class channel, else the kind of mailbox item
    uint32_t state, revision;
    uint64_t about; // the request of an offer
    uint64_t party; // of an offer
    uint64_t member;
    uint64_t hash; // of the whole item
    uint32_t offer_kind;
    bool on_screen;
    bool paused; // of a party
};

struct held_key {
    uint64_t channel;
    uint32_t key_id;
    uint8_t key[NOTICE_BOX_KEY_SIZE];
};

struct client {
    int index;
    char name[16];
    enum bb_role role;
    uint32_t audience_class;
    uint64_t number, party_number; // of the store
    uint64_t member, party;        // public
    uint8_t curve_key[CURVE_KEY_SIZE];
    struct session *session; // NULL: the program does not run
    struct rows rows;
    struct link links[LINKS_COUNT];
    uint32_t routes_gone[ROUTES_GONE_MAX]; // the broker has not noticed yet
    int64_t routes_gone_until_us[ROUTES_GONE_MAX];
    char topics[TOPICS_MAX][SUBSCRIPTION_SIZE_MAX];           // as the client wants
    char topics_at_broker[TOPICS_MAX][SUBSCRIPTION_SIZE_MAX]; // as the broker heard
    bool frozen, offline_unheard, saving;
    int64_t cut_until_us, wall_offset_ms, steady_offset_ms, outbox_read_at_ms;
    int64_t tick_at_us;
    uint32_t tick_generation, life; // life: of the process
    int dies_after;                 // actions; 0: does not
    int tickets;                    // that have not come back
    struct dice dice;
    struct shown shown[SHOWN_MAX];
    size_t shown_count;
    struct held_key keys[KEYS_HELD_MAX];
    size_t keys_count;
    uint64_t invitation;             // public; while it is not enrolled
    uint8_t new_key[CURVE_KEY_SIZE]; // its own, once it is enrolled
    uint8_t enrol_id[COMMAND_ID_SIZE];
    uint8_t enrol_frame[1024];
    size_t enrol_frame_size;
    bool enrolled, refused; // refused: its invitation is of no use
};

// ---------------------------------------------------------------- broker

enum crash_point {
    CRASH_NOT,
    CRASH_BEFORE_COMMIT,
    CRASH_AFTER_COMMIT,
    CRASH_BEFORE_PUBLISH, // after some publications or pushes
    CRASH_BEFORE_REPLY,   // after some replies
    COMMIT_IO_LOST,       // the outcome is unknown to the node: nothing was kept
    COMMIT_IO_KEPT,       // the same, and all was kept
    COMMIT_FULL,          // a certain no
    CRASH_POINTS_COUNT,
};

struct door_key {
    uint8_t key[CURVE_KEY_SIZE];
    char user_id[USER_ID_SIZE_MAX + 1];
};

struct broker {
    struct node *node; // NULL: down
    struct store *store;
    struct keyring *keyring;
    struct tombstones *tombstones;
    struct metrics metrics;
    struct answerer answerer;
    struct arena *reading;
    struct door_key *door;
    size_t door_count, door_capacity;
    uint32_t boots, next_route;
    bool dead; // it died at some point of what runs now: nothing gets out any more
    bool in_turn, turn_planned;
    enum crash_point armed, fired; // fired: in the turn that runs
    int armed_after;               // outgoing frames
    int64_t wall_offset_ms, beacon_at_us, swept_at_us, reader_busy_until_us;
};

// ---------------------------------------------------------------- world

enum event_kind {
    EVENT_STEP,
    EVENT_PIPE,    // frames of a pipe are due
    EVENT_CONNECT, // a link tries
    EVENT_BREAK,   // a link's end is noticed
    EVENT_TICK,    // a session's deadline
    EVENT_TURN,
    EVENT_BEACON,
    EVENT_ANSWER, // of the reader
    EVENT_START_BROKER,
    EVENT_START_CLIENT,
    EVENT_THAW,
    EVENT_ENROL, // a newcomer asks again
};

struct event {
    int64_t at_us;
    uint64_t order; // of those at the same time
    enum event_kind kind;
    int client;
    int which; // link and direction, or step
    uint32_t generation;
    struct frame *frame;
    uint64_t number;
    uint32_t route;
};

// What came of an accepted command: its people know it from the reply.
struct made {
    Wire__Command__WhatCase what;
    uint64_t id, party_number;
    uint32_t number; // of its words
};

struct tally {
    uint64_t steps, acts[64], accepted[64], refused[64], faults[64], crashes[CRASH_POINTS_COUNT];
    uint64_t frames, publications, dropped, turns, facts, checks, virtual_ms, audits;
};

struct model;

struct world {
    const struct plan *plan;
    struct weather weather;
    int64_t now_us;
    struct event *events;
    size_t events_count, events_capacity;
    uint64_t events_order;
    struct dice node_dice, sodium_dice, net_dice;
    struct broker broker;
    struct client *clients;
    int clients_count;
    struct made made[MADE_MAX];
    size_t made_count;
    uint8_t heard_directly[2048]; // the answer to what enrol.c asks at the beginning
    size_t heard_directly_size;
    struct model *model;
    struct arena *arena; // one act's messages
    struct tally *tally;
    char folder[96];
    uint64_t trace;
    uint64_t names_made;
    int64_t healed_at_us; // 0: faults are still to come
    bool is_night, tell, failed;
    char rule[64], why[600];
};

extern struct world *sim_world; // for what libraries call without a context: clocks, randomness, commits

// world.c
struct world *world_create(const struct plan *plan, const char *scratch, struct tally *tally, bool tell);
void world_run(struct world *world); // to the end of the plan, heals, and judges
void world_destroy(struct world **world);
void world_plan(struct world *world, struct event event, int64_t delay_us);
void world_trace(struct world *world, uint64_t a, uint64_t b);
void world_say(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
// A rule was broken: the first one counts, and ends the run.
void world_fail(struct world *world, const char *rule, const char *format, ...) __attribute__((format(printf, 3, 4)));
int64_t world_wall_ms(const struct world *world); // true time
uint64_t bytes_hash(const void *bytes, size_t size);

// network.c
void link_connect_soon(struct world *world, struct client *client, enum link_kind kind, int64_t delay_us);
void link_try(struct world *world, struct client *client, enum link_kind kind);
// The client's side learns of it at once; the broker's side after `unnoticed_us`.
void link_break(struct world *world, struct client *client, enum link_kind kind, int64_t unnoticed_us);
void link_drop_all(struct world *world, struct client *client); // the broker is gone
void link_fini(struct link *link);
void client_sends(struct world *world, struct client *client, enum link_kind kind, const uint8_t *bytes, size_t size);
bool broker_sends(struct world *world, uint32_t route, const uint8_t *bytes, size_t size);
void broker_publishes(struct world *world, const char *topic, const uint8_t *bytes, size_t size);
void pipe_pump(struct world *world, struct client *client, enum link_kind kind, bool to_broker);
void client_pump(struct world *world, struct client *client); // what waited while it was frozen
bool network_has_listeners(const struct world *world);

// broker.c
bool broker_found(struct world *world); // the first start, of an empty store
void broker_start(struct world *world);
void broker_stop(struct world *world, int64_t back_after_us);
void broker_take(struct world *world, uint32_t route, const char *user_id, const uint8_t *frame, size_t size);
void broker_turn(struct world *world);
void broker_beacons(struct world *world);
void broker_answer(struct world *world, uint32_t route, uint64_t member, const struct frame *frame);
void broker_close(struct world *world);
const char *broker_door(const struct world *world, const uint8_t *key); // NULL: refused
void broker_plan_beacons(struct world *world);
void broker_fires(struct world *world); // what was armed happens now

// client.c
struct client *client_add(struct world *world, enum bb_role role, uint32_t audience_class);
void client_start(struct world *world, struct client *client);
void client_crash(struct world *world, struct client *client);
void client_close(struct world *world, struct client *client);
void client_online(struct world *world, struct client *client);
void client_offline(struct world *world, struct client *client, enum bb_code code);
void client_receives(struct world *world, struct client *client, enum link_kind kind, const uint8_t *bytes,
                     size_t size);
void client_process(struct world *world, struct client *client);
void client_freeze(struct world *world, struct client *client);
void client_thaw(struct world *world, struct client *client);
void client_destroy(struct client *client);
struct session_time client_time(const struct world *world, const struct client *client);
// Takes what `command` says over; false when the session would not have it.
bool client_gives(struct world *world, struct client *client, Wire__Command *command, bool waits);
void client_asks(struct world *world, struct client *client, const Wire__Query *query);

// enrol.c
void enrol_invited(struct world *world, const Wire__MakeInvitation *invitation, uint64_t id);
void enrol_ask(struct world *world, struct client *client);
void enrol_hears(struct world *world, struct client *client, const uint8_t *bytes, size_t size);
void enrol_first_people(struct world *world);

// acts.c
struct act;
int acts_count(void);
const char *act_name(int act);
uint32_t act_weight(int act);
void act_do(struct world *world, int act, uint64_t dice);
void act_refused_or_accepted(struct world *world, int act, bool accepted);

// faults.c
int faults_count(void);
const char *fault_name(int fault);
uint32_t fault_weight(int fault);
void fault_do(struct world *world, int fault, uint64_t dice);
int fault_named(const char *name);
void faults_heal(struct world *world);

#endif
