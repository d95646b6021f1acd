// SPDX-License-Identifier: MPL-2.0
// What the files of acts share: one act being done, and how its person chooses from what it knows.
#ifndef BUURTBEL_SIM_ACTS_H
#define BUURTBEL_SIM_ACTS_H

#include "sim.h"

#include "words.h"

struct doing {
    struct world *world;
    struct client *client;
    struct dice dice;
    Wire__Command command;
};

// Fills in the command; false: this person has no reason to do it now.
typedef bool build_act(struct doing *doing);

#define IN(state) (1U << (state))

// A thing on the screen of this person in one of these states; now and then one in any state. NULL: none.
const struct shown *choose_shown(struct doing *doing, uint32_t kind, uint32_t states);
// What came of this party's commands of this kind (or of anybody's); 0: nothing yet.
uint64_t choose_made(struct doing *doing, Wire__Command__WhatCase what, bool own);
void *make(struct doing *doing, size_t size);
ProtobufCBinaryData words(struct doing *doing, const char *format, ...) __attribute__((format(printf, 2, 3)));

build_act invite_giver, invite_colleague, invite_staff, revoke_invitation, approve, suspend, reinstate, revoke_member;
build_act add_asker, publish, choose, decline, release, confirm, close_request, cancel_offer, open_referred;
build_act answer, withdraw, report_done, pause_party, resume;

#endif
