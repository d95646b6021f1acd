// SPDX-License-Identifier: MPL-2.0
// The channels that this client follows and how far it is in each: cursors, heads, notices in order.
//
// A channel's slot does not move while it is followed. How a gap is fetched is session_sync.c's business.
#include "session_inside.h"

#include <string.h>

struct channel *channel_find(struct session *session, uint64_t id)
{
    for (size_t i = 0; i < CHANNELS_PER_CLIENT_MAX; i++) {
        if (session->channels[i].id == id)
            return &session->channels[i];
    }
    return NULL;
}

static bool set_cursor(struct channel *channel, const Wire__Cursor *cursor)
{
    if (cursor->seq > 0 && cursor->hash_bytes.len != CURSOR_HASH_SIZE)
        return false;
    channel->epoch = cursor->epoch;
    channel->seq = cursor->seq;
    if (cursor->seq > 0)
        memcpy(channel->hash, cursor->hash_bytes.data, CURSOR_HASH_SIZE);
    return true;
}

bool channels_load(struct session *session, const struct session_row *row)
{
    Client__SavedCursor *saved = row_unpack(session, &client__saved_cursor__descriptor, row);
    const Wire__Cursor *cursor = saved ? saved->cursor : NULL;
    struct channel *slot = channel_find(session, 0);
    bool loaded =
        cursor && cursor->channel != 0 && slot && !channel_find(session, cursor->channel) && set_cursor(slot, cursor);
    if (loaded)
        slot->id = cursor->channel;
    if (saved)
        client__saved_cursor__free_unpacked(saved, NULL);
    return loaded;
}

static Wire__Cursor cursor_of(const struct channel *channel)
{
    Wire__Cursor cursor = WIRE__CURSOR__INIT;
    cursor.channel = channel->id;
    cursor.epoch = channel->epoch;
    cursor.seq = channel->seq;
    if (channel->seq > 0)
        cursor.hash_bytes = bytes_of(channel->hash, CURSOR_HASH_SIZE);
    return cursor;
}

void channel_cursor_save(struct session *session, const struct channel *channel)
{
    Wire__Cursor cursor = cursor_of(channel);
    Client__SavedCursor row = CLIENT__SAVED_CURSOR__INIT;
    row.cursor = &cursor;
    row.boot_bytes = bytes_of(session->boot, BOOT_ID_SIZE);
    out_save(session, row_key_numbers(ROW_CURSOR, channel->id, 0, 1), &row.base);
}

Wire__Ping *channels_ping(struct session *session)
{
    Wire__Ping *ping = arena_alloc(session->arena, sizeof *ping);
    Wire__Cursor *cursors = arena_alloc(session->arena, CHANNELS_PER_CLIENT_MAX * sizeof *cursors);
    Wire__Cursor **list = arena_alloc(session->arena, CHANNELS_PER_CLIENT_MAX * sizeof *list);
    if (!ping || !cursors || !list)
        return NULL;
    wire__ping__init(ping);
    ping->cursors = list;
    for (size_t i = 0; i < CHANNELS_PER_CLIENT_MAX; i++) {
        if (!session->channels[i].listed)
            continue;
        cursors[i] = cursor_of(&session->channels[i]);
        list[ping->n_cursors++] = &cursors[i];
    }
    return ping;
}

// Followed no more: it ended, or this party may not read it now. What came through it is cancelled, and if it comes
// back, it begins with a snapshot.
static void drop(struct session *session, struct channel *channel)
{
    if (channel->topic_size > 0)
        out_topic(session, SESSION_UNSUBSCRIBE, channel);
    known_channel_ended(session, channel->id);
    out_save(session, row_key_numbers(ROW_CURSOR, channel->id, 0, 1), NULL);
    *channel = (struct channel){0};
}

static bool usable(const Wire__ChannelState *state)
{
    bool mailbox = state->topic.len == 0;
    return state->channel != 0 && state->topic.len <= TOPIC_SIZE_MAX &&
           (mailbox || state->key_bytes.len == NOTICE_BOX_KEY_SIZE);
}

static const Wire__ChannelState *listed(const Wire__Welcome *welcome, uint64_t id)
{
    for (size_t i = 0; i < welcome->n_channels; i++) {
        if (welcome->channels[i]->channel == id && usable(welcome->channels[i]))
            return welcome->channels[i];
    }
    return NULL;
}

static void set_topic(struct session *session, struct channel *channel, ProtobufCBinaryData topic)
{
    if (topic.len == channel->topic_size && (topic.len == 0 || memcmp(topic.data, channel->topic, topic.len) == 0))
        return;
    if (channel->topic_size > 0)
        out_topic(session, SESSION_UNSUBSCRIBE, channel);
    if (topic.len > 0)
        memcpy(channel->topic, topic.data, topic.len);
    channel->topic_size = topic.len;
    if (topic.len > 0)
        out_topic(session, SESSION_SUBSCRIBE, channel);
}

