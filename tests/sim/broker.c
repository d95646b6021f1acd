// SPDX-License-Identifier: MPL-2.0
// The life of the broker: a real node on a real store and keyring, with an outside of the simulation's making, and a
// death at any point of a turn. After its death nothing that it still does gets out.
#include "sim.h"

#include "judge.h"
#include "model.h"
#include "turn/burial.h"

#include <stdio.h>
#include <sys/stat.h>

enum { MAP_SIZE = 24 * 1024 * 1024, SESSIONS_HELD_MAX = 256, SWEEP_US = 10 * 1000 * 1000 };

static int64_t wall_ms(void)
{
    return world_wall_ms(sim_world) + sim_world->broker.wall_offset_ms;
}

static int64_t steady_us(void)
{
    return sim_world->now_us + 1000000;
}

static void random_bytes(void *context, void *bytes, size_t size)
{
    dice_bytes(&((struct world *)context)->node_dice, bytes, size);
}

// ---------------------------------------------------------------- what the node asks of the outside

// Counts what goes out of a turn, and dies where it was told to.
static bool still_lives(struct world *world, enum crash_point point)
{
    struct broker *broker = &world->broker;
    if (broker->in_turn && !broker->dead && broker->armed == point && broker->armed_after-- <= 0)
        broker_fires(world);
    return !broker->dead;
}

static uint32_t route_number(const struct routing_id *route)
{
    uint32_t number;
    memcpy(&number, route->bytes + 1, sizeof number);
    return number;
}

static bool send_to_session(void *context, const struct routing_id *route, const uint8_t *frame, size_t size)
{
    struct world *world = context;
    if (!still_lives(world, judge_is_reply(frame, size) ? CRASH_BEFORE_REPLY : CRASH_BEFORE_PUBLISH))
        return true;
    if (route_number(route) == ROUTE_DIRECT) {
        sim_insist(size <= sizeof world->heard_directly);
        memcpy(world->heard_directly, frame, size);
        world->heard_directly_size = size;
        return true;
    }
    judge_sent(world, route_number(route), frame, size);
    return broker_sends(world, route_number(route), frame, size);
}

static void publish(void *context, const char *topic, const uint8_t *frame, size_t size)
{
    struct world *world = context;
    if (!still_lives(world, CRASH_BEFORE_PUBLISH))
        return;
    world->tally->publications++;
    judge_published(world, frame, size);
    broker_publishes(world, topic, frame, size);
}

static enum bb_code ask(void *context, const struct routing_id *route, uint64_t member, const uint8_t *bytes,
                        size_t size)
{
    struct world *world = context;
    if (world->broker.reader_busy_until_us > world->now_us)
        return BB_BUSY;
    struct frame *frame = malloc(sizeof *frame + size);
    sim_insist(frame != NULL);
    frame->size = size;
    memcpy(frame->bytes, bytes, size);
    world_plan(world,
               (struct event){.kind = EVENT_ANSWER,
                              .client = -1,
                              .generation = world->broker.boots,
                              .route = route_number(route),
                              .number = member,
                              .frame = frame},
               dice_between(&world->net_dice, 200, 20000));
    return BB_OK;
}

static struct door_key *find_key(const struct broker *broker, const uint8_t *key)
{
    for (size_t i = 0; i < broker->door_count; i++) {
        if (memcmp(broker->door[i].key, key, CURVE_KEY_SIZE) == 0)
            return &broker->door[i];
    }
    return NULL;
}

static enum bb_code admit(void *context, const uint8_t key[CURVE_KEY_SIZE], const char *user_id)
{
    struct broker *broker = &((struct world *)context)->broker;
    struct door_key *place = find_key(broker, key);
    if (broker->dead)
        return BB_OK;
    if (!place && broker->door_count == broker->door_capacity) {
        broker->door_capacity = broker->door_capacity ? 2 * broker->door_capacity : 64;
        broker->door = realloc(broker->door, broker->door_capacity * sizeof *broker->door);
        sim_insist(broker->door != NULL);
    }
    if (!place) {
        place = &broker->door[broker->door_count++];
        memcpy(place->key, key, CURVE_KEY_SIZE);
    }
    snprintf(place->user_id, sizeof place->user_id, "%s", user_id ? user_id : "");
    return BB_OK;
}

const char *broker_door(const struct world *world, const uint8_t *key)
{
    const struct door_key *place = find_key(&world->broker, key);
    return place && place->user_id[0] != 0 ? place->user_id : NULL;
}

// ---------------------------------------------------------------- opening and closing

