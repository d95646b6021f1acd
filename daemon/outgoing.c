// SPDX-License-Identifier: MPL-2.0
// What the loop sends: replies, mailbox pushes, publications, beacons, and what a turn changes at the door.
#include "broker.h"
#include "clock.h"
#include "core/channel.h"
#include "message/frame.h"
#include "message/id_text.h"
#include "turn/batch.h"
#include "turn/reply.h"
#include "watch/log.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

static bool send_parts(zsock_t *socket, const void *head, size_t head_size, const uint8_t *frame, size_t frame_size)
{
    void *handle = zsock_resolve(socket);
    if (zmq_send(handle, head, head_size, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
        return false;
    return zmq_send(handle, frame, frame_size, ZMQ_DONTWAIT) >= 0;
}

void send_frame(struct broker *broker, const struct routing_id *route, const uint8_t *frame, size_t frame_size)
{
    if (send_parts(broker->commands, route->bytes, route->size, frame, frame_size))
        return;
    struct session *session = sessions_find(broker->sessions, route);
    if (session == NULL)
        return;
    sessions_end(broker->sessions, session);
    metric_add(&broker->metrics, METRIC_PUSHES_ENDED_SESSION, 1);
}

void send_refusal(struct broker *broker, const struct routing_id *route, uint32_t correlation, enum bb_code code,
                  ProtobufCBinaryData command_id)
{
    uint8_t *frame;
    size_t frame_size;
    if (reply_refusal(correlation, code, command_id, broker->arena, &frame, &frame_size) == BB_OK)
        send_frame(broker, route, frame, frame_size);
}

void send_message(struct broker *broker, const struct routing_id *route, const Wire__FromBroker *message)
{
    uint8_t *frame;
    size_t frame_size;
    enum bb_code code = frame_pack(&message->base, BROKER_FRAME_SIZE_MAX, broker->arena, &frame, &frame_size);
    if (code == BB_OK)
        send_frame(broker, route, frame, frame_size);
    else
        send_refusal(broker, route, message->correlation, code, (ProtobufCBinaryData){0, NULL});
}

// ---------------------------------------------------------------- at the door

// The names by which connections are known here; dispatch.c reads them back from each message.
enum bb_code admit(struct broker *broker, const uint8_t key[CURVE_KEY_SIZE], enum admission admission, uint64_t number)
{
    static const char *const names[] = {
        [ADMISSION_INVITATION] = "invite", [ADMISSION_MEMBER] = "member", [ADMISSION_GIVER] = "giver"};
    char user_id[USER_ID_SIZE_MAX + 1];
    if (admission == ADMISSION_NONE)
        return zap_remove(broker->zap, key);
    snprintf(user_id, sizeof user_id, "%s:%" PRIu64, names[admission], number);
    return zap_admit(broker->zap, key, user_id);
}

static enum bb_code find_member_key(struct broker *broker, uint64_t number, uint8_t out[CURVE_KEY_SIZE])
{
    struct txn *txn;
    Stored__Member *member;
    enum bb_code code = txn_begin_read(broker->store, broker->arena, &txn);
    if (code == BB_OK)
        code = store_get_number(txn, TABLE_MEMBER, number, &member);
    if (code == BB_OK)
        memcpy(out, member->curve_key_bytes.data, CURVE_KEY_SIZE);
    txn_abort(&txn);
    return code;
}

void shut_out(struct broker *broker, const char *user_id)
{
    const char *colon = strchr(user_id, ':');
    uint64_t number = colon ? strtoull(colon + 1, NULL, 10) : 0;
    uint8_t key[CURVE_KEY_SIZE];
    char text[ID_TEXT_SIZE + 1];
    arena_reset(broker->arena);
    if (find_member_key(broker, number, key) != BB_OK || zap_remove(broker->zap, key) != BB_OK)
        return;
    id_to_text(id_make(turn_ids_key(broker->turn), ID_MEMBER, number), text);
    log_line(LEVEL_ERROR, "subscription_flood", "member", text, "problem",
             "it is not let in again until the next start; revoke it or ask its party", NULL);
}

static enum bb_code change_admissions(struct broker *broker, const struct effects *effects)
{
    for (size_t i = 0; i < effects->admissions_count; i++) {
        const struct effect_admission *it = &effects->admissions[i];
        enum bb_code code = admit(broker, it->key, it->admission, it->number);
        if (code != BB_OK)
            return code;
    }
    return BB_OK;
}

static void renew_keys(struct broker *broker, const struct effects *effects)
{
    for (size_t i = 0; i < effects->rekeyed_count; i++) {
        uint8_t key[NOTICE_BOX_KEY_SIZE];
        randombytes_buf(key, sizeof key);
        publisher_rekey(broker->publisher, effects->rekeyed[i], key, clock_monotonic_ms());
        sodium_memzero(key, sizeof key);
    }
}

// ---------------------------------------------------------------- notices

// A publication that cannot be packed or sent is not lost: beacons and pongs show the gap, and clients fetch it.
static void publish(struct broker *broker, const struct turn_batch *it)
{
    const struct published_channel *channel = publisher_find(broker->publisher, it->channel);
    for (size_t first = 0, taken; channel && first < it->batch->n_notices; first += taken) {
        uint8_t nonce[NOTICE_BOX_NONCE_SIZE], *frame;
        size_t frame_size;
        randombytes_buf(nonce, sizeof nonce);
        enum bb_code code = publisher_pack(broker->publisher, it->channel, it->batch, first, nonce,
                                           clock_monotonic_ms(), turn_arena(broker->turn), &frame, &frame_size, &taken);
        if (code != BB_OK) {
            log_line(LEVEL_ERROR, "publication_not_packed", "code", bb_code_symbol(code), NULL);
            return;
        }
        send_parts(broker->publish, channel->topic, strlen(channel->topic), frame, frame_size);
        metric_add(&broker->metrics, METRIC_PUBLICATIONS, 1);
        metric_add(&broker->metrics, METRIC_NOTICES_PUBLISHED, taken);
    }
}

static void push_frame(struct broker *broker, uint64_t party, const Wire__Batch *part)
{
    Wire__FromBroker message = WIRE__FROM_BROKER__INIT;
    uint8_t *frame;
    size_t frame_size;
    message.body_case = WIRE__FROM_BROKER__BODY_PUSH;
    message.push = (Wire__Batch *)part;
    enum bb_code code = frame_pack(&message.base, BROKER_FRAME_SIZE_MAX, turn_arena(broker->turn), &frame, &frame_size);
    if (code != BB_OK) {
        log_line(LEVEL_ERROR, "push_not_packed", "code", bb_code_symbol(code), NULL);
        return;
    }
    struct session *next;
    for (struct session *it = sessions_of_party(broker->sessions, party); it; it = next) {
        next = it->next_of_party;
        send_frame(broker, &it->route, frame, frame_size);
        metric_add(&broker->metrics, METRIC_MAILBOX_PUSHES, part->n_notices);
    }
}

static void push(struct broker *broker, const struct turn_batch *it)
{
    uint64_t party = channel_party(it->channel);
    if (sessions_of_party(broker->sessions, party) == NULL)
        return;
    for (size_t first = 0, count; first < it->batch->n_notices; first += count) {
        count = batch_fitting(it->batch, first);
        Wire__Batch part = batch_part(it->batch, first, count, broker->epoch);
        push_frame(broker, party, &part);
    }
}

static void end_departed(struct broker *broker, const struct effects *effects)
{
    for (size_t i = 0; i < effects->departed_count; i++)
        sessions_end_member(broker->sessions, effects->departed[i].member, effects->departed[i].party);
}

// Keys are renewed before anything of this turn is published: who was suspended in it cannot read it any more.
enum bb_code send_effects(struct broker *broker, const struct turn_result *result)
{
    enum bb_code code = change_admissions(broker, &result->effects);
    renew_keys(broker, &result->effects);
    for (size_t i = 0; i < result->batches_count; i++) {
        if (channel_is_class(result->batches[i].channel))
            publish(broker, &result->batches[i]);
        else
            push(broker, &result->batches[i]);
    }
    end_departed(broker, &result->effects);
    send_beacons(broker);
    return code;
}

void send_beacons(struct broker *broker)
{
    const struct published_channel *channel;
    do {
        uint8_t *frame;
        size_t frame_size;
        arena_reset(broker->arena);
        if (publisher_beacon(broker->publisher, clock_monotonic_ms(), broker->arena, &channel, &frame, &frame_size) !=
            BB_OK)
            return;
        if (channel != NULL) {
            send_parts(broker->publish, channel->topic, strlen(channel->topic), frame, frame_size);
            metric_add(&broker->metrics, METRIC_BEACONS, 1);
        }
    } while (channel != NULL);
}
