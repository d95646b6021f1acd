// SPDX-License-Identifier: MPL-2.0
// Open addressing with linear probing; removing shifts back what follows, so there are no tombstones to clean up.
// Places come from a keyed hash: whoever enrols chooses his key, and must not choose his place with it.
#include "key_table.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES_FIRST = 64 };

struct place {
    uint8_t key[CURVE_KEY_SIZE];
    char user_id[USER_ID_SIZE_MAX + 1]; // empty: nobody here
};

struct key_table {
    uint8_t hash_key[crypto_shorthash_KEYBYTES];
    struct place *places;
    size_t places_count; // a power of two
    size_t used_count;   // at most half of it
};

enum bb_code key_table_create(struct key_table **out)
{
    struct key_table *table = calloc(1, sizeof *table);
    struct place *places = calloc(PLACES_FIRST, sizeof *places);
    if (!table || !places) {
        free(places);
        free(table);
        return BB_NO_MEMORY;
    }
    table->places = places;
    table->places_count = PLACES_FIRST;
    randombytes_buf(table->hash_key, sizeof table->hash_key);
    *out = table;
    return BB_OK;
}

void key_table_destroy(struct key_table **table)
{
    if (!*table)
        return;
    free((*table)->places);
    free(*table);
    *table = NULL;
}

static size_t home_of(const struct key_table *table, const uint8_t key[CURVE_KEY_SIZE])
{
    uint64_t hash;
    uint8_t bytes[crypto_shorthash_BYTES];
    crypto_shorthash(bytes, key, CURVE_KEY_SIZE, table->hash_key);
    memcpy(&hash, bytes, sizeof hash);
    return (size_t)hash & (table->places_count - 1);
}

// The place of `key`, or the free one where it would go.
static struct place *seek(const struct key_table *table, const uint8_t key[CURVE_KEY_SIZE])
{
    size_t at = home_of(table, key);
    while (table->places[at].user_id[0] != '\0' && memcmp(table->places[at].key, key, CURVE_KEY_SIZE) != 0)
        at = (at + 1) & (table->places_count - 1);
    return &table->places[at];
}

static enum bb_code grow(struct key_table *table)
{
    struct key_table larger = *table;
    larger.places_count = table->places_count * 2;
    larger.places = calloc(larger.places_count, sizeof *larger.places);
    if (!larger.places)
        return BB_NO_MEMORY;
    for (size_t at = 0; at < table->places_count; at++)
        if (table->places[at].user_id[0] != '\0')
            *seek(&larger, table->places[at].key) = table->places[at];
    free(table->places);
    *table = larger;
    return BB_OK;
}

enum bb_code key_table_put(struct key_table *table, const uint8_t key[CURVE_KEY_SIZE], const char *user_id)
{
    size_t length = strlen(user_id);
    if (length == 0)
        return BB_MISSING;
    if (length > USER_ID_SIZE_MAX)
        return BB_TOO_LONG;
    if (table->used_count >= table->places_count / 2) {
        enum bb_code code = grow(table);
        if (code != BB_OK)
            return code;
    }
    struct place *place = seek(table, key);
    if (place->user_id[0] == '\0')
        table->used_count++;
    memcpy(place->key, key, CURVE_KEY_SIZE);
    memcpy(place->user_id, user_id, length + 1);
    return BB_OK;
}

const char *key_table_find(const struct key_table *table, const uint8_t key[CURVE_KEY_SIZE])
{
    const struct place *place = seek(table, key);
    return place->user_id[0] != '\0' ? place->user_id : NULL;
}

void key_table_remove(struct key_table *table, const uint8_t key[CURVE_KEY_SIZE])
{
    struct place *place = seek(table, key);
    if (place->user_id[0] == '\0')
        return;
    size_t mask = table->places_count - 1;
    size_t hole = (size_t)(place - table->places);
    for (size_t at = (hole + 1) & mask; table->places[at].user_id[0] != '\0'; at = (at + 1) & mask) {
        // What stands at `at` may move into the hole unless its home lies after the hole.
        size_t from_home = (at - home_of(table, table->places[at].key)) & mask;
        size_t from_hole = (at - hole) & mask;
        if (from_home < from_hole)
            continue;
        table->places[hole] = table->places[at];
        hole = at;
    }
    table->places[hole].user_id[0] = '\0';
    table->used_count--;
}

size_t key_table_count(const struct key_table *table)
{
    return table->used_count;
}
