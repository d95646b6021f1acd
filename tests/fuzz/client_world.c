// SPDX-License-Identifier: MPL-2.0
// A client's session in memory; see client_world.h.
#include "client_world.h"

#include "message/frame.h"

enum { ARENA_SIZE_MAX = 16 * 1024 * 1024, WAKES_MAX = 64 };

static void draw(void *context, void *bytes, size_t size)
{
    struct client_world *world = context;
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)((world->drawn = world->drawn * 1664525U + 1013904223U) >> 24);
}

// ---------------------------------------------------------------- what the session wants done

static void save(struct client_world *world, const struct session_action *action)
{
    size_t i = 0;
    insist(action->key_size > 0 && action->key_size <= SESSION_KEY_SIZE_MAX);
    while (i < world->rows_count && (world->rows[i].key_size != action->key_size ||
                                     memcmp(world->rows[i].key, action->key, action->key_size) != 0))
        i++;
    if (i < world->rows_count) {
        free(world->rows[i].value);
        world->rows[i] = world->rows[--world->rows_count];
    }
    if (!action->bytes)
        return;
    if (world->rows_count == CLIENT_ROWS_MAX) {
        world->blind = true;
        return;
    }
    struct client_row *row = &world->rows[world->rows_count++];
    *row = (struct client_row){.key_size = action->key_size, .value_size = action->size};
    row->value = malloc(action->size + 1);
    insist(row->value != NULL);
    memcpy(row->key, action->key, action->key_size);
    memcpy(row->value, action->bytes, action->size);
}

static void note_sent(struct client_world *world, const struct session_action *action)
{
    Wire__FromClient *message;
    insist(frame_unpack(action->bytes, action->size, COMMAND_FRAME_SIZE_MAX, &wire__from_client__descriptor,
                        world->arena, &message) == BB_OK);
    insist((size_t)message->body_case < sizeof world->correlations / sizeof *world->correlations);
    world->correlations[message->body_case] = message->correlation;
    if (message->body_case == WIRE__FROM_CLIENT__BODY_SYNC)
        world->asked_channel = message->sync->cursor->channel;
    if (message->body_case == WIRE__FROM_CLIENT__BODY_COMMAND)
        world->command_id = message->command->id_bytes;
}

static bool was_alerted(const struct client_world *world, uint64_t request)
{
    for (size_t i = 0; i < world->alerted_count; i++) {
        if (world->alerted[i] == request)
            return true;
    }
    return false;
}

static void hear(struct client_world *world, const struct bb_event *event)
{
    bool about_request =
        event->kind == BB_EVENT_ALERT || event->kind == BB_EVENT_UPDATE || event->kind == BB_EVENT_CANCEL;
    insist(about_request == (event->request != NULL));
    insist((event->kind == BB_EVENT_ITEM) == (event->item != NULL));
    if (event->kind == BB_EVENT_ALERT && world->alerted_count < ALERTED_MAX)
        world->alerted[world->alerted_count++] = event->request->request;
    else if (event->kind == BB_EVENT_ALERT)
        world->blind = true;
    else if (about_request)
        insist(world->blind || was_alerted(world, event->request->request)); // DOMAIN: rule 4, from its other end
}

void world_drain(struct client_world *world)
{
    struct session_action action;
    while (session_take(world->session, &action)) {
        if (action.kind == SESSION_SAVE)
            save(world, &action);
        else if (action.kind == SESSION_SEND)
            note_sent(world, &action);
        else if (action.kind == SESSION_EVENT)
            hear(world, &action.event);
        session_action_fini(&action);
    }
}

// ---------------------------------------------------------------- its life

static void begin(struct client_world *world)
{
    struct session_row rows[CLIENT_ROWS_MAX];
    for (size_t i = 0; i < world->rows_count; i++)
        rows[i] = (struct session_row){world->rows[i].key, world->rows[i].key_size, world->rows[i].value,
                                       world->rows[i].value_size};
    const struct session_options options = {
        .follow = true, .timeout_ms = 10000, .software = "fuzz 1", .random = draw, .random_context = world};
    world->session = session_create(&options, world->now, rows, world->rows_count);
    insist(world->session != NULL);
    world_drain(world);
}

void world_open(struct client_world *world)
{
    struct arena *arena = world->arena ? world->arena : arena_create(ARENA_SIZE_MAX);
    insist(arena != NULL);
    arena_reset(arena);
    *world = (struct client_world){.arena = arena, .now = {.steady_ms = 1000, .wall_ms = 1700000000000}};
    begin(world);
}

void world_close(struct client_world *world)
{
    session_destroy(&world->session);
    for (size_t i = 0; i < world->rows_count; i++)
        free(world->rows[i].value);
    world->rows_count = 0;
}

void world_restart(struct client_world *world)
{
    session_destroy(&world->session);
    begin(world);
}

void world_pass(struct client_world *world, int64_t ms)
{
    int64_t until = world->now.steady_ms + ms;
    for (int i = 0; i < WAKES_MAX && world->now.steady_ms < until; i++) {
        int64_t deadline = session_deadline(world->session), next = deadline < until ? deadline : until;
        if (next < world->now.steady_ms)
            next = world->now.steady_ms;
        world->now.wall_ms += next - world->now.steady_ms;
        world->now.steady_ms = next;
        session_tick(world->session, world->now);
        world_drain(world);
        insist(session_deadline(world->session) > next || session_broken(world->session) != BB_OK);
    }
}
