// SPDX-License-Identifier: MPL-2.0
// What a node knows before it serves anybody: all keys and channels, read once.
#include "node_inside.h"

#include "core/channel.h"
#include "words.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static enum bb_code admit_known(struct node *node, ProtobufCBinaryData key, enum admission admission, uint64_t number)
{
    return key.len == CURVE_KEY_SIZE ? admit(node, key.data, admission, number) : BB_STORE_DAMAGED;
}

// By walking, for numbers jump on after a restore.
static enum bb_code admit_members(struct node *node, struct core *core)
{
    struct store_key key = key_number(1);
    for (;;) {
        Stored__Member *member;
        Stored__Party *party;
        enum bb_code code = store_at_or_after(core->txn, TABLE_MEMBER, &key, &member);
        if (code == BB_NOT_FOUND)
            return BB_OK;
        if (code == BB_OK)
            code = get_named(core, TABLE_PARTY, member->party, &party);
        if (code == BB_OK)
            code = admit_known(node, member->curve_key_bytes, admission_of(party, member), member->member);
        if (code != BB_OK)
            return code;
        key = key_number(member->member + 1);
    }
}

static enum bb_code admit_invitations(struct node *node, struct core *core)
{
    struct store_key key = key_number(1);
    for (;;) {
        Stored__Invitation *it;
        enum bb_code code = store_at_or_after(core->txn, TABLE_INVITATION, &key, &it);
        if (code == BB_NOT_FOUND)
            return BB_OK;
        if (code == BB_OK && !it->revoked && it->expires_at_ms > core->now_ms)
            code = admit_known(node, it->admission_key_bytes, ADMISSION_INVITATION, it->invitation);
        if (code != BB_OK)
            return code;
        key = key_number(it->invitation + 1);
    }
}

static enum bb_code add_class_channels(struct node *node, struct core *core, const Stored__Community *community)
{
    for (uint32_t c = CLASS_RESIDENT; c <= CLASSES_MAX; c++) {
        uint64_t channel = channel_of_class(community->community, c);
        Stored__ChannelHead *head;
        char topic[TOPIC_SIZE_MAX];
        uint8_t key[NOTICE_BOX_KEY_SIZE];
        enum bb_code code = channel_head(core, channel, &head);
        if (code != BB_OK)
            return code;
        snprintf(topic, sizeof topic, "%.*s/%s/", (int)community->key.len, (const char *)community->key.data,
                 bb_word(&bb_classes, c, BB_ENGLISH));
        node_random(node, key, sizeof key);
        code = publisher_add(node->publisher, channel, id_make(core->ids_key, ID_CHANNEL, channel), topic, head->seq,
                             key, node_steady_ms(node));
        sodium_memzero(key, sizeof key);
        if (code != BB_OK)
            return code;
    }
    return BB_OK;
}

static enum bb_code add_channels(struct node *node, struct core *core)
{
    uint64_t last;
    enum bb_code code = store_counter(core->txn, "community", &last);
    for (uint64_t number = 1; code == BB_OK && number <= last; number++) {
        Stored__Community *community;
        code = get_named(core, TABLE_COMMUNITY, number, &community);
        if (code == BB_OK)
            code = add_class_channels(node, core, community);
    }
    return code;
}

static enum bb_code read_epoch(struct node *node, struct core *core)
{
    Stored__StoreIdentity *identity;
    enum bb_code code = store_identity(core->txn, &identity);
    if (code == BB_OK)
        node->epoch = identity->epoch;
    return code == BB_OK ? publisher_create(node->boot, node->epoch, &node->publisher) : code;
}

// In one read transaction.
enum bb_code node_load(struct node *node)
{
    struct core core = {.keyring = node->keyring, .now_ms = turn_now_ms(node->turn, node_wall_ms(node))};
    memcpy(core.ids_key, turn_ids_key(node->turn), IDS_KEY_SIZE);
    enum bb_code code = txn_begin_read(node->store, turn_arena(node->turn), &core.txn);
    if (code == BB_OK)
        code = read_epoch(node, &core);
    if (code == BB_OK)
        code = admit_members(node, &core);
    if (code == BB_OK)
        code = admit_invitations(node, &core);
    if (code == BB_OK)
        code = add_channels(node, &core);
    txn_abort(&core.txn);
    turn_begin(node->turn);
    return code;
}
