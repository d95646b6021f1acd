// SPDX-License-Identifier: MPL-2.0
// What the broker knows before it serves anybody: the founding of an empty store, then all keys and channels, read once.
#include "broker.h"

#include "clock.h"
#include "core/channel.h"
#include "setup/founding.h"
#include "watch/log.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

// ---------------------------------------------------------------- founding

static ProtobufCBinaryData borrow(const char *text)
{
    return (ProtobufCBinaryData){strlen(text), (uint8_t *)text};
}

static enum bb_code found_from(struct broker *broker, const struct founding *founding)
{
    Stored__CommunityFounded community = STORED__COMMUNITY_FOUNDED__INIT;
    Stored__Category categories[CATEGORIES_MAX], *list[CATEGORIES_MAX];
    for (size_t i = 0; i < founding->categories_count; i++) {
        stored__category__init(&categories[i]);
        categories[i].key = borrow(founding->categories[i].key);
        categories[i].name = borrow(founding->categories[i].name);
        categories[i].icon = borrow(founding->categories[i].icon);
        categories[i].coordinators_only = founding->categories[i].coordinators_only;
        list[i] = &categories[i];
    }
    community.key = borrow(founding->community_key);
    community.name = borrow(founding->community_name);
    community.n_categories = founding->categories_count;
    community.categories = list;
    community.recovery_key_bytes = (ProtobufCBinaryData){32, (uint8_t *)founding->recovery_key};
    community.emergency_line = borrow(founding->emergency_line);
    community.tips_confirmed_at_once = founding->tips_confirmed_at_once;
    struct founder founder = {.party_name = borrow(founding->party_name), .member_name = borrow(founding->member_name)};
    memcpy(founder.curve_key, founding->curve_key, sizeof founder.curve_key);
    memcpy(founder.sealing_key, founding->sealing_key, sizeof founder.sealing_key);
    memcpy(founder.signing_key, founding->signing_key, sizeof founder.signing_key);
    uint8_t random[CORE_RANDOM_SIZE];
    randombytes_buf(random, sizeof random);
    turn_begin(broker->turn);
    return turn_found(broker->turn, &community, &founder, clock_wall_ms(), random);
}

// The founding file is read once, when the store is empty.
enum bb_code found_if_empty(struct broker *broker)
{
    if (turn_head(broker->turn) > 0)
        return BB_OK;
    struct founding *founding;
    enum bb_code code = founding_load(broker->config->founding_path, &founding, stderr);
    if (code != BB_OK)
        return complain("founding_not_read", code, NULL);
    code = found_from(broker, founding);
    founding_destroy(&founding);
    if (code != BB_OK)
        return complain("not_founded", code, NULL);
    log_line(LEVEL_INFO, "founded", NULL);
    return BB_OK;
}
// ---------------------------------------------------------------- what is known at the start

static enum bb_code admit_known(struct broker *broker, ProtobufCBinaryData key, enum admission admission,
                                uint64_t number)
{
    return key.len == CURVE_KEY_SIZE ? admit(broker, key.data, admission, number) : BB_STORE_DAMAGED;
}

static enum bb_code admit_members(struct broker *broker, struct core *core)
{
    uint64_t last;
    enum bb_code code = store_counter(core->txn, "member", &last);
    for (uint64_t number = 1; code == BB_OK && number <= last; number++) {
        Stored__Member *member;
        Stored__Party *party;
        code = get_named(core, TABLE_MEMBER, number, &member);
        if (code == BB_OK)
            code = get_named(core, TABLE_PARTY, member->party, &party);
        if (code == BB_OK)
            code = admit_known(broker, member->curve_key_bytes, admission_of(party, member), number);
    }
    return code;
}

static enum bb_code admit_invitations(struct broker *broker, struct core *core)
{
    uint64_t last;
    enum bb_code code = store_counter(core->txn, "invitation", &last);
    for (uint64_t number = 1; code == BB_OK && number <= last; number++) {
        Stored__Invitation *invitation;
        code = get_named(core, TABLE_INVITATION, number, &invitation);
        if (code == BB_OK && !invitation->revoked && invitation->expires_at_ms > core->now_ms)
            code = admit_known(broker, invitation->admission_key_bytes, ADMISSION_INVITATION, number);
    }
    return code;
}

static enum bb_code add_class_channels(struct broker *broker, struct core *core, const Stored__Community *community)
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
        randombytes_buf(key, sizeof key);
        code = publisher_add(broker->publisher, channel, id_make(core->ids_key, ID_CHANNEL, channel), topic, head->seq,
                             key, clock_monotonic_ms());
        sodium_memzero(key, sizeof key);
        if (code != BB_OK)
            return code;
    }
    return BB_OK;
}

static enum bb_code add_channels(struct broker *broker, struct core *core)
{
    uint64_t last;
    enum bb_code code = store_counter(core->txn, "community", &last);
    for (uint64_t number = 1; code == BB_OK && number <= last; number++) {
        Stored__Community *community;
        code = get_named(core, TABLE_COMMUNITY, number, &community);
        if (code == BB_OK)
            code = add_class_channels(broker, core, community);
    }
    return code;
}

static enum bb_code read_epoch(struct broker *broker, struct core *core)
{
    Stored__StoreIdentity *identity;
    enum bb_code code = store_identity(core->txn, &identity);
    if (code == BB_OK)
        broker->epoch = identity->epoch;
    return code == BB_OK ? publisher_create(broker->boot, broker->epoch, &broker->publisher) : code;
}

// Reads all members and channels into memory, in one read transaction before anybody is served.
enum bb_code load_known(struct broker *broker)
{
    struct core core = {.keyring = broker->keyring, .now_ms = turn_now_ms(broker->turn, clock_wall_ms())};
    memcpy(core.ids_key, turn_ids_key(broker->turn), IDS_KEY_SIZE);
    turn_begin(broker->turn);
    enum bb_code code = txn_begin_read(broker->store, turn_arena(broker->turn), &core.txn);
    if (code == BB_OK)
        code = read_epoch(broker, &core);
    if (code == BB_OK)
        code = admit_members(broker, &core);
    if (code == BB_OK)
        code = admit_invitations(broker, &core);
    if (code == BB_OK)
        code = add_channels(broker, &core);
    txn_abort(&core.txn);
    return code == BB_OK ? BB_OK : complain("store_not_read", code, NULL);
}
