// SPDX-License-Identifier: MPL-2.0
// Catching up: asks the broker for what follows a cursor, page by page, and takes replays and snapshots.
//
// One page of a channel is under way at a time, so what is held of a long catch-up is one page.
#include "session_inside.h"

#include <string.h>

enum { FAILURE_AGAIN_MS = 1000, FAILURES_COUNTED_MAX = 5 };

void sync_due(struct channel *channel, int64_t at_ms)
{
    channel->sync = SYNC_DUE;
    channel->sync_at_ms = at_ms;
    channel->page_token = 0;
    channel->snapshot = false;
}

static void ask(struct session *session, struct channel *channel)
{
    Wire__Cursor cursor = WIRE__CURSOR__INIT;
    cursor.channel = channel->id;
    Wire__Sync sync = WIRE__SYNC__INIT;
    sync.cursor = &cursor;
    sync.page_token = channel->page_token;
    if (channel->snapshot) { // seq 0: go on with the snapshot
        sync.replay_from = channel->replay_from;
    } else if (channel->seq > 0) {
        cursor.epoch = channel->epoch;
        cursor.seq = channel->seq;
        cursor.hash_bytes = bytes_of(channel->hash, CURSOR_HASH_SIZE);
    }
    Wire__FromClient message = WIRE__FROM_CLIENT__INIT;
    message.correlation = channel->correlation = session_correlation(session);
    message.body_case = WIRE__FROM_CLIENT__BODY_SYNC;
    message.sync = &sync;
    out_send(session, &message);
    channel->sync = SYNC_ASKED;
    channel->sync_at_ms = session->now.steady_ms + SYNC_AGAIN_MS;
}

// Later, and later each time: the broker is busy, or says what makes no sense.
static void fail(struct session *session, struct channel *channel)
{
    if (channel->sync_failures < FAILURES_COUNTED_MAX)
        channel->sync_failures++;
    uint32_t wait_ms = (uint32_t)FAILURE_AGAIN_MS << channel->sync_failures;
    sync_due(channel, session_jitter(session, wait_ms / 2) + wait_ms / 2);
}

// The page was taken: the next one, or done.
static void go_on(struct session *session, struct channel *channel, const Wire__SyncPage *page, bool moved)
{
    channel->page_token = page->page_token;
    if (page->head > channel->head)
        channel->head = page->head;
    if (page->page_token == 0 && channel->seq >= channel->head) {
        channel->sync = SYNC_REST;
        channel_settle(session, channel);
    } else if (moved) {
        ask(session, channel);
    } else {
        session_drop(session);
        fail(session, channel);
    }
}

static void take_replay(struct session *session, struct channel *channel, const Wire__SyncPage *page)
{
    if (channel->snapshot) { // the broker does not go on with it: begin anew
        fail(session, channel);
        return;
    }
    uint64_t seq_before = channel->seq;
    if (!channel_take(session, channel, page->notices, page->n_notices, false)) {
        session_drop(session);
        fail(session, channel);
        return;
    }
    channel->epoch = session->epoch;
    go_on(session, channel, page, channel->seq > seq_before);
}

static bool begin_snapshot(struct session *session, struct channel *channel, const Wire__SyncPage *page)
{
    const Wire__Cursor *from = page->cursor;
    if (!from || (from->seq > 0 && from->hash_bytes.len != CURSOR_HASH_SIZE))
        return false;
    channel->snapshot = true;
    channel->round = ++session->rounds;
    channel->replay_from = channel->from_seq = from->seq;
    memset(channel->from_hash, 0, CURSOR_HASH_SIZE);
    if (from->seq > 0)
        memcpy(channel->from_hash, from->hash_bytes.data, CURSOR_HASH_SIZE);
    return true;
}

