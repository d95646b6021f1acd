// SPDX-License-Identifier: MPL-2.0
// What a client is told when it comes in, and with each pong: its party, its channels, their heads and keys.
#include "node_inside.h"

#include "core/channel.h"
#include "core/texts.h"

#include <string.h>

// The class channel of a giver that may read it; NULL for everybody else.
static const struct published_channel *class_channel(const struct node *node, const struct actor *actor)
{
    const Stored__Party *party = actor->party;
    if (party == NULL || party->role != ROLE_GIVER || party->state != PARTY_ACTIVE)
        return NULL;
    return publisher_find(node->publisher, channel_of_class(party->community, party->audience_class));
}

static enum bb_code add_channel(struct core *core, Wire__Welcome *welcome, const Wire__ChannelState *state)
{
    Wire__ChannelState *channel = core_alloc(core, sizeof *channel);
    if (!channel || !core_grow(core, &welcome->channels, welcome->n_channels, sizeof *welcome->channels))
        return BB_NO_MEMORY;
    *channel = *state;
    welcome->channels[welcome->n_channels++] = channel;
    return BB_OK;
}

static enum bb_code add_mailbox(struct core *core, const struct actor *actor, Wire__Welcome *welcome)
{
    uint64_t channel = channel_of_party(actor->party->party);
    Stored__ChannelHead *head;
    enum bb_code code = channel_head(core, channel, &head);
    if (code != BB_OK)
        return code;
    Wire__ChannelState state = WIRE__CHANNEL_STATE__INIT;
    state.channel = id_make(core->ids_key, ID_CHANNEL, channel);
    state.head = head->seq;
    return add_channel(core, welcome, &state);
}

static enum bb_code add_class_channel(const struct node *node, struct core *core, const struct actor *actor,
                                      Wire__Welcome *welcome)
{
    const struct published_channel *channel = class_channel(node, actor);
    if (channel == NULL)
        return BB_OK;
    Wire__ChannelState state = WIRE__CHANNEL_STATE__INIT;
    state.channel = channel->id;
    state.topic = (ProtobufCBinaryData){strlen(channel->topic), (uint8_t *)channel->topic};
    state.head = channel->head;
    state.key_id = channel->key_id;
    state.key_bytes = (ProtobufCBinaryData){sizeof channel->key, (uint8_t *)channel->key};
    return add_channel(core, welcome, &state);
}

static enum bb_code add_categories(struct core *core, const Stored__Community *community, Wire__Welcome *welcome)
{
    welcome->categories = core_alloc(core, (community->n_categories + 1) * sizeof *welcome->categories);
    if (!welcome->categories)
        return BB_NO_MEMORY;
    for (size_t i = 0; i < community->n_categories; i++) {
        Wire__Category *category = core_alloc(core, sizeof *category);
        if (!category)
            return BB_NO_MEMORY;
        wire__category__init(category);
        category->key = community->categories[i]->key;
        category->name = community->categories[i]->name;
        category->icon = community->categories[i]->icon;
        category->coordinators_only = community->categories[i]->coordinators_only;
        welcome->categories[welcome->n_categories++] = category;
    }
    return BB_OK;
}

static void fill_actor(const struct core *core, const struct actor *actor, Wire__Welcome *welcome)
{
    welcome->party = id_make(core->ids_key, ID_PARTY, actor->party->party);
    welcome->member = id_make(core->ids_key, ID_MEMBER, actor->member->member);
    welcome->role = actor->party->role;
    welcome->party_state = actor->party->state;
    welcome->paused = actor->party->paused;
    welcome->audience_class = actor->party->audience_class;
}

