// SPDX-License-Identifier: MPL-2.0
// Sequences of commands against a model: several desks and givers act, repeat themselves and reuse numbers, in turns of
// one or more commands. What the model allows is accepted and nothing else; after each turn both say the same.
//
// Input: steps of four bytes. Its first byte says what is done and whether it is done in the turn of the step before.
#include "fuzz.h"
#include "model.h"
#include "rules.h"

#include "message/command_id.h"

enum { STEP_SIZE = 4, STEPS_MAX = 64, TURN_MAX = 8 };
enum step { STEP_ACT = ACTS_COUNT, STEP_REPEAT = STEP_ACT, STEP_REUSE, STEP_PASS, STEPS_COUNT };
enum { SAME_TURN = 0x80 };

// A command that was given, and what came of it.
struct given {
    struct act act;
    struct person who;
    uint8_t *packed;
    size_t packed_size;
    size_t first;     // the step that it repeats, or itself
    bool other;       // the number of that step with another content
    int64_t id_at_ms; // the time in its number
    struct turn_answer answer;
};

struct story {
    struct town *town;
    struct model model;
    uint64_t requests[MODEL_REQUESTS_MAX], offers[MODEL_OFFERS_MAX]; // public ids
    struct given given[STEPS_MAX];
    size_t given_count, turn_first; // the turn under way begins with the second
    size_t requests_seen, offers_seen;
};

static struct person giver_of(const struct story *story, uint8_t giver)
{
    const struct person givers[MODEL_GIVERS] = {story->town->anna, story->town->bert, story->town->school,
                                                story->town->paper};
    return givers[giver];
}

static struct person actor_of(const struct story *story, const struct act *act)
{
    if (act->kind == ACT_SUSPEND || act->kind == ACT_REINSTATE)
        return story->town->coordinator;
    return act->side == SIDE_GIVER  ? giver_of(story, act->giver)
           : act->side == SIDE_DESK ? story->town->desk
                                    : story->town->other_desk;
}

// ---------------------------------------------------------------- from bytes to acts

static enum side side_for(enum act_kind kind, uint8_t byte)
{
    static const enum side usual[ACTS_COUNT] = {
        [ACT_PUBLISH] = SIDE_DESK,       [ACT_CHOOSE] = SIDE_DESK,         [ACT_DECLINE] = SIDE_DESK,
        [ACT_CONFIRM_GIVEN] = SIDE_DESK, [ACT_CONFIRM_FAILED] = SIDE_DESK, [ACT_CLOSE] = SIDE_DESK,
    };
    if (kind == ACT_CANCEL)
        return byte % 2 ? SIDE_GIVER : SIDE_DESK;
    return byte % 16 == 15 ? SIDE_OTHER_DESK : usual[kind];
}

// False when there is nothing yet that it could be about, or no room for more.
static bool read_act(const struct story *story, enum act_kind kind, struct feed *feed, struct act *act)
{
    uint8_t who = feed_byte(feed), what = feed_byte(feed), how = feed_byte(feed);
    *act = (struct act){.kind = kind, .side = side_for(kind, how), .giver = who % MODEL_GIVERS};
    act->agreed = how % 32 != 7;
    if (kind == ACT_PUBLISH) {
        act->value = 1 + what % 3;
        return story->requests_seen + TURN_MAX < MODEL_REQUESTS_MAX;
    }
    if (kind == ACT_ANSWER || kind == ACT_CLOSE) {
        act->value = 1 + how % (kind == ACT_ANSWER ? (unsigned)ANSWER_NOT_ALLOWED : (unsigned)CLOSE_UNSAFE);
        act->request = story->requests_seen ? what % story->requests_seen : 0;
        return story->requests_seen > 0 && story->offers_seen + TURN_MAX < MODEL_OFFERS_MAX;
    }
    if (kind == ACT_SUSPEND || kind == ACT_REINSTATE)
        return true;
    if (story->offers_seen == 0)
        return false;
    act->offer = what % story->offers_seen;
    if (act->side == SIDE_GIVER && how % 8 != 5)
        act->giver = story->model.offers[act->offer].giver;
    return true;
}

// ---------------------------------------------------------------- from acts to commands

static void keep(struct story *story, struct given *given, Wire__Command__WhatCase what, ProtobufCMessage *message)
{
    uint8_t id[COMMAND_ID_SIZE], random[COMMAND_ID_RANDOM_SIZE] = {0};
    random[COMMAND_ID_RANDOM_SIZE - 1] = (uint8_t)++story->town->made_ids;
    command_id_make(story->town->now_ms, random, id);
    Wire__Command command = WIRE__COMMAND__INIT;
    command.id_bytes = (ProtobufCBinaryData){sizeof id, id};
    command.what_case = what;
    command.enrol = (Wire__Enrol *)(void *)message; // of one union with all others
    given->packed_size = wire__command__get_packed_size(&command);
    given->packed = malloc(given->packed_size);
    insist(given->packed != NULL);
    wire__command__pack(&command, given->packed);
    given->id_at_ms = story->town->now_ms;
}

