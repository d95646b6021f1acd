// SPDX-License-Identifier: MPL-2.0
// The model; see model.h. The tables of DOMAIN.md, "A request", and its rules 1, 3 and 5.
#include "model.h"

static const uint32_t answer_states[] = {
    [ANSWER_OFFER] = OFFER_OFFERED,
    [ANSWER_OFFER_WITH_CONDITIONS] = OFFER_CONDITIONAL,
    [ANSWER_ASKING_INTERNALLY] = OFFER_ASKING_INTERNALLY,
    [ANSWER_CANNOT] = OFFER_CANNOT,
    [ANSWER_NOT_ALLOWED] = OFFER_NOT_ALLOWED,
};

static bool one_of(uint32_t state, uint64_t states)
{
    return states >> state & 1;
}

#define STATE(state) (1ULL << (state))
#define TO_CHOOSE (STATE(OFFER_OFFERED) | STATE(OFFER_CONDITIONAL))
#define TAKEN (STATE(OFFER_CONFIRMED) | STATE(OFFER_REPORTED_DONE) | STATE(OFFER_DONE))
#define REPLACED (TO_CHOOSE | STATE(OFFER_ASKING_INTERNALLY) | STATE(OFFER_CANNOT) | STATE(OFFER_NOT_ALLOWED))
#define BEGUN_ANEW (STATE(OFFER_WITHDRAWN) | STATE(OFFER_LAPSED) | STATE(OFFER_CANCELLED) | STATE(OFFER_FAILED))
#define LIVING (STATE(REQUEST_OPEN) | STATE(REQUEST_FILLED))

uint32_t model_taken(const struct model *model, size_t request)
{
    uint32_t taken = 0;
    for (size_t i = 0; i < model->offers_count; i++)
        taken += model->offers[i].request == request && one_of(model->offers[i].state, TAKEN);
    return taken;
}

// The newest word of a giver on a request; offers_count when there is none.
static size_t word_of(const struct model *model, size_t request, uint8_t giver)
{
    for (size_t i = model->offers_count; i-- > 0;) {
        if (model->offers[i].request == request && model->offers[i].giver == giver)
            return i;
    }
    return model->offers_count;
}

static bool allows_answer(const struct model *model, const struct act *act)
{
    size_t before = word_of(model, act->request, act->giver);
    if (!one_of(model->requests[act->request].state, LIVING) || model->suspended[act->giver])
        return false;
    if (before == model->offers_count || one_of(model->offers[before].state, REPLACED))
        return true;
    return one_of(model->offers[before].state, BEGUN_ANEW) && model->offers[before].rounds < MODEL_ROUNDS_MAX;
}

static bool allows_on_offer(const struct model *model, const struct act *act)
{
    const struct model_offer *offer = &model->offers[act->offer];
    bool own = act->side == SIDE_GIVER && act->giver == offer->giver;
    bool active = act->side != SIDE_GIVER || !model->suspended[act->giver];
    bool askers = act->side == SIDE_DESK;
    switch (act->kind) {
    case ACT_CHOOSE:
        return askers && act->agreed && model->requests[offer->request].state == REQUEST_OPEN &&
               one_of(offer->state, TO_CHOOSE) && !model->suspended[offer->giver];
    case ACT_DECLINE:
        return askers && act->agreed && one_of(offer->state, TO_CHOOSE | STATE(OFFER_WAITING));
    case ACT_WITHDRAW: // also while suspended: nobody is held to an offer
        return own && one_of(offer->state, TO_CHOOSE | STATE(OFFER_WAITING) | STATE(OFFER_ASKING_INTERNALLY));
    case ACT_REPORT:
        return own && active && offer->state == OFFER_CONFIRMED;
    case ACT_CONFIRM_GIVEN:
    case ACT_CONFIRM_FAILED:
        return askers && (offer->state == OFFER_CONFIRMED || offer->state == OFFER_REPORTED_DONE);
    case ACT_CANCEL:
        return (askers || (own && active)) && offer->state == OFFER_CONFIRMED;
    default:
        return false;
    }
}

