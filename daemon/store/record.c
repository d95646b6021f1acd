// SPDX-License-Identifier: MPL-2.0
// The header of a record: written on every put, checked on every get. Knows nothing of LMDB or of messages.
// Called by the store only.
#include "record.h"

#include <sodium.h>
#include <string.h>

enum { CHECKSUM_OFFSET = 5, CHECKSUM_SIZE = 16 };
_Static_assert(CHECKSUM_OFFSET + CHECKSUM_SIZE == RECORD_HEADER_SIZE, "the header ends with its checksum");

static void add_sized(crypto_generichash_state *state, const void *bytes, size_t size)
{
    uint8_t size_byte = (uint8_t)size;
    crypto_generichash_update(state, &size_byte, 1);
    crypto_generichash_update(state, bytes, size);
}

static void checksum(const struct record_place *place, const uint8_t *record, size_t record_size,
                     uint8_t out[CHECKSUM_SIZE])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, CHECKSUM_SIZE);
    crypto_generichash_update(&state, record, CHECKSUM_OFFSET);
    add_sized(&state, place->table, strlen(place->table));
    add_sized(&state, place->key, place->key_size);
    crypto_generichash_update(&state, record + RECORD_HEADER_SIZE, record_size - RECORD_HEADER_SIZE);
    crypto_generichash_final(&state, out, CHECKSUM_SIZE);
}

static void put_u32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

void record_stamp(const struct record_place *place, uint8_t *record, size_t record_size)
{
    record[0] = RECORD_VERSION;
    put_u32(record + 1, (uint32_t)(record_size - RECORD_HEADER_SIZE));
    checksum(place, record, record_size, record + CHECKSUM_OFFSET);
}

enum bb_code record_check(const struct record_place *place, const uint8_t *record, size_t record_size,
                          const uint8_t **value, size_t *value_size)
{
    if (record_size > 0 && record[0] > RECORD_VERSION)
        return BB_STORE_NEWER;
    if (record_size < RECORD_HEADER_SIZE || record[0] != RECORD_VERSION)
        return BB_STORE_DAMAGED;
    if (get_u32(record + 1) != record_size - RECORD_HEADER_SIZE)
        return BB_STORE_DAMAGED;

    uint8_t sum[CHECKSUM_SIZE];
    checksum(place, record, record_size, sum);
    if (memcmp(sum, record + CHECKSUM_OFFSET, CHECKSUM_SIZE) != 0)
        return BB_STORE_DAMAGED;
    *value = record + RECORD_HEADER_SIZE;
    *value_size = record_size - RECORD_HEADER_SIZE;
    return BB_OK;
}
