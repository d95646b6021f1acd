// SPDX-License-Identifier: MPL-2.0
// How a seed becomes a plan: busy spells of a minute or two, nights between them; see plan.h.
#include "plan.h"

#include "sim.h"

enum { STREAM_PLAN = 7, BEGINS_AT_MS = 45000, SETTLE_IN_MS = 4000, SPELLS_MAX = 3, ACTS_IN_SPELL_MAX = 45 };

static void make_weather(struct dice *dice, struct weather *out)
{
    bool slow = dice_percent(dice, 25);
    *out = (struct weather){
        .delay_ms = (uint32_t)dice_between(dice, 1, slow ? 400 : 40),
        .jitter_ms = (uint32_t)dice_between(dice, 0, slow ? 2000 : 60),
        .publish_hwm = dice_percent(dice, 50) ? (uint32_t)dice_between(dice, 1, 4) : 256,
        .command_hwm = dice_percent(dice, 25) ? (uint32_t)dice_between(dice, 3, 12) : 1000,
        .commands_per_second = dice_percent(dice, 20) ? (uint32_t)dice_between(dice, 1, 4) : 50,
        .commands_burst = (uint32_t)dice_between(dice, 4, 100),
        .turn_gap_ms = dice_percent(dice, 50) ? (uint32_t)dice_between(dice, 0, 3) : 300,
        .desks = (uint32_t)dice_between(dice, 1, 2),
        .givers = (uint32_t)dice_between(dice, 3, 7),
        .coordinators = (uint32_t)dice_between(dice, 1, 2),
        .days = (uint32_t)dice_between(dice, 1, 3),
        .tips_confirmed_at_once = dice_percent(dice, 30),
        .calm = dice_percent(dice, 4),
    };
}

static void add(struct plan *plan, int64_t at_ms, enum step_kind kind, int what, uint64_t dice)
{
    if (plan->count < STEPS_MAX)
        plan->steps[plan->count++] = (struct step){.at_ms = at_ms, .kind = kind, .what = (uint16_t)what, .dice = dice};
}

static int by_weight(struct dice *dice, int count, uint32_t (*weight)(int))
{
    uint32_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += weight(i);
    uint32_t at = dice_below(dice, sum);
    int chosen = 0;
    for (; at >= weight(chosen); chosen++)
        at -= weight(chosen);
    return chosen;
}

static int64_t plan_spell(struct plan *plan, struct dice *dice, int64_t at_ms)
{
    uint32_t acts = (uint32_t)dice_between(dice, ACTS_IN_SPELL_MAX / 3, ACTS_IN_SPELL_MAX);
    int64_t pace_ms = dice_between(dice, 100, 3000);
    bool stormy = !plan->weather.calm && dice_percent(dice, 90);
    for (uint32_t i = 0; i < acts; i++) {
        at_ms += dice_between(dice, 0, 2 * pace_ms);
        add(plan, at_ms, STEP_ACT, by_weight(dice, acts_count(), act_weight), dice_roll(dice));
        if (stormy && dice_percent(dice, 16))
            add(plan, at_ms + dice_between(dice, 0, pace_ms), STEP_FAULT, by_weight(dice, faults_count(), fault_weight),
                dice_roll(dice));
    }
    return at_ms + dice_between(dice, 0, 20000);
}

void plan_make(uint64_t seed, struct plan *out)
{
    struct dice dice = dice_for(seed, STREAM_PLAN);
    *out = (struct plan){.seed = seed};
    make_weather(&dice, &out->weather);
    int64_t at_ms = BEGINS_AT_MS;
    uint32_t spells = out->weather.days * (uint32_t)dice_between(&dice, 1, SPELLS_MAX);
    int64_t day_ms = 86400000LL * out->weather.days, pause_ms = day_ms / (spells + 1);
    for (uint32_t i = 0; i < spells; i++) {
        at_ms = plan_spell(out, &dice, at_ms);
        add(out, at_ms, STEP_FAULT, fault_named("night"), dice_roll(&dice));
        at_ms += dice_between(&dice, pause_ms / 2, pause_ms * 3 / 2);
        add(out, at_ms, STEP_FAULT, fault_named("morning"), dice_roll(&dice));
        at_ms += SETTLE_IN_MS;
    }
    out->ends_at_ms = plan_spell(out, &dice, at_ms);
}
