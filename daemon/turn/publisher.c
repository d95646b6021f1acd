// SPDX-License-Identifier: MPL-2.0
// Publications and beacons; see publisher.h.
#include "publisher.h"

#include "batch.h"
#include "bounds.h"
#include "message/frame.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

// A beacon 1, 4 and 15 s after a notice, then every 30 s: the last notice that XPUB dropped shows within a second.
static const int64_t beacon_after_ms[] = {1000, 4000, 15000};
enum { BEACONS_AFTER_NOTICE = sizeof beacon_after_ms / sizeof *beacon_after_ms, BEACON_EVERY_MS = 30000 };
enum { CHANNELS_FIRST_CAPACITY = 8 };

struct publisher {
    uint8_t boot[BOOT_ID_SIZE];
    uint32_t epoch;
    struct published_channel *channels;
    size_t count, capacity;
};

enum bb_code publisher_create(const uint8_t boot[BOOT_ID_SIZE], uint32_t epoch, struct publisher **out)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return BB_NO_MEMORY;
    memcpy((*out)->boot, boot, BOOT_ID_SIZE);
    (*out)->epoch = epoch;
    return BB_OK;
}

void publisher_destroy(struct publisher **publisher)
{
    struct publisher *it = *publisher;
    if (it == NULL)
        return;
    if (it->channels != NULL)
        sodium_memzero(it->channels, it->capacity * sizeof *it->channels);
    free(it->channels);
    free(it);
    *publisher = NULL;
}

static bool make_room(struct publisher *publisher)
{
    if (publisher->count < publisher->capacity)
        return true;
    size_t capacity = publisher->capacity ? publisher->capacity * 2 : CHANNELS_FIRST_CAPACITY;
    struct published_channel *larger = calloc(capacity, sizeof *larger);
    if (!larger)
        return false;
    if (publisher->count > 0) {
        memcpy(larger, publisher->channels, publisher->count * sizeof *larger);
        sodium_memzero(publisher->channels, publisher->capacity * sizeof *larger);
    }
    free(publisher->channels);
    publisher->channels = larger;
    publisher->capacity = capacity;
    return true;
}

enum bb_code publisher_add(struct publisher *publisher, uint64_t channel, uint64_t id, const char *topic, uint64_t head,
                           const uint8_t key[NOTICE_BOX_KEY_SIZE], int64_t now_ms)
{
    if (strlen(topic) >= TOPIC_SIZE_MAX)
        return BB_TOO_LONG;
    if (!make_room(publisher))
        return BB_NO_MEMORY;
    struct published_channel *it = &publisher->channels[publisher->count++];
    *it = (struct published_channel){.channel = channel, .id = id, .head = head, .key_id = 1};
    strcpy(it->topic, topic);
    memcpy(it->key, key, sizeof it->key);
    it->beacons_sent = BEACONS_AFTER_NOTICE;
    it->beacon_due_at_ms = now_ms; // the first one tells subscribers of the boot before this that it has changed
    return BB_OK;
}

static struct published_channel *find(const struct publisher *publisher, uint64_t channel)
{
    for (size_t i = 0; i < publisher->count; i++) {
        if (publisher->channels[i].channel == channel)
            return &publisher->channels[i];
    }
    return NULL;
}

const struct published_channel *publisher_find(const struct publisher *publisher, uint64_t channel)
{
    return find(publisher, channel);
}

void publisher_rekey(struct publisher *publisher, uint64_t channel, const uint8_t key[NOTICE_BOX_KEY_SIZE],
                     int64_t now_ms)
{
    struct published_channel *it = find(publisher, channel);
    if (it == NULL)
        return;
    memcpy(it->key, key, sizeof it->key);
    it->key_id++;
    it->beacon_due_at_ms = now_ms;
}

// ---------------------------------------------------------------- publications

static enum bb_code pack_batch(const struct publisher *publisher, const Wire__Batch *batch, size_t first, size_t count,
                               struct arena *arena, uint8_t **out, size_t *out_size)
{
    Wire__Batch part = batch_part(batch, first, count, publisher->epoch);
    *out_size = wire__batch__get_packed_size(&part);
    *out = arena_alloc(arena, *out_size);
    if (*out == NULL)
        return BB_NO_MEMORY;
    wire__batch__pack(&part, *out);
    return BB_OK;
}

