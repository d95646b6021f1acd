// SPDX-License-Identifier: MPL-2.0
// The lives of the clients: the real session, whose actions are carried out here as client.c of the library does it:
// rows are committed before whatever comes after them, and what was not committed dies with the process.
#include "sim.h"

#include "judge.h"
#include "model.h"

#include <stdio.h>

enum { TIMEOUT_MS = 10000, OUTBOX_READ_MS = 5000 };

static void random_bytes(void *context, void *bytes, size_t size)
{
    dice_bytes(&((struct client *)context)->dice, bytes, size);
}

struct session_time client_time(const struct world *world, const struct client *client)
{
    return (struct session_time){.steady_ms = world->now_us / 1000 + client->steady_offset_ms,
                                 .wall_ms = world_wall_ms(world) + client->wall_offset_ms};
}

struct client *client_add(struct world *world, enum bb_role role, uint32_t audience_class)
{
    sim_insist(world->clients_count < CLIENTS_MAX);
    struct client *client = &world->clients[world->clients_count];
    *client = (struct client){.index = world->clients_count++,
                              .role = role,
                              .audience_class = audience_class,
                              .tick_at_us = INT64_MAX,
                              .dice = dice_for(world->plan->seed, 100 + (uint64_t)world->clients_count)};
    snprintf(client->name, sizeof client->name, "%s-%d", bb_word(&bb_roles, role, BB_ENGLISH), client->index);
    dice_bytes(&client->dice, client->curve_key, sizeof client->curve_key);
    client->steady_offset_ms = dice_between(&client->dice, 1000, 1000000);
    client->wall_offset_ms = dice_between(&client->dice, -600000, 600000);
    return client;
}

// ---------------------------------------------------------------- carrying out

static void commit(struct client *client)
{
    if (client->saving)
        rows_commit(&client->rows);
    client->saving = false;
}

static void open_subscriber(struct world *world, struct client *client)
{
    link_connect_soon(world, client, LINK_PUBLISH, dice_between(&client->dice, 1000, 400000));
}

static void change_topic(struct world *world, struct client *client, const struct session_action *action)
{
    char topic[SUBSCRIPTION_SIZE_MAX] = {0};
    uint8_t message[SUBSCRIPTION_SIZE_MAX];
    bool on = action->kind == SESSION_SUBSCRIBE;
    memcpy(topic, action->bytes, action->size);
    message[0] = on;
    memcpy(message + 1, topic, action->size);
    for (size_t i = 0; i < TOPICS_MAX; i++) {
        if (strcmp(client->topics[i], on ? "" : topic) != 0)
            continue;
        strcpy(client->topics[i], on ? topic : "");
        break;
    }
    open_subscriber(world, client);
    client_sends(world, client, LINK_PUBLISH, message, action->size + 1);
}

static void look_back(struct world *world, struct client *client)
{
    size_t count;
    const struct session_row *rows = rows_of(&client->rows, ROW_ACCEPTED, &count);
    session_look_back(client->session, client_time(world, client), rows, count);
}

static void carry_out(struct world *world, struct client *client, const struct session_action *action)
{
    switch (action->kind) {
    case SESSION_SEND:
        client_sends(world, client, LINK_COMMAND, action->bytes, action->size);
        break;
    case SESSION_SUBSCRIBE:
    case SESSION_UNSUBSCRIBE:
        change_topic(world, client, action);
        break;
    case SESSION_RECONNECT:
        for (int kind = 0; kind < LINKS_COUNT; kind++) {
            if (client->links[kind].up) // heard of as libzmq's monitor tells it: later
                world_plan(world,
                           (struct event){.kind = EVENT_BREAK,
                                          .client = client->index,
                                          .which = kind,
                                          .generation = client->links[kind].generation},
                           0);
        }
        break;
    case SESSION_EVENT:
        judge_event(world, client, &action->event);
        break;
    case SESSION_REPLY:
        client->tickets--;
        break;
    case SESSION_ANSWER:
        client->tickets--;
        if (action->code == BB_STORE_DAMAGED || action->code == BB_NO_MEMORY || action->code == BB_NOT_FOUND)
            world_fail(world, "answers", "%s got %s to a question", client->name, bb_code_symbol(action->code));
        break;
    case SESSION_LOOK_BACK:
        look_back(world, client);
        break;
    case SESSION_SAVE:
        break;
    }
}

