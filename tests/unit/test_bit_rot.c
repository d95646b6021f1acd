// SPDX-License-Identifier: MPL-2.0
// One flipped bit in any record of any table, as a disk might make it: it is never served and never skipped in silence.
//
// For each row in turn a bit is flipped in the file itself: each answer must be the very same as before or say that the
// store is damaged, and verify names the row.
#include "asked_town.h"

#include "store_inside.h"
#include "turn/verify.h"

enum { KEPT_ROWS_MAX = 2000 };

static int64_t still_us(void)
{
    return 0;
}

// ---------------------------------------------------------------- the disk

struct row {
    enum table table;
    struct store_key key;
    off_t offset; // in the file
    size_t size;
};

// Where the file is mapped.
static const char *map_of(const struct asked_town *it)
{
    char line[512];
    unsigned long base = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (base == 0 && fgets(line, sizeof line, maps)) {
        if (strstr(line, it->town->scratch->folder) && strstr(line, "/data.mdb"))
            assert_int_equal(sscanf(line, "%lx-", &base), 1);
    }
    fclose(maps);
    assert_true(base != 0);
    return (const char *)base;
}

static size_t find_rows(struct asked_town *it, struct row *rows)
{
    struct store *store = it->town->scratch->store;
    const char *map = map_of(it);
    size_t count = 0;
    MDB_txn *txn;
    assert_int_equal(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn), 0);
    for (int table = 0; table < TABLES_COUNT; table++) {
        MDB_cursor *cursor;
        MDB_val key, data;
        assert_int_equal(mdb_cursor_open(txn, store->dbis[table], &cursor), 0);
        while (mdb_cursor_get(cursor, &key, &data, MDB_NEXT) == 0) {
            assert_true(count < KEPT_ROWS_MAX);
            rows[count++] = (struct row){.table = (enum table)table,
                                         .key = key_bytes(key.mv_data, key.mv_size),
                                         .offset = (const char *)data.mv_data - map,
                                         .size = data.mv_size};
        }
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    return count;
}

static void flip(struct asked_town *it, const struct row *row, size_t at, int bit)
{
    int fd;
    uint8_t byte;
    assert_int_equal(mdb_env_get_fd(it->town->scratch->store->env, &fd), 0);
    assert_int_equal(pread(fd, &byte, 1, row->offset + (off_t)at), 1);
    byte ^= (uint8_t)(1U << bit);
    assert_int_equal(pwrite(fd, &byte, 1, row->offset + (off_t)at), 1);
}

// ---------------------------------------------------------------- what must hold

static bool same(const struct answer *a, const struct answer *b)
{
    return a->code == b->code && memcmp(a->hash, b->hash, HASH_SIZE) == 0;
}

static size_t judge(const struct answer *clean, const struct answer *rotten, const char *what, size_t which,
                    const struct row *row)
{
    if (rotten->code == BB_STORE_DAMAGED)
        return 1;
    if (!same(clean, rotten)) {
        print_error("table %d: %s %zu was answered otherwise (%s) from a damaged record\n", row->table, what, which,
                    bb_code_symbol(rotten->code));
        fail();
    }
    return 0;
}

static const char *const table_names[] = {
#define X(symbol, name, message, key) name,
#include "tables.def"
#undef X
};

static void assert_named(struct asked_town *it, const struct row *row)
{
    struct core core = town_read(it->town);
    Wire__Verify from = WIRE__VERIFY__INIT;
    Wire__Verified *verified;
    char expected[200];
    int size = snprintf(expected, sizeof expected, "table %s, key ", table_names[row->table]);
    for (size_t i = 0; i < row->key.size; i++)
        size += snprintf(expected + size, sizeof expected - (size_t)size, "%02x", row->key.bytes[i]);
    assert_int_equal(verify_slice(&core, &from, still_us, &verified), BB_OK);
    assert_int_equal(verified->n_problems, 1);
    assert_true(text_is(verified->problems[0], expected));
    town_read_end(&core);
}

