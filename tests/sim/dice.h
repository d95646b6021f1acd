// SPDX-License-Identifier: MPL-2.0
// The simulation's own random numbers (splitmix64). One seed gives many streams that do not disturb each other, so that
// leaving a step out of a story changes little of the rest.
#ifndef BUURTBEL_SIM_DICE_H
#define BUURTBEL_SIM_DICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct dice {
    uint64_t state;
};

static inline uint64_t dice_roll(struct dice *dice)
{
    uint64_t z = (dice->state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static inline struct dice dice_for(uint64_t seed, uint64_t stream)
{
    struct dice dice = {seed * 0xD1342543DE82EF95u + stream};
    dice.state = dice_roll(&dice) ^ (stream << 32);
    return dice;
}

// 0 .. count - 1; 0 when there is nothing to choose.
static inline uint32_t dice_below(struct dice *dice, uint32_t count)
{
    return count > 0 ? (uint32_t)((dice_roll(dice) >> 32) * count >> 32) : 0;
}

static inline bool dice_percent(struct dice *dice, uint32_t percent)
{
    return dice_below(dice, 100) < percent;
}

static inline int64_t dice_between(struct dice *dice, int64_t least, int64_t most)
{
    return least + (int64_t)(dice_roll(dice) % (uint64_t)(most - least + 1));
}

static inline void dice_bytes(struct dice *dice, void *bytes, size_t size)
{
    for (size_t at = 0; at < size; at += 8) {
        uint64_t roll = dice_roll(dice);
        memcpy((uint8_t *)bytes + at, &roll, size - at < 8 ? size - at : 8);
    }
}

#endif
