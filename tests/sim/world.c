// SPDX-License-Identifier: MPL-2.0
// Time and events of the simulated world; see sim.h.
#include "sim.h"

#include "judge.h"
#include "model.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const int64_t start_ms = 1763900000000; // 2025-11-23
enum {
    SETTLE_MS_MAX = 8 * 60 * 1000,
    SETTLE_STEP_MS = 1000,
    SETTLE_MS_MIN = 30000,
    STREAM_NODE = 1,
    STREAM_SODIUM,
    STREAM_NET
};

struct world *sim_world;

uint64_t bytes_hash(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint64_t hash = 0xCBF29CE484222325u ^ size;
    for (; size >= 8; size -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 29;
    }
    for (; size > 0; size--)
        hash = (hash ^ *at++) * 0x100000001B3u;
    return hash ^ (hash >> 32);
}

void world_trace(struct world *world, uint64_t a, uint64_t b)
{
    uint64_t parts[4] = {world->trace, (uint64_t)world->now_us, a, b};
    world->trace = bytes_hash(parts, sizeof parts);
}

int64_t world_wall_ms(const struct world *world)
{
    return start_ms + world->now_us / 1000;
}

void world_say(struct world *world, const char *format, ...)
{
    if (!world->tell)
        return;
    int64_t ms = world->now_us / 1000, s = ms / 1000;
    printf("  day %" PRId64 " %02d:%02d:%02d.%03d  ", s / 86400 + 1, (int)(s / 3600 % 24), (int)(s / 60 % 60),
           (int)(s % 60), (int)(ms % 1000));
    va_list list;
    va_start(list, format);
    vprintf(format, list);
    va_end(list);
    putchar('\n');
}

void world_fail(struct world *world, const char *rule, const char *format, ...)
{
    if (world->failed)
        return;
    world->failed = true;
    snprintf(world->rule, sizeof world->rule, "%s", rule);
    va_list list;
    va_start(list, format);
    vsnprintf(world->why, sizeof world->why, format, list);
    va_end(list);
    world_say(world, "BROKEN: %s: %s", world->rule, world->why);
}

// ---------------------------------------------------------------- events: a heap by time

