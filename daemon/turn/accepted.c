// SPDX-License-Identifier: MPL-2.0
// Accepted commands; see accepted.h.
#include "accepted.h"

#include "message/command_id.h"

#include <sodium.h>
#include <string.h>

enum { PAYLOAD_HASH_SIZE = 16 };
static const int64_t DAY_MS = 24LL * 60 * 60 * 1000;
static const int64_t MINUTE_MS = 60 * 1000LL;
static const uint64_t INVITEE_BIT = (uint64_t)1 << 63;

static struct store_key row_key(const struct turn_input *input)
{
    struct store_key who = key_number(input->invitee ? input->number | INVITEE_BIT : input->number);
    struct store_key key = key_bytes(input->command->id_bytes.data, input->command->id_bytes.len);
    memcpy(key.bytes + key.size, who.bytes, who.size);
    key.size += who.size;
    return key;
}

static enum bb_code check_id(const struct core *core, ProtobufCBinaryData id)
{
    if (id.len != COMMAND_ID_SIZE || !command_id_valid(id.data))
        return BB_MALFORMED;
    int64_t made_at_ms = command_id_time_ms(id.data);
    if (made_at_ms < core->now_ms - COMMAND_ID_AGE_DAYS_MAX * DAY_MS)
        return BB_ID_EXPIRED;
    return made_at_ms > core->now_ms + COMMAND_ID_AHEAD_MINUTES_MAX * MINUTE_MS ? BB_ID_TOO_NEW : BB_OK;
}

static enum bb_code hash_payload(struct core *core, const Wire__Command *command, uint8_t out[PAYLOAD_HASH_SIZE])
{
    size_t size = wire__command__get_packed_size(command);
    uint8_t *packed = core_alloc(core, size);
    if (!packed)
        return BB_NO_MEMORY;
    wire__command__pack(command, packed);
    crypto_generichash(out, PAYLOAD_HASH_SIZE, packed, size, NULL, 0);
    return BB_OK;
}

enum bb_code accepted_find(struct core *core, const struct turn_input *input, struct turn_answer *answer)
{
    enum bb_code code = check_id(core, input->command->id_bytes);
    if (code != BB_OK)
        return code;
    struct store_key key = row_key(input);
    Stored__Accepted *row;
    code = store_get(core->txn, TABLE_ACCEPTED, &key, &row);
    if (code != BB_OK)
        return code == BB_NOT_FOUND ? BB_OK : code;
    uint8_t hash[PAYLOAD_HASH_SIZE];
    code = hash_payload(core, input->command, hash);
    if (code != BB_OK)
        return code;
    if (row->payload_hash_bytes.len != sizeof hash || memcmp(row->payload_hash_bytes.data, hash, sizeof hash) != 0)
        return BB_ID_REUSED;
    *answer = (struct turn_answer){
        .repeated = true, .entry = row->entry, .made = row->made, .party = row->party, .state = row->state};
    return BB_OK;
}

enum bb_code accepted_put(struct core *core, const struct turn_input *input, const struct turn_answer *answer)
{
    uint8_t hash[PAYLOAD_HASH_SIZE];
    enum bb_code code = hash_payload(core, input->command, hash);
    if (code != BB_OK)
        return code;
    struct store_key key = row_key(input);
    Stored__Accepted row = STORED__ACCEPTED__INIT;
    row.payload_hash_bytes = (ProtobufCBinaryData){sizeof hash, hash};
    row.entry = answer->entry;
    row.made = answer->made;
    row.party = answer->party;
    row.state = answer->state;
    return store_put(core->txn, TABLE_ACCEPTED, &key, &row.base);
}

enum bb_code accepted_prune(struct core *core)
{
    for (int i = 0; i < COMMAND_ROWS_PRUNED_PER_TURN; i++) {
        struct store_key key = key_bytes("", 0);
        enum bb_code code = store_at_or_after(core->txn, TABLE_ACCEPTED, &key, NULL);
        if (code != BB_OK)
            return code == BB_NOT_FOUND ? BB_OK : code;
        if (command_id_time_ms(key.bytes) >= core->now_ms - COMMAND_ID_AGE_DAYS_MAX * DAY_MS)
            return BB_OK;
        code = store_delete(core->txn, TABLE_ACCEPTED, &key);
        if (code != BB_OK)
            return code;
    }
    return BB_OK;
}
