// SPDX-License-Identifier: MPL-2.0
// What a node sends: replies, mailbox pushes, publications, beacons, and what a turn changes at the door.
#include "node_inside.h"

#include "core/channel.h"
#include "message/frame.h"
#include "message/id_text.h"
#include "turn/batch.h"
#include "turn/reply.h"
#include "watch/log.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void node_send(struct node *node, const struct routing_id *route, const uint8_t *frame, size_t frame_size)
{
    if (node->outside.send(node->outside.context, route, frame, frame_size))
        return;
    struct session *session = sessions_find(node->sessions, route);
    if (session == NULL)
        return;
    sessions_end(node->sessions, session);
    metric_add(node->metrics, METRIC_PUSHES_ENDED_SESSION, 1);
}

static void send_to_topic(struct node *node, const char *topic, const uint8_t *frame, size_t frame_size)
{
    node->outside.publish(node->outside.context, topic, frame, frame_size);
}

void send_refusal(struct node *node, const struct routing_id *route, uint32_t correlation, enum bb_code code,
                  ProtobufCBinaryData command_id)
{
    uint8_t *frame;
    size_t frame_size;
    if (reply_refusal(correlation, code, command_id, node->arena, &frame, &frame_size) == BB_OK)
        node_send(node, route, frame, frame_size);
}

void send_message(struct node *node, const struct routing_id *route, const Wire__FromBroker *message)
{
    uint8_t *frame;
    size_t frame_size;
    enum bb_code code = frame_pack(&message->base, BROKER_FRAME_SIZE_MAX, node->arena, &frame, &frame_size);
    if (code == BB_OK)
        node_send(node, route, frame, frame_size);
    else
        send_refusal(node, route, message->correlation, code, (ProtobufCBinaryData){0, NULL});
}

// ---------------------------------------------------------------- at the door

// The names by which connections are known here; dispatch.c reads them back from each message.
enum bb_code admit(struct node *node, const uint8_t key[CURVE_KEY_SIZE], enum admission admission, uint64_t number)
{
    static const char *const names[] = {
        [ADMISSION_INVITATION] = "invite", [ADMISSION_MEMBER] = "member", [ADMISSION_GIVER] = "giver"};
    char user_id[USER_ID_SIZE_MAX + 1];
    if (admission == ADMISSION_NONE)
        return node->outside.admit(node->outside.context, key, NULL);
    snprintf(user_id, sizeof user_id, "%s:%" PRIu64, names[admission], number);
    return node->outside.admit(node->outside.context, key, user_id);
}

static enum bb_code find_member_key(struct node *node, uint64_t number, uint8_t out[CURVE_KEY_SIZE])
{
    struct txn *txn;
    Stored__Member *member;
    enum bb_code code = txn_begin_read(node->store, node->arena, &txn);
    if (code == BB_OK)
        code = store_get_number(txn, TABLE_MEMBER, number, &member);
    if (code == BB_OK)
        memcpy(out, member->curve_key_bytes.data, CURVE_KEY_SIZE);
    txn_abort(&txn);
    return code;
}

static void shut_out(struct node *node, const char *user_id)
{
    const char *colon = strchr(user_id, ':');
    uint64_t number = colon ? strtoull(colon + 1, NULL, 10) : 0;
    uint8_t key[CURVE_KEY_SIZE];
    char text[ID_TEXT_SIZE + 1];
    arena_reset(node->arena);
    if (find_member_key(node, number, key) != BB_OK || node->outside.admit(node->outside.context, key, NULL) != BB_OK)
        return;
    // What was under way when the connection was cut still comes in: that is one thing to tell, not thousands.
    if (!bucket_table_take(node->floods_told, user_id, strlen(user_id), node_steady_ms(node)))
        return;
    id_to_text(id_make(turn_ids_key(node->turn), ID_MEMBER, number), text);
    log_line(LEVEL_ERROR, "subscription_flood", "member", text, "problem",
             "it is not let in again until the next start; revoke it or ask its party", NULL);
}

bool node_subscribed(struct node *node, const char *user_id)
{
    metric_add(node->metrics, METRIC_SUBSCRIPTIONS, 1);
    if (user_id == NULL || bucket_table_take(node->subscriptions, user_id, strlen(user_id), node_steady_ms(node)))
        return true;
    metric_add(node->metrics, METRIC_SUBSCRIPTION_FLOODS, 1);
    shut_out(node, user_id);
    return false;
}

