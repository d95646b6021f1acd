// SPDX-License-Identifier: MPL-2.0
// The plan of a seed: its weather, and the list of steps (acts of people, faults, nights), each with its time and its
// own dice. What a step leads to depends on what its people know then; so a step can be left out and the rest still
// makes sense, which is how a story is made short.
#ifndef BUURTBEL_SIM_PLAN_H
#define BUURTBEL_SIM_PLAN_H

#include "dice.h"

enum { STEPS_MAX = 1000 };

enum step_kind { STEP_ACT, STEP_FAULT };

struct step {
    int64_t at_ms; // since the beginning of the story
    enum step_kind kind;
    uint16_t what; // index of the act or the fault in its table
    uint64_t dice;
};

// What stays the same during one seed.
struct weather {
    uint32_t delay_ms, jitter_ms;      // of each frame
    uint32_t publish_hwm, command_hwm; // frames in a peer's queue
    uint32_t commands_per_second, commands_burst;
    uint32_t turn_gap_ms;                 // how long a turn gathers
    uint32_t desks, givers, coordinators; // who was there from the beginning
    uint32_t days;
    bool tips_confirmed_at_once;
    bool calm; // without faults
};

struct plan {
    uint64_t seed;
    struct weather weather;
    struct step steps[STEPS_MAX];
    size_t count;
    int64_t ends_at_ms;
};

void plan_make(uint64_t seed, struct plan *out);

#endif
