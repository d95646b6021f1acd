// SPDX-License-Identifier: MPL-2.0
// Public keys that may connect, each with its ZAP User-Id: a hash table in memory, owned by the ZAP thread alone.
//
// Adding, replacing and removing one key cost the same at a hundred keys and at a hundred thousand.
#ifndef BUURTBELD_KEY_TABLE_H
#define BUURTBELD_KEY_TABLE_H

#include "codes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CURVE_KEY_SIZE = 32, USER_ID_SIZE_MAX = 31 };

struct key_table;

BB_CHECKED enum bb_code key_table_create(struct key_table **out);
void key_table_destroy(struct key_table **table);

// Adds a key or replaces its user id. BB_TOO_LONG for a user id of more than USER_ID_SIZE_MAX bytes, BB_MISSING for an
// empty one, BB_NO_MEMORY; the table is then as it was.
BB_CHECKED enum bb_code key_table_put(struct key_table *table, const uint8_t key[CURVE_KEY_SIZE], const char *user_id);
// Borrowed until the next change; NULL when the key is not there.
const char *key_table_find(const struct key_table *table, const uint8_t key[CURVE_KEY_SIZE]);
void key_table_remove(struct key_table *table, const uint8_t key[CURVE_KEY_SIZE]); // nothing when it is not there
size_t key_table_count(const struct key_table *table);

#endif