static bool open_files(struct world *world)
{
    struct broker *broker = &world->broker;
    char folder[128], keyring[128], tombstones[128];
    uint64_t damaged = 0;
    uint8_t ids_key[IDS_KEY_SIZE];
    const char *problem;
    snprintf(folder, sizeof folder, "%s/store", world->folder);
    snprintf(keyring, sizeof keyring, "%s/keyring", world->folder);
    snprintf(tombstones, sizeof tombstones, "%s/tombstones", world->folder);
    (void)mkdir(folder, 0700);
    dice_bytes(&world->node_dice, ids_key, sizeof ids_key);
    const struct store_options options = {.folder = folder, .map_size = MAP_SIZE};
    return store_open(&options, ids_key, wall_ms(), &broker->store, &problem) == BB_OK &&
           keyring_open(keyring, &broker->keyring, &problem) == BB_OK &&
           burial_open(broker->store, tombstones, &broker->tombstones, &damaged, &problem) == BB_OK && damaged == 0;
}

static bool open_node(struct world *world)
{
    struct broker *broker = &world->broker;
    const struct node_options options = {.store = broker->store,
                                         .keyring = broker->keyring,
                                         .tombstones = broker->tombstones,
                                         .metrics = &broker->metrics,
                                         .sessions_max = SESSIONS_HELD_MAX,
                                         .commands_per_second = world->weather.commands_per_second,
                                         .commands_burst = world->weather.commands_burst};
    const struct outside outside = {.clock = {wall_ms, steady_us},
                                    .context = world,
                                    .random = random_bytes,
                                    .send = send_to_session,
                                    .publish = publish,
                                    .ask = ask,
                                    .admit = admit};
    const char *problem;
    return node_create(&options, &outside, &broker->node, &problem) == BB_OK;
}

static bool serve(struct world *world)
{
    struct broker *broker = &world->broker;
    broker->door_count = 0;
    if (node_load(broker->node) != BB_OK)
        return false;
    broker->answerer = (struct answerer){.clock = {wall_ms, steady_us},
                                         .store = broker->store,
                                         .keyring = broker->keyring,
                                         .metrics = &broker->metrics,
                                         .ids_key = node_ids_key(broker->node),
                                         .epoch = node_epoch(broker->node),
                                         .started_at_ms = wall_ms()};
    if (!broker->reading)
        broker->reading = arena_create(QUERY_ARENA_SIZE_MAX);
    broker->beacon_at_us = INT64_MAX;
    broker->swept_at_us = world->now_us;
    broker_plan_beacons(world);
    return broker->reading != NULL;
}

static ProtobufCBinaryData borrow(const char *text)
{
    return (ProtobufCBinaryData){strlen(text), (uint8_t *)text};
}

static enum bb_code found(struct world *world, struct client *operator)
{
    Stored__CommunityFounded community = STORED__COMMUNITY_FOUNDED__INIT;
    Stored__Category goods = STORED__CATEGORY__INIT, unknown = STORED__CATEGORY__INIT;
    Stored__Category *categories[] = {&goods, &unknown};
    uint8_t recovery_key[32];
    goods.key = borrow("goods");
    goods.name = borrow("Spullen");
    unknown.key = borrow("unknown");
    unknown.name = borrow("Ik weet niet waar ik moet zijn");
    unknown.coordinators_only = true;
    dice_bytes(&world->node_dice, recovery_key, sizeof recovery_key);
    community.key = borrow("meppel");
    community.name = borrow("De Geweldige Wijk");
    community.n_categories = 2;
    community.categories = categories;
    community.recovery_key_bytes = (ProtobufCBinaryData){sizeof recovery_key, recovery_key};
    community.tips_confirmed_at_once = world->weather.tips_confirmed_at_once;
    struct founder founder = {.party_name = borrow("Naam-Beheer"), .member_name = borrow("Persoon-Olga")};
    memcpy(founder.curve_key, operator->curve_key, sizeof founder.curve_key);
    dice_bytes(&world->node_dice, founder.sealing_key, sizeof founder.sealing_key);
    dice_bytes(&world->node_dice, founder.signing_key, sizeof founder.signing_key);
    operator->number = operator->party_number = 1;
    operator->enrolled = true;
    return node_found(world->broker.node, &community, &founder);
}

bool broker_found(struct world *world)
{
    world->broker.boots = 1;
    struct client *operator= client_add(world, ROLE_OPERATOR, 0);
    return open_files(world) && open_node(world) && found(world, operator) == BB_OK && serve(world) &&
           model_founded(world->model);
}

void broker_start(struct world *world)
{
    if (world->broker.node)
        return;
    world->broker.dead = false;
    world->broker.boots++;
    world_say(world, "broker: starts for the %u. time", world->broker.boots);
    if (!open_files(world) || !open_node(world) || !serve(world)) {
        world_fail(world, "starts again", "the broker does not start on what it left");
        return;
    }
    model_audit(world->model);
}

void broker_close(struct world *world)
{
    struct broker *broker = &world->broker;
    node_destroy(&broker->node);
    keyring_close(&broker->keyring);
    tombstones_close(&broker->tombstones);
    store_close(&broker->store);
    arena_destroy(&broker->reading);
    free(broker->door);
    broker->door = NULL;
    broker->door_count = broker->door_capacity = 0;
}

