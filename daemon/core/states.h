// SPDX-License-Identifier: MPL-2.0
// The lifecycles of requests and offers as tables: (state, event) -> next state, and who may bring it about.
//
// A pair that is not in a table is BB_WRONG_STATE. The tables are the truth: decisions ask them, the diagrams of
// proto/PROTOCOL.md are printed from them, and a test compares the two.
#ifndef BUURTBEL_CORE_STATES_H
#define BUURTBEL_CORE_STATES_H

#include "codes.h"
#include "words.h"

#include <stdbool.h>
#include <stdint.h>

// Who brings an event about, as a set.
enum who {
    WHO_ASKERS_SIDE = 1, // the asker, through its desk
    WHO_GIVER = 2,       // the party of the offer
    WHO_COORDINATOR = 4,
    WHO_SYSTEM = 8,
};

#define REQUEST_EVENTS(X) \
    X(REQUEST_PUBLISH, "publish") \
    X(REQUEST_SEND_TO_REVIEW, "send to review") \
    X(REQUEST_SEND_BACK, "send back") \
    X(REQUEST_FILL, "fill") \
    X(REQUEST_REOPEN, "reopen") \
    X(REQUEST_HOLD, "hold") \
    X(REQUEST_CONTINUE, "continue") \
    X(REQUEST_OPEN_REFERRED, "open referred") \
    X(REQUEST_CLOSE, "close")

#define OFFER_EVENTS(X) \
    X(OFFER_REPLACE, "answer again") \
    X(OFFER_CHOOSE, "choose") \
    X(OFFER_DECLINE, "decline") \
    X(OFFER_WITHDRAW, "withdraw") \
    X(OFFER_LAPSE, "lapse") \
    X(OFFER_SET_ASIDE, "set aside") \
    X(OFFER_BRING_BACK, "bring back") \
    X(OFFER_SUPERSEDE, "supersede") \
    X(OFFER_CANCEL, "cancel") \
    X(OFFER_REPORT, "report done") \
    X(OFFER_CONFIRM_GIVEN, "confirm given") \
    X(OFFER_CONFIRM_FAILED, "confirm failed")

#define EVENT_ENUM(symbol, name) symbol,
enum request_event { REQUEST_EVENTS(EVENT_ENUM) REQUEST_EVENTS_COUNT };
enum offer_event { OFFER_EVENTS(EVENT_ENUM) OFFER_EVENTS_COUNT };
#undef EVENT_ENUM

// Gives the state that follows. BB_WRONG_STATE: the pair is not in the table; BB_NOT_ALLOWED: not by `who`.
BB_CHECKED enum bb_code request_next(uint32_t state, enum request_event event, enum who who, uint32_t *next);
// OFFER_REPLACE keeps its place: the answer itself says which state follows, and `*next` is the present one.
BB_CHECKED enum bb_code offer_next(uint32_t state, enum offer_event event, enum who who, uint32_t *next);

// Counts towards `taken` (DOMAIN: filled when taken = needed).
bool offer_is_taken(uint32_t state);

// One cell of a table, for the documentation's diagrams.
struct step {
    uint8_t next; // 0: this pair does not exist
    uint8_t who;  // set of enum who
};
struct step request_step(uint32_t state, enum request_event event);
struct step offer_step(uint32_t state, enum offer_event event);

#endif
