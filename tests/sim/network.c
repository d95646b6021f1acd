// SPDX-License-Identifier: MPL-2.0
// The network between clients and broker, as libzmq shows it: each connection keeps its order, a break loses what is
// under way without a word, XPUB drops at its high-water mark in silence, ROUTER says that a peer cannot be reached.
// Nothing here reads a message.
#include "sim.h"

enum {
    NIGHT_RETRY_US = 1800 * 1000 * 1000,
    REFUSED_RETRY_US = 15 * 1000 * 1000,
    RECONNECT_US_MIN = 500 * 1000,
    RECONNECT_US_MAX = 5 * 1000 * 1000
};

static void forget(struct pipe *pipe)
{
    while (pipe->first) {
        struct frame *next = pipe->first->next;
        free(pipe->first);
        pipe->first = next;
    }
    *pipe = (struct pipe){0};
}

void link_fini(struct link *link)
{
    forget(&link->to_broker);
    forget(&link->to_client);
}

static void plan_pump(struct world *world, struct client *client, enum link_kind kind, bool to_broker, int64_t at_us)
{
    struct link *link = &client->links[kind];
    struct pipe *pipe = to_broker ? &link->to_broker : &link->to_client;
    if (pipe->waiting || !pipe->first)
        return;
    pipe->waiting = true;
    world_plan(world,
               (struct event){.kind = EVENT_PIPE,
                              .client = client->index,
                              .which = (int)kind * 2 + to_broker,
                              .generation = link->generation},
               at_us - world->now_us);
}

static void put(struct world *world, struct client *client, enum link_kind kind, bool to_broker, const uint8_t *bytes,
                size_t size)
{
    struct link *link = &client->links[kind];
    struct pipe *pipe = to_broker ? &link->to_broker : &link->to_client;
    struct frame *frame = malloc(sizeof *frame + size);
    sim_insist(frame != NULL);
    int64_t delay_us = (int64_t)world->weather.delay_ms * 1000 + dice_below(&client->dice, 1000) +
                       (int64_t)dice_below(&client->dice, world->weather.jitter_ms + 1) * 1000;
    frame->next = NULL;
    frame->due_us = world->now_us + delay_us;
    if (frame->due_us < pipe->due_us)
        frame->due_us = pipe->due_us; // nothing overtakes
    pipe->due_us = frame->due_us;
    frame->size = size;
    memcpy(frame->bytes, bytes, size);
    if (pipe->last)
        pipe->last->next = frame;
    else
        pipe->first = frame;
    pipe->last = frame;
    pipe->count++;
    plan_pump(world, client, kind, to_broker, frame->due_us);
}

static void hear_topic(struct world *world, struct client *client, const uint8_t *bytes, size_t size)
{
    char topic[SUBSCRIPTION_SIZE_MAX] = {0};
    memcpy(topic, bytes + 1, size - 1);
    for (size_t i = 0; i < TOPICS_MAX; i++) {
        bool same = strcmp(client->topics_at_broker[i], topic) == 0;
        if (bytes[0] == 0 && same)
            client->topics_at_broker[i][0] = 0;
        if (bytes[0] == 1 && same)
            return;
    }
    for (size_t i = 0; bytes[0] == 1 && i < TOPICS_MAX; i++) {
        if (client->topics_at_broker[i][0] != 0)
            continue;
        strcpy(client->topics_at_broker[i], topic);
        break;
    }
    if (bytes[0] == 1)
        node_subscribed(world->broker.node, client->links[LINK_PUBLISH].user_id);
    broker_plan_beacons(world);
}

static void arrive(struct world *world, struct client *client, enum link_kind kind, bool to_broker,
                   const struct frame *frame)
{
    world->tally->frames++;
    world_trace(world, bytes_hash(frame->bytes, frame->size), (uint64_t)client->index << 2 | kind << 1 | to_broker);
    if (!to_broker)
        client_receives(world, client, kind, frame->bytes, frame->size);
    else if (kind == LINK_PUBLISH)
        hear_topic(world, client, frame->bytes, frame->size);
    else
        broker_take(world, client->links[kind].route, client->links[kind].user_id, frame->bytes, frame->size);
}

// All frames that are due, unless the line is cut or the client does not read.
void pipe_pump(struct world *world, struct client *client, enum link_kind kind, bool to_broker)
{
    struct link *link = &client->links[kind];
    struct pipe *pipe = to_broker ? &link->to_broker : &link->to_client;
    uint32_t generation = link->generation;
    pipe->waiting = false;
    bool any = false;
    while (link->up && pipe->first && pipe->first->due_us <= world->now_us && !world->failed) {
        if (client->cut_until_us > world->now_us) {
            plan_pump(world, client, kind, to_broker, client->cut_until_us);
            break;
        }
        if ((!to_broker && client->frozen) || (to_broker && !world->broker.node))
            break;
        struct frame *frame = pipe->first;
        pipe->first = frame->next;
        if (!pipe->first)
            pipe->last = NULL;
        pipe->count--;
        arrive(world, client, kind, to_broker, frame);
        free(frame);
        any = true;
        if (link->generation != generation)
            break;
    }
    if (link->generation == generation && pipe->first && pipe->first->due_us > world->now_us)
        plan_pump(world, client, kind, to_broker, pipe->first->due_us);
    if (any && !to_broker)
        client_process(world, client);
}

void client_pump(struct world *world, struct client *client)
{
    for (int kind = 0; kind < LINKS_COUNT && !client->frozen; kind++)
        pipe_pump(world, client, (enum link_kind)kind, false);
}

// ---------------------------------------------------------------- sending

