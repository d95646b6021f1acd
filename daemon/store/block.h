// SPDX-License-Identifier: MPL-2.0
// A block of a file of fixed blocks (keyring, tombstones): numbers are big-endian, the last bytes are a checksum,
// BLAKE2b-16 of all bytes before it.
#ifndef BUURTBEL_BLOCK_H
#define BUURTBEL_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BLOCK_CHECKSUM_SIZE = 16 };

void block_put_number(uint8_t *at, size_t size, uint64_t number);
uint64_t block_get_number(const uint8_t *at, size_t size);

// Writes the checksum of a block of `size` bytes into its end.
void block_stamp(uint8_t *block, size_t size);
bool block_is_sound(const uint8_t *block, size_t size);

#endif
