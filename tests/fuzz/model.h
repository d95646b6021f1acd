// SPDX-License-Identifier: MPL-2.0
// A model of requests and offers, written from DOMAIN.md: what each act may do, and what it leads to.
//
// It knows no store, no ids of the daemon's making and no core; the daemon is held against it. Called by story.c.
#ifndef BUURTBEL_FUZZ_MODEL_H
#define BUURTBEL_FUZZ_MODEL_H

#include "words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODEL_GIVERS = 4, MODEL_REQUESTS_MAX = 12, MODEL_OFFERS_MAX = 64, MODEL_ROUNDS_MAX = 3, NOBODY = 255 };

enum act_kind {
    ACT_PUBLISH,
    ACT_ANSWER,
    ACT_CHOOSE,
    ACT_DECLINE,
    ACT_WITHDRAW,
    ACT_REPORT,
    ACT_CONFIRM_GIVEN,
    ACT_CONFIRM_FAILED,
    ACT_CANCEL,
    ACT_CLOSE,
    ACT_SUSPEND,
    ACT_REINSTATE,
    ACTS_COUNT,
};

// Who: a giver by number, the desk that entered the request, or another desk.
enum side { SIDE_GIVER, SIDE_DESK, SIDE_OTHER_DESK };

struct act {
    enum act_kind kind;
    enum side side;
    uint8_t giver;  // of SIDE_GIVER; whom, for suspend and reinstate
    size_t request; // in the model; for publish, answer and close
    size_t offer;   // in the model; for the others
    uint32_t value; // needed, answer kind, close reason
    bool agreed;    // the asker did
};

struct model_request {
    uint32_t needed, state;
};
struct model_offer {
    size_t request;
    uint8_t giver;
    uint32_t state, rounds;
};
struct model {
    struct model_request requests[MODEL_REQUESTS_MAX];
    struct model_offer offers[MODEL_OFFERS_MAX];
    size_t requests_count, offers_count;
    bool suspended[MODEL_GIVERS];
};

bool model_allows(const struct model *model, const struct act *act);

// An act that is allowed. The request or offer that it is about afterwards; a new one is the last.
size_t model_do(struct model *model, const struct act *act);

uint32_t model_taken(const struct model *model, size_t request);

#endif
