// SPDX-License-Identifier: MPL-2.0
// Journal entries: an entry that says anything, in a chain that fits or does not, is read, shown and verified.
//
// Input: what is wrong with the row (bits), then the packed entry that stands in place of the newest one.
#include "look.h"

#include "fuzz.h"
#include "mutate.h"
#include "store/record.h"
#include "store/store_inside.h"

#include <sodium.h>

enum { PREFIX_SIZE = 1, WRONG_CHAIN = 1, SHORT_ROW = 2, OLDER_ENTRY = 4 };

static void read_chain_until(struct town *town, uint64_t seq, uint8_t hash[JOURNAL_HASH_SIZE])
{
    struct core core = town_read(town);
    memset(hash, 0, JOURNAL_HASH_SIZE);
    for (uint64_t at = 1; at < seq; at++)
        insist(journal_verify(core.txn, at, hash) == BB_OK);
    town_read_end(&core);
}

// The row that journal_append would have written for these bytes, or one with a fault.
static void put_entry(struct town *town, uint64_t seq, uint8_t wrong, const struct feed *feed)
{
    uint8_t hash[JOURNAL_HASH_SIZE];
    crypto_generichash_state state;
    read_chain_until(town, seq, hash);
    size_t size = RECORD_HEADER_SIZE + JOURNAL_HASH_SIZE + feed->left;
    uint8_t *record = calloc(1, size);
    insist(record != NULL);
    crypto_generichash_init(&state, NULL, 0, JOURNAL_HASH_SIZE);
    crypto_generichash_update(&state, hash, sizeof hash);
    crypto_generichash_update(&state, feed->at, feed->left);
    crypto_generichash_final(&state, record + RECORD_HEADER_SIZE, JOURNAL_HASH_SIZE);
    if (feed->left > 0)
        memcpy(record + RECORD_HEADER_SIZE + JOURNAL_HASH_SIZE, feed->at, feed->left);
    if (wrong & WRONG_CHAIN)
        record[RECORD_HEADER_SIZE] ^= 1;
    if (wrong & SHORT_ROW)
        size = RECORD_HEADER_SIZE + feed->left % JOURNAL_HASH_SIZE;
    struct store_key key = key_number(seq);
    struct record_place place = {store_tables[TABLE_JOURNAL].name, key.bytes, key.size};
    record_stamp(&place, record, size);
    insist(row_damage(town, TABLE_JOURNAL, &key, record, size));
    free(record);
}

static void read_entry(struct town *town, uint64_t seq, uint8_t wrong)
{
    struct core core = town_read(town);
    Stored__Entry *entry = NULL;
    enum bb_code code = journal_read(core.txn, seq, &entry);
    insist(code != BB_OK || (entry && entry->seq == seq && !(wrong & SHORT_ROW)));
    town_read_end(&core);
    bool sound = code == BB_OK && !(wrong & (WRONG_CHAIN | SHORT_ROW));
    insist(sound || look_for_damage(town, TABLE_LOG) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct town *town = town_anew();
    struct feed feed = {bytes, size};
    uint8_t wrong = feed_byte(&feed);
    uint64_t seq = wrong & OLDER_ENTRY ? turn_head(town->turn) / 2 : turn_head(town->turn);
    put_entry(town, seq, wrong, &feed);
    read_entry(town, seq, wrong);
    look_at_journal(town);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t size_max, unsigned int seed)
{
    return mutate_behind(PREFIX_SIZE, &stored__entry__descriptor, bytes, size, size_max, seed);
}
