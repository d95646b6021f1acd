// SPDX-License-Identifier: MPL-2.0
// How people come in: the first ones before the story begins, without a network; later ones by an invitation that
// somebody made, over the same links as everybody, repeating their one command until it is answered.
#include "sim.h"

#include "judge.h"
#include "message/command_id.h"
#include "message/frame.h"
#include "model.h"

#include <inttypes.h>
#include <stdio.h>

enum { ASK_AGAIN_US = 5 * 1000 * 1000 };

static ProtobufCBinaryData fresh(struct world *world, struct dice *dice, size_t size)
{
    ProtobufCBinaryData bytes = {size, arena_alloc(world->arena, size)};
    sim_insist(bytes.data != NULL);
    dice_bytes(dice, bytes.data, size);
    return bytes;
}

static ProtobufCBinaryData named(struct world *world, const char *what)
{
    char text[40];
    int size = snprintf(text, sizeof text, "%s-%" PRIu64, what, ++world->names_made);
    ProtobufCBinaryData bytes = {(size_t)size, arena_copy(world->arena, text, (size_t)size)};
    sim_insist(bytes.data != NULL);
    return bytes;
}

static void fill_enrol(struct world *world, struct client *client, Wire__Enrol *enrol)
{
    wire__enrol__init(enrol);
    enrol->party_name = named(world, "Naam");
    enrol->member_name = named(world, "Persoon");
    enrol->curve_key_bytes = fresh(world, &client->dice, 32);
    enrol->sealing_key_bytes = fresh(world, &client->dice, 32);
    enrol->signing_key_bytes = fresh(world, &client->dice, 32);
    memcpy(client->new_key, enrol->curve_key_bytes.data, CURVE_KEY_SIZE);
}

static ProtobufCBinaryData fresh_id(struct world *world, struct dice *dice)
{
    uint8_t random[COMMAND_ID_RANDOM_SIZE];
    ProtobufCBinaryData id = fresh(world, dice, COMMAND_ID_SIZE);
    dice_bytes(dice, random, sizeof random);
    command_id_make(world_wall_ms(world) + world->broker.wall_offset_ms, random, id.data);
    return id;
}

static void pack(struct world *world, Wire__Command *command, uint8_t **frame, size_t *size)
{
    Wire__FromClient message = WIRE__FROM_CLIENT__INIT;
    message.correlation = 1;
    message.body_case = WIRE__FROM_CLIENT__BODY_COMMAND;
    message.command = command;
    sim_insist(frame_pack(&message.base, COMMAND_FRAME_SIZE_MAX, world->arena, frame, size) == BB_OK);
}

static const Wire__Reply *unpack(struct world *world, const uint8_t *bytes, size_t size)
{
    Wire__FromBroker *message;
    if (frame_unpack(bytes, size, BROKER_FRAME_SIZE_MAX, &wire__from_broker__descriptor, world->arena, &message) !=
            BB_OK ||
        message->body_case != WIRE__FROM_BROKER__BODY_REPLY)
        return NULL;
    return message->reply;
}

static uint64_t number_of(const struct world *world, enum id_kind kind, uint64_t id)
{
    uint64_t number = 0;
    sim_insist(id_open(node_ids_key(world->broker.node), kind, id, &number));
    return number;
}

static void is_enrolled(struct world *world, struct client *client, const Wire__Reply *reply)
{
    memcpy(client->curve_key, client->new_key, CURVE_KEY_SIZE);
    client->member = reply->made;
    client->party = reply->party;
    client->number = number_of(world, ID_MEMBER, reply->made);
    client->party_number = number_of(world, ID_PARTY, reply->party);
    client->enrolled = true;
    world_say(world, "%s: enrolled", client->name);
}

// ---------------------------------------------------------------- over the network

void enrol_ask(struct world *world, struct client *client)
{
    if (client->enrolled || client->refused)
        return;
    if (!client->links[LINK_COMMAND].up)
        return; // it asks as soon as it is connected
    client_sends(world, client, LINK_COMMAND, client->enrol_frame, client->enrol_frame_size);
    world_plan(world, (struct event){.kind = EVENT_ENROL, .client = client->index}, ASK_AGAIN_US);
}

void enrol_hears(struct world *world, struct client *client, const uint8_t *bytes, size_t size)
{
    arena_reset(world->arena);
    const Wire__Reply *reply = unpack(world, bytes, size);
    if (!reply)
        return;
    judge_reply(world, client, reply);
    if (bb_code_retryable(reply->code))
        return;
    client->refused = reply->code != BB_OK;
    if (reply->code == BB_OK)
        is_enrolled(world, client, reply);
    world_plan(world,
               (struct event){.kind = EVENT_BREAK,
                              .client = client->index,
                              .which = LINK_COMMAND,
                              .generation = client->links[LINK_COMMAND].generation},
               0);
    if (client->enrolled)
        world_plan(world,
                   (struct event){.kind = EVENT_START_CLIENT, .client = client->index, .generation = client->life},
                   dice_between(&client->dice, 50000, 3000000));
}

