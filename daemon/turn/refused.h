// SPDX-License-Identifier: MPL-2.0
// The newest refusals, in memory: a command of which more copies are under way gets one answer for all of them.
//
// A client sends again what is not answered in time, so a copy may come after the first one was refused, and after
// commands that its person gave later. Carried out then, it would undo them, although its person was told no. Copies die
// with their connections, so nothing is kept on disk, and only the newest ones are remembered. Called by the turn alone.
#ifndef BUURTBELD_REFUSED_H
#define BUURTBELD_REFUSED_H

#include "turn.h"

struct refused;

BB_CHECKED enum bb_code refused_create(size_t refusals_max, struct refused **out);
void refused_destroy(struct refused **refused);

// The code with which this command was refused, BB_OK when it was not or that is forgotten.
enum bb_code refused_find(const struct refused *refused, const struct turn_input *input);

// Only what is final is remembered: a code that invites trying again is not. False: not remembered.
bool refused_note(struct refused *refused, const struct turn_input *input, enum bb_code code);

// Forgets the newest `count`: their turn was not kept, and nobody was told of them.
void refused_forget(struct refused *refused, size_t count);

#endif
