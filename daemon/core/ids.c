// SPDX-License-Identifier: MPL-2.0
// Public ids; see ids.h. Eight rounds, so that even many known pairs of number and id tell nothing about the next.
#include "ids.h"

#include <sodium.h>

enum { ROUNDS = 8, KIND_SHIFT = 56 };
static const uint64_t NUMBER_MASK = ((uint64_t)1 << KIND_SHIFT) - 1;

_Static_assert(IDS_KEY_SIZE == crypto_shorthash_KEYBYTES, "the ids' key is a SipHash key");

static uint32_t round_value(const uint8_t key[IDS_KEY_SIZE], uint32_t half, uint8_t round)
{
    uint8_t in[5] = {round, (uint8_t)(half >> 24), (uint8_t)(half >> 16), (uint8_t)(half >> 8), (uint8_t)half};
    uint8_t out[crypto_shorthash_BYTES];
    crypto_shorthash(out, in, sizeof in, key);
    return (uint32_t)out[0] << 24 | (uint32_t)out[1] << 16 | (uint32_t)out[2] << 8 | out[3];
}

uint64_t id_make(const uint8_t key[IDS_KEY_SIZE], enum id_kind kind, uint64_t number)
{
    if (number == 0)
        return 0;
    uint64_t plain = (uint64_t)kind << KIND_SHIFT | (number & NUMBER_MASK);
    uint32_t left = (uint32_t)(plain >> 32), right = (uint32_t)plain;
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint32_t next = left ^ round_value(key, right, round);
        left = right;
        right = next;
    }
    return (uint64_t)left << 32 | right;
}

bool id_open(const uint8_t key[IDS_KEY_SIZE], enum id_kind kind, uint64_t id, uint64_t *number)
{
    if (id == 0)
        return false; // "none", which under some keys would look like an id
    uint32_t left = (uint32_t)(id >> 32), right = (uint32_t)id;
    for (unsigned round = ROUNDS; round-- > 0;) {
        uint32_t before = right ^ round_value(key, left, round);
        right = left;
        left = before;
    }
    uint64_t plain = (uint64_t)left << 32 | right;
    if (plain >> KIND_SHIFT != (uint64_t)kind || (plain & NUMBER_MASK) == 0)
        return false;
    *number = plain & NUMBER_MASK;
    return true;
}
