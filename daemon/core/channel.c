// SPDX-License-Identifier: MPL-2.0
// Channels; see channel.h.
#include "channel.h"

#include <sodium.h>
#include <string.h>

// A class channel is bit 48, the community and the class; a mailbox is its party's number.
enum { CLASS_BITS = 8, CLASS_CHANNEL_SHIFT = 48 };
static const uint64_t CLASS_CHANNEL_BIT = (uint64_t)1 << CLASS_CHANNEL_SHIFT;

uint64_t channel_of_class(uint64_t community, uint32_t audience_class)
{
    return CLASS_CHANNEL_BIT | community << CLASS_BITS | audience_class;
}

uint64_t channel_of_party(uint64_t party)
{
    return party;
}

bool channel_is_class(uint64_t channel)
{
    return (channel & CLASS_CHANNEL_BIT) != 0;
}

uint32_t channel_class(uint64_t channel)
{
    return (uint32_t)(channel & ((1U << CLASS_BITS) - 1));
}

uint64_t channel_community(uint64_t channel)
{
    return (channel & ~CLASS_CHANNEL_BIT) >> CLASS_BITS;
}

uint64_t channel_party(uint64_t channel)
{
    return channel;
}

enum bb_code channel_head(struct core *core, uint64_t channel, Stored__ChannelHead **out)
{
    enum bb_code code = store_get_number(core->txn, TABLE_CHANNEL, channel, out);
    if (code != BB_NOT_FOUND)
        return code;
    *out = core_alloc(core, sizeof **out);
    if (*out == NULL)
        return BB_NO_MEMORY;
    stored__channel_head__init(*out);
    return BB_OK;
}

static void hash_number(crypto_generichash_state *state, uint64_t number)
{
    struct store_key key = key_number(number);
    crypto_generichash_update(state, key.bytes, key.size);
}

// Chained, so that a cursor (seq, hash) tells whether a client's history is this channel's.
static void hash_entry(const Stored__LogEntry *entry, ProtobufCBinaryData before, uint8_t out[CHANNEL_HASH_SIZE])
{
    uint8_t whole[crypto_generichash_BYTES_MIN];
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof whole);
    crypto_generichash_update(&state, before.data, before.len);
    const uint64_t numbers[] = {entry->channel, entry->seq,    (uint64_t)entry->made_at_ms,
                                entry->subject, entry->number, entry->revision};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        hash_number(&state, numbers[i]);
    crypto_generichash_final(&state, whole, sizeof whole);
    memcpy(out, whole, CHANNEL_HASH_SIZE);
}

static enum bb_code add_effect(struct core *core, uint64_t channel, uint64_t log)
{
    struct effects *effects = &core->effects;
    if (!core_grow(core, &effects->notices, effects->notices_count, sizeof *effects->notices))
        return BB_NO_MEMORY;
    effects->notices[effects->notices_count++] = (struct effect_notice){channel, log};
    return BB_OK;
}

static enum bb_code append_after(struct core *core, Stored__ChannelHead *head, uint64_t channel, enum subject subject,
                                 uint64_t number, uint32_t revision)
{
    uint64_t log;
    enum bb_code code = store_count_up(core->txn, "log", &log);
    if (code != BB_OK)
        return code;
    Stored__LogEntry entry = STORED__LOG_ENTRY__INIT;
    uint8_t hash[CHANNEL_HASH_SIZE];
    entry.channel = channel;
    entry.seq = head->seq + 1;
    entry.previous_log = head->last_log;
    entry.made_at_ms = core->now_ms;
    entry.subject = subject;
    entry.number = number;
    entry.revision = revision;
    hash_entry(&entry, head->hash_bytes, hash);
    entry.hash_bytes = (ProtobufCBinaryData){sizeof hash, hash};
    code = store_put_number(core->txn, TABLE_LOG, log, &entry.base);
    if (code != BB_OK)
        return code;
    head->seq = entry.seq;
    head->last_log = log;
    head->hash_bytes = entry.hash_bytes;
    code = store_put_number(core->txn, TABLE_CHANNEL, channel, &head->base);
    return code == BB_OK ? add_effect(core, channel, log) : code;
}

enum bb_code channel_append(struct core *core, uint64_t channel, enum subject subject, uint64_t number,
                            uint32_t revision)
{
    Stored__ChannelHead *head;
    enum bb_code code = channel_head(core, channel, &head);
    return code == BB_OK ? append_after(core, head, channel, subject, number, revision) : code;
}

enum bb_code channel_broadcast(struct core *core, const Stored__Request *request)
{
    for (uint32_t audience_class = CLASS_RESIDENT; audience_class <= CLASSES_MAX; audience_class++) {
        if (!request_reaches(request, audience_class))
            continue;
        uint64_t channel = channel_of_class(request->community, audience_class);
        Stored__ChannelHead *head;
        enum bb_code code = channel_head(core, channel, &head);
        // A class without a party has no reader; who joins it later begins with a snapshot.
        if (code == BB_OK && head->parties > 0)
            code = append_after(core, head, channel, SUBJECT_REQUEST, request->request, request->revision);
        if (code != BB_OK)
            return code;
    }
    return BB_OK;
}

enum bb_code channel_tell_coordinators(struct core *core, uint64_t community, enum subject subject, uint64_t number,
                                       uint32_t revision)
{
    Stored__Community *record;
    enum bb_code code = get_named(core, TABLE_COMMUNITY, community, &record);
    for (size_t i = 0; code == BB_OK && i < record->n_coordinators; i++)
        code = channel_append(core, channel_of_party(record->coordinators[i]), subject, number, revision);
    return code;
}

enum bb_code channel_count(struct core *core, uint64_t channel, struct channel_change change)
{
    Stored__ChannelHead *head;
    enum bb_code code = channel_head(core, channel, &head);
    if (code != BB_OK)
        return code;
    head->givers += (uint32_t)change.givers; // unsigned arithmetic: adding -1 takes one away
    head->waiting += (uint32_t)change.waiting;
    head->parties += (uint32_t)change.parties;
    return store_put_number(core->txn, TABLE_CHANNEL, channel, &head->base);
}
