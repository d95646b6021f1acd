// SPDX-License-Identifier: MPL-2.0
// What goes wrong: a table of faults, one function each; and how all of it is healed in the end.
#include "sim.h"

struct fault {
    const char *name;
    uint32_t weight;
    void (*happen)(struct world *world, struct dice *dice);
};

static struct client *anybody(struct world *world, struct dice *dice)
{
    struct client *client = &world->clients[dice_below(dice, (uint32_t)world->clients_count)];
    return client->session ? client : NULL;
}

// ---------------------------------------------------------------- network

static void cut(struct world *world, struct client *client, int64_t for_us)
{
    int64_t until_us = world->now_us + for_us;
    if (client->cut_until_us >= until_us)
        return;
    client->cut_until_us = until_us;
    for (int kind = 0; kind < LINKS_COUNT && for_us > 30000000; kind++) {
        if (client->links[kind].up) // heartbeats end what is cut for so long
            world_plan(world,
                       (struct event){.kind = EVENT_BREAK,
                                      .client = client->index,
                                      .which = kind,
                                      .generation = client->links[kind].generation},
                       30000000);
    }
}

static void one_is_cut_off(struct world *world, struct dice *dice)
{
    struct client *client = anybody(world, dice);
    int64_t for_us = dice_between(dice, 300000, 60000000);
    if (!client)
        return;
    world_say(world, "%s: cut off for %d s", client->name, (int)(for_us / 1000000));
    cut(world, client, for_us);
}

static void several_are_cut_off(struct world *world, struct dice *dice)
{
    int64_t for_us = dice_between(dice, 300000, 45000000);
    uint32_t percent = dice_percent(dice, 30) ? 100 : 50;
    world_say(world, "network: %s cut off for %d s", percent == 100 ? "all are" : "many are", (int)(for_us / 1000000));
    for (int i = 0; i < world->clients_count; i++) {
        if (dice_percent(dice, percent))
            cut(world, &world->clients[i], for_us);
    }
}

static void a_connection_breaks(struct world *world, struct dice *dice)
{
    struct client *client = anybody(world, dice);
    enum link_kind kind = dice_percent(dice, 50) ? LINK_COMMAND : LINK_PUBLISH;
    int64_t unnoticed_us = dice_percent(dice, 50) ? 0 : dice_between(dice, 0, 40000000);
    if (!client || !client->links[kind].up)
        return;
    world_say(world, "%s: its %s connection breaks", client->name, kind == LINK_COMMAND ? "command" : "publish");
    link_break(world, client, kind, unnoticed_us);
}

// The other side is gone and nobody said so, as when a router forgets a connection.
static void a_connection_goes_dead(struct world *world, struct dice *dice)
{
    struct client *client = anybody(world, dice);
    enum link_kind kind = dice_percent(dice, 60) ? LINK_COMMAND : LINK_PUBLISH;
    if (!client || !client->links[kind].up)
        return;
    world_say(world, "%s: its %s connection goes dead", client->name, kind == LINK_COMMAND ? "command" : "publish");
    client->links[kind].black_hole = true;
    world_plan(world,
               (struct event){.kind = EVENT_BREAK,
                              .client = client->index,
                              .which = (int)kind,
                              .generation = client->links[kind].generation},
               dice_between(dice, 5000000, 40000000));
}

// ---------------------------------------------------------------- clients

static void one_freezes(struct world *world, struct dice *dice)
{
    struct client *client = anybody(world, dice);
    int64_t for_us = dice_between(dice, 200000, 40000000);
    if (!client || client->frozen)
        return;
    world_say(world, "%s: freezes for %d s", client->name, (int)(for_us / 1000000));
    client_freeze(world, client);
    world_plan(world, (struct event){.kind = EVENT_THAW, .client = client->index, .generation = client->life}, for_us);
}

static void one_crashes(struct world *world, struct dice *dice)
{
    struct client *client = anybody(world, dice);
    if (client && !client->frozen)
        client_crash(world, client);
}

// In the middle of what it carries out: rows that are not committed are gone, events may have been seen.
static void one_crashes_soon(struct world *world, struct dice *dice)
{
    struct client *client = anybody(world, dice);
    if (client)
        client->dies_after = 1 + (int)dice_below(dice, 40);
}

// A row that is damaged is left out when the store is read again; those of cursors can be done without.
static void one_forgets_where_it_was(struct world *world, struct dice *dice)
{
    struct client *client = anybody(world, dice);
    if (!client || client->frozen)
        return;
    client_crash(world, client);
    size_t count;
    const struct session_row *rows;
    while (rows = rows_of(&client->rows, ROW_CURSOR, &count), count > 0) {
        rows_put(&client->rows, rows[0].key, rows[0].key_size, NULL, 0);
        rows_commit(&client->rows);
    }
}

