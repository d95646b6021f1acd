// SPDX-License-Identifier: MPL-2.0
// Tables, keys, rows and counters. Every row goes through record.h, every message that is read is unpacked into the
// transaction's arena, so LMDB's memory never leaves this file. Transactions stand in txn.c, opening in store_open.c.
#include "store.h"

#include "record.h"
#include "store_inside.h"

#include <string.h>

const struct table_info store_tables[TABLES_COUNT] = {
#define X(symbol, label, type, key_kind) \
    [TABLE_##symbol] = {.name = label, .message = &stored__##type##__descriptor, .key = TABLE_KEY_##key_kind},
#include "tables.def"
#undef X
};

struct store_key key_number(uint64_t number)
{
    struct store_key key = {.size = sizeof number};
    for (size_t i = 0; i < sizeof number; i++)
        key.bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    return key;
}

struct store_key key_bytes(const void *bytes, size_t size)
{
    store_insist(size <= STORE_KEY_SIZE_MAX);
    struct store_key key = {.size = size};
    if (size > 0)
        memcpy(key.bytes, bytes, size);
    return key;
}

uint64_t key_to_number(const struct store_key *key)
{
    store_insist(key->size == sizeof(uint64_t));
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof number; i++)
        number = number << 8 | key->bytes[i];
    return number;
}

static MDB_val val_of(const struct store_key *key)
{
    return (MDB_val){.mv_size = key->size, .mv_data = (void *)key->bytes};
}

static struct record_place place_of(enum table table, const struct store_key *key)
{
    return (struct record_place){.table = store_tables[table].name, .key = key->bytes, .key_size = key->size};
}

// A record that takes the place of one at least as large does not grow the store.
static bool grows(struct txn *txn, enum table table, MDB_val *key, size_t record_size)
{
    MDB_val old;
    return mdb_get(txn->mdb, txn->store->dbis[table], key, &old) != 0 || old.mv_size < record_size;
}

// Makes room for a record under `key`. `*record` is LMDB's memory, to be filled before anything else happens.
static enum bb_code reserve(struct txn *txn, enum table table, const struct store_key *key, size_t record_size,
                            uint8_t **record)
{
    store_insist(txn->write && key->size > 0);
    store_insist(store_tables[table].key == TABLE_KEY_BYTES || key->size == sizeof(uint64_t));
    if (txn->failed != BB_OK)
        return txn->failed;

    MDB_val mdb_key = val_of(key);
    MDB_val data = {.mv_size = record_size};
    if (record_size > txn->room_size && !txn->use_reserve && grows(txn, table, &mdb_key, record_size))
        return BB_STORE_FULL;

    // Appending at the right edge leaves full pages behind; LMDB refuses it for a key that is not beyond the last.
    MDB_dbi dbi = txn->store->dbis[table];
    int rc = MDB_KEYEXIST;
    if (store_tables[table].key == TABLE_KEY_NUMBER)
        rc = mdb_put(txn->mdb, dbi, &mdb_key, &data, MDB_RESERVE | MDB_APPEND);
    if (rc == MDB_KEYEXIST) {
        data = (MDB_val){.mv_size = record_size};
        rc = mdb_put(txn->mdb, dbi, &mdb_key, &data, MDB_RESERVE);
    }
    txn->failed = store_code(rc);
    if (txn->failed != BB_OK)
        return txn->failed;
    txn->room_size -= record_size < txn->room_size ? record_size : txn->room_size;
    *record = data.mv_data;
    return BB_OK;
}

enum bb_code store_put(struct txn *txn, enum table table, const struct store_key *key, const ProtobufCMessage *message)
{
    store_insist(table != TABLE_JOURNAL && message->descriptor == store_tables[table].message);
    size_t record_size = RECORD_HEADER_SIZE + protobuf_c_message_get_packed_size(message);
    uint8_t *record;
    enum bb_code code = reserve(txn, table, key, record_size, &record);
    if (code != BB_OK)
        return code;
    protobuf_c_message_pack(message, record + RECORD_HEADER_SIZE);
    struct record_place place = place_of(table, key);
    record_stamp(&place, record, record_size);
    return BB_OK;
}

