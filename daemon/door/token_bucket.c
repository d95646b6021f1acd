// SPDX-License-Identifier: MPL-2.0
// Token buckets. The table has rows of a few places each, so that looking, adding and evicting are the same short walk
// and memory never grows. A bucket is known by a keyed 64-bit hash of its name; names with the same one share a bucket.
#include "token_bucket.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { MILLI = 1000, ROW_PLACES = 8 };
_Static_assert(BUCKET_TABLE_KEY_SIZE == crypto_shorthash_KEYBYTES, "the hash key is SipHash's");

struct place {
    uint64_t name_hash; // 0: free
    struct token_bucket bucket;
};

struct bucket_table {
    struct token_limit limit;
    uint8_t hash_key[BUCKET_TABLE_KEY_SIZE];
    size_t rows_count;
    struct place places[]; // rows_count * ROW_PLACES
};

static uint64_t full(const struct token_limit *limit)
{
    return (uint64_t)limit->burst * MILLI;
}

// A token a second is a millitoken a millisecond, so that nothing is lost to rounding.
static uint64_t millitokens_at(const struct token_bucket *bucket, const struct token_limit *limit, int64_t now_ms)
{
    if (now_ms <= bucket->filled_at_ms)
        return bucket->millitokens;
    uint64_t room = full(limit) - bucket->millitokens;
    uint64_t elapsed_ms = (uint64_t)now_ms - (uint64_t)bucket->filled_at_ms;
    if (limit->per_second != 0 && elapsed_ms > room / limit->per_second)
        return full(limit);
    return bucket->millitokens + elapsed_ms * limit->per_second;
}

void token_bucket_init(struct token_bucket *bucket, const struct token_limit *limit, int64_t now_ms)
{
    *bucket = (struct token_bucket){.millitokens = full(limit), .filled_at_ms = now_ms};
}

bool token_bucket_take(struct token_bucket *bucket, const struct token_limit *limit, int64_t now_ms)
{
    bucket->millitokens = millitokens_at(bucket, limit, now_ms);
    if (now_ms > bucket->filled_at_ms)
        bucket->filled_at_ms = now_ms;
    if (bucket->millitokens < MILLI)
        return false;
    bucket->millitokens -= MILLI;
    return true;
}

bool token_bucket_is_full(const struct token_bucket *bucket, const struct token_limit *limit, int64_t now_ms)
{
    return millitokens_at(bucket, limit, now_ms) == full(limit);
}

enum bb_code bucket_table_create(const struct token_limit *limit, size_t buckets_max,
                                 const uint8_t hash_key[BUCKET_TABLE_KEY_SIZE], struct bucket_table **out)
{
    size_t rows_count = buckets_max / ROW_PLACES + (buckets_max % ROW_PLACES != 0 || buckets_max == 0);
    struct bucket_table *table = calloc(1, sizeof *table + rows_count * ROW_PLACES * sizeof(struct place));
    if (!table)
        return BB_NO_MEMORY;
    table->limit = *limit;
    table->rows_count = rows_count;
    memcpy(table->hash_key, hash_key, BUCKET_TABLE_KEY_SIZE);
    *out = table;
    return BB_OK;
}

void bucket_table_destroy(struct bucket_table **table)
{
    free(*table);
    *table = NULL;
}

static uint64_t hash_name(const struct bucket_table *table, const void *name, size_t name_size)
{
    uint8_t bytes[crypto_shorthash_BYTES];
    uint64_t hash;
    _Static_assert(sizeof hash == sizeof bytes, "SipHash gives 64 bits");
    crypto_shorthash(bytes, name, name_size, table->hash_key);
    memcpy(&hash, bytes, sizeof hash);
    return hash != 0 ? hash : 1;
}

static struct place *find_place(struct bucket_table *table, uint64_t name_hash, int64_t now_ms)
{
    struct place *row = &table->places[name_hash % table->rows_count * ROW_PLACES];
    struct place *fullest = row;
    uint64_t most = 0;
    for (struct place *it = row; it < row + ROW_PLACES; it++) {
        if (it->name_hash == name_hash)
            return it;
        uint64_t has = it->name_hash == 0 ? UINT64_MAX : millitokens_at(&it->bucket, &table->limit, now_ms);
        if (has > most) {
            most = has;
            fullest = it;
        }
    }
    if (fullest->name_hash == 0)
        token_bucket_init(&fullest->bucket, &table->limit, now_ms);
    fullest->name_hash = name_hash;
    return fullest;
}

bool bucket_table_take(struct bucket_table *table, const void *name, size_t name_size, int64_t now_ms)
{
    struct place *place = find_place(table, hash_name(table, name, name_size), now_ms);
    return token_bucket_take(&place->bucket, &table->limit, now_ms);
}
