// SPDX-License-Identifier: MPL-2.0
// Verification in slices; see verify.h.
#include "verify.h"

#include "store/journal.h"
#include "verify_links.h"

#include <stdio.h>
#include <string.h>

enum { PROBLEM_SIZE_MAX = 200, PROBLEMS_MAX = 50, SLICE_MEMORY_MAX = 1024 * 1024 };

static const char *const table_names[] = {
#define X(symbol, name, message, key) name,
#include "store/tables.def"
#undef X
};

struct slice {
    struct core *core;
    Wire__Verified *out;
    bool hash_known; // of the entry before; not after one that could not be read
    uint8_t hash[JOURNAL_HASH_SIZE];
    int64_t ends_at_us;
    int64_t (*clock_us)(void);
};

static bool time_is_up(const struct slice *slice)
{
    return slice->clock_us() >= slice->ends_at_us || slice->out->n_problems >= PROBLEMS_MAX ||
           arena_used_size(txn_arena(slice->core->txn)) > SLICE_MEMORY_MAX;
}

// `what`: NULL when the record itself is damaged.
static enum bb_code add_problem(struct slice *slice, const char *where, const struct store_key *key, const char *what)
{
    Wire__Verified *out = slice->out;
    char *text = core_alloc(slice->core, PROBLEM_SIZE_MAX);
    if (!text || !core_grow(slice->core, &out->problems, out->n_problems, sizeof *out->problems))
        return BB_NO_MEMORY;
    int size = snprintf(text, PROBLEM_SIZE_MAX, "table %s, key ", where);
    for (size_t i = 0; i < key->size; i++)
        size += snprintf(text + size, (size_t)(PROBLEM_SIZE_MAX - size), "%02x", key->bytes[i]);
    if (what != NULL)
        size += snprintf(text + size, (size_t)(PROBLEM_SIZE_MAX - size), ": %s", what);
    out->problems[out->n_problems++] = (ProtobufCBinaryData){(size_t)size, (uint8_t *)text};
    return BB_OK;
}

static bool is_damage(enum bb_code code)
{
    return code == BB_STORE_DAMAGED || code == BB_STORE_NEWER || code == BB_NOT_FOUND;
}

static enum bb_code verify_entry(struct slice *slice, uint64_t seq)
{
    struct txn *txn = slice->core->txn;
    struct store_key key = key_number(seq);
    const char *problem = NULL;
    Stored__Entry *entry;
    bool chained = slice->hash_known;
    enum bb_code code = chained ? journal_verify(txn, seq, slice->hash) : journal_verify_alone(txn, seq, slice->hash);
    if (chained && code == BB_STORE_DAMAGED && journal_verify_alone(txn, seq, slice->hash) == BB_OK)
        return add_problem(slice, "journal", &key, "it does not follow from the entry before it");
    slice->hash_known = code == BB_OK;
    if (is_damage(code))
        return add_problem(slice, "journal", &key, NULL);
    if (code == BB_OK)
        code = journal_read(txn, seq, &entry);
    if (code == BB_OK)
        code = verify_made(slice->core, entry, &problem);
    return code == BB_OK && problem != NULL ? add_problem(slice, "journal", &key, problem) : code;
}

// An entry that cannot be read hides the link to the next one, which is then checked by itself.
static enum bb_code verify_journal(struct slice *slice, uint64_t *seq, bool *done)
{
    struct store_key last = key_number(UINT64_MAX);
    enum bb_code code = store_at_or_before(slice->core->txn, TABLE_JOURNAL, &last, NULL);
    if (code == BB_NOT_FOUND || (code == BB_OK && last.size != sizeof(uint64_t))) {
        *done = true;
        return code == BB_OK ? add_problem(slice, "journal", &last, NULL) : BB_OK;
    }
    uint64_t head = code == BB_OK ? key_to_number(&last) : 0;
    while (code == BB_OK && *seq <= head && !time_is_up(slice)) {
        code = verify_entry(slice, *seq);
        slice->out->checked++;
        (*seq)++;
    }
    *done = *seq > head;
    return code;
}