static void fill_header(struct publisher *publisher, const struct published_channel *channel, Wire__Published *out)
{
    wire__published__init(out);
    out->boot_bytes = (ProtobufCBinaryData){BOOT_ID_SIZE, publisher->boot};
    out->epoch = publisher->epoch;
    out->channel = channel->id;
    out->head = channel->head;
    out->key_id = channel->key_id;
}

static enum bb_code seal(const struct publisher *publisher, const struct published_channel *channel, uint64_t first,
                         const uint8_t nonce[NOTICE_BOX_NONCE_SIZE], ProtobufCBinaryData plain, struct arena *arena,
                         ProtobufCBinaryData *box)
{
    struct notice_box_header header = {.epoch = publisher->epoch,
                                       .channel = channel->id,
                                       .first = first,
                                       .head = channel->head,
                                       .key_id = channel->key_id};
    memcpy(header.boot, publisher->boot, BOOT_ID_SIZE);
    return notice_box_seal(&header, channel->key, nonce, plain.data, plain.len, arena, &box->data, &box->len);
}

enum bb_code publisher_pack(struct publisher *publisher, uint64_t channel, const Wire__Batch *batch, size_t first,
                            const uint8_t nonce[NOTICE_BOX_NONCE_SIZE], int64_t now_ms, struct arena *arena,
                            uint8_t **frame, size_t *frame_size, size_t *taken)
{
    struct published_channel *it = find(publisher, channel);
    *taken = batch_fitting(batch, first);
    if (it == NULL || *taken == 0)
        return BB_TOO_LARGE;
    it->head = batch->notices[first + *taken - 1]->seq;
    it->noticed_at_ms = now_ms;
    it->beacons_sent = 0;
    it->beacon_due_at_ms = now_ms + beacon_after_ms[0];

    Wire__Published message;
    ProtobufCBinaryData plain;
    enum bb_code code = pack_batch(publisher, batch, first, *taken, arena, &plain.data, &plain.len);
    if (code != BB_OK)
        return code;
    fill_header(publisher, it, &message);
    message.first = batch->notices[first]->seq;
    message.nonce_bytes = (ProtobufCBinaryData){NOTICE_BOX_NONCE_SIZE, (uint8_t *)nonce};
    code = seal(publisher, it, message.first, nonce, plain, arena, &message.box_bytes);
    return code == BB_OK ? frame_pack(&message.base, BROKER_FRAME_SIZE_MAX, arena, frame, frame_size) : code;
}

// ---------------------------------------------------------------- beacons

int64_t publisher_deadline_ms(const struct publisher *publisher)
{
    int64_t deadline = INT64_MAX;
    for (size_t i = 0; i < publisher->count; i++) {
        if (publisher->channels[i].beacon_due_at_ms < deadline)
            deadline = publisher->channels[i].beacon_due_at_ms;
    }
    return deadline;
}

static void plan_next_beacon(struct published_channel *channel, int64_t now_ms)
{
    if (channel->beacons_sent < BEACONS_AFTER_NOTICE)
        channel->beacons_sent++;
    if (channel->beacons_sent < BEACONS_AFTER_NOTICE)
        channel->beacon_due_at_ms = channel->noticed_at_ms + beacon_after_ms[channel->beacons_sent];
    else
        channel->beacon_due_at_ms = now_ms + BEACON_EVERY_MS;
}

enum bb_code publisher_beacon(struct publisher *publisher, int64_t now_ms, struct arena *arena,
                              const struct published_channel **channel, uint8_t **frame, size_t *frame_size)
{
    *channel = NULL;
    for (size_t i = 0; i < publisher->count; i++) {
        struct published_channel *it = &publisher->channels[i];
        if (it->beacon_due_at_ms > now_ms)
            continue;
        Wire__Published message;
        fill_header(publisher, it, &message);
        plan_next_beacon(it, now_ms);
        *channel = it;
        return frame_pack(&message.base, BROKER_FRAME_SIZE_MAX, arena, frame, frame_size);
    }
    return BB_OK;
}