static bool dies_now(struct world *world, struct client *client)
{
    if (client->dies_after == 0 || --client->dies_after > 0)
        return false;
    client_crash(world, client);
    return true;
}

static void take_actions(struct world *world, struct client *client)
{
    struct session_action action;
    uint32_t life = client->life;
    while (client->life == life && session_take(client->session, &action)) {
        world_trace(world, action.kind, action.size);
        if (dies_now(world, client)) {
            session_action_fini(&action);
            return;
        }
        if (action.kind == SESSION_SAVE) {
            client->saving = true;
            rows_put(&client->rows, action.key, action.key_size, action.bytes, action.size);
        } else {
            commit(client);
            carry_out(world, client, &action);
        }
        session_action_fini(&action);
    }
    if (client->life == life)
        commit(client);
}

static void plan_tick(struct world *world, struct client *client)
{
    int64_t deadline_ms = session_deadline(client->session);
    int64_t at_us = deadline_ms == INT64_MAX ? INT64_MAX : (deadline_ms - client->steady_offset_ms) * 1000;
    if (at_us != INT64_MAX && at_us <= world->now_us)
        at_us = world->now_us + 1000;
    if (at_us == client->tick_at_us)
        return;
    client->tick_at_us = at_us;
    client->tick_generation++;
    if (at_us != INT64_MAX)
        world_plan(world,
                   (struct event){.kind = EVENT_TICK, .client = client->index, .generation = client->tick_generation},
                   at_us - world->now_us);
}

static void reread_outbox(struct world *world, struct client *client)
{
    struct session_time now = client_time(world, client);
    size_t count;
    const struct session_row *rows = rows_of(&client->rows, ROW_COMMAND, &count);
    session_outbox_reread(client->session, now, rows, count);
    client->outbox_read_at_ms = now.steady_ms + OUTBOX_READ_MS;
}

void client_process(struct world *world, struct client *client)
{
    if (!client->session || client->frozen)
        return;
    struct session_time now = client_time(world, client);
    if (client->outbox_read_at_ms <= now.steady_ms)
        reread_outbox(world, client);
    session_tick(client->session, now);
    take_actions(world, client);
    if (client->session)
        plan_tick(world, client);
    if (client->session && session_broken(client->session) != BB_OK &&
        session_broken(client->session) != BB_MEMBER_REVOKED)
        world_fail(world, "goes on", "the session of %s breaks", client->name);
}

// ---------------------------------------------------------------- what reaches it

void client_online(struct world *world, struct client *client)
{
    client->offline_unheard = false;
    if (!client->enrolled) {
        enrol_ask(world, client);
        return;
    }
    session_online(client->session, client_time(world, client));
    client_process(world, client);
}

void client_offline(struct world *world, struct client *client, enum bb_code code)
{
    if (client->frozen) {
        client->offline_unheard = true;
        return;
    }
    if (!client->session)
        return;
    session_offline(client->session, client_time(world, client), code);
    client_process(world, client);
}

void client_receives(struct world *world, struct client *client, enum link_kind kind, const uint8_t *bytes, size_t size)
{
    if (!client->enrolled) {
        enrol_hears(world, client, bytes, size);
        return;
    }
    if (!client->session)
        return;
    if (kind == LINK_PUBLISH) {
        session_receive_publish_socket(client->session, client_time(world, client), bytes, size);
        return;
    }
    judge_heard(world, client, bytes, size);
    session_receive_command_socket(client->session, client_time(world, client), bytes, size);
}

// ---------------------------------------------------------------- life and death

