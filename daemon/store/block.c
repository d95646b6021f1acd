// SPDX-License-Identifier: MPL-2.0
// Blocks with a checksum; see block.h.
#include "block.h"

#include <sodium.h>
#include <string.h>

void block_put_number(uint8_t *at, size_t size, uint64_t number)
{
    for (size_t i = size; i-- > 0; number >>= 8)
        at[i] = (uint8_t)number;
}

uint64_t block_get_number(const uint8_t *at, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | at[i];
    return number;
}

void block_stamp(uint8_t *block, size_t size)
{
    size_t summed = size - BLOCK_CHECKSUM_SIZE;
    crypto_generichash(block + summed, BLOCK_CHECKSUM_SIZE, block, summed, NULL, 0);
}

bool block_is_sound(const uint8_t *block, size_t size)
{
    uint8_t sum[BLOCK_CHECKSUM_SIZE];
    size_t summed = size - BLOCK_CHECKSUM_SIZE;
    crypto_generichash(sum, sizeof sum, block, summed, NULL, 0);
    return memcmp(sum, block + summed, sizeof sum) == 0;
}