void broker_stop(struct world *world, int64_t back_after_us)
{
    if (!world->broker.node)
        return;
    broker_close(world);
    world->broker.boots++; // what was planned for it is void
    world->broker.turn_planned = false;
    world->broker.armed = CRASH_NOT;
    for (int i = 0; i < world->clients_count; i++)
        link_drop_all(world, &world->clients[i]);
    world_plan(world, (struct event){.kind = EVENT_START_BROKER, .client = -1}, back_after_us);
}

void broker_fires(struct world *world)
{
    static const char *const names[CRASH_POINTS_COUNT] = {
        [CRASH_BEFORE_COMMIT] = "killed before the commit",
        [CRASH_AFTER_COMMIT] = "killed after the commit",
        [CRASH_BEFORE_PUBLISH] = "killed while it publishes",
        [CRASH_BEFORE_REPLY] = "killed while it replies",
        [COMMIT_IO_LOST] = "the commit fails, and nothing was kept",
        [COMMIT_IO_KEPT] = "the commit fails, and yet all was kept",
        [COMMIT_FULL] = "the disk is full at the commit",
    };
    struct broker *broker = &world->broker;
    broker->fired = broker->armed;
    broker->armed = CRASH_NOT;
    broker->dead = broker->fired < COMMIT_IO_LOST; // after an error of the disk it must stop by itself
    world->tally->crashes[broker->fired]++;
    world_say(world, "broker: %s", names[broker->fired]);
}

// ---------------------------------------------------------------- running

static void plan_turn(struct world *world)
{
    if (world->broker.turn_planned)
        return;
    world->broker.turn_planned = true;
    world_plan(world, (struct event){.kind = EVENT_TURN, .client = -1, .generation = world->broker.boots},
               dice_below(&world->net_dice, world->weather.turn_gap_ms * 1000 + 1));
}

static void run_turn(struct world *world)
{
    struct broker *broker = &world->broker;
    broker->in_turn = true;
    broker->fired = CRASH_NOT;
    world->tally->turns++;
    enum bb_code code = node_turn(broker->node);
    broker->in_turn = false;
    bool unknown = broker->fired == COMMIT_IO_LOST || broker->fired == COMMIT_IO_KEPT;
    if (unknown != (code == BB_STORE_IO) && !broker->dead)
        world_fail(world, "stops at a disk error, and only then", "node_turn gives %s", bb_code_symbol(code));
    if (broker->dead || code != BB_OK)
        broker_stop(world, dice_between(&world->net_dice, 100 * 1000, 20 * 1000 * 1000));
    else
        broker_plan_beacons(world);
}

void broker_take(struct world *world, uint32_t route, const char *user_id, const uint8_t *frame, size_t size)
{
    struct routing_id id = {.size = 5};
    memcpy(id.bytes + 1, &route, sizeof route);
    if (!node_has_room(world->broker.node))
        run_turn(world);
    if (!world->broker.node)
        return;
    node_take(world->broker.node, &id, user_id, frame, size);
    plan_turn(world);
}

void broker_turn(struct world *world)
{
    struct broker *broker = &world->broker;
    broker->turn_planned = false;
    if (world->now_us - broker->swept_at_us >= SWEEP_US) {
        broker->swept_at_us = world->now_us;
        node_sweep(broker->node);
    }
    run_turn(world);
}

// Nobody can tell whether beacons go out while nobody listens; leaving them out saves the nights.
void broker_plan_beacons(struct world *world)
{
    struct broker *broker = &world->broker;
    if (!broker->node || !network_has_listeners(world))
        return;
    int64_t at_us = node_deadline_ms(broker->node) * 1000 - 1000000 + 1000;
    if (at_us < world->now_us)
        at_us = world->now_us;
    if (broker->beacon_at_us >= world->now_us && broker->beacon_at_us <= at_us)
        return;
    broker->beacon_at_us = at_us;
    world_plan(world, (struct event){.kind = EVENT_BEACON, .client = -1, .generation = broker->boots},
               at_us - world->now_us);
}

void broker_beacons(struct world *world)
{
    world->broker.beacon_at_us = INT64_MAX;
    node_send_beacons(world->broker.node);
    broker_plan_beacons(world);
}

void broker_answer(struct world *world, uint32_t route, uint64_t member, const struct frame *question)
{
    struct broker *broker = &world->broker;
    struct routing_id id = {.size = 5};
    uint8_t *frame;
    size_t size;
    memcpy(id.bytes + 1, &route, sizeof route);
    if (answer_make(&broker->answerer, member, question->bytes, question->size, broker->reading, &frame, &size) ==
        BB_OK)
        node_send(broker->node, &id, frame, size);
}