enum bb_code store_put_bytes(struct txn *txn, enum table table, uint64_t number, const void *bytes, size_t size)
{
    store_insist(table == TABLE_JOURNAL);
    struct store_key key = key_number(number);
    uint8_t *record;
    enum bb_code code = reserve(txn, table, &key, RECORD_HEADER_SIZE + size, &record);
    if (code != BB_OK)
        return code;
    memcpy(record + RECORD_HEADER_SIZE, bytes, size);
    struct record_place place = place_of(table, &key);
    record_stamp(&place, record, RECORD_HEADER_SIZE + size);
    return BB_OK;
}

enum bb_code store_delete(struct txn *txn, enum table table, const struct store_key *key)
{
    store_insist(txn->write && key->size > 0);
    if (txn->failed != BB_OK)
        return txn->failed;
    MDB_val mdb_key = val_of(key);
    enum bb_code code = store_code(mdb_del(txn->mdb, txn->store->dbis[table], &mdb_key, NULL));
    if (code != BB_OK && code != BB_NOT_FOUND)
        txn->failed = code;
    return code;
}

static enum bb_code check(enum table table, const struct store_key *key, const MDB_val *data, const uint8_t **value,
                          size_t *value_size)
{
    struct record_place place = place_of(table, key);
    enum bb_code code = record_check(&place, data->mv_data, data->mv_size, value, value_size);
    // Opening has read the identity already: past that, a record that looks newer than the store is a damaged one.
    return code == BB_STORE_NEWER && table != TABLE_META ? BB_STORE_DAMAGED : code;
}

// Checks a record and unpacks it into the arena. The bytes are what was packed once their checksum is right, so when
// unpacking fails then for want of memory.
static enum bb_code unpack(struct txn *txn, enum table table, const struct store_key *key, const MDB_val *data,
                           void *out)
{
    store_insist(table != TABLE_JOURNAL);
    const uint8_t *value;
    size_t value_size;
    enum bb_code code = check(table, key, data, &value, &value_size);
    if (code != BB_OK)
        return code;
    ProtobufCMessage *message =
        protobuf_c_message_unpack(store_tables[table].message, arena_allocator(txn->arena), value_size, value);
    if (!message)
        return BB_NO_MEMORY;
    memcpy(out, &message, sizeof message); // the caller's pointer is of the message's own type
    return BB_OK;
}

static enum bb_code find(struct txn *txn, enum table table, const struct store_key *key, MDB_val *data)
{
    store_insist(key->size > 0);
    MDB_val mdb_key = val_of(key);
    return store_code(mdb_get(txn->mdb, txn->store->dbis[table], &mdb_key, data));
}

enum bb_code store_get(struct txn *txn, enum table table, const struct store_key *key, void *out)
{
    MDB_val data;
    enum bb_code code = find(txn, table, key, &data);
    return code == BB_OK ? unpack(txn, table, key, &data, out) : code;
}

enum bb_code store_get_bytes(struct txn *txn, enum table table, uint64_t number, uint8_t **out, size_t *out_size)
{
    store_insist(table == TABLE_JOURNAL);
    struct store_key key = key_number(number);
    MDB_val data;
    enum bb_code code = find(txn, table, &key, &data);
    if (code != BB_OK)
        return code;
    const uint8_t *value;
    code = check(table, &key, &data, &value, out_size);
    if (code != BB_OK)
        return code;
    *out = arena_copy(txn->arena, value, *out_size);
    return *out ? BB_OK : BB_NO_MEMORY;
}

enum bb_code store_put_number(struct txn *txn, enum table table, uint64_t number, const ProtobufCMessage *message)
{
    struct store_key key = key_number(number);
    return store_put(txn, table, &key, message);
}

enum bb_code store_get_number(struct txn *txn, enum table table, uint64_t number, void *out)
{
    struct store_key key = key_number(number);
    return store_get(txn, table, &key, out);
}

// In LMDB's order.
static bool is_before(const MDB_val *key, const struct store_key *other)
{
    int order = memcmp(key->mv_data, other->bytes, key->mv_size < other->size ? key->mv_size : other->size);
    return order < 0 || (order == 0 && key->mv_size < other->size);
}

// Both seeks: `*key` is `from` at first, and then what was found.
// In a tree with damaged pages LMDB may come out before where it was asked to begin; who walks would never end.
static int seek_at_or_after(MDB_cursor *cursor, const struct store_key *from, MDB_val *key, MDB_val *data)
{
    int rc = mdb_cursor_get(cursor, key, data, from->size == 0 ? MDB_FIRST : MDB_SET_RANGE);
    return rc == 0 && is_before(key, from) ? MDB_CORRUPTED : rc;
}

