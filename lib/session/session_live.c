// SPDX-License-Identifier: MPL-2.0
// Following: what is published to a class channel or pushed into the mailbox, and what shows that something was missed.
//
// What arrives out of order is not kept: the gap is fetched, and that brings it again.
#include "session_inside.h"

#include "message/frame.h"

#include <string.h>

// Notices that were just made. Those that arrive while a page is under way are left to the page; so are those before the
// first page of all, or number 1 would look like the next one, and what was open before would never be asked for.
static void follow(struct session *session, struct channel *channel, Wire__Notice **notices, size_t count,
                   uint64_t head)
{
    bool begun = channel->seq > 0 || channel->in_step;
    if (begun && channel->sync != SYNC_ASKED && notices[0]->seq <= channel->seq + 1) {
        uint64_t seq_before = channel->seq;
        if (!channel_take(session, channel, notices, count, true))
            session_drop(session);
        if (channel->seq > seq_before && channel->seq >= head)
            channel_settle(session, channel);
    }
    channel_hear_head(session, channel, head, GAP_JITTER_MS);
}

static bool are_consecutive(Wire__Notice **notices, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (notices[i]->seq != notices[i - 1]->seq + 1)
            return false;
    }
    return count > 0 && notices[0]->seq > 0;
}

void live_push(struct session *session, const Wire__Batch *batch)
{
    if (!session->welcomed || !session->follow)
        return;
    struct channel *channel = batch->channel ? channel_find(session, batch->channel) : NULL;
    if (!channel || channel->topic_size > 0 || !are_consecutive(batch->notices, batch->n_notices)) {
        session_drop(session);
        return;
    }
    if (batch->epoch != session->epoch) {
        session_hello_soon(session, CROWD_JITTER_MS);
        return;
    }
    follow(session, channel, batch->notices, batch->n_notices, batch->notices[batch->n_notices - 1]->seq);
}

// NULL when the box cannot be opened or does not hold what stands on it.
static const Wire__Batch *open_box(struct session *session, const struct channel *channel,
                                   const Wire__Published *published)
{
    struct notice_box_header header = {.epoch = published->epoch,
                                       .channel = published->channel,
                                       .first = published->first,
                                       .head = published->head,
                                       .key_id = published->key_id};
    memcpy(header.boot, session->boot, BOOT_ID_SIZE);
    uint8_t *plain = NULL;
    size_t size = 0;
    if (published->nonce_bytes.len != NOTICE_BOX_NONCE_SIZE ||
        notice_box_open(&header, channel->key, published->nonce_bytes.data, published->box_bytes.data,
                        published->box_bytes.len, session->arena, &plain, &size) != BB_OK)
        return NULL;
    Wire__Batch *batch = wire__batch__unpack(arena_allocator(session->arena), size, plain);
    if (!batch || message_check(&batch->base) != BB_OK || batch->channel != published->channel ||
        batch->epoch != published->epoch || !are_consecutive(batch->notices, batch->n_notices) ||
        batch->notices[0]->seq != published->first)
        return NULL;
    return batch;
}

static void take_published(struct session *session, struct channel *channel, const Wire__Published *published)
{
    bool beacon = published->first == 0;
    if (!beacon && published->head > channel->seq) {
        const Wire__Batch *batch = open_box(session, channel, published);
        if (batch) {
            follow(session, channel, batch->notices, batch->n_notices, published->head);
            return;
        }
        session_drop(session);
    }
    channel_hear_head(session, channel, published->head, GAP_JITTER_MS);
}

void live_published(struct session *session, const uint8_t *bytes, size_t size)
{
    Wire__Published *published = NULL;
    if (frame_unpack(bytes, size, BROKER_FRAME_SIZE_MAX, &wire__published__descriptor, session->arena, &published) !=
            BB_OK ||
        published->boot_bytes.len != BOOT_ID_SIZE || published->channel == 0) {
        session_drop(session);
        return;
    }
    if (!session->welcomed)
        return;
    struct channel *channel = channel_find(session, published->channel);
    if (!channel || channel->topic_size == 0)
        return; // a topic that was left a moment ago
    if (memcmp(published->boot_bytes.data, session->boot, BOOT_ID_SIZE) != 0 || published->epoch != session->epoch ||
        published->key_id != channel->key_id)
        session_hello_soon(session, CROWD_JITTER_MS);
    else
        take_published(session, channel, published);
}