static bool before(const struct event *a, const struct event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void world_plan(struct world *world, struct event event, int64_t delay_us)
{
    if (world->events_count == world->events_capacity) {
        world->events_capacity = world->events_capacity ? 2 * world->events_capacity : 1024;
        world->events = realloc(world->events, world->events_capacity * sizeof *world->events);
        sim_insist(world->events != NULL);
    }
    event.at_us = world->now_us + (delay_us > 0 ? delay_us : 0);
    event.order = world->events_order++;
    size_t at = world->events_count++;
    for (; at > 0 && before(&event, &world->events[(at - 1) / 2]); at = (at - 1) / 2)
        world->events[at] = world->events[(at - 1) / 2];
    world->events[at] = event;
}

static struct event next_event(struct world *world)
{
    struct event first = world->events[0], last = world->events[--world->events_count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < world->events_count; at = child) {
        if (child + 1 < world->events_count && before(&world->events[child + 1], &world->events[child]))
            child++;
        if (!before(&world->events[child], &last))
            break;
        world->events[at] = world->events[child];
    }
    world->events[at] = last;
    return first;
}

static void do_step(struct world *world, const struct step *step)
{
    if (step->kind == STEP_ACT)
        act_do(world, step->what, step->dice);
    else
        fault_do(world, step->what, step->dice);
}

static void happen(struct world *world, struct event *event)
{
    struct client *client = event->client >= 0 ? &world->clients[event->client] : NULL;
    switch (event->kind) {
    case EVENT_STEP:
        do_step(world, &world->plan->steps[event->which]);
        break;
    case EVENT_PIPE:
        if (client->links[event->which / 2].generation == event->generation)
            pipe_pump(world, client, (enum link_kind)(event->which / 2), event->which % 2);
        break;
    case EVENT_CONNECT:
        if (client->links[event->which].generation == event->generation)
            link_try(world, client, (enum link_kind)event->which);
        break;
    case EVENT_BREAK:
        if (client->links[event->which].generation == event->generation)
            link_break(world, client, (enum link_kind)event->which, 0);
        break;
    case EVENT_TICK:
        if (client->tick_generation == event->generation && !client->frozen) {
            client->tick_at_us = INT64_MAX;
            client_process(world, client);
        }
        break;
    case EVENT_TURN:
        if (world->broker.boots == event->generation)
            broker_turn(world);
        break;
    case EVENT_BEACON:
        if (world->broker.boots == event->generation && world->broker.beacon_at_us == event->at_us)
            broker_beacons(world);
        break;
    case EVENT_ANSWER:
        if (world->broker.boots == event->generation)
            broker_answer(world, event->route, event->number, event->frame);
        free(event->frame);
        break;
    case EVENT_START_BROKER:
        broker_start(world);
        break;
    case EVENT_START_CLIENT:
        if (client->life == event->generation)
            client_start(world, client);
        break;
    case EVENT_THAW:
        if (client->frozen && client->life == event->generation)
            client_thaw(world, client);
        break;
    case EVENT_ENROL:
        enrol_ask(world, client);
        break;
    }
}

// Until this time, or until a rule is broken.
static void run_until(struct world *world, int64_t until_us)
{
    while (!world->failed && world->events_count > 0 && world->events[0].at_us <= until_us) {
        struct event event = next_event(world);
        world->now_us = event.at_us;
        world_trace(world, (uint64_t)event.kind, (uint64_t)event.client << 8 | (uint64_t)event.which);
        happen(world, &event);
    }
    if (!world->failed)
        world->now_us = until_us;
}

// ---------------------------------------------------------------- a story

struct world *world_create(const struct plan *plan, const char *scratch, struct tally *tally, bool tell)
{
    struct world *world = calloc(1, sizeof *world);
    sim_insist(world != NULL);
    sim_world = world;
    world->plan = plan;
    world->weather = plan->weather;
    world->tally = tally;
    world->tell = tell;
    world->node_dice = dice_for(plan->seed, STREAM_NODE);
    world->sodium_dice = dice_for(plan->seed, STREAM_SODIUM);
    world->net_dice = dice_for(plan->seed, STREAM_NET);
    world->clients = calloc(CLIENTS_MAX, sizeof *world->clients);
    world->arena = arena_create(1024 * 1024);
    world->model = model_create(world);
    sim_insist(world->clients && world->arena && world->model);
    snprintf(world->folder, sizeof world->folder, "%s/town-%d", scratch, (int)getpid());
    sim_insist(mkdir(world->folder, 0700) == 0);
    return world;
}

static void play(struct world *world)
{
    for (size_t i = 0; i < world->plan->count; i++) {
        const struct step *step = &world->plan->steps[i];
        struct event event = {.kind = EVENT_STEP, .client = -1, .which = (int)i};
        world_plan(world, event, step->at_ms * 1000 - world->now_us);
    }
    run_until(world, world->plan->ends_at_ms * 1000);
}

// All faults end; then everybody must be in step again, and soon: the next pong after the last change shows what was missed.
static void settle(struct world *world)
{
    faults_heal(world);
    world->healed_at_us = world->now_us;
    const char *behind = "";
    uint64_t head = 0;
    for (int64_t ms = 0, quiet_since_ms = 0; !world->failed && ms < SETTLE_MS_MAX; ms += SETTLE_STEP_MS) {
        run_until(world, world->now_us + SETTLE_STEP_MS * 1000);
        behind = judge_behind(world);
        if (world->model->head != head) // somebody's kept commands, or a newcomer
            quiet_since_ms = ms;
        head = world->model->head;
        if (behind == NULL && ms - quiet_since_ms >= SETTLE_MS_MIN)
            return;
    }
    world_fail(world, "in step again", "%s is not in step %d s after all was healed", behind ? behind : "the broker",
               SETTLE_MS_MAX / 1000);
}

void world_run(struct world *world)
{
    if (!broker_found(world)) {
        world_fail(world, "founding", "the first start failed");
        return;
    }
    enrol_first_people(world);
    play(world);
    if (!world->failed)
        settle(world);
    if (!world->failed)
        judge_end(world);
    world->tally->virtual_ms += (uint64_t)(world->now_us / 1000);
}

static void remove_folder(const char *folder)
{
    static const char *const names[] = {"store/data.mdb", "store/lock.mdb", "store/daemon.lock",
                                        "store",          "keyring",        "tombstones"};
    char path[160];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)remove(path);
    }
    (void)remove(folder);
}

void world_destroy(struct world **world)
{
    struct world *it = *world;
    *world = NULL;
    if (!it)
        return;
    broker_close(it);
    for (int i = 0; i < it->clients_count; i++)
        client_destroy(&it->clients[i]);
    for (size_t i = 0; i < it->events_count; i++)
        free(it->events[i].frame);
    free(it->events);
    free(it->clients);
    arena_destroy(&it->arena);
    model_destroy(&it->model);
    remove_folder(it->folder);
    free(it);
    sim_world = NULL;
}