void client_start(struct world *world, struct client *client)
{
    if (client->session || !client->enrolled)
        return;
    const struct session_options options = {.follow = true,
                                            .timeout_ms = TIMEOUT_MS,
                                            .software = "sim 1",
                                            .random = random_bytes,
                                            .random_context = client};
    size_t count;
    const struct session_row *rows = rows_of(&client->rows, 0, &count);
    client->session = session_create(&options, client_time(world, client), rows, count);
    sim_insist(client->session != NULL);
    client->life++;
    client->saving = client->frozen = client->offline_unheard = false;
    client->tickets = 0;
    client->tick_at_us = INT64_MAX;
    memset(client->topics, 0, sizeof client->topics);
    reread_outbox(world, client);
    link_connect_soon(world, client, LINK_COMMAND, dice_between(&client->dice, 1000, 300000));
    client_process(world, client);
}

static void end_process(struct world *world, struct client *client)
{
    session_destroy(&client->session);
    rows_crash(&client->rows);
    client->life++;
    client->tick_generation++;
    client->dies_after = 0;
    client->frozen = client->offline_unheard = false;
    for (int kind = 0; kind < LINKS_COUNT; kind++) {
        if (client->links[kind].up)
            link_break(world, client, (enum link_kind)kind, dice_between(&client->dice, 0, 2000000));
    }
    memset(client->topics, 0, sizeof client->topics);
}

void client_crash(struct world *world, struct client *client)
{
    if (!client->session)
        return;
    world_say(world, "%s: crashes", client->name);
    end_process(world, client);
    world_plan(world, (struct event){.kind = EVENT_START_CLIENT, .client = client->index, .generation = client->life},
               dice_between(&client->dice, 200000, 20000000));
}

// As bb_client_close: the last saves, and nothing is handed on.
void client_close(struct world *world, struct client *client)
{
    struct session_action action;
    if (!client->session || client->frozen)
        return;
    session_finish(client->session);
    while (session_take_row(client->session, &action)) {
        rows_put(&client->rows, action.key, action.key_size, action.bytes, action.size);
        session_action_fini(&action);
    }
    rows_commit(&client->rows);
    end_process(world, client);
}

void client_freeze(struct world *world, struct client *client)
{
    (void)world;
    client->frozen = client->session != NULL;
}

void client_thaw(struct world *world, struct client *client)
{
    client->frozen = false;
    client->tick_at_us = INT64_MAX;
    for (int kind = 0; kind < LINKS_COUNT; kind++) {
        if (!client->links[kind].up && (kind == LINK_COMMAND || client->topics[0][0] != 0))
            link_connect_soon(world, client, (enum link_kind)kind, -1);
    }
    if (client->offline_unheard) {
        client->offline_unheard = false;
        client_offline(world, client, BB_AWAY);
    }
    client_pump(world, client);
    client_process(world, client);
}

void client_destroy(struct client *client)
{
    session_destroy(&client->session);
    rows_fini(&client->rows);
    for (int kind = 0; kind < LINKS_COUNT; kind++)
        link_fini(&client->links[kind]);
}

// ---------------------------------------------------------------- what its person asks of it

// As bb_client_send: the command is durable before this returns.
bool client_gives(struct world *world, struct client *client, Wire__Command *command, bool waits)
{
    if (!client->session || client->frozen)
        return false;
    struct session_action action;
    enum bb_code code =
        session_send_command(client->session, client_time(world, client), command, waits ? client : NULL);
    if (code != BB_OK)
        return false;
    client->tickets += waits;
    while (session_take_row(client->session, &action)) {
        client->saving = true;
        rows_put(&client->rows, action.key, action.key_size, action.bytes, action.size);
        if (action.key[0] == ROW_COMMAND && action.bytes)
            model_given(world->model, client, action.key + 1, command);
        session_action_fini(&action);
    }
    commit(client);
    client_process(world, client);
    return true;
}

void client_asks(struct world *world, struct client *client, const Wire__Query *query)
{
    if (!client->session || client->frozen)
        return;
    if (session_ask(client->session, client_time(world, client), query, client) != BB_OK)
        return;
    client->tickets++;
    client_process(world, client);
}