void client_sends(struct world *world, struct client *client, enum link_kind kind, const uint8_t *bytes, size_t size)
{
    struct link *link = &client->links[kind];
    if (link->up && !link->black_hole)
        put(world, client, kind, true, bytes, size);
}

static bool is_gone_unnoticed(const struct world *world, const struct client *client, uint32_t route)
{
    for (size_t i = 0; i < ROUTES_GONE_MAX; i++) {
        if (client->routes_gone[i] == route && client->routes_gone_until_us[i] > world->now_us)
            return true;
    }
    return false;
}

bool broker_sends(struct world *world, uint32_t route, const uint8_t *bytes, size_t size)
{
    for (int i = 0; i < world->clients_count; i++) {
        struct client *client = &world->clients[i];
        struct link *link = &client->links[LINK_COMMAND];
        if (link->up && link->route == route) {
            if (link->to_client.count >= world->weather.command_hwm)
                return false;
            if (!link->black_hole)
                put(world, client, LINK_COMMAND, false, bytes, size);
            return true;
        }
        if (is_gone_unnoticed(world, client, route))
            return true;
    }
    return false;
}

static bool wants(const struct client *client, const char *topic)
{
    for (size_t i = 0; i < TOPICS_MAX; i++) {
        const char *prefix = client->topics_at_broker[i];
        if (prefix[0] != 0 && strncmp(topic, prefix, strlen(prefix)) == 0)
            return true;
    }
    return false;
}

void broker_publishes(struct world *world, const char *topic, const uint8_t *bytes, size_t size)
{
    for (int i = 0; i < world->clients_count; i++) {
        struct client *client = &world->clients[i];
        struct link *link = &client->links[LINK_PUBLISH];
        if (!link->up || link->black_hole || !wants(client, topic))
            continue;
        if (link->to_client.count >= world->weather.publish_hwm)
            world->tally->dropped++;
        else
            put(world, client, LINK_PUBLISH, false, bytes, size);
    }
}

bool network_has_listeners(const struct world *world)
{
    for (int i = 0; i < world->clients_count; i++) {
        if (world->clients[i].links[LINK_PUBLISH].up && !world->clients[i].frozen)
            return true;
    }
    return false;
}

// ---------------------------------------------------------------- connecting

void link_connect_soon(struct world *world, struct client *client, enum link_kind kind, int64_t delay_us)
{
    struct link *link = &client->links[kind];
    if (link->up || link->connecting)
        return;
    link->connecting = true;
    if (delay_us < 0)
        delay_us = dice_between(&client->dice, RECONNECT_US_MIN, RECONNECT_US_MAX);
    world_plan(world,
               (struct event){
                   .kind = EVENT_CONNECT, .client = client->index, .which = (int)kind, .generation = link->generation},
               delay_us);
}

static void send_topics(struct world *world, struct client *client)
{
    memset(client->topics_at_broker, 0, sizeof client->topics_at_broker);
    for (size_t i = 0; i < TOPICS_MAX; i++) {
        uint8_t message[SUBSCRIPTION_SIZE_MAX] = {1};
        size_t size = strlen(client->topics[i]);
        memcpy(message + 1, client->topics[i], size);
        if (size > 0)
            client_sends(world, client, LINK_PUBLISH, message, size + 1);
    }
}

void link_try(struct world *world, struct client *client, enum link_kind kind)
{
    struct link *link = &client->links[kind];
    link->connecting = false;
    if (link->up || client->frozen || (!client->session && client->enrolled) || client->refused)
        return;
    if (world->is_night) { // a newcomer; others sleep
        link_connect_soon(world, client, kind, NIGHT_RETRY_US);
        return;
    }
    bool reachable = world->broker.node && client->cut_until_us <= world->now_us;
    const char *user_id = reachable ? broker_door(world, client->curve_key) : NULL;
    if (user_id && kind == LINK_PUBLISH && strncmp(user_id, "giver:", 6) != 0)
        user_id = NULL;
    if (!user_id) {
        if (kind == LINK_COMMAND)
            client_offline(world, client, reachable ? BB_REFUSED_AT_THE_DOOR : BB_AWAY);
        link_connect_soon(world, client, kind, reachable ? REFUSED_RETRY_US : -1);
        return;
    }
    link->up = true;
    link->black_hole = false;
    strcpy(link->user_id, user_id);
    if (kind == LINK_PUBLISH) {
        send_topics(world, client);
        return;
    }
    link->route = ++world->broker.next_route;
    client_online(world, client);
}

static void close_link(struct client *client, enum link_kind kind)
{
    struct link *link = &client->links[kind];
    link_fini(link);
    link->up = link->connecting = link->black_hole = false;
    link->generation++;
    if (kind == LINK_PUBLISH)
        memset(client->topics_at_broker, 0, sizeof client->topics_at_broker);
}

void link_break(struct world *world, struct client *client, enum link_kind kind, int64_t unnoticed_us)
{
    struct link *link = &client->links[kind];
    bool was_up = link->up;
    if (was_up && kind == LINK_COMMAND && unnoticed_us > 0) {
        size_t place = link->route % ROUTES_GONE_MAX;
        client->routes_gone[place] = link->route;
        client->routes_gone_until_us[place] = world->now_us + unnoticed_us;
    }
    close_link(client, kind);
    if (was_up && kind == LINK_COMMAND)
        client_offline(world, client, BB_AWAY);
    link_connect_soon(world, client, kind, -1);
}

void link_drop_all(struct world *world, struct client *client)
{
    memset(client->routes_gone, 0, sizeof client->routes_gone);
    for (int kind = 0; kind < LINKS_COUNT; kind++) {
        if (client->links[kind].up)
            link_break(world, client, (enum link_kind)kind, 0);
    }
}