static void keep_about_people(struct story *story, struct given *given)
{
    uint64_t party = giver_of(story, given->act.giver).party;
    if (given->act.kind == ACT_SUSPEND) {
        Wire__SuspendParty message = WIRE__SUSPEND_PARTY__INIT;
        message.party = party;
        message.reason = text("even niet");
        keep(story, given, WIRE__COMMAND__WHAT_SUSPEND_PARTY, &message.base);
    } else {
        Wire__ReinstateParty message = WIRE__REINSTATE_PARTY__INIT;
        message.party = party;
        keep(story, given, WIRE__COMMAND__WHAT_REINSTATE_PARTY, &message.base);
    }
}

static void keep_about_request(struct story *story, struct given *given)
{
    const struct act *act = &given->act;
    if (act->kind == ACT_PUBLISH) {
        Wire__PublishRequest message = town_request(story->town, "Wie helpt?");
        message.base = (ProtobufCMessage)PROTOBUF_C_MESSAGE_INIT(&wire__publish_request__descriptor);
        message.needed = act->value;
        message.asker_agreed = act->agreed;
        keep(story, given, WIRE__COMMAND__WHAT_PUBLISH_REQUEST, &message.base);
    } else if (act->kind == ACT_ANSWER) {
        Wire__GiveAnswer message = WIRE__GIVE_ANSWER__INIT;
        message.request = story->requests[act->request];
        message.kind = (Wire__AnswerKind)act->value;
        message.offer_kind = WIRE__OFFER_KIND__KIND_DO;
        message.text = text("als het droog is");
        keep(story, given, WIRE__COMMAND__WHAT_GIVE_ANSWER, &message.base);
    } else {
        Wire__CloseRequest message = WIRE__CLOSE_REQUEST__INIT;
        message.request = story->requests[act->request];
        message.reason = (Wire__CloseReason)act->value;
        message.asker_agreed = act->agreed;
        keep(story, given, WIRE__COMMAND__WHAT_CLOSE_REQUEST, &message.base);
    }
}

static void keep_about_match(struct story *story, struct given *given, uint64_t offer)
{
    if (given->act.kind == ACT_CANCEL) {
        Wire__CancelOffer message = WIRE__CANCEL_OFFER__INIT;
        message.offer = offer;
        message.reason = text("ziek");
        keep(story, given, WIRE__COMMAND__WHAT_CANCEL_OFFER, &message.base);
    } else if (given->act.kind == ACT_REPORT) {
        Wire__ReportDone message = WIRE__REPORT_DONE__INIT;
        message.offer = offer;
        keep(story, given, WIRE__COMMAND__WHAT_REPORT_DONE, &message.base);
    } else {
        Wire__ConfirmHelp message = WIRE__CONFIRM_HELP__INIT;
        message.offer = offer;
        message.given = given->act.kind == ACT_CONFIRM_GIVEN;
        keep(story, given, WIRE__COMMAND__WHAT_CONFIRM_HELP, &message.base);
    }
}

static void keep_about_offer(struct story *story, struct given *given)
{
    uint64_t offer = story->offers[given->act.offer];
    if (given->act.kind == ACT_CHOOSE) {
        Wire__ChooseOffer message = WIRE__CHOOSE_OFFER__INIT;
        message.offer = offer;
        message.asker_agreed = given->act.agreed;
        keep(story, given, WIRE__COMMAND__WHAT_CHOOSE_OFFER, &message.base);
    } else if (given->act.kind == ACT_DECLINE) {
        Wire__DeclineOffer message = WIRE__DECLINE_OFFER__INIT;
        message.offer = offer;
        message.asker_agreed = given->act.agreed;
        keep(story, given, WIRE__COMMAND__WHAT_DECLINE_OFFER, &message.base);
    } else if (given->act.kind == ACT_WITHDRAW) {
        Wire__WithdrawOffer message = WIRE__WITHDRAW_OFFER__INIT;
        message.offer = offer;
        keep(story, given, WIRE__COMMAND__WHAT_WITHDRAW_OFFER, &message.base);
    } else {
        keep_about_match(story, given, offer);
    }
}

static void give(struct story *story, const struct act *act)
{
    struct given *given = &story->given[story->given_count];
    *given = (struct given){.act = *act, .who = actor_of(story, act), .first = story->given_count};
    if (act->kind == ACT_PUBLISH || act->kind == ACT_ANSWER || act->kind == ACT_CLOSE)
        keep_about_request(story, given);
    else if (act->kind == ACT_SUSPEND || act->kind == ACT_REINSTATE)
        keep_about_people(story, given);
    else
        keep_about_offer(story, given);
    story->given_count++;
}

