// SPDX-License-Identifier: MPL-2.0
// Running, telling and shortening; see story.h.
#include "story.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { SHORTEN_RUNS_MAX = 1500, SHORTEN_SECONDS_MAX = 40 };

void story_run(const struct plan *plan, const char *scratch, struct tally *tally, bool tell, struct outcome *out)
{
    struct world *world = world_create(plan, scratch, tally, tell);
    world_run(world);
    *out = (struct outcome){.failed = world->failed, .trace = world->trace};
    snprintf(out->rule, sizeof out->rule, "%s", world->rule);
    snprintf(out->why, sizeof out->why, "%s", world->why);
    world_destroy(&world);
}

struct shortening {
    const char *scratch;
    const char *rule;
    struct tally tally;
    int runs;
    time_t ends_at;
};

static bool still_fails(struct shortening *it, const struct plan *plan)
{
    struct outcome outcome;
    if (it->runs++ >= SHORTEN_RUNS_MAX || time(NULL) >= it->ends_at)
        return false;
    story_run(plan, it->scratch, &it->tally, false, &outcome);
    return outcome.failed && strcmp(outcome.rule, it->rule) == 0;
}

static void leave_out(const struct plan *plan, size_t first, size_t count, struct plan *out)
{
    *out = *plan;
    out->count = plan->count - count;
    memcpy(&out->steps[first], &plan->steps[first + count], (plan->count - first - count) * sizeof *plan->steps);
}

// Ever smaller pieces are left out, as long as the same rule breaks without them.
static void shorten(struct shortening *it, struct plan *plan)
{
    struct plan *tried = malloc(sizeof *tried);
    sim_insist(tried != NULL);
    for (size_t piece = plan->count / 2; piece > 0; piece /= 2) {
        bool shorter = true;
        while (shorter) {
            shorter = false;
            for (size_t first = 0; first + piece <= plan->count;) {
                leave_out(plan, first, piece, tried);
                if (!still_fails(it, tried)) {
                    first += piece;
                    continue;
                }
                *plan = *tried;
                shorter = true;
            }
            shorter = shorter && piece == 1;
        }
    }
    free(tried);
}

void story_shortened(const struct plan *plan, const char *scratch, const struct outcome *outcome)
{
    struct plan *shortest = malloc(sizeof *shortest);
    sim_insist(shortest != NULL);
    *shortest = *plan;
    struct shortening it = {.scratch = scratch, .rule = outcome->rule, .ends_at = time(NULL) + SHORTEN_SECONDS_MAX};
    shorten(&it, shortest);
    printf("seed %" PRIu64 " breaks the rule: %s\n  %s\n", plan->seed, outcome->rule, outcome->why);
    printf("the story, %zu of %zu steps:\n", shortest->count, plan->count);
    struct outcome told;
    story_run(shortest, scratch, &it.tally, true, &told);
    printf("replay: sim --seed %" PRIu64 " --tell\n", plan->seed);
    fflush(stdout);
    free(shortest);
}