static void one_closes(struct world *world, struct dice *dice)
{
    struct client *client = anybody(world, dice);
    if (!client || client->frozen)
        return;
    world_say(world, "%s: is closed for a while", client->name);
    client_close(world, client);
    world_plan(world, (struct event){.kind = EVENT_START_CLIENT, .client = client->index, .generation = client->life},
               dice_between(dice, 1000000, 90000000));
}

static void a_clock_is_set(struct world *world, struct dice *dice)
{
    struct client *client = anybody(world, dice);
    if (client)
        client->wall_offset_ms = dice_between(dice, -15 * 60000, 15 * 60000);
}

// ---------------------------------------------------------------- the broker

static void broker_is_killed(struct world *world, struct dice *dice)
{
    if (!world->broker.node)
        return;
    world_say(world, "broker: killed");
    broker_stop(world, dice_between(dice, 100000, 30000000));
}

static void broker_will_fail(struct world *world, struct dice *dice)
{
    world->broker.armed = (enum crash_point)(1 + dice_below(dice, CRASH_POINTS_COUNT - 1));
    world->broker.armed_after = (int)dice_below(dice, dice_percent(dice, 50) ? 1 : 12);
}

static void brokers_clock_jumps(struct world *world, struct dice *dice)
{
    int64_t jump_ms = dice_between(dice, -20 * 60000, 20 * 60000);
    world_say(world, "broker: its clock jumps by %d s", (int)(jump_ms / 1000));
    world->broker.wall_offset_ms += jump_ms;
}

static void the_reader_is_busy(struct world *world, struct dice *dice)
{
    world->broker.reader_busy_until_us = world->now_us + dice_between(dice, 100000, 15000000);
}

// ---------------------------------------------------------------- nights

static void night(struct world *world, struct dice *dice)
{
    world_say(world, "night: programs are closed, laptops sleep");
    world->is_night = true;
    for (int i = 0; i < world->clients_count; i++) {
        struct client *client = &world->clients[i];
        if (dice_percent(dice, 25) && !client->frozen)
            client_close(world, client);
        else
            client_freeze(world, client);
        client->life++; // nothing that was planned wakes it
        for (int kind = 0; kind < LINKS_COUNT; kind++) {
            if (client->links[kind].up)
                link_break(world, client, (enum link_kind)kind, 30000000);
        }
    }
}

static void wake(struct world *world, struct client *client)
{
    if (client->frozen)
        client_thaw(world, client);
    else if (client->enrolled && !client->session)
        client_start(world, client);
}

static void morning(struct world *world, struct dice *dice)
{
    world_say(world, "morning");
    world->is_night = false;
    for (int i = 0; i < world->clients_count; i++) {
        if (dice_percent(dice, 95))
            wake(world, &world->clients[i]);
    }
}

static const struct fault faults[] = {
    {"night", 0, night},
    {"morning", 0, morning},
    {"one is cut off", 10, one_is_cut_off},
    {"several are cut off", 3, several_are_cut_off},
    {"a connection breaks", 14, a_connection_breaks},
    {"a connection goes dead", 5, a_connection_goes_dead},
    {"one freezes", 10, one_freezes},
    {"one crashes", 8, one_crashes},
    {"one crashes soon", 14, one_crashes_soon},
    {"one forgets where it was", 6, one_forgets_where_it_was},
    {"one is closed", 6, one_closes},
    {"a clock is set", 3, a_clock_is_set},
    {"the broker is killed", 5, broker_is_killed},
    {"the broker fails in a turn", 16, broker_will_fail},
    {"the broker's clock jumps", 3, brokers_clock_jumps},
    {"the reader is busy", 4, the_reader_is_busy},
};

int faults_count(void)
{
    return (int)(sizeof faults / sizeof *faults);
}

const char *fault_name(int fault)
{
    return faults[fault].name;
}

uint32_t fault_weight(int fault)
{
    return faults[fault].weight;
}

int fault_named(const char *name)
{
    int fault = 0;
    while (strcmp(faults[fault].name, name) != 0)
        fault++;
    return fault;
}

void fault_do(struct world *world, int fault, uint64_t roll)
{
    struct dice dice = {roll};
    world->tally->faults[fault]++;
    faults[fault].happen(world, &dice);
}

void faults_heal(struct world *world)
{
    world_say(world, "all is healed");
    struct broker *broker = &world->broker;
    broker->armed = CRASH_NOT;
    broker->reader_busy_until_us = 0;
    world->weather.publish_hwm = world->weather.command_hwm = UINT32_MAX;
    world->is_night = false;
    if (!broker->node)
        broker_start(world);
    for (int i = 0; i < world->clients_count; i++) {
        struct client *client = &world->clients[i];
        client->cut_until_us = 0;
        client->dies_after = 0;
        for (int pipe = 0; pipe < 2 * LINKS_COUNT; pipe++) // what was held up by the cut
            pipe_pump(world, client, (enum link_kind)(pipe / 2), pipe % 2);
        wake(world, client);
    }
}
