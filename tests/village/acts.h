// SPDX-License-Identifier: MPL-2.0
// What villagers do, each act one command: given at once, answered later, so that many can be under way together.
//
// An act must stay where it is until it is answered. Owns nothing. Called by the scenes and by the load generator.
#ifndef VILLAGE_ACTS_H
#define VILLAGE_ACTS_H

#include "people.h"
#include "village.h"

struct act {
    bool answered;
    enum bb_code code; // BB_AWAY: not known yet, it is given again when the broker is back
    uint64_t made;
    uint32_t state;
    int64_t given_at_ms, answered_at_ms; // steady
};

struct publishing {
    const struct people_request *words;
    const char *ref;
    uint64_t asker;
    const Wire__AudienceClass *excluded;
    size_t excluded_count;
};

void act_publish(struct villager *desk, const struct publishing *publishing, struct act *act);
void act_answer(struct villager *giver, uint64_t request, enum bb_answer_kind kind, enum bb_offer_kind offer_kind,
                const char *text, struct act *act);
void act_choose(struct villager *desk, uint64_t offer, struct act *act);
void act_report_done(struct villager *giver, uint64_t offer, struct act *act);
void act_confirm_help(struct villager *desk, uint64_t offer, struct act *act);
void act_close(struct villager *desk, uint64_t request, enum bb_close_reason reason, struct act *act);

// Seals the contact to the colleagues in `members` before it leaves the desk's client.
void act_add_asker(struct villager *desk, const char *ref, enum bb_heard_of heard_of, const struct bb_contact *contact,
                   const Wire__MemberList *members, struct act *act);
// Seals one channel of the contact to the giver who made the offer.
void act_release(struct villager *desk, const Wire__OfferView *offer, uint64_t asker, const struct bb_contact *contact,
                 enum bb_contact_channel channel, struct act *act);

// Turns the village until all are answered; the first code that is not BB_OK.
BB_CHECKED enum bb_code acts_done(struct village *village, const struct act *acts, size_t count);

// One question and its answer, freed by the caller; NULL with a word on standard error when there is none.
Wire__Answer *ask_about(struct villager *villager, const Wire__Query *query);
Wire__Answer *ask_for_request(struct villager *villager, uint64_t request);
Wire__Answer *ask_for_members(struct villager *villager);

// Visits every page of a list that can be long. False when a page did not come.
typedef void request_visitor(void *context, const Wire__RequestView *request);
bool visit_requests(struct villager *villager, enum bb_request_state state, request_visitor *visitor, void *context);
bool visit_askers(struct villager *villager, void (*visitor)(void *, const Wire__AskerView *), void *context);
bool visit_parties(struct villager *villager, void (*visitor)(void *, const Wire__PartyView *), void *context);

#endif
