// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/store/store.c, store_open.c and txn.c. The system calls with which LMDB writes are replaced here, so
// that a disk can fail at the moment a test wants.
#include "scratch.h"

#include "bounds.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { META_WRITE_SIZE_MAX = 4095 };

static int sync_errno; // what the next fdatasync fails with; 0: it works
static int meta_errno; // the same for writing LMDB's meta page, which is less than a page

int fdatasync(int fd)
{
    if (sync_errno == 0)
        return fsync(fd);
    errno = sync_errno;
    sync_errno = 0;
    return -1;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "pwrite");
    if (meta_errno == 0 || size > META_WRITE_SIZE_MAX)
        return real(fd, bytes, size, offset);
    errno = meta_errno;
    return -1;
}

static void put_party(struct txn *txn, uint64_t number)
{
    Stored__Party party = STORED__PARTY__INIT;
    party.party = number;
    party.community = 7;
    assert_int_equal(store_put_number(txn, TABLE_PARTY, number, &party.base), BB_OK);
}

static void commit_party(struct scratch *it, uint64_t number)
{
    struct txn *txn = scratch_write(it);
    put_party(txn, number);
    assert_int_equal(txn_commit(&txn), BB_OK);
    assert_null(txn);
}

static enum bb_code get_party(struct scratch *it, uint64_t number)
{
    struct txn *txn = scratch_read(it);
    Stored__Party *party = NULL;
    enum bb_code code = store_get_number(txn, TABLE_PARTY, number, &party);
    if (code == BB_OK)
        assert_int_equal(party->party, number);
    txn_abort(&txn);
    return code;
}

