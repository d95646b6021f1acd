// SPDX-License-Identifier: MPL-2.0
// What people do: a table of acts, and how one is done. Each person knows only its own screen and the answers it got.
// Now and then somebody tries what is not its right, sends the same command twice, or two choose at once.
#include "acts.h"

#include "judge.h"
#include "message/frame.h"
#include "model.h"

#include <stdarg.h>
#include <stdio.h>

#define ROLE(role) (1U << (role))
#define STAFF (ROLE(ROLE_DESK) | ROLE(ROLE_COORDINATOR))
#define ANYBODY (STAFF | ROLE(ROLE_GIVER) | ROLE(ROLE_OPERATOR))

struct act {
    const char *name;
    uint32_t roles;
    uint32_t weight;
    build_act *build; // NULL: done by `special`
    void (*special)(struct doing *doing);
};

static void repeat(struct doing *doing);
static void choose_at_once(struct doing *doing);
static void ask(struct doing *doing);

static const struct act acts[] = {
    {"invites a giver", ROLE(ROLE_COORDINATOR), 3, invite_giver, NULL},
    {"invites a colleague", ANYBODY, 1, invite_colleague, NULL},
    {"invites staff", ROLE(ROLE_COORDINATOR) | ROLE(ROLE_OPERATOR), 1, invite_staff, NULL},
    {"revokes an invitation", ROLE(ROLE_COORDINATOR) | ROLE(ROLE_OPERATOR), 1, revoke_invitation, NULL},
    {"approves a giver", ROLE(ROLE_COORDINATOR), 4, approve, NULL},
    {"suspends a giver", ROLE(ROLE_COORDINATOR), 4, suspend, NULL},
    {"reinstates a giver", ROLE(ROLE_COORDINATOR), 5, reinstate, NULL},
    {"revokes a member", ROLE(ROLE_COORDINATOR) | ROLE(ROLE_OPERATOR), 1, revoke_member, NULL},
    {"registers an asker", STAFF, 6, add_asker, NULL},
    {"publishes a request", STAFF, 30, publish, NULL},
    {"answers", ROLE(ROLE_GIVER), 50, answer, NULL},
    {"withdraws", ROLE(ROLE_GIVER), 8, withdraw, NULL},
    {"reports that it is done", ROLE(ROLE_GIVER), 12, report_done, NULL},
    {"pauses", ROLE(ROLE_GIVER), 3, pause_party, NULL},
    {"resumes", ROLE(ROLE_GIVER), 4, resume, NULL},
    {"chooses an offer", STAFF, 30, choose, NULL},
    {"chooses at once with a colleague", ROLE(ROLE_DESK), 10, NULL, choose_at_once},
    {"declines an offer", STAFF, 5, decline, NULL},
    {"releases contact", ROLE(ROLE_DESK), 8, release, NULL},
    {"confirms help", STAFF, 10, confirm, NULL},
    {"cancels a match", STAFF | ROLE(ROLE_GIVER), 8, cancel_offer, NULL},
    {"closes a request", STAFF, 9, close_request, NULL},
    {"opens what was referred", ROLE(ROLE_COORDINATOR), 5, open_referred, NULL},
    {"says the same again", ANYBODY, 8, NULL, repeat},
    {"asks a question", ANYBODY, 6, NULL, ask},
};

int acts_count(void)
{
    return (int)(sizeof acts / sizeof *acts);
}

const char *act_name(int act)
{
    return acts[act].name;
}

uint32_t act_weight(int act)
{
    return acts[act].weight;
}

// ---------------------------------------------------------------- choosing

void *make(struct doing *doing, size_t size)
{
    void *memory = arena_alloc(doing->world->arena, size);
    sim_insist(memory != NULL);
    return memory;
}

ProtobufCBinaryData words(struct doing *doing, const char *format, ...)
{
    char text[256];
    va_list list;
    va_start(list, format);
    int size = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    ProtobufCBinaryData bytes = {(size_t)size, make(doing, (size_t)size + 1)};
    memcpy(bytes.data, text, (size_t)size);
    return bytes;
}

const struct shown *choose_shown(struct doing *doing, uint32_t kind, uint32_t states)
{
    const struct world *world = doing->world;
    const struct client *client = doing->client;
    if (dice_percent(&doing->dice, 4)) // a number read over somebody's shoulder
        client = &world->clients[dice_below(&doing->dice, (uint32_t)world->clients_count)];
    const struct shown *chosen = NULL;
    uint32_t seen = 0;
    bool any = dice_percent(&doing->dice, 8);
    for (size_t i = 0; i < client->shown_count; i++) {
        const struct shown *it = &client->shown[i];
        if (it->kind != kind || (!any && (!(states & IN(it->state)) || !it->on_screen)))
            continue;
        if (dice_below(&doing->dice, ++seen) == 0)
            chosen = it;
    }
    return chosen;
}

uint64_t choose_made(struct doing *doing, Wire__Command__WhatCase what, bool own)
{
    const struct world *world = doing->world;
    uint64_t chosen = 0;
    uint32_t seen = 0;
    for (size_t i = 0; i < world->made_count; i++) {
        const struct made *it = &world->made[i];
        if (it->what == what && (!own || it->party_number == doing->client->party_number) &&
            dice_below(&doing->dice, ++seen) == 0)
            chosen = it->id;
    }
    return chosen;
}

static struct client *choose_client(struct world *world, struct dice *dice, uint32_t roles)
{
    struct client *chosen = NULL;
    uint32_t seen = 0;
    for (int i = 0; i < world->clients_count; i++) {
        struct client *it = &world->clients[i];
        if (it->session && !it->frozen && (roles & ROLE(it->role)) && dice_below(dice, ++seen) == 0)
            chosen = it;
    }
    return chosen;
}

