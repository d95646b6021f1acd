// SPDX-License-Identifier: MPL-2.0
// Looks at everything that a town can show: each query by who may ask it, each channel, and `verify`.
//
// For targets that changed the store under it. What is shown may be a refusal; it may not be a crash. See look.c.
#ifndef BUURTBEL_FUZZ_LOOK_H
#define BUURTBEL_FUZZ_LOOK_H

#include "reset.h"

void look_at_everything(struct town *town);
void look_at_journal(struct town *town);

// How many problems `verify` names in the journal and in the tables from this one on.
size_t look_for_damage(struct town *town, enum table first);

#endif
