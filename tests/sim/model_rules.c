// SPDX-License-Identifier: MPL-2.0
// What holds after each entry of the journal, for each request that the entry touched. One function a rule, in a list.
#include "model.h"

#include <inttypes.h>

bool offer_is_held(uint32_t state)
{
    return state == OFFER_CONFIRMED || state == OFFER_REPORTED_DONE || state == OFFER_DONE;
}

bool offer_lives(uint32_t state)
{
    return state == OFFER_OFFERED || state == OFFER_CONDITIONAL || state == OFFER_WAITING ||
           state == OFFER_ASKING_INTERNALLY || state == OFFER_CONFIRMED || state == OFFER_REPORTED_DONE;
}

uint32_t model_taken(const struct model *model, uint64_t request)
{
    uint32_t taken = 0;
    for (uint64_t i = 1; i <= model->offers_last; i++)
        taken += model->offers[i].request == request && offer_is_held(model->offers[i].state);
    return taken;
}

typedef void request_rule(struct model *model, uint64_t number, const struct m_request *request);

static void taken_is_never_more_than_needed(struct model *model, uint64_t number, const struct m_request *request)
{
    uint32_t taken = model_taken(model, number);
    if (taken > request->needed)
        model_breaks(model, "1 taken <= needed", "request %" PRIu64 " needs %u and has %u", number, request->needed,
                     taken);
}

// What was not acknowledged is wholly there or not at all; so is what a command leads to.
static void filled_says_whether_it_is_full(struct model *model, uint64_t number, const struct m_request *request)
{
    bool full = model_taken(model, number) >= request->needed;
    if ((request->state == REQUEST_FILLED && !full) || (request->state == REQUEST_OPEN && full))
        model_breaks(model, "filled when taken = needed", "request %" PRIu64 " is in state %u with %u of %u", number,
                     request->state, model_taken(model, number), request->needed);
}

static void offers_fit_the_state(struct model *model, uint64_t number, const struct m_request *request)
{
    for (uint64_t i = 1; i <= model->offers_last; i++) {
        uint32_t state = model->offers[i].state;
        if (model->offers[i].request != number)
            continue;
        bool hopes = state == OFFER_OFFERED || state == OFFER_CONDITIONAL;
        if ((request->state == REQUEST_FILLED && hopes) || (request->state == REQUEST_OPEN && state == OFFER_WAITING))
            model_breaks(model, "offers to what is filled wait", "offer %" PRIu64 " is in state %u", i, state);
        if (request->state == REQUEST_CLOSED && (hopes || state == OFFER_WAITING || state == OFFER_ASKING_INTERNALLY))
            model_breaks(model, "what is closed keeps nobody waiting", "offer %" PRIu64 " is in state %u", i, state);
    }
}

static void fulfilled_leaves_no_match_open(struct model *model, uint64_t number, const struct m_request *request)
{
    if (request->state != REQUEST_CLOSED || request->reason != CLOSE_FULFILLED)
        return;
    for (uint64_t i = 1; i <= model->offers_last; i++) {
        uint32_t state = model->offers[i].state;
        if (model->offers[i].request == number && (state == OFFER_CONFIRMED || state == OFFER_REPORTED_DONE))
            model_breaks(model, "fulfilled makes its matches done", "offer %" PRIu64 " is in state %u", i, state);
    }
}

static request_rule *const request_rules[] = {
    taken_is_never_more_than_needed,
    filled_says_whether_it_is_full,
    offers_fit_the_state,
    fulfilled_leaves_no_match_open,
};

void model_rules(struct model *model)
{
    for (uint64_t i = 1; i <= model->requests_last; i++) {
        if (!model->requests[i].touched)
            continue;
        for (size_t rule = 0; rule < sizeof request_rules / sizeof *request_rules; rule++) {
            request_rules[rule](model, i, &model->requests[i]);
            model->world->tally->checks++;
        }
    }
}