// ---------------------------------------------------------------- doing

void act_refused_or_accepted(struct world *world, int what, bool accepted)
{
    (accepted ? world->tally->accepted : world->tally->refused)[what]++;
}

void act_do(struct world *world, int number, uint64_t dice)
{
    const struct act *act = &acts[number];
    struct doing doing = {.world = world, .dice = {dice}, .command = WIRE__COMMAND__INIT};
    bool anybody = dice_percent(&doing.dice, 3);
    doing.client = choose_client(world, &doing.dice, anybody ? ANYBODY : act->roles);
    if (!doing.client)
        return;
    arena_reset(world->arena);
    world->tally->acts[number]++;
    if (act->special) {
        act->special(&doing);
        return;
    }
    if (!act->build(&doing))
        return;
    world_say(world, "%s: %s", doing.client->name, act->name);
    client_gives(world, doing.client, &doing.command, dice_percent(&doing.dice, 70));
}

// The very same frame once more, by a client or a network that repeats itself.
static void repeat(struct doing *doing)
{
    struct model *model = doing->world->model;
    const struct given *chosen = NULL;
    uint32_t seen = 0;
    for (size_t i = 0; i < model->given_count; i++) {
        const struct given *it = model->given[i];
        if (it->who == doing->client->number && it->told_ok && dice_below(&doing->dice, ++seen) == 0)
            chosen = it;
    }
    if (!chosen)
        return;
    Wire__FromClient message = WIRE__FROM_CLIENT__INIT;
    uint8_t *frame;
    size_t size;
    Wire__Command command = *chosen->command;
    command.id_bytes = (ProtobufCBinaryData){COMMAND_ID_SIZE, (uint8_t *)(uintptr_t)chosen->id};
    message.correlation = 0x7FFFFFFF;
    message.body_case = WIRE__FROM_CLIENT__BODY_COMMAND;
    message.command = &command;
    sim_insist(frame_pack(&message.base, COMMAND_FRAME_SIZE_MAX, doing->world->arena, &frame, &size) == BB_OK);
    world_say(doing->world, "%s: says the same again", doing->client->name);
    client_sends(doing->world, doing->client, LINK_COMMAND, frame, size);
    if (dice_percent(&doing->dice, 50))
        client_sends(doing->world, doing->client, LINK_COMMAND, frame, size);
}

static void give_choice(struct doing *doing, struct client *client, uint64_t offer)
{
    Wire__ChooseOffer *message = make(doing, sizeof *message);
    wire__choose_offer__init(message);
    message->offer = offer;
    message->asker_agreed = true;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_CHOOSE_OFFER;
    command.choose_offer = message;
    world_say(doing->world, "%s: chooses an offer, at once with others", client->name);
    client_gives(doing->world, client, &command, true);
}

// Two workstations of one desk, two offers for one request, one millisecond (scenario 11).
static void choose_at_once(struct doing *doing)
{
    struct world *world = doing->world;
    const struct shown *first = choose_shown(doing, WIRE__MAILBOX_ITEM__WHAT_OFFER, IN(OFFER_OFFERED));
    if (!first)
        return;
    const struct shown *second = first;
    for (size_t i = 0; i < doing->client->shown_count; i++) {
        const struct shown *it = &doing->client->shown[i];
        if (it->kind == first->kind && it->about == first->about && it->id != first->id && it->state == OFFER_OFFERED)
            second = it;
    }
    uint64_t second_id = second->id, first_id = first->id;
    give_choice(doing, doing->client, first_id);
    for (int i = 0; i < world->clients_count; i++) {
        struct client *colleague = &world->clients[i];
        if (colleague != doing->client && colleague->party_number == doing->client->party_number)
            give_choice(doing, colleague, second_id);
    }
    if (second_id != first_id && dice_percent(&doing->dice, 50))
        give_choice(doing, doing->client, second_id);
}

static void ask(struct doing *doing)
{
    Wire__Query query = WIRE__QUERY__INIT;
    Wire__ListRequests requests = WIRE__LIST_REQUESTS__INIT;
    Wire__ListOffers offers = WIRE__LIST_OFFERS__INIT;
    Wire__ListMembers members = WIRE__LIST_MEMBERS__INIT;
    Wire__ListAskers askers = WIRE__LIST_ASKERS__INIT;
    Wire__AskStatus status = WIRE__ASK_STATUS__INIT;
    Wire__ReadJournal journal = WIRE__READ_JOURNAL__INIT;
    static const Wire__Query__WhatCase whats[] = {WIRE__QUERY__WHAT_REQUESTS, WIRE__QUERY__WHAT_OFFERS,
                                                  WIRE__QUERY__WHAT_MEMBERS,  WIRE__QUERY__WHAT_ASKERS,
                                                  WIRE__QUERY__WHAT_STATUS,   WIRE__QUERY__WHAT_JOURNAL};
    query.what_case = whats[dice_below(&doing->dice, sizeof whats / sizeof *whats)];
    switch (query.what_case) {
    case WIRE__QUERY__WHAT_REQUESTS:
        query.requests = &requests;
        break;
    case WIRE__QUERY__WHAT_OFFERS:
        query.offers = &offers;
        break;
    case WIRE__QUERY__WHAT_MEMBERS:
        query.members = &members;
        break;
    case WIRE__QUERY__WHAT_ASKERS:
        query.askers = &askers;
        break;
    case WIRE__QUERY__WHAT_STATUS:
        query.status = &status;
        break;
    default:
        query.journal = &journal;
    }
    client_asks(doing->world, doing->client, &query);
}