static int seek_at_or_before(MDB_cursor *cursor, const struct store_key *from, MDB_val *key, MDB_val *data)
{
    if (from->size == 0)
        return MDB_NOTFOUND;
    int rc = seek_at_or_after(cursor, from, key, data);
    if (rc == MDB_NOTFOUND)
        return mdb_cursor_get(cursor, key, data, MDB_LAST);
    if (rc == 0 && (key->mv_size != from->size || memcmp(key->mv_data, from->bytes, from->size) != 0))
        return mdb_cursor_get(cursor, key, data, MDB_PREV);
    return rc;
}

static enum bb_code walk(struct txn *txn, enum table table, struct store_key *key, void *out,
                         int (*seek)(MDB_cursor *, const struct store_key *, MDB_val *, MDB_val *))
{
    MDB_cursor *cursor;
    enum bb_code code = store_code(mdb_cursor_open(txn->mdb, txn->store->dbis[table], &cursor));
    if (code != BB_OK)
        return code;
    MDB_val mdb_key = val_of(key), data = {0};
    code = store_code(seek(cursor, key, &mdb_key, &data));
    if (code == BB_OK && mdb_key.mv_size > STORE_KEY_SIZE_MAX)
        code = BB_STORE_DAMAGED;
    if (code == BB_OK) {
        *key = key_bytes(mdb_key.mv_data, mdb_key.mv_size);
        if (out)
            code = unpack(txn, table, key, &data, out);
    }
    mdb_cursor_close(cursor);
    return code;
}

enum bb_code store_at_or_after(struct txn *txn, enum table table, struct store_key *key, void *out)
{
    return walk(txn, table, key, out, seek_at_or_after);
}

enum bb_code store_at_or_before(struct txn *txn, enum table table, struct store_key *key, void *out)
{
    return walk(txn, table, key, out, seek_at_or_before);
}

static enum bb_code get_counter(struct txn *txn, const struct store_key *key, uint64_t *out)
{
    Stored__Counter *counter;
    enum bb_code code = store_get(txn, TABLE_COUNTER, key, &counter);
    if (code != BB_OK && code != BB_NOT_FOUND)
        return code;
    *out = code == BB_OK ? counter->value : 0;
    return BB_OK;
}

enum bb_code store_rows(struct txn *txn, enum table table, uint64_t *out)
{
    MDB_stat stat;
    enum bb_code code = store_code(mdb_stat(txn->mdb, txn->store->dbis[table], &stat));
    *out = code == BB_OK ? stat.ms_entries : 0;
    return code;
}

enum bb_code store_counter(struct txn *txn, const char *name, uint64_t *out)
{
    struct store_key key = key_bytes(name, strlen(name));
    return get_counter(txn, &key, out);
}

enum bb_code store_count_up(struct txn *txn, const char *name, uint64_t *out)
{
    struct store_key key = key_bytes(name, strlen(name));
    Stored__Counter counter = STORED__COUNTER__INIT;
    enum bb_code code = get_counter(txn, &key, &counter.value);
    if (code != BB_OK)
        return code;
    counter.value++;
    code = store_put(txn, TABLE_COUNTER, &key, &counter.base);
    if (code == BB_OK)
        *out = counter.value;
    return code;
}

enum bb_code store_count_on(struct txn *txn, const char *name, uint64_t least)
{
    struct store_key key = key_bytes(name, strlen(name));
    Stored__Counter counter = STORED__COUNTER__INIT;
    enum bb_code code = get_counter(txn, &key, &counter.value);
    if (code != BB_OK || counter.value >= least)
        return code;
    counter.value = least;
    return store_put(txn, TABLE_COUNTER, &key, &counter.base);
}

enum bb_code store_identity(struct txn *txn, Stored__StoreIdentity **out)
{
    struct store_key key = key_bytes(STORE_IDENTITY_KEY, strlen(STORE_IDENTITY_KEY));
    return store_get(txn, TABLE_META, &key, out);
}

enum bb_code store_put_identity(struct txn *txn, const Stored__StoreIdentity *identity)
{
    struct store_key key = key_bytes(STORE_IDENTITY_KEY, strlen(STORE_IDENTITY_KEY));
    return store_put(txn, TABLE_META, &key, &identity->base);
}