// The same bytes once more, or the same number with another act of the same person.
static void give_again(struct story *story, size_t earlier, bool other)
{
    struct given *given = &story->given[story->given_count];
    const struct given *before = &story->given[story->given[earlier].first];
    bool accepted = story->given[earlier].first < story->turn_first && before->answer.code == BB_OK;
    if (other && !accepted) // a number that was refused is still free
        return;
    *given = *before;
    given->other = other;
    given->packed = malloc(given->packed_size + 8);
    insist(given->packed != NULL);
    memcpy(given->packed, before->packed, given->packed_size);
    if (other) { // any act differs from a pause, which nobody here gives
        Wire__Command *command = wire__command__unpack(NULL, before->packed_size, before->packed);
        Wire__Command changed = *command;
        Wire__Pause pause = WIRE__PAUSE__INIT;
        changed.what_case = WIRE__COMMAND__WHAT_PAUSE;
        changed.pause = &pause;
        given->packed_size = wire__command__pack(&changed, given->packed);
        wire__command__free_unpacked(command, NULL);
    }
    story->given_count++;
}

// ---------------------------------------------------------------- what must come of it

static bool same_answer(const struct turn_answer *a, const struct turn_answer *b)
{
    return a->code == b->code && a->made == b->made && a->entry == b->entry && a->party == b->party &&
           a->state == b->state;
}

// Rule 6, for a number that was given before: the same answer, also where it was a refusal.
static void check_again(const struct story *story, const struct given *given)
{
    const struct turn_answer *first = &story->given[given->first].answer;
    if (given->other)
        insist(given->answer.code == BB_ID_REUSED);
    else
        insist(given->answer.repeated == (first->code == BB_OK) && same_answer(&given->answer, first));
}

static void note_made(struct story *story, const struct given *given, size_t place)
{
    if (given->act.kind == ACT_PUBLISH)
        story->requests[place] = given->answer.made;
    else if (given->act.kind == ACT_ANSWER) {
        insist(story->offers[place] == 0 || story->offers[place] == given->answer.made);
        story->offers[place] = given->answer.made;
    }
}

static void check_first(struct story *story, struct given *given)
{
    bool accepted = given->answer.code == BB_OK;
    insist(!given->answer.repeated);
    insist(accepted == model_allows(&story->model, &given->act));
    if (accepted)
        note_made(story, given, model_do(&story->model, &given->act));
}

static void check_answer(struct story *story, size_t at)
{
    struct given *given = &story->given[at];
    if (given->id_at_ms < story->town->now_ms - COMMAND_ID_AGE_DAYS_MAX * day_ms)
        insist(given->answer.code == BB_ID_EXPIRED);
    else if (given->first != at)
        check_again(story, given);
    else
        check_first(story, given);
}

static void compare(struct story *story)
{
    for (size_t i = 0; i < story->model.requests_count; i++)
        insist(town_request_state(story->town, story->requests[i]) == story->model.requests[i].state);
    for (size_t i = 0; i < story->model.offers_count; i++)
        insist(town_offer_state(story->town, story->offers[i]) == story->model.offers[i].state);
    check_rules(story->town);
}

// ---------------------------------------------------------------- turns

static void run_turn(struct story *story)
{
    struct town *town = story->town;
    Wire__Command *commands[TURN_MAX];
    struct turn_input inputs[TURN_MAX];
    size_t count = story->given_count - story->turn_first;
    if (count == 0)
        return;
    turn_begin(town->turn);
    for (size_t i = 0; i < count; i++) {
        const struct given *given = &story->given[story->turn_first + i];
        commands[i] = wire__command__unpack(arena_allocator(turn_arena(town->turn)), given->packed_size, given->packed);
        inputs[i] = (struct turn_input){.number = given->who.number, .command = commands[i]};
    }
    town_run_together(town, inputs, count);
    insist(town->code == BB_OK);
    for (size_t i = 0; i < count; i++)
        story->given[story->turn_first + i].answer = town->result->answers[i];
    for (size_t i = 0; i < count; i++)
        check_answer(story, story->turn_first + i);
    story->turn_first = story->given_count;
    story->requests_seen = story->model.requests_count;
    story->offers_seen = story->model.offers_count;
    compare(story);
}

static void take_step(struct story *story, struct feed *feed)
{
    uint8_t byte = feed_byte(feed);
    enum step step = (byte & ~SAME_TURN) % STEPS_COUNT;
    struct act act;
    if (!(byte & SAME_TURN) || story->given_count - story->turn_first == TURN_MAX)
        run_turn(story);
    if (step < STEP_ACT) {
        if (read_act(story, (enum act_kind)step, feed, &act))
            give(story, &act);
        return;
    }
    uint8_t which = feed_byte(feed), how = feed_byte(feed);
    (void)feed_byte(feed);
    if (step == STEP_PASS) {
        run_turn(story);
        town_pass(story->town, how % 8 == 7 ? 91 * day_ms : how * hour_ms);
    } else if (story->given_count > 0) {
        give_again(story, which % story->given_count, step == STEP_REUSE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct story story;
    struct feed feed = {bytes, size};
    story = (struct story){.town = town_anew()};
    while (feed.left >= STEP_SIZE && story.given_count < STEPS_MAX)
        take_step(&story, &feed);
    run_turn(&story);
    for (size_t i = 0; i < story.given_count; i++)
        free(story.given[i].packed);
    return 0;
}
