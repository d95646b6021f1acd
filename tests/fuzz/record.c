// SPDX-License-Identifier: MPL-2.0
// Stored records: bytes that are no record, rows that a disk changed, and rows whose checksum is right all the same.
//
// Input: which of the three, which table, which row of it, then bytes. What was changed is never served and is named by
// verify; what has its checksum may say anything, and nothing that reads it falls over.
#include "look.h"

#include "fuzz.h"
#include "mutate.h"
#include "store/record.h"
#include "store/store_inside.h"

enum { PREFIX_SIZE = 3, ROWS_MAX = 64 };
enum kind { KIND_LOOSE, KIND_DAMAGED, KIND_STAMPED, KINDS };

// A record that is taken has the header that our own writer makes for it.
static void check_loose(const uint8_t *bytes, size_t size)
{
    static const uint8_t key[] = "the key";
    struct record_place place = {.table = "request", .key = key, .key_size = sizeof key};
    const uint8_t *value = NULL;
    size_t value_size = 0;
    if (record_check(&place, bytes, size, &value, &value_size) != BB_OK)
        return;
    insist(value == bytes + RECORD_HEADER_SIZE && value_size == size - RECORD_HEADER_SIZE);
    uint8_t *again = malloc(size);
    insist(again != NULL);
    memcpy(again, bytes, size);
    record_stamp(&place, again, size);
    insist(memcmp(again, bytes, size) == 0);
    free(again);
}

// The n-th row of a table, the first one where there are fewer.
static bool find_row(struct town *town, enum table table, size_t n, struct store_key *out)
{
    struct core core = town_read(town);
    *out = key_bytes("", 0);
    enum bb_code code = store_at_or_after(core.txn, table, out, NULL);
    for (struct store_key next = *out; code == BB_OK && n > 0; n--) {
        if (next.size == STORE_KEY_SIZE_MAX)
            break;
        next.bytes[next.size++] = 0;
        if (store_at_or_after(core.txn, table, &next, NULL) != BB_OK)
            break;
        *out = next;
    }
    town_read_end(&core);
    return code == BB_OK;
}

// Pairs of a place and what is XORed into the byte there.
static bool flip(struct feed *feed, uint8_t *record, size_t size)
{
    uint8_t *before = malloc(size + 1);
    insist(before != NULL);
    memcpy(before, record, size);
    while (feed->left >= 2) {
        size_t at = feed_byte(feed) % size;
        record[at] ^= feed_byte(feed);
    }
    bool changed = memcmp(before, record, size) != 0;
    free(before);
    return changed;
}

static enum bb_code read_record(struct town *town, enum table table, const struct store_key *key)
{
    struct core core = town_read(town);
    ProtobufCMessage *message;
    uint8_t *bytes;
    size_t size;
    enum bb_code code = table == TABLE_JOURNAL ? store_get_bytes(core.txn, table, key_to_number(key), &bytes, &size)
                                               : store_get(core.txn, table, key, &message);
    town_read_end(&core);
    return code;
}

static void check_damaged(struct town *town, enum table table, const struct store_key *key, struct feed *feed)
{
    uint8_t *record;
    size_t size;
    insist(row_read(town, table, key, &record, &size));
    bool shorter = feed->left % 2 == 1 && size > 1, changed = flip(feed, record, size) || shorter;
    insist(row_damage(town, table, key, record, shorter ? size - 1 : size));
    free(record);
    enum bb_code code = read_record(town, table, key);
    insist(changed ? code == BB_STORE_DAMAGED || code == BB_STORE_NEWER : code == BB_OK);
    insist(!changed || look_for_damage(town, table) > 0);
}

static void check_stamped(struct town *town, enum table table, const struct store_key *key, const struct feed *feed)
{
    size_t size = RECORD_HEADER_SIZE + feed->left;
    uint8_t *record = malloc(size);
    insist(record != NULL);
    if (feed->left > 0)
        memcpy(record + RECORD_HEADER_SIZE, feed->at, feed->left);
    struct record_place place = {store_tables[table].name, key->bytes, key->size};
    record_stamp(&place, record, size);
    insist(row_damage(town, table, key, record, size));
    free(record);
    (void)look_for_damage(town, table);
    look_at_everything(town);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct feed feed = {bytes, size};
    enum kind kind = feed_byte(&feed) % KINDS;
    enum table table = feed_byte(&feed) % TABLES_COUNT;
    size_t row = feed_byte(&feed) % ROWS_MAX;
    struct store_key key;
    if (kind == KIND_LOOSE) {
        check_loose(feed.at, feed.left);
        return 0;
    }
    struct town *town = town_anew();
    if (!find_row(town, table, row, &key))
        return 0;
    if (kind == KIND_DAMAGED)
        check_damaged(town, table, &key, &feed);
    else
        check_stamped(town, table, &key, &feed);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t size_max, unsigned int seed)
{
    bool message = size > PREFIX_SIZE && bytes[0] % KINDS == KIND_STAMPED;
    if (!message)
        return LLVMFuzzerMutate(bytes, size, size_max);
    return mutate_behind(PREFIX_SIZE, store_tables[bytes[1] % TABLES_COUNT].message, bytes, size, size_max, seed);
}