static void come_in(struct world *world, const Wire__MakeInvitation *invitation, uint64_t id, enum bb_role role)
{
    if (world->clients_count >= CLIENTS_MAX)
        return;
    struct client *client = client_add(world, role, invitation->audience_class);
    Wire__Command command = WIRE__COMMAND__INIT;
    Wire__Enrol enrol;
    uint8_t *frame;
    fill_enrol(world, client, &enrol);
    command.id_bytes = fresh_id(world, &client->dice);
    command.what_case = WIRE__COMMAND__WHAT_ENROL;
    command.enrol = &enrol;
    memcpy(client->curve_key, invitation->admission_key_bytes.data, CURVE_KEY_SIZE);
    memcpy(client->enrol_id, command.id_bytes.data, COMMAND_ID_SIZE);
    client->invitation = id;
    pack(world, &command, &frame, &client->enrol_frame_size);
    sim_insist(client->enrol_frame_size <= sizeof client->enrol_frame);
    memcpy(client->enrol_frame, frame, client->enrol_frame_size);
    model_given(world->model, client, client->enrol_id, &command);
    link_connect_soon(world, client, LINK_COMMAND, dice_between(&client->dice, 100000, 20000000));
}

// Somebody holds a new invitation in hand. Most are used, some twice.
void enrol_invited(struct world *world, const Wire__MakeInvitation *invitation, uint64_t id)
{
    if (world->heard_directly_size > 0)
        return; // of the first people, who use theirs at once
    uint32_t people = dice_below(&world->net_dice, 4) == 0 ? 0 : 1 + (dice_below(&world->net_dice, 6) == 0);
    for (uint32_t i = 0; i < people; i++)
        come_in(world, invitation, id, (enum bb_role)invitation->role);
}

// ---------------------------------------------------------------- the first people

static const Wire__Reply *exchange(struct world *world, struct client *client, const char *user_id,
                                   Wire__Command *command)
{
    struct routing_id route = {.size = 5};
    uint32_t direct = ROUTE_DIRECT;
    uint8_t *frame;
    size_t size;
    memcpy(route.bytes + 1, &direct, sizeof direct);
    command->id_bytes = fresh_id(world, &client->dice);
    memcpy(client->enrol_id, command->id_bytes.data, COMMAND_ID_SIZE);
    model_given(world->model, client, command->id_bytes.data, command);
    pack(world, command, &frame, &size);
    world->now_us += 1000000; // no limit of the rate stands in the way
    node_take(world->broker.node, &route, user_id, frame, size);
    sim_insist(node_turn(world->broker.node) == BB_OK);
    const Wire__Reply *reply = unpack(world, world->heard_directly, world->heard_directly_size);
    sim_insist(reply != NULL && reply->code == BB_OK);
    judge_reply(world, client, reply);
    return reply;
}

static struct client *join(struct world *world, struct client *host, enum bb_role role, uint32_t audience_class,
                           uint64_t party)
{
    struct client *client = client_add(world, role, audience_class);
    Wire__Command command = WIRE__COMMAND__INIT;
    Wire__MakeInvitation make = WIRE__MAKE_INVITATION__INIT;
    Wire__Enrol enrol;
    char user_id[32];
    arena_reset(world->arena);
    make.role = (Wire__Role)role;
    make.audience_class = (Wire__AudienceClass)audience_class;
    make.uses = 1;
    make.party = party;
    make.expires_at_ms = world_wall_ms(world) + 86400000;
    make.admission_key_bytes = fresh(world, &client->dice, 32);
    command.what_case = WIRE__COMMAND__WHAT_MAKE_INVITATION;
    command.make_invitation = &make;
    snprintf(user_id, sizeof user_id, "member:%" PRIu64, host->number);
    client->invitation = exchange(world, host, user_id, &command)->made;
    fill_enrol(world, client, &enrol);
    command.what_case = WIRE__COMMAND__WHAT_ENROL;
    command.enrol = &enrol;
    snprintf(user_id, sizeof user_id, "invite:%" PRIu64, number_of(world, ID_INVITATION, client->invitation));
    is_enrolled(world, client, exchange(world, client, user_id, &command));
    return client;
}

void enrol_first_people(struct world *world)
{
    static const uint32_t classes[] = {CLASS_RESIDENT, CLASS_RESIDENT, CLASS_INSTITUTION, CLASS_MEDIA};
    const struct weather *weather = &world->weather;
    bool tell = world->tell;
    world->tell = false;
    struct client *coordinator = NULL, *operator= & world->clients[0];
    for (uint32_t i = 0; i < weather->coordinators; i++)
        coordinator = join(world, operator, ROLE_COORDINATOR, 0, 0);
    for (uint32_t i = 0; i < weather->desks; i++) {
        struct client *desk = join(world, coordinator, ROLE_DESK, 0, 0);
        if (i == 0) // two workstations
            join(world, desk, ROLE_DESK, 0, desk->party);
    }
    for (uint32_t i = 0; i < weather->givers; i++) {
        struct client *giver = join(world, coordinator, ROLE_GIVER, classes[i % 4], 0);
        if (i == 2) // an institution with two people
            join(world, giver, ROLE_GIVER, 0, giver->party)->audience_class = giver->audience_class;
    }
    world->heard_directly_size = 0;
    world->tell = tell;
    for (int i = 0; i < world->clients_count; i++)
        client_start(world, &world->clients[i]);
}
