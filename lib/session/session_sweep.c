// SPDX-License-Identifier: MPL-2.0
// Sweeps over all that this client was told of: what a snapshot lacks, a channel that ended, suspension, resuming, the
// marks that say what was handed on, and what an earlier run left. One item at a time is session_known.c's business.
#include "session_inside.h"

#include <stdlib.h>

typedef void each(struct session *session, struct known **at, uint64_t channel, uint32_t round);

static void visit_all(struct session *session, each *visit, uint64_t channel, uint32_t round)
{
    for (size_t i = 0; i < KNOWN_BUCKETS; i++) {
        struct known **at = &session->known[i];
        while (*at) {
            struct known *known = *at;
            visit(session, at, channel, round);
            if (*at == known)
                at = &known->next;
        }
    }
}

// A cancel of our own making: the broker said nothing of this request, or nothing that we could read. What is kept
// until the cancel was handed on must not look open to the next run.
static void cancel_ourselves(struct session *session, struct known **at)
{
    struct known *known = *at;
    if (known->leaving)
        return;
    if (!known->alerted) {
        known_forget(session, at);
        return;
    }
    Wire__PublicRequest *request = wire__public_request__unpack(NULL, known->packed_size, known->packed);
    if (!request) {
        session->broken = BB_NO_MEMORY;
        return;
    }
    request->state = WIRE__REQUEST_STATE__REQUEST_CLOSED;
    known->state = REQUEST_CLOSED;
    if (known_set_packed(session, known, &request->base))
        known_cancel(session, known, &(struct told){.channel = known->channel}, false);
    wire__public_request__free_unpacked(request, NULL);
}

static void drop_request_without_round(struct session *session, struct known **at, uint64_t channel, uint32_t round)
{
    if ((*at)->kind == 0 && (*at)->channel == channel && (*at)->round != round)
        cancel_ourselves(session, at);
}

static void drop_item_without_round(struct session *session, struct known **at, uint64_t channel, uint32_t round)
{
    (void)channel;
    if ((*at)->kind != 0 && (*at)->round != round)
        known_forget(session, at);
}

void known_replaced(struct session *session, const struct channel *channel)
{
    visit_all(session, channel->topic_size ? drop_request_without_round : drop_item_without_round, channel->id,
              channel->round);
}

static void drop_request(struct session *session, struct known **at, uint64_t channel, uint32_t round)
{
    (void)round;
    if ((*at)->kind == 0 && (channel == 0 || (*at)->channel == channel))
        cancel_ourselves(session, at);
}

void known_channel_ended(struct session *session, uint64_t channel)
{
    visit_all(session, drop_request, channel, 0);
}

static void drop_orphan(struct session *session, struct known **at, uint64_t channel, uint32_t round)
{
    (void)channel;
    (void)round;
    if ((*at)->kind == 0 && !channel_find(session, (*at)->channel))
        cancel_ourselves(session, at);
}

void known_orphans(struct session *session)
{
    visit_all(session, drop_orphan, 0, 0);
}

void known_cancel_all(struct session *session)
{
    visit_all(session, drop_request, 0, 0);
}

static void show_if_open(struct session *session, struct known **at, uint64_t channel, uint32_t round)
{
    (void)channel;
    (void)round;
    struct known *known = *at;
    if (known->kind == 0 && known->state == REQUEST_OPEN && !known->alerted)
        known_alert(session, known, &(struct told){.channel = known->channel}, false);
}

void known_resumed(struct session *session)
{
    visit_all(session, show_if_open, 0, 0);
}

void known_handed(struct session *session, uint32_t kind, uint64_t id)
{
    struct known *known = *known_place(session, kind, id);
    if (!known || known->mark)
        return;
    known->handed = true;
    known->mark = true;
    known->next_mark = session->marks;
    known->mark_link = &session->marks;
    if (session->marks)
        session->marks->mark_link = &known->next_mark;
    session->marks = known;
    session->marks_count++;
    session->mark_due_ms = sooner(session->mark_due_ms, session->now.steady_ms + MARK_IDLE_MS);
}

static void save_mark(struct session *session, struct known *known)
{
    if (known->leaving) {
        known_forget(session, known_place(session, known->kind, known->id));
        return;
    }
    known_unmark(session, known);
    known_save(session, known);
}

void known_marks_save(struct session *session)
{
    session->mark_due_ms = NEVER;
    while (session->marks)
        save_mark(session, session->marks);
}

static bool lives(uint32_t state)
{
    return state == REQUEST_OPEN || state == REQUEST_FILLED;
}

static struct known *load(struct session *session, uint32_t kind, uint64_t id, const ProtobufCMessage *message,
                          bool handed, int64_t heard_at_ms)
{
    struct known *known = known_insert(session, kind, id);
    if (!known || !known_set_packed(session, known, message))
        return NULL;
    known->handed = handed;
    known->heard_at_ms = heard_at_ms;
    return known;
}

static bool load_request(struct session *session, const struct session_row *row)
{
    Client__KnownRequest *saved = row_unpack(session, &client__known_request__descriptor, row);
    bool usable = saved && saved->request && saved->request->request != 0 && row->key_size == 17 &&
                  (!saved->handed || lives((uint32_t)saved->request->state)) &&
                  !*known_place(session, 0, saved->request->request);
    if (usable) {
        const Wire__PublicRequest *request = saved->request;
        struct known *known = load(session, 0, request->request, &request->base, saved->handed, saved->heard_at_ms);
        if (known) {
            known->channel = number_of(row->key + 1);
            known->state = (uint32_t)request->state;
            known->revision = request->revision;
            known->alerted = saved->alerted;
            known->leaving = !lives(known->state);
        }
    }
    if (saved)
        client__known_request__free_unpacked(saved, NULL);
    return usable;
}

static bool load_item(struct session *session, const struct session_row *row)
{
    Client__KnownItem *saved = row_unpack(session, &client__known_item__descriptor, row);
    uint64_t id = saved && saved->item ? item_id(saved->item) : 0;
    bool usable = id != 0 && row->key_size == 17 && !*known_place(session, saved->item->what_case, id);
    if (usable) {
        struct known *known =
            load(session, saved->item->what_case, id, &saved->item->base, saved->handed, saved->heard_at_ms);
        if (known)
            known->revision = item_revision(saved->item);
    }
    if (saved)
        client__known_item__free_unpacked(saved, NULL);
    return usable;
}

bool known_load(struct session *session, const struct session_row *row)
{
    return row->key[0] == ROW_REQUEST ? load_request(session, row) : load_item(session, row);
}

// What an earlier run saved and perhaps handed on, perhaps not.
static void hand_out_again(struct session *session, struct known **at, uint64_t channel, uint32_t round)
{
    (void)channel;
    (void)round;
    struct known *known = *at;
    if (known->handed)
        return;
    const struct told told = {.channel = known->channel};
    if (known->kind != 0)
        known_tell(session, known, BB_EVENT_ITEM, &told, true);
    else if (known->leaving)
        known_cancel(session, known, &told, true);
    else if (known->state == REQUEST_OPEN)
        known_alert(session, known, &told, true);
    else
        known_tell(session, known, BB_EVENT_UPDATE, &told, true);
}

void known_hand_out_again(struct session *session)
{
    visit_all(session, hand_out_again, 0, 0);
}

static void drop_all(struct session *session, struct known **at, uint64_t channel, uint32_t round)
{
    (void)channel;
    (void)round;
    known_unlink(session, at);
}

void known_fini(struct session *session)
{
    visit_all(session, drop_all, 0, 0);
}
