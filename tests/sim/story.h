// SPDX-License-Identifier: MPL-2.0
// One seed, run and told; and a failing one made as short as it gets (delta debugging over the steps of its plan).
#ifndef BUURTBEL_SIM_STORY_H
#define BUURTBEL_SIM_STORY_H

#include "sim.h"

struct outcome {
    bool failed;
    char rule[64], why[600];
    uint64_t trace;
};

void story_run(const struct plan *plan, const char *scratch, struct tally *tally, bool tell, struct outcome *out);

// Prints the seed, the rule, and the shortest plan found that still breaks it, as it plays.
void story_shortened(const struct plan *plan, const char *scratch, const struct outcome *outcome);

#endif
