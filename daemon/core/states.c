// SPDX-License-Identifier: MPL-2.0
// The lifecycles as tables; see states.h. Read them beside the tables of DOMAIN.md.
#include "states.h"

enum { STATES_REQUEST = REQUEST_CLOSED + 1, STATES_OFFER = OFFER_NOT_ALLOWED + 1 };

#define STAFF (WHO_ASKERS_SIDE | WHO_COORDINATOR)

static const struct step request_steps[STATES_REQUEST][REQUEST_EVENTS_COUNT] = {
    [REQUEST_DRAFT] = {[REQUEST_PUBLISH] = {REQUEST_OPEN, STAFF},
                       [REQUEST_SEND_TO_REVIEW] = {REQUEST_REVIEW, STAFF},
                       [REQUEST_CLOSE] = {REQUEST_CLOSED, STAFF}},
    [REQUEST_REVIEW] = {[REQUEST_PUBLISH] = {REQUEST_OPEN, WHO_COORDINATOR},
                        [REQUEST_SEND_BACK] = {REQUEST_DRAFT, WHO_COORDINATOR},
                        [REQUEST_CLOSE] = {REQUEST_CLOSED, STAFF}},
    [REQUEST_OPEN] = {[REQUEST_FILL] = {REQUEST_FILLED, WHO_SYSTEM},
                      [REQUEST_HOLD] = {REQUEST_ON_HOLD, STAFF},
                      [REQUEST_CLOSE] = {REQUEST_CLOSED, STAFF | WHO_SYSTEM}},
    [REQUEST_FILLED] =
        {[REQUEST_REOPEN] = {REQUEST_OPEN, WHO_SYSTEM}, [REQUEST_CLOSE] = {REQUEST_CLOSED, STAFF | WHO_SYSTEM}},
    [REQUEST_ON_HOLD] =
        {[REQUEST_CONTINUE] = {REQUEST_OPEN, STAFF}, [REQUEST_CLOSE] = {REQUEST_CLOSED, STAFF | WHO_SYSTEM}},
    [REQUEST_REFERRED] =
        {[REQUEST_OPEN_REFERRED] = {REQUEST_OPEN, WHO_COORDINATOR}, [REQUEST_CLOSE] = {REQUEST_CLOSED, STAFF}},
    [REQUEST_CLOSED] = {{0}}, // final: asking again makes a new request (DOMAIN: rule 5)
};

static const struct step offer_steps[STATES_OFFER][OFFER_EVENTS_COUNT] = {
    [OFFER_OFFERED] = {[OFFER_REPLACE] = {OFFER_OFFERED, WHO_GIVER},
                       [OFFER_CHOOSE] = {OFFER_CONFIRMED, STAFF | WHO_SYSTEM},
                       [OFFER_DECLINE] = {OFFER_DECLINED, STAFF},
                       [OFFER_WITHDRAW] = {OFFER_WITHDRAWN, WHO_GIVER},
                       [OFFER_LAPSE] = {OFFER_LAPSED, WHO_SYSTEM},
                       [OFFER_SET_ASIDE] = {OFFER_WAITING, WHO_SYSTEM},
                       [OFFER_SUPERSEDE] = {OFFER_SUPERSEDED, WHO_SYSTEM}},
    [OFFER_CONDITIONAL] = {[OFFER_REPLACE] = {OFFER_CONDITIONAL, WHO_GIVER},
                           [OFFER_CHOOSE] = {OFFER_CONFIRMED, STAFF},
                           [OFFER_DECLINE] = {OFFER_DECLINED, STAFF},
                           [OFFER_WITHDRAW] = {OFFER_WITHDRAWN, WHO_GIVER},
                           [OFFER_LAPSE] = {OFFER_LAPSED, WHO_SYSTEM},
                           [OFFER_SET_ASIDE] = {OFFER_WAITING, WHO_SYSTEM},
                           [OFFER_SUPERSEDE] = {OFFER_SUPERSEDED, WHO_SYSTEM}},
    [OFFER_WAITING] = {[OFFER_DECLINE] = {OFFER_DECLINED, STAFF},
                       [OFFER_WITHDRAW] = {OFFER_WITHDRAWN, WHO_GIVER},
                       [OFFER_BRING_BACK] = {OFFER_OFFERED, WHO_SYSTEM},
                       [OFFER_SUPERSEDE] = {OFFER_SUPERSEDED, WHO_SYSTEM}},
    [OFFER_CONFIRMED] = {[OFFER_CANCEL] = {OFFER_CANCELLED, STAFF | WHO_GIVER},
                         [OFFER_REPORT] = {OFFER_REPORTED_DONE, WHO_GIVER},
                         [OFFER_CONFIRM_GIVEN] = {OFFER_DONE, STAFF},
                         [OFFER_CONFIRM_FAILED] = {OFFER_FAILED, STAFF}},
    [OFFER_REPORTED_DONE] =
        {[OFFER_CONFIRM_GIVEN] = {OFFER_DONE, STAFF}, [OFFER_CONFIRM_FAILED] = {OFFER_FAILED, STAFF}},
    [OFFER_ASKING_INTERNALLY] = {[OFFER_REPLACE] = {OFFER_ASKING_INTERNALLY, WHO_GIVER},
                                 [OFFER_WITHDRAW] = {OFFER_WITHDRAWN, WHO_GIVER},
                                 [OFFER_SUPERSEDE] = {OFFER_SUPERSEDED, WHO_SYSTEM}},
    [OFFER_CANNOT] = {[OFFER_REPLACE] = {OFFER_CANNOT, WHO_GIVER}},
    [OFFER_NOT_ALLOWED] = {[OFFER_REPLACE] = {OFFER_NOT_ALLOWED, WHO_GIVER}},
    // done, failed, cancelled, declined, withdrawn, lapsed, superseded: final
};

_Static_assert(sizeof request_steps / sizeof *request_steps == REQUEST_CLOSED + 1, "a row for each request state");
_Static_assert(sizeof offer_steps / sizeof *offer_steps == OFFER_NOT_ALLOWED + 1, "a row for each offer state");

static enum bb_code take_step(const struct step *step, enum who who, uint32_t *next)
{
    if (step->next == 0)
        return BB_WRONG_STATE;
    if (!(step->who & who))
        return BB_NOT_ALLOWED;
    *next = step->next;
    return BB_OK;
}

enum bb_code request_next(uint32_t state, enum request_event event, enum who who, uint32_t *next)
{
    if (state >= STATES_REQUEST)
        return BB_WRONG_STATE;
    return take_step(&request_steps[state][event], who, next);
}

enum bb_code offer_next(uint32_t state, enum offer_event event, enum who who, uint32_t *next)
{
    if (state >= STATES_OFFER)
        return BB_WRONG_STATE;
    return take_step(&offer_steps[state][event], who, next);
}

bool offer_is_taken(uint32_t state)
{
    return state == OFFER_CONFIRMED || state == OFFER_REPORTED_DONE || state == OFFER_DONE;
}

struct step request_step(uint32_t state, enum request_event event)
{
    return state < STATES_REQUEST ? request_steps[state][event] : (struct step){0};
}

struct step offer_step(uint32_t state, enum offer_event event)
{
    return state < STATES_OFFER ? offer_steps[state][event] : (struct step){0};
}