// The next key in the order of the tree.
static void key_after(struct store_key *key)
{
    if (key->size < STORE_KEY_SIZE_MAX) {
        key->bytes[key->size++] = 0;
        return;
    }
    while (key->size > 0 && ++key->bytes[key->size - 1] == 0)
        key->size--;
}

static enum bb_code verify_row(struct slice *slice, enum table table, const struct store_key *key)
{
    ProtobufCMessage *record;
    const char *problem = NULL;
    enum bb_code code = store_get(slice->core->txn, table, key, &record);
    if (is_damage(code))
        return add_problem(slice, table_names[table], key, NULL);
    if (code == BB_OK)
        code = verify_record(slice->core, table, key, record, &problem);
    return code == BB_OK && problem != NULL ? add_problem(slice, table_names[table], key, problem) : code;
}

static enum bb_code verify_table(struct slice *slice, enum table table, struct store_key *key, bool *done)
{
    *done = false;
    while (!time_is_up(slice)) {
        enum bb_code code = store_at_or_after(slice->core->txn, table, key, NULL);
        if (code == BB_NOT_FOUND) {
            *done = true;
            return BB_OK;
        }
        if (code == BB_STORE_DAMAGED) { // of this table nothing more can be found
            *done = true;
            return add_problem(slice, table_names[table], key, "the rows from here on cannot be reached");
        }
        if (code == BB_OK)
            code = verify_row(slice, table, key);
        if (code != BB_OK)
            return code;
        slice->out->checked++;
        key_after(key);
    }
    return BB_OK;
}

static enum bb_code verify_tables(struct slice *slice, uint32_t *table, struct store_key *key)
{
    while (*table < TABLES_COUNT && !time_is_up(slice)) {
        bool done = *table == TABLE_JOURNAL; // was checked with its chain
        enum bb_code code = done ? BB_OK : verify_table(slice, (enum table) * table, key, &done);
        if (code != BB_OK)
            return code;
        if (!done)
            return BB_OK;
        (*table)++;
        *key = key_bytes("", 0);
    }
    return BB_OK;
}

static enum bb_code say_where(struct slice *slice, uint64_t entry, uint32_t table, const struct store_key *key)
{
    Wire__Verify *next = core_alloc(slice->core, sizeof *next);
    if (!next)
        return BB_NO_MEMORY;
    wire__verify__init(next);
    struct arena *arena = txn_arena(slice->core->txn);
    next->entry = entry;
    next->table = table;
    next->key_bytes = (ProtobufCBinaryData){key->size, arena_copy(arena, key->bytes, key->size)};
    if (slice->hash_known)
        next->hash_bytes = (ProtobufCBinaryData){JOURNAL_HASH_SIZE, arena_copy(arena, slice->hash, JOURNAL_HASH_SIZE)};
    slice->out->next = next;
    return BB_OK;
}

enum bb_code verify_slice(struct core *core, const Wire__Verify *from, int64_t (*clock_us)(void), Wire__Verified **out)
{
    if (from->key_bytes.len > STORE_KEY_SIZE_MAX ||
        (from->hash_bytes.len != 0 && from->hash_bytes.len != JOURNAL_HASH_SIZE))
        return BB_BAD_VALUE;
    *out = core_alloc(core, sizeof **out);
    if (*out == NULL)
        return BB_NO_MEMORY;
    wire__verified__init(*out);
    struct slice slice = {.core = core, .out = *out, .clock_us = clock_us};
    slice.ends_at_us = clock_us() + READ_SLICE_MS * 1000 / 2;
    uint64_t entry = from->entry ? from->entry : 1;
    slice.hash_known = entry == 1 || from->hash_bytes.len != 0;
    if (from->hash_bytes.len != 0)
        memcpy(slice.hash, from->hash_bytes.data, JOURNAL_HASH_SIZE);

    uint32_t table = from->table;
    struct store_key key = key_bytes(from->key_bytes.data, from->key_bytes.len);
    bool chain_done = false;
    enum bb_code code = verify_journal(&slice, &entry, &chain_done);
    if (code == BB_OK && chain_done)
        code = verify_tables(&slice, &table, &key);
    (*out)->done = chain_done && table >= TABLES_COUNT;
    return code == BB_OK ? say_where(&slice, entry, table, &key) : code;
}