static enum bb_code change_admissions(struct node *node, const struct effects *effects)
{
    for (size_t i = 0; i < effects->admissions_count; i++) {
        const struct effect_admission *it = &effects->admissions[i];
        enum bb_code code = admit(node, it->key, it->admission, it->number);
        if (code != BB_OK)
            return code;
    }
    return BB_OK;
}

static void renew_keys(struct node *node, const struct effects *effects)
{
    for (size_t i = 0; i < effects->rekeyed_count; i++) {
        uint8_t key[NOTICE_BOX_KEY_SIZE];
        node_random(node, key, sizeof key);
        publisher_rekey(node->publisher, effects->rekeyed[i], key, node_steady_ms(node));
        sodium_memzero(key, sizeof key);
    }
}

// ---------------------------------------------------------------- notices

// A publication that cannot be packed or sent is not lost: beacons and pongs show the gap, and clients fetch it.
static void publish(struct node *node, const struct turn_batch *it)
{
    const struct published_channel *channel = publisher_find(node->publisher, it->channel);
    for (size_t first = 0, taken; channel && first < it->batch->n_notices; first += taken) {
        uint8_t nonce[NOTICE_BOX_NONCE_SIZE], *frame;
        size_t frame_size;
        node_random(node, nonce, sizeof nonce);
        enum bb_code code = publisher_pack(node->publisher, it->channel, it->batch, first, nonce, node_steady_ms(node),
                                           turn_arena(node->turn), &frame, &frame_size, &taken);
        if (code != BB_OK) {
            log_line(LEVEL_ERROR, "publication_not_packed", "code", bb_code_symbol(code), NULL);
            return;
        }
        send_to_topic(node, channel->topic, frame, frame_size);
        metric_add(node->metrics, METRIC_PUBLICATIONS, 1);
        metric_add(node->metrics, METRIC_NOTICES_PUBLISHED, taken);
    }
}

static void push_frame(struct node *node, uint64_t party, const Wire__Batch *part)
{
    Wire__FromBroker message = WIRE__FROM_BROKER__INIT;
    uint8_t *frame;
    size_t frame_size;
    message.body_case = WIRE__FROM_BROKER__BODY_PUSH;
    message.push = (Wire__Batch *)part;
    enum bb_code code = frame_pack(&message.base, BROKER_FRAME_SIZE_MAX, turn_arena(node->turn), &frame, &frame_size);
    if (code != BB_OK) {
        log_line(LEVEL_ERROR, "push_not_packed", "code", bb_code_symbol(code), NULL);
        return;
    }
    struct session *next;
    for (struct session *it = sessions_of_party(node->sessions, party); it; it = next) {
        next = it->next_of_party;
        node_send(node, &it->route, frame, frame_size);
        metric_add(node->metrics, METRIC_MAILBOX_PUSHES, part->n_notices);
    }
}

static void push(struct node *node, const struct turn_batch *it)
{
    uint64_t party = channel_party(it->channel);
    if (sessions_of_party(node->sessions, party) == NULL)
        return;
    for (size_t first = 0, count; first < it->batch->n_notices; first += count) {
        count = batch_fitting(it->batch, first);
        Wire__Batch part = batch_part(it->batch, first, count, node->epoch);
        push_frame(node, party, &part);
    }
}

static void end_departed(struct node *node, const struct effects *effects)
{
    for (size_t i = 0; i < effects->departed_count; i++)
        sessions_end_member(node->sessions, effects->departed[i].member, effects->departed[i].party);
}

// Keys are renewed before anything of this turn is published: who was suspended in it cannot read it any more.
enum bb_code send_effects(struct node *node, const struct turn_result *result)
{
    enum bb_code code = change_admissions(node, &result->effects);
    renew_keys(node, &result->effects);
    for (size_t i = 0; i < result->batches_count; i++) {
        if (channel_is_class(result->batches[i].channel))
            publish(node, &result->batches[i]);
        else
            push(node, &result->batches[i]);
    }
    end_departed(node, &result->effects);
    node_send_beacons(node);
    return code;
}

void node_send_beacons(struct node *node)
{
    const struct published_channel *channel;
    do {
        uint8_t *frame;
        size_t frame_size;
        arena_reset(node->arena);
        if (publisher_beacon(node->publisher, node_steady_ms(node), node->arena, &channel, &frame, &frame_size) !=
            BB_OK)
            return;
        if (channel != NULL) {
            send_to_topic(node, channel->topic, frame, frame_size);
            metric_add(node->metrics, METRIC_BEACONS, 1);
        }
    } while (channel != NULL);
}
