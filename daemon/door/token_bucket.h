// SPDX-License-Identifier: MPL-2.0
// Token buckets: how often somebody may do something, and a bounded table of them for many somebodies.
//
// Pure: time comes in, nothing is logged or counted here. Called by the ZAP thread (handshakes per key and per address)
// and by the loop (commands per member); a table belongs to one thread.
#ifndef BUURTBELD_TOKEN_BUCKET_H
#define BUURTBELD_TOKEN_BUCKET_H

#include "codes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct token_limit {
    uint32_t per_second;
    uint32_t burst; // tokens in a full bucket; at least 1
};

struct token_bucket {
    uint64_t millitokens;
    int64_t filled_at_ms;
};

// A full bucket.
void token_bucket_init(struct token_bucket *bucket, const struct token_limit *limit, int64_t now_ms);
// Takes one token; false when there is none. Time that runs back adds nothing and takes nothing away.
bool token_bucket_take(struct token_bucket *bucket, const struct token_limit *limit, int64_t now_ms);
bool token_bucket_is_full(const struct token_bucket *bucket, const struct token_limit *limit, int64_t now_ms);

struct bucket_table;

enum { BUCKET_TABLE_KEY_SIZE = 16 };

// `buckets_max` is rounded up to a whole number of rows. `hash_key` is random and secret, so that nobody can choose
// names that crowd somebody else out of the table.
BB_CHECKED enum bb_code bucket_table_create(const struct token_limit *limit, size_t buckets_max,
                                            const uint8_t hash_key[BUCKET_TABLE_KEY_SIZE], struct bucket_table **out);
void bucket_table_destroy(struct bucket_table **table);

// Takes one token of the bucket of `name`. A new name gets a free place with a full bucket. When its row has none, it
// takes over the bucket that is nearest to full, which is full when its owner is idle; so crowding a row gains nothing.
bool bucket_table_take(struct bucket_table *table, const void *name, size_t name_size, int64_t now_ms);

#endif