// Opens the closed store as LMDB sees it, and flips the last byte of a row's value, or sets its first.
static void change_row(struct scratch *it, const char *table, struct store_key key, int first_byte)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_mapsize(env, it->map_size), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, TABLES_COUNT), 0);
    assert_int_equal(mdb_env_open(env, it->folder, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
    MDB_val mdb_key = {.mv_size = key.size, .mv_data = key.bytes}, data;
    assert_int_equal(mdb_get(txn, dbi, &mdb_key, &data), 0);
    uint8_t *copy = malloc(data.mv_size);
    assert_non_null(copy);
    memcpy(copy, data.mv_data, data.mv_size);
    data.mv_data = copy;
    if (first_byte >= 0)
        copy[0] = (uint8_t)first_byte;
    else
        copy[data.mv_size - 1] ^= 1;
    assert_int_equal(mdb_put(txn, dbi, &mdb_key, &data, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    free(copy);
}

static void what_is_put_is_read_in_every_table(void **state)
{
    struct scratch *it = *state;
    static const struct {
        enum table table;
        const ProtobufCMessageDescriptor *message;
        bool number;
    } tables[] = {
#define NUMBER true
#define BYTES false
#define X(symbol, label, type, kind) {TABLE_##symbol, &stored__##type##__descriptor, kind},
#include "tables.def"
#undef X
    };
    struct txn *txn = scratch_write(it);
    for (size_t i = 0; i < TABLES_COUNT; i++) {
        if (tables[i].table == TABLE_JOURNAL)
            continue;
        uint8_t bytes[1024];
        ProtobufCMessage *message = (ProtobufCMessage *)bytes, *got = NULL;
        protobuf_c_message_init(tables[i].message, message);
        struct store_key key = tables[i].number ? key_number(5) : key_bytes("some key", 8);
        assert_int_equal(store_get(txn, tables[i].table, &key, &got), BB_NOT_FOUND);
        assert_int_equal(store_put(txn, tables[i].table, &key, message), BB_OK);
        assert_int_equal(store_get(txn, tables[i].table, &key, &got), BB_OK);
        assert_ptr_equal(got->descriptor, tables[i].message);
        assert_int_equal(store_delete(txn, tables[i].table, &key), BB_OK);
        assert_int_equal(store_get(txn, tables[i].table, &key, &got), BB_NOT_FOUND);
        assert_int_equal(store_delete(txn, tables[i].table, &key), BB_NOT_FOUND);
    }
    txn_abort(&txn);
}

static void a_record_comes_back_with_all_its_fields_after_a_restart(void **state)
{
    struct scratch *it = *state;
    struct txn *txn = scratch_write(it);
    Stored__Accepted accepted = STORED__ACCEPTED__INIT;
    accepted.payload_hash_bytes = (ProtobufCBinaryData){.len = 16, .data = (uint8_t *)"a hash of 16 byt"};
    accepted.made = UINT64_MAX;
    struct store_key key = key_bytes("0123456789abcdef0123456789abcdef01234567", STORE_KEY_SIZE_MAX);
    assert_int_equal(store_put(txn, TABLE_ACCEPTED, &key, &accepted.base), BB_OK);
    assert_int_equal(txn_commit(&txn), BB_OK);
    store_close(&it->store);
    scratch_open_store(it);

    txn = scratch_read(it);
    Stored__Accepted *got;
    assert_int_equal(store_get(txn, TABLE_ACCEPTED, &key, &got), BB_OK);
    txn_abort(&txn);
    assert_int_equal(got->made, UINT64_MAX); // the arena outlives the transaction
    assert_int_equal(got->payload_hash_bytes.len, 16);
    assert_memory_equal(got->payload_hash_bytes.data, "a hash of 16 byt", 16);
}

static void a_put_replaces_larger_and_smaller(void **state)
{
    struct scratch *it = *state;
    struct txn *txn = scratch_write(it);
    static uint8_t text[6000];
    Stored__Community community = STORED__COMMUNITY__INIT, *got;
    const size_t sizes[] = {10, 6000, 0, 10};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        community.name = (ProtobufCBinaryData){.len = sizes[i], .data = text};
        assert_int_equal(store_put_number(txn, TABLE_COMMUNITY, 3, &community.base), BB_OK);
        assert_int_equal(store_get_number(txn, TABLE_COMMUNITY, 3, &got), BB_OK);
        assert_int_equal(got->name.len, sizes[i]);
    }
    txn_abort(&txn);
}

static void an_aborted_transaction_leaves_nothing(void **state)
{
    struct scratch *it = *state;
    struct txn *txn = scratch_write(it);
    put_party(txn, 1);
    txn_abort(&txn);
    assert_null(txn);
    txn_abort(&txn); // with NULL: nothing
    assert_int_equal(get_party(it, 1), BB_NOT_FOUND);
    commit_party(it, 1);
    assert_int_equal(get_party(it, 1), BB_OK);
}

static void a_read_transaction_sees_the_store_as_it_was(void **state)
{
    struct scratch *it = *state;
    struct txn *reading = scratch_read(it);
    commit_party(it, 1);
    Stored__Party *party;
    assert_int_equal(store_get_number(reading, TABLE_PARTY, 1, &party), BB_NOT_FOUND);
    assert_int_equal(txn_commit(&reading), BB_OK);
    assert_int_equal(get_party(it, 1), BB_OK);
}

static void numbers_keep_their_order_as_keys(void **state)
{
    struct scratch *it = *state;
    struct txn *txn = scratch_write(it);
    const uint64_t numbers[] = {300, 2, 256, 65536, 255, UINT64_MAX, 3}; // not rising: appending must not be needed
    for (size_t i = 0; i < 7; i++)
        put_party(txn, numbers[i]);
    const uint64_t sorted[] = {2, 3, 255, 256, 300, 65536, UINT64_MAX};
    struct store_key key = {.size = 0};
    for (size_t i = 0; i < 7; i++) {
        Stored__Party *party;
        assert_int_equal(store_at_or_after(txn, TABLE_PARTY, &key, &party), BB_OK);
        assert_int_equal(party->party, sorted[i]);
        assert_int_equal(key_to_number(&key), sorted[i]);
        key = key_number(sorted[i] + 1);
    }
    txn_abort(&txn);
}

// Half-full pages would make the store twice as large, and each turn write twice as much.
static void rising_numbers_leave_full_pages_behind(void **state)
{
    struct scratch *it = *state;
    enum { ROWS = 2000, TEXT_SIZE = 500, ROW_SIZE_MAX = TEXT_SIZE + 60 };
    static uint8_t text[TEXT_SIZE];
    Stored__Community community = STORED__COMMUNITY__INIT;
    community.name = (ProtobufCBinaryData){.len = sizeof text, .data = text};
    struct store_usage before, after;
    assert_int_equal(store_usage(it->store, &before), BB_OK);
    struct txn *txn = scratch_write(it);
    for (uint64_t number = 1; number <= ROWS; number++)
        assert_int_equal(store_put_number(txn, TABLE_COMMUNITY, number, &community.base), BB_OK);
    assert_int_equal(txn_commit(&txn), BB_OK);
    assert_int_equal(store_usage(it->store, &after), BB_OK);
    assert_true(after.used_size - before.used_size < ROWS * ROW_SIZE_MAX * 5 / 4);
}

static void walking_finds_the_row_itself_or_its_neighbour(void **state)
{
    struct scratch *it = *state;
    struct txn *txn = scratch_write(it);
    put_party(txn, 10);
    put_party(txn, 20);
    static const struct {
        uint64_t from, after, before; // 0: none
    } cases[] = {{5, 10, 0}, {10, 10, 10}, {15, 20, 10}, {20, 20, 20}, {25, 0, 20}, {UINT64_MAX, 0, 20}, {0, 10, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store_key key = key_number(cases[i].from);
        assert_int_equal(store_at_or_after(txn, TABLE_PARTY, &key, NULL), cases[i].after ? BB_OK : BB_NOT_FOUND);
        assert_int_equal(key_to_number(&key), cases[i].after ? cases[i].after : cases[i].from);
        key = key_number(cases[i].from);
        Stored__Party *party = NULL;
        assert_int_equal(store_at_or_before(txn, TABLE_PARTY, &key, &party), cases[i].before ? BB_OK : BB_NOT_FOUND);
        assert_int_equal(party ? party->party : 0, cases[i].before);
    }
    struct store_key empty = {.size = 0};
    assert_int_equal(store_at_or_before(txn, TABLE_PARTY, &empty, NULL), BB_NOT_FOUND);
    assert_int_equal(store_at_or_after(txn, TABLE_OFFER, &empty, NULL), BB_NOT_FOUND);
    txn_abort(&txn);
}

static void a_counter_counts_from_zero_and_is_undone_with_its_transaction(void **state)
{
    struct scratch *it = *state;
    uint64_t value;
    struct txn *txn = scratch_write(it);
    assert_int_equal(store_counter(txn, "request", &value), BB_OK);
    assert_int_equal(value, 0);
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(store_count_up(txn, "request", &value), BB_OK);
        assert_int_equal(value, i);
    }
    assert_int_equal(store_count_up(txn, "offer", &value), BB_OK);
    assert_int_equal(value, 1);
    assert_int_equal(txn_commit(&txn), BB_OK);

    txn = scratch_write(it);
    assert_int_equal(store_count_up(txn, "request", &value), BB_OK);
    txn_abort(&txn);
    txn = scratch_read(it);
    assert_int_equal(store_counter(txn, "request", &value), BB_OK);
    assert_int_equal(value, 3);
    txn_abort(&txn);
}

static void a_flipped_bit_is_never_served(void **state)
{
    struct scratch *it = *state;
    commit_party(it, 1);
    commit_party(it, 2);
    store_close(&it->store);
    change_row(it, "party", key_number(1), -1);
    scratch_open_store(it);
    assert_int_equal(get_party(it, 1), BB_STORE_DAMAGED);
    assert_int_equal(get_party(it, 2), BB_OK);

    struct txn *txn = scratch_read(it);
    struct store_key key = key_number(0);
    Stored__Party *party;
    assert_int_equal(store_at_or_after(txn, TABLE_PARTY, &key, &party), BB_STORE_DAMAGED);
    txn_abort(&txn);
}

static void a_record_that_looks_newer_in_a_store_that_is_not_is_damaged(void **state)
{
    struct scratch *it = *state;
    commit_party(it, 1);
    store_close(&it->store);
    change_row(it, "party", key_number(1), 2);
    scratch_open_store(it);
    assert_int_equal(get_party(it, 1), BB_STORE_DAMAGED);
}

static void a_message_that_does_not_fit_the_arena_is_out_of_memory(void **state)
{
    struct scratch *it = *state;
    commit_party(it, 1);
    struct arena *small = arena_create(16);
    struct txn *txn;
    Stored__Party *party;
    assert_int_equal(txn_begin_read(it->store, small, &txn), BB_OK);
    assert_ptr_equal(txn_arena(txn), small);
    assert_ptr_equal(txn_store(txn), it->store);
    assert_int_equal(store_get_number(txn, TABLE_PARTY, 1, &party), BB_NO_MEMORY);
    txn_abort(&txn);
    arena_destroy(&small);
}

static void the_identity_is_made_once(void **state)
{
    struct scratch *it = *state;
    store_close(&it->store);
    struct store_options options = {.folder = it->folder, .map_size = it->map_size};
    const char *problem;
    uint8_t other_key[16] = {0};
    assert_int_equal(store_open(&options, other_key, 5, &it->store, &problem), BB_OK);
    struct txn *txn = scratch_read(it);
    Stored__StoreIdentity *identity;
    assert_int_equal(store_identity(txn, &identity), BB_OK);
    assert_int_equal(identity->version, STORE_VERSION);
    assert_int_equal(identity->epoch, 1);
    assert_int_equal(identity->made_at_ms, 1700000000000);
    assert_memory_equal(identity->ids_key_bytes.data, scratch_ids_key, 16);
    txn_abort(&txn);
}

static void a_second_open_is_refused_until_the_first_is_closed(void **state)
{
    struct scratch *it = *state;
    struct store *second;
    assert_int_equal(scratch_try_open(it, &second), BB_STORE_IN_USE);
    assert_null(second);
    pid_t child = fork(); // another process is refused as well
    if (child == 0)
        _exit(scratch_try_open(it, &second) == BB_STORE_IN_USE ? 0 : 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    store_close(&it->store);
    scratch_open_store(it);
}

static void a_store_of_a_newer_version_is_refused(void **state)
{
    struct scratch *it = *state;
    struct txn *txn = scratch_write(it);
    Stored__StoreIdentity *identity;
    assert_int_equal(store_identity(txn, &identity), BB_OK);
    identity->version = STORE_VERSION + 1;
    struct store_key key = key_bytes("identity", 8);
    assert_int_equal(store_put(txn, TABLE_META, &key, &identity->base), BB_OK);
    assert_int_equal(txn_commit(&txn), BB_OK);
    store_close(&it->store);
    assert_int_equal(scratch_try_open(it, &it->store), BB_STORE_NEWER);
    assert_null(it->store);
}

static void a_store_whose_records_are_newer_is_refused(void **state)
{
    struct scratch *it = *state;
    store_close(&it->store);
    change_row(it, "meta", key_bytes("identity", 8), 2);
    assert_int_equal(scratch_try_open(it, &it->store), BB_STORE_NEWER);
}

static void a_damaged_identity_is_refused(void **state)
{
    struct scratch *it = *state;
    store_close(&it->store);
    change_row(it, "meta", key_bytes("identity", 8), -1);
    assert_int_equal(scratch_try_open(it, &it->store), BB_STORE_DAMAGED);
}

static void a_journal_without_an_identity_is_refused(void **state)
{
    struct scratch *it = *state;
    struct txn *txn = scratch_write(it);
    assert_int_equal(store_put_bytes(txn, TABLE_JOURNAL, 1, "entry", 5), BB_OK);
    struct store_key key = key_bytes("identity", 8);
    assert_int_equal(store_delete(txn, TABLE_META, &key), BB_OK);
    assert_int_equal(txn_commit(&txn), BB_OK);
    store_close(&it->store);
    assert_int_equal(scratch_try_open(it, &it->store), BB_STORE_DAMAGED);
}

static void a_folder_that_is_not_there_is_said_so(void **state)
{
    struct scratch *it = *state;
    struct store_options options = {.folder = "/nowhere/at/all", .map_size = it->map_size};
    const char *problem;
    struct store *store;
    assert_int_equal(store_open(&options, scratch_ids_key, 1, &store, &problem), BB_IO);
    assert_string_equal(problem, "No such file or directory");
}

static void a_file_that_is_no_store_is_refused(void **state)
{
    struct scratch *it = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/data.mdb", it->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 4096; i++)
        fputs("junk", file);
    fclose(file);
    assert_int_equal(scratch_try_open(it, &it->store), BB_STORE_DAMAGED);
}

static void the_file_is_preallocated_and_opens_again(void **state)
{
    struct scratch *it = *state;
    it->preallocate = true;
    scratch_open_store(it);
    commit_party(it, 1);
    char path[128];
    snprintf(path, sizeof path, "%s/data.mdb", it->folder);
    struct stat stat_now;
    assert_int_equal(stat(path, &stat_now), 0);
    assert_int_equal(stat_now.st_size, it->map_size);
    assert_true((size_t)stat_now.st_blocks * 512 >= it->map_size);
    assert_int_equal(stat_now.st_mode & 0777, 0600);
    store_close(&it->store);
    scratch_open_store(it);
    assert_int_equal(get_party(it, 1), BB_OK);
}

// Fills the store in small transactions; returns the number of the first record that was refused.
static uint64_t fill(struct scratch *it, bool use_reserve, uint64_t from)
{
    static uint8_t text[2000];
    Stored__Community community = STORED__COMMUNITY__INIT;
    community.name = (ProtobufCBinaryData){.len = sizeof text, .data = text};
    for (;; from++) {
        struct txn *txn = scratch_write(it);
        txn_use_reserve(txn, use_reserve);
        enum bb_code code = store_put_number(txn, TABLE_COMMUNITY, from, &community.base);
        if (code == BB_OK)
            code = txn_commit(&txn);
        txn_abort(&txn);
        arena_reset(it->arena);
        if (code == BB_OK)
            continue;
        assert_int_equal(code, BB_STORE_FULL);
        return from;
    }
}

static void at_80_percent_growth_is_refused_and_the_reserve_still_works(void **state)
{
    struct scratch *it = *state;
    it->map_size = 1024 * 1024;
    scratch_open_store(it);
    uint64_t refused = fill(it, false, 1);
    struct store_usage usage;
    assert_int_equal(store_usage(it->store, &usage), BB_OK);
    assert_int_equal(usage.map_size, it->map_size);
    assert_in_range(usage.used_size * 100 / usage.map_size, STORE_USED_PERCENT_MAX - 5, STORE_USED_PERCENT_MAX);

    struct txn *txn = scratch_write(it);
    Stored__Community *community;
    assert_int_equal(store_get_number(txn, TABLE_COMMUNITY, 1, &community), BB_OK);
    community->key = (ProtobufCBinaryData){0};
    assert_int_equal(store_put_number(txn, TABLE_COMMUNITY, 1, &community->base), BB_OK); // not larger than it was
    assert_int_equal(store_put_number(txn, TABLE_COMMUNITY, refused, &community->base), BB_STORE_FULL);
    txn_use_reserve(txn, true);
    assert_int_equal(store_put_number(txn, TABLE_COMMUNITY, refused, &community->base), BB_OK);
    txn_use_reserve(txn, false);
    assert_int_equal(store_put_number(txn, TABLE_COMMUNITY, refused + 1, &community->base), BB_STORE_FULL);
    assert_int_equal(txn_commit(&txn), BB_OK); // a refused put does not spoil the transaction

    for (uint64_t number = 1; number <= refused / 2; number++) { // making room helps
        txn = scratch_write(it);
        struct store_key key = key_number(number);
        assert_int_equal(store_delete(txn, TABLE_COMMUNITY, &key), BB_OK);
        assert_int_equal(txn_commit(&txn), BB_OK);
    }
    assert_true(fill(it, false, refused + 1) > refused + 10);
}

static void one_large_transaction_does_not_pass_the_limit_either(void **state)
{
    struct scratch *it = *state;
    it->map_size = 1024 * 1024;
    scratch_open_store(it);
    static uint8_t text[4000];
    Stored__Community community = STORED__COMMUNITY__INIT;
    community.name = (ProtobufCBinaryData){.len = sizeof text, .data = text};
    struct txn *txn = scratch_write(it);
    enum bb_code code = BB_OK;
    uint64_t number = 1;
    while (code == BB_OK)
        code = store_put_number(txn, TABLE_COMMUNITY, number++, &community.base);
    assert_int_equal(code, BB_STORE_FULL);
    assert_int_equal(txn_commit(&txn), BB_OK);
}

static void a_full_map_is_refused_and_nothing_of_the_transaction_stays(void **state)
{
    struct scratch *it = *state;
    it->map_size = 1024 * 1024;
    scratch_open_store(it);
    uint64_t refused = fill(it, true, 1);

    struct txn *txn = scratch_write(it);
    txn_use_reserve(txn, true);
    enum bb_code code = BB_OK;
    static uint8_t text[2000];
    Stored__Party party = STORED__PARTY__INIT;
    Stored__SecretText name = STORED__SECRET_TEXT__INIT;
    name.box_bytes = (ProtobufCBinaryData){.len = sizeof text, .data = text};
    party.name = &name;
    for (uint64_t number = 1; code == BB_OK; number++)
        code = store_put_number(txn, TABLE_PARTY, number, &party.base);
    assert_int_equal(code, BB_STORE_FULL);
    assert_int_equal(store_put_number(txn, TABLE_PARTY, 1, &party.base), BB_STORE_FULL);
    assert_int_equal(txn_commit(&txn), BB_STORE_FULL);
    assert_null(txn);
    assert_int_equal(get_party(it, 1), BB_NOT_FOUND);

    store_close(&it->store);
    scratch_open_store(it); // opens although it is full
    txn = scratch_read(it);
    Stored__Community *community;
    assert_int_equal(store_get_number(txn, TABLE_COMMUNITY, refused - 1, &community), BB_OK);
    txn_abort(&txn);
}

static void a_disk_error_while_syncing_is_not_taken_for_success(void **state)
{
    struct scratch *it = *state;
    struct txn *txn = scratch_write(it);
    put_party(txn, 1);
    sync_errno = EIO;
    assert_int_equal(txn_commit(&txn), BB_STORE_IO);
    assert_int_equal(sync_errno, 0); // it was met
    assert_null(txn);
}

static void a_full_disk_is_a_certain_no_and_the_store_goes_on(void **state)
{
    struct scratch *it = *state;
    struct txn *txn = scratch_write(it);
    put_party(txn, 1);
    sync_errno = ENOSPC;
    assert_int_equal(txn_commit(&txn), BB_STORE_FULL);
    assert_int_equal(sync_errno, 0);
    assert_int_equal(get_party(it, 1), BB_NOT_FOUND);
    commit_party(it, 2);
    assert_int_equal(get_party(it, 2), BB_OK);
}

static void an_error_while_writing_the_meta_page_leaves_the_outcome_unknown(void **state)
{
    struct scratch *it = *state;
    struct txn *txn = scratch_write(it);
    put_party(txn, 1);
    meta_errno = ENOSPC;
    enum bb_code code = txn_commit(&txn);
    meta_errno = 0;
    assert_int_equal(code, BB_STORE_IO);
    assert_int_equal(txn_begin_write(it->store, it->arena, &txn), BB_STORE_IO); // and LMDB stops, as the daemon does
}

// Another program (a backup) that died while it read would keep old pages from being used again.
static void a_reader_that_died_is_cleared(void **state)
{
    struct scratch *it = *state;
    pid_t child = fork();
    if (child == 0) {
        MDB_env *env;
        MDB_txn *txn;
        bool began = mdb_env_create(&env) == 0 && mdb_env_open(env, it->folder, 0, 0600) == 0 &&
                     mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0;
        _exit(began ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    struct store_usage usage;
    assert_int_equal(store_usage(it->store, &usage), BB_OK);
    assert_int_equal(usage.readers_stale_cleared, 1);
    assert_int_equal(store_usage(it->store, &usage), BB_OK);
    assert_int_equal(usage.readers_stale_cleared, 0);
    assert_true(usage.used_size > 0 && usage.used_size < usage.map_size);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, scratch_setup_store, scratch_teardown)
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(what_is_put_is_read_in_every_table),
        WITH_STORE(a_record_comes_back_with_all_its_fields_after_a_restart),
        WITH_STORE(a_put_replaces_larger_and_smaller),
        WITH_STORE(an_aborted_transaction_leaves_nothing),
        WITH_STORE(a_read_transaction_sees_the_store_as_it_was),
        WITH_STORE(numbers_keep_their_order_as_keys),
        WITH_STORE(rising_numbers_leave_full_pages_behind),
        WITH_STORE(walking_finds_the_row_itself_or_its_neighbour),
        WITH_STORE(a_counter_counts_from_zero_and_is_undone_with_its_transaction),
        WITH_STORE(a_flipped_bit_is_never_served),
        WITH_STORE(a_record_that_looks_newer_in_a_store_that_is_not_is_damaged),
        WITH_STORE(a_message_that_does_not_fit_the_arena_is_out_of_memory),
        WITH_STORE(the_identity_is_made_once),
        WITH_STORE(a_second_open_is_refused_until_the_first_is_closed),
        WITH_STORE(a_store_of_a_newer_version_is_refused),
        WITH_STORE(a_store_whose_records_are_newer_is_refused),
        WITH_STORE(a_damaged_identity_is_refused),
        WITH_STORE(a_journal_without_an_identity_is_refused),
        WITH_FOLDER(a_folder_that_is_not_there_is_said_so),
        WITH_FOLDER(a_file_that_is_no_store_is_refused),
        WITH_FOLDER(the_file_is_preallocated_and_opens_again),
        WITH_FOLDER(at_80_percent_growth_is_refused_and_the_reserve_still_works),
        WITH_FOLDER(one_large_transaction_does_not_pass_the_limit_either),
        WITH_FOLDER(a_full_map_is_refused_and_nothing_of_the_transaction_stays),
        WITH_STORE(a_disk_error_while_syncing_is_not_taken_for_success),
        WITH_STORE(a_full_disk_is_a_certain_no_and_the_store_goes_on),
        WITH_STORE(an_error_while_writing_the_meta_page_leaves_the_outcome_unknown),
        WITH_STORE(a_reader_that_died_is_cleared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