// The newest, as many as a welcome may hold.
static enum bb_code add_past_epochs(struct core *core, Wire__Welcome *welcome)
{
    Stored__StoreIdentity *identity;
    enum bb_code code = store_identity(core->txn, &identity);
    if (code != BB_OK)
        return code;
    size_t count = identity->n_past_epochs < PAST_EPOCHS_MAX ? identity->n_past_epochs : PAST_EPOCHS_MAX;
    for (size_t i = identity->n_past_epochs - count; i < identity->n_past_epochs; i++) {
        Wire__PastEpoch *past = core_alloc(core, sizeof *past);
        if (!past || !core_grow(core, &welcome->past_epochs, welcome->n_past_epochs, sizeof *welcome->past_epochs))
            return BB_NO_MEMORY;
        wire__past_epoch__init(past);
        past->epoch = identity->past_epochs[i]->epoch;
        past->last_entry = identity->past_epochs[i]->last_entry;
        welcome->past_epochs[welcome->n_past_epochs++] = past;
    }
    return BB_OK;
}

enum bb_code welcome_make(const struct node *node, struct core *core, const struct actor *actor, Wire__Welcome **out)
{
    Stored__Community *community;
    Wire__Welcome *welcome = core_alloc(core, sizeof *welcome);
    if (!welcome)
        return BB_NO_MEMORY;
    wire__welcome__init(welcome);
    *out = welcome;
    welcome->boot_bytes = (ProtobufCBinaryData){sizeof node->boot, (uint8_t *)node->boot};
    welcome->epoch = node->epoch;
    welcome->now_at_ms = turn_now_ms(node->turn, node_wall_ms(node));
    fill_actor(core, actor, welcome);
    enum bb_code code = get_named(core, TABLE_COMMUNITY, actor->party->community, &community);
    if (code != BB_OK)
        return code;
    if (node->command_reach && node->publish_reach) {
        welcome->command_endpoint = (ProtobufCBinaryData){strlen(node->command_reach), (uint8_t *)node->command_reach};
        welcome->publish_endpoint = (ProtobufCBinaryData){strlen(node->publish_reach), (uint8_t *)node->publish_reach};
    }
    welcome->community = community->key;
    welcome->emergency_line = community->emergency_line;
    if (actor->party->role == ROLE_DESK)
        welcome->recovery_key_bytes = community->recovery_key_bytes;
    code = text_open(core, actor->party->key_slot, actor->party->name, &welcome->party_name);
    if (code == BB_OK)
        code = add_categories(core, community, welcome);
    if (code == BB_OK)
        code = add_past_epochs(core, welcome);
    if (code == BB_OK)
        code = add_mailbox(core, actor, welcome);
    return code == BB_OK ? add_class_channel(node, core, actor, welcome) : code;
}

static enum bb_code add_head(struct core *core, Wire__Pong *pong, uint64_t id, uint64_t seq, uint32_t key_id)
{
    Wire__Head *head = core_alloc(core, sizeof *head);
    if (!head || !core_grow(core, &pong->heads, pong->n_heads, sizeof *pong->heads))
        return BB_NO_MEMORY;
    wire__head__init(head);
    head->channel = id;
    head->seq = seq;
    head->key_id = key_id;
    pong->heads[pong->n_heads++] = head;
    return BB_OK;
}

// An invitee has no channels, and gets the broker's time for its first command's id.
enum bb_code pong_make(const struct node *node, struct core *core, const struct actor *actor, Wire__Pong **out)
{
    Wire__Pong *pong = core_alloc(core, sizeof *pong);
    if (!pong)
        return BB_NO_MEMORY;
    wire__pong__init(pong);
    *out = pong;
    pong->boot_bytes = (ProtobufCBinaryData){sizeof node->boot, (uint8_t *)node->boot};
    pong->epoch = node->epoch;
    pong->now_at_ms = turn_now_ms(node->turn, node_wall_ms(node));
    if (actor->invitee)
        return BB_OK;
    uint64_t mailbox = channel_of_party(actor->party->party);
    Stored__ChannelHead *head;
    enum bb_code code = channel_head(core, mailbox, &head);
    if (code == BB_OK)
        code = add_head(core, pong, id_make(core->ids_key, ID_CHANNEL, mailbox), head->seq, 0);
    const struct published_channel *channel = class_channel(node, actor);
    if (code == BB_OK && channel != NULL)
        code = add_head(core, pong, channel->id, channel->head, channel->key_id);
    return code;
}
