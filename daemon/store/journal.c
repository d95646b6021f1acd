// SPDX-License-Identifier: MPL-2.0
// The journal on top of the store's TABLE_JOURNAL, one row an entry, its number the key. A row is the entry's hash
// (32 bytes), then the packed entry, so that the head is the last row alone. Must not know what facts mean.
//
// hash = BLAKE2b-32(hash of the entry before, 32 zero bytes for the first; the packed entry)
#include "journal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct row {
    const uint8_t *hash;
    const uint8_t *packed;
    size_t packed_size;
};

static void chain(const uint8_t before[JOURNAL_HASH_SIZE], const uint8_t *packed, size_t packed_size,
                  uint8_t out[JOURNAL_HASH_SIZE])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, JOURNAL_HASH_SIZE);
    crypto_generichash_update(&state, before, JOURNAL_HASH_SIZE);
    crypto_generichash_update(&state, packed, packed_size);
    crypto_generichash_final(&state, out, JOURNAL_HASH_SIZE);
}

static enum bb_code read_row(struct txn *txn, uint64_t seq, struct row *out)
{
    uint8_t *bytes;
    size_t size;
    enum bb_code code = store_get_bytes(txn, TABLE_JOURNAL, seq, &bytes, &size);
    if (code != BB_OK)
        return code;
    if (size < JOURNAL_HASH_SIZE)
        return BB_STORE_DAMAGED;
    *out = (struct row){bytes, bytes + JOURNAL_HASH_SIZE, size - JOURNAL_HASH_SIZE};
    return BB_OK;
}

static enum bb_code unpack(struct txn *txn, uint64_t seq, const struct row *row, Stored__Entry **out)
{
    Stored__Entry *entry = stored__entry__unpack(arena_allocator(txn_arena(txn)), row->packed_size, row->packed);
    if (!entry)
        return BB_NO_MEMORY;
    *out = entry;
    return entry->seq == seq ? BB_OK : BB_STORE_DAMAGED;
}

enum bb_code journal_head(struct txn *txn, struct journal_head *out)
{
    *out = (struct journal_head){0};
    struct store_key key = key_number(UINT64_MAX);
    enum bb_code code = store_at_or_before(txn, TABLE_JOURNAL, &key, NULL);
    if (code != BB_OK)
        return code == BB_NOT_FOUND ? BB_OK : code;
    if (key.size != sizeof(uint64_t))
        return BB_STORE_DAMAGED;
    struct row row;
    code = read_row(txn, key_to_number(&key), &row);
    if (code != BB_OK)
        return code;
    out->seq = key_to_number(&key);
    memcpy(out->hash, row.hash, JOURNAL_HASH_SIZE);
    return BB_OK;
}

enum bb_code journal_append(struct txn *txn, const Stored__Entry *entry)
{
    struct journal_head head;
    enum bb_code code = journal_head(txn, &head);
    if (code != BB_OK)
        return code;
    if (entry->seq != head.seq + 1)
        abort();

    size_t packed_size = stored__entry__get_packed_size(entry);
    uint8_t *row = arena_alloc(txn_arena(txn), JOURNAL_HASH_SIZE + packed_size);
    if (!row)
        return BB_NO_MEMORY;
    stored__entry__pack(entry, row + JOURNAL_HASH_SIZE);
    chain(head.hash, row + JOURNAL_HASH_SIZE, packed_size, row);
    return store_put_bytes(txn, TABLE_JOURNAL, entry->seq, row, JOURNAL_HASH_SIZE + packed_size);
}

enum bb_code journal_read(struct txn *txn, uint64_t seq, Stored__Entry **out)
{
    struct row row;
    enum bb_code code = read_row(txn, seq, &row);
    return code == BB_OK ? unpack(txn, seq, &row, out) : code;
}

enum bb_code journal_verify_alone(struct txn *txn, uint64_t seq, uint8_t hash[JOURNAL_HASH_SIZE])
{
    struct row row;
    Stored__Entry *entry;
    enum bb_code code = read_row(txn, seq, &row);
    if (code == BB_OK)
        code = unpack(txn, seq, &row, &entry);
    if (code == BB_OK)
        memcpy(hash, row.hash, JOURNAL_HASH_SIZE);
    return code;
}

enum bb_code journal_verify(struct txn *txn, uint64_t seq, uint8_t hash[JOURNAL_HASH_SIZE])
{
    struct row row;
    enum bb_code code = read_row(txn, seq, &row);
    if (code != BB_OK)
        return code;
    uint8_t follows[JOURNAL_HASH_SIZE];
    chain(hash, row.packed, row.packed_size, follows);
    if (memcmp(follows, row.hash, JOURNAL_HASH_SIZE) != 0)
        return BB_STORE_DAMAGED;
    Stored__Entry *entry;
    code = unpack(txn, seq, &row, &entry);
    if (code == BB_OK)
        memcpy(hash, follows, JOURNAL_HASH_SIZE);
    return code;
}
