// SPDX-License-Identifier: MPL-2.0
// Random numbers that a seed decides, so that an image can be made again (splitmix64).
#ifndef POWERCUT_RANDOM_H
#define POWERCUT_RANDOM_H

#include <stdint.h>

struct dice {
    uint64_t state;
};

static inline uint64_t dice_roll(struct dice *dice)
{
    uint64_t mixed = dice->state += 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
    return mixed ^ mixed >> 31;
}

// 0 .. count - 1; 0 when there is nothing to choose from.
static inline uint64_t dice_below(struct dice *dice, uint64_t count)
{
    return count > 0 ? dice_roll(dice) % count : 0;
}

#endif