bool model_allows(const struct model *model, const struct act *act)
{
    bool had_help = act->value == CLOSE_FULFILLED || act->value == CLOSE_PARTLY_FULFILLED;
    switch (act->kind) {
    case ACT_PUBLISH:
        return act->side == SIDE_DESK && act->agreed;
    case ACT_ANSWER:
        return act->side == SIDE_GIVER && allows_answer(model, act);
    case ACT_CLOSE:
        return act->side == SIDE_DESK && one_of(model->requests[act->request].state, LIVING) &&
               (act->agreed || !had_help);
    case ACT_SUSPEND:
        return !model->suspended[act->giver];
    case ACT_REINSTATE:
        return model->suspended[act->giver];
    default:
        return allows_on_offer(model, act);
    }
}

// ---------------------------------------------------------------- what it leads to

static void move_all(struct model *model, size_t request, uint64_t from, uint32_t to)
{
    for (size_t i = 0; i < model->offers_count; i++) {
        if (model->offers[i].request == request && one_of(model->offers[i].state, from))
            model->offers[i].state = to;
    }
}

static size_t do_answer(struct model *model, const struct act *act)
{
    size_t place = word_of(model, act->request, act->giver);
    uint32_t rounds = 1;
    bool anew = place == model->offers_count;
    if (!anew && one_of(model->offers[place].state, BEGUN_ANEW)) {
        rounds = model->offers[place].rounds + 1;
        anew = true;
    }
    if (anew) {
        place = model->offers_count++;
        model->offers[place] = (struct model_offer){act->request, act->giver, 0, rounds};
    }
    uint32_t state = answer_states[act->value];
    bool late = model->requests[act->request].state == REQUEST_FILLED && one_of(state, TO_CHOOSE);
    model->offers[place].state = late ? OFFER_WAITING : state;
    return place;
}

static void do_choose(struct model *model, size_t chosen)
{
    size_t request = model->offers[chosen].request;
    model->offers[chosen].state = OFFER_CONFIRMED;
    if (model_taken(model, request) < model->requests[request].needed)
        return;
    model->requests[request].state = REQUEST_FILLED;
    move_all(model, request, TO_CHOOSE, OFFER_WAITING);
}

// A match that falls through opens the request again, with those who waited.
static void do_end_match(struct model *model, size_t offer, uint32_t state)
{
    size_t request = model->offers[offer].request;
    model->offers[offer].state = state;
    if (state == OFFER_DONE || model->requests[request].state != REQUEST_FILLED)
        return;
    model->requests[request].state = REQUEST_OPEN;
    move_all(model, request, STATE(OFFER_WAITING), OFFER_OFFERED);
}

static void do_close(struct model *model, const struct act *act)
{
    model->requests[act->request].state = REQUEST_CLOSED;
    if (act->value == CLOSE_FULFILLED)
        move_all(model, act->request, STATE(OFFER_CONFIRMED) | STATE(OFFER_REPORTED_DONE), OFFER_DONE);
    else if (act->value != CLOSE_PARTLY_FULFILLED)
        move_all(model, act->request, STATE(OFFER_CONFIRMED), OFFER_CANCELLED);
    move_all(model, act->request, TO_CHOOSE | STATE(OFFER_WAITING) | STATE(OFFER_ASKING_INTERNALLY), OFFER_SUPERSEDED);
}

size_t model_do(struct model *model, const struct act *act)
{
    static const uint32_t ends[ACTS_COUNT] = {
        [ACT_DECLINE] = OFFER_DECLINED,   [ACT_WITHDRAW] = OFFER_WITHDRAWN,    [ACT_REPORT] = OFFER_REPORTED_DONE,
        [ACT_CONFIRM_GIVEN] = OFFER_DONE, [ACT_CONFIRM_FAILED] = OFFER_FAILED, [ACT_CANCEL] = OFFER_CANCELLED,
    };
    switch (act->kind) {
    case ACT_PUBLISH:
        model->requests[model->requests_count] = (struct model_request){act->value, REQUEST_OPEN};
        return model->requests_count++;
    case ACT_ANSWER:
        return do_answer(model, act);
    case ACT_CHOOSE:
        do_choose(model, act->offer);
        return act->offer;
    case ACT_CONFIRM_GIVEN:
    case ACT_CONFIRM_FAILED:
    case ACT_CANCEL:
        do_end_match(model, act->offer, ends[act->kind]);
        return act->offer;
    case ACT_CLOSE:
        do_close(model, act);
        return act->request;
    case ACT_SUSPEND:
    case ACT_REINSTATE:
        model->suspended[act->giver] = act->kind == ACT_SUSPEND;
        return 0;
    default:
        model->offers[act->offer].state = ends[act->kind];
        return act->offer;
    }
}