static void take_snapshot_items(struct session *session, const struct channel *channel, const Wire__SyncPage *page)
{
    const struct told told = {.channel = channel->id, .round = channel->round};
    for (size_t i = 0; channel->topic_size > 0 && i < page->n_requests; i++)
        known_request(session, page->requests[i], told);
    for (size_t i = 0; channel->topic_size == 0 && i < page->n_items; i++) {
        known_item(session, page->items[i], told);
        if (page->items[i]->what_case == WIRE__MAILBOX_ITEM__WHAT_PARTY)
            session_party_seen(session, page->items[i]->party);
    }
}

// A snapshot replaces: what it lacks is gone (DOMAIN: rule 4). Until its last page was taken the cursor stays where it
// was, so that a crash begins it anew.
static void end_snapshot(struct session *session, struct channel *channel)
{
    known_replaced(session, channel);
    channel->snapshot = false;
    channel->epoch = session->epoch;
    channel->seq = channel->from_seq;
    memcpy(channel->hash, channel->from_hash, CURSOR_HASH_SIZE);
    channel_cursor_save(session, channel);
    session_ping_soon(session);
}

static void take_snapshot(struct session *session, struct channel *channel, const Wire__SyncPage *page)
{
    known_marks_save(session);
    if (!channel->snapshot && !begin_snapshot(session, channel, page)) {
        session_drop(session);
        fail(session, channel);
        return;
    }
    take_snapshot_items(session, channel, page);
    if (page->page_token == 0)
        end_snapshot(session, channel);
    go_on(session, channel, page, page->page_token != 0 || channel->seq > 0);
}

static struct channel *asked(struct session *session, uint32_t correlation)
{
    for (size_t i = 0; i < CHANNELS_PER_CLIENT_MAX; i++) {
        struct channel *channel = &session->channels[i];
        if (channel->id != 0 && channel->sync == SYNC_ASKED && channel->correlation == correlation)
            return channel;
    }
    return NULL;
}

void sync_page(struct session *session, uint32_t correlation, const Wire__SyncPage *page)
{
    struct channel *channel = asked(session, correlation);
    if (!channel)
        return; // asked twice, answered twice
    bool of_channel = page->channel == channel->id;
    if (of_channel && page->epoch != session->epoch) {
        session_hello_soon(session, CROWD_JITTER_MS);
        fail(session, channel);
    } else if (of_channel && page->mode == WIRE__SYNC_MODE__SYNC_REPLAY) {
        take_replay(session, channel, page);
    } else if (of_channel && page->mode == WIRE__SYNC_MODE__SYNC_SNAPSHOT) {
        take_snapshot(session, channel, page);
    } else {
        session_drop(session);
        fail(session, channel);
    }
}

bool sync_refused(struct session *session, uint32_t correlation, const Wire__Reply *reply)
{
    struct channel *channel = asked(session, correlation);
    if (!channel)
        return false;
    if (bb_code_retryable(reply->code)) {
        fail(session, channel);
        return true;
    }
    // It may be that this party may not read the channel now; the next welcome tells.
    session_hello_soon(session, CROWD_JITTER_MS);
    sync_due(channel, session->now.steady_ms + SYNC_REFUSED_MS);
    return true;
}

void sync_tick(struct session *session)
{
    for (size_t i = 0; session->welcomed && i < CHANNELS_PER_CLIENT_MAX; i++) {
        struct channel *channel = &session->channels[i];
        if (channel->id == 0 || channel->sync == SYNC_REST || channel->sync_at_ms > session->now.steady_ms)
            continue;
        if (channel->sync == SYNC_DUE && channel->in_step && channel->seq >= channel->head)
            channel_settle(session, channel);
        else
            ask(session, channel);
    }
}

int64_t sync_deadline(const struct session *session)
{
    int64_t deadline = NEVER;
    for (size_t i = 0; session->welcomed && i < CHANNELS_PER_CLIENT_MAX; i++) {
        const struct channel *channel = &session->channels[i];
        if (channel->id != 0 && channel->sync != SYNC_REST)
            deadline = sooner(deadline, channel->sync_at_ms);
    }
    return deadline;
}