static void follow(struct session *session, const Wire__ChannelState *state, bool same_history)
{
    struct channel *channel = channel_find(session, state->channel);
    if (!channel)
        channel = channel_find(session, 0);
    if (!channel || !usable(state)) {
        session_drop(session);
        return;
    }
    channel->id = state->channel;
    channel->listed = true;
    set_topic(session, channel, state->topic);
    channel->head = state->head;
    if (channel->topic_size > 0) {
        channel->key_id = state->key_id;
        memcpy(channel->key, state->key_bytes.data, NOTICE_BOX_KEY_SIZE);
    }
    if (same_history && channel->in_step && channel->seq >= channel->head)
        return;
    if (same_history && channel->sync == SYNC_ASKED)
        return;
    channel->in_step = channel->snapshot = false;
    sync_due(channel, session->now.steady_ms);
}

void channels_welcome(struct session *session, const Wire__Welcome *welcome, bool same_history)
{
    if (!session->follow)
        return;
    for (size_t i = 0; i < CHANNELS_PER_CLIENT_MAX; i++) {
        struct channel *channel = &session->channels[i];
        if (channel->id != 0 && !listed(welcome, channel->id))
            drop(session, channel);
    }
    for (size_t i = 0; i < welcome->n_channels; i++)
        follow(session, welcome->channels[i], same_history);
    known_orphans(session);
    sync_tick(session);
}

void channels_drop_classes(struct session *session)
{
    for (size_t i = 0; i < CHANNELS_PER_CLIENT_MAX; i++) {
        if (session->channels[i].topic_size > 0)
            drop(session, &session->channels[i]);
    }
}

void channels_offline(struct session *session)
{
    for (size_t i = 0; i < CHANNELS_PER_CLIENT_MAX; i++) {
        session->channels[i].sync = SYNC_REST;
        session->channels[i].sync_failures = 0;
        session->channels[i].snapshot = session->channels[i].in_step = false;
    }
}

void channel_hear_head(struct session *session, struct channel *channel, uint64_t head, uint32_t jitter_ms)
{
    if (head > channel->head)
        channel->head = head;
    if (channel->head > channel->seq && channel->sync == SYNC_REST)
        sync_due(channel, session_jitter(session, jitter_ms));
}

static void take_one(struct session *session, struct channel *channel, const Wire__Notice *notice, bool live)
{
    struct told told = {.channel = channel->id, .seq = notice->seq, .live = live};
    if (channel->topic_size > 0 && notice->what_case == WIRE__NOTICE__WHAT_PUBLIC_REQUEST) {
        known_request(session, notice->public_request, told);
    } else if (channel->topic_size == 0 && notice->what_case == WIRE__NOTICE__WHAT_ITEM) {
        known_item(session, notice->item, told);
        if (notice->item->what_case == WIRE__MAILBOX_ITEM__WHAT_PARTY)
            session_party_seen(session, notice->item->party);
    } else {
        session_drop(session); // of a newer broker; its number counts all the same
    }
}

bool channel_take(struct session *session, struct channel *channel, Wire__Notice **notices, size_t count, bool live)
{
    known_marks_save(session);
    uint64_t seq_before = channel->seq;
    bool whole = true;
    for (size_t i = 0; i < count && whole; i++) {
        const Wire__Notice *notice = notices[i];
        if (notice->seq <= channel->seq)
            continue;
        whole = notice->seq == channel->seq + 1 && notice->hash_bytes.len == CURSOR_HASH_SIZE;
        if (!whole)
            break;
        take_one(session, channel, notice, live);
        channel->seq = notice->seq;
        channel->epoch = session->epoch;
        memcpy(channel->hash, notice->hash_bytes.data, CURSOR_HASH_SIZE);
    }
    if (channel->seq > channel->head)
        channel->head = channel->seq;
    if (channel->seq != seq_before) {
        channel_cursor_save(session, channel);
        session_ping_soon(session);
    }
    return whole;
}

void channel_settle(struct session *session, struct channel *channel)
{
    if (channel->sync == SYNC_DUE && channel->in_step && channel->seq >= channel->head)
        channel->sync = SYNC_REST;
    if (channel->sync != SYNC_REST || channel->seq < channel->head)
        return;
    channel->in_step = true;
    channel->sync_failures = 0;
    if (session->resume_due && session_complete(session)) {
        session->resume_due = false;
        known_resumed(session);
    }
    struct bb_event event = {.kind = BB_EVENT_COMPLETE, .channel = channel->id, .seq = channel->seq};
    out_event(session, &event, NULL, NULL, 0);
}