static void a_flipped_bit_is_never_served_nor_skipped_and_is_named(void **state)
{
    struct asked_town *it = *state;
    static struct row rows[KEPT_ROWS_MAX];
    static struct answers clean, rotten;
    size_t said[TABLES_COUNT] = {0}, seen[TABLES_COUNT] = {0};
    size_t count = find_rows(it, rows);
    asked_town_ask(it, &clean);
    for (size_t i = 0; i < it->questions_count; i++)
        assert_int_not_equal(clean.of_questions[i].code, BB_STORE_DAMAGED);
    for (size_t r = 0; r < count; r++) {
        const struct row *row = &rows[r];
        size_t at = r * 7 % row->size; // header, checksum and value in turn
        flip(it, row, at, (int)(r % 8));
        asked_town_ask(it, &rotten);
        size_t damaged = judge(&clean.start, &rotten.start, "a start", 0, row);
        for (size_t i = 0; i < it->questions_count; i++)
            damaged += judge(&clean.of_questions[i], &rotten.of_questions[i], "question", i, row);
        for (size_t i = 0; i < it->commands_count; i++)
            damaged += judge(&clean.of_commands[i], &rotten.of_commands[i], "command", i, row);
        seen[row->table]++;
        said[row->table] += damaged > 0;
        assert_named(it, row);
        flip(it, row, at, (int)(r % 8));
    }
    asked_town_ask(it, &rotten);
    for (size_t i = 0; i < it->questions_count; i++)
        assert_true(same(&clean.of_questions[i], &rotten.of_questions[i])); // mended: what was flipped was all
    for (int table = 0; table < TABLES_COUNT; table++) {
        print_message("%s: %zu rows, %zu of them said by an answer\n", table_names[table], seen[table], said[table]);
        assert_true(seen[table] > 0); // this town has rows of each kind
        assert_true(said[table] > 0); // and there is somebody who hears of it
    }
}

// Its value is read by nobody, its key by two lists: each of them says so.
static void a_damaged_row_among_the_live_ones_is_said_by_list_and_snapshot(void **state)
{
    struct asked_town *it = *state;
    struct town *town = it->town;
    static struct row rows[KEPT_ROWS_MAX];
    size_t count = find_rows(it, rows), r = 0;
    while (r < count && rows[r].table != TABLE_LIVE)
        r++;
    assert_true(r < count);
    Wire__Query query = WIRE__QUERY__INIT;
    Wire__ListRequests list = WIRE__LIST_REQUESTS__INIT;
    Wire__Answer *answer;
    Wire__SyncPage *page;
    query.what_case = WIRE__QUERY__WHAT_REQUESTS;
    query.requests = &list;
    uint64_t channel = channel_of_class(1, CLASS_RESIDENT);
    flip(it, &rows[r], rows[r].size - 1, 0);
    assert_int_equal(town_query(town, town->desk, &query, &answer), BB_STORE_DAMAGED);
    assert_int_equal(town_sync(town, town->anna, channel, (Wire__Sync){0}, (Wire__Cursor){0}, &page), BB_STORE_DAMAGED);
    flip(it, &rows[r], rows[r].size - 1, 0);
    assert_int_equal(town_query(town, town->desk, &query, &answer), BB_OK);
    assert_int_equal(town_sync(town, town->anna, channel, (Wire__Sync){0}, (Wire__Cursor){0}, &page), BB_OK);
}

// Each bit of one row of each table: no bit is without a guard.
static void each_bit_of_a_row_is_guarded_in_each_table(void **state)
{
    struct asked_town *it = *state;
    static struct row rows[KEPT_ROWS_MAX];
    size_t count = find_rows(it, rows);
    int table = -1;
    for (size_t r = 0; r < count; r++) {
        const struct row *row = &rows[r];
        if ((int)row->table == table)
            continue;
        table = (int)row->table;
        for (size_t bit = 0; bit < row->size * 8; bit++) {
            flip(it, row, bit / 8, (int)(bit % 8));
            struct core core = town_read(it->town);
            ProtobufCMessage *record;
            Stored__Entry *entry;
            enum bb_code code = row->table == TABLE_JOURNAL ? journal_read(core.txn, key_to_number(&row->key), &entry)
                                                            : store_get(core.txn, row->table, &row->key, &record);
            assert_true(code == BB_STORE_DAMAGED || (row->table == TABLE_META && code == BB_STORE_NEWER));
            town_read_end(&core);
            flip(it, row, bit / 8, (int)(bit % 8));
        }
    }
    assert_int_equal(table, TABLES_COUNT - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_flipped_bit_is_never_served_nor_skipped_and_is_named, asked_town_setup,
                                        asked_town_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_row_among_the_live_ones_is_said_by_list_and_snapshot,
                                        asked_town_setup, asked_town_teardown),
        cmocka_unit_test_setup_teardown(each_bit_of_a_row_is_guarded_in_each_table, asked_town_setup,
                                        asked_town_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
