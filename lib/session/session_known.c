// SPDX-License-Identifier: MPL-2.0
// What this client was told of: requests of class channels and items of its mailbox, each in its newest revision.
//
// Here stands DOMAIN's rule 4: what was alerted ends in an update or a cancel. A change is saved as not yet handed on,
// then its event goes out, and with the next save it is marked; after a crash in between it goes out once more, marked
// `again`. Knows nothing of sequence numbers and sockets.
#include "session_inside.h"

#include <stdlib.h>
#include <string.h>

struct known **known_place(struct session *session, uint32_t kind, uint64_t id)
{
    uint64_t mixed = (id ^ kind) * 0x9E3779B97F4A7C15u;
    struct known **at = &session->known[mixed >> 56];
    while (*at && ((*at)->id != id || (*at)->kind != kind))
        at = &(*at)->next;
    return at;
}

static struct row_key key_of(const struct known *known)
{
    if (known->kind == 0)
        return row_key_numbers(ROW_REQUEST, known->channel, known->id, 2);
    return row_key_numbers(ROW_ITEM, known->kind, known->id, 2);
}

static void save_request(struct session *session, const struct known *known)
{
    Wire__PublicRequest *request = wire__public_request__unpack(NULL, known->packed_size, known->packed);
    if (!request) {
        session->broken = BB_NO_MEMORY;
        return;
    }
    Client__KnownRequest row = CLIENT__KNOWN_REQUEST__INIT;
    row.request = request;
    row.alerted = known->alerted;
    row.handed = known->handed;
    row.heard_at_ms = known->heard_at_ms;
    out_save(session, key_of(known), &row.base);
    wire__public_request__free_unpacked(request, NULL);
}

static void save_item(struct session *session, const struct known *known)
{
    Wire__MailboxItem *item = wire__mailbox_item__unpack(NULL, known->packed_size, known->packed);
    if (!item) {
        session->broken = BB_NO_MEMORY;
        return;
    }
    Client__KnownItem row = CLIENT__KNOWN_ITEM__INIT;
    row.item = item;
    row.handed = known->handed;
    row.heard_at_ms = known->heard_at_ms;
    out_save(session, key_of(known), &row.base);
    wire__mailbox_item__free_unpacked(item, NULL);
}

void known_save(struct session *session, const struct known *known)
{
    if (known->kind == 0)
        save_request(session, known);
    else
        save_item(session, known);
}

void known_unlink(struct session *session, struct known **at)
{
    struct known *known = *at;
    *at = known->next;
    session->known_count--;
    known_unmark(session, known);
    free(known->packed);
    free(known);
}

void known_forget(struct session *session, struct known **at)
{
    out_save(session, key_of(*at), NULL);
    known_unlink(session, at);
}

// NULL past the limit. That a request is then not shown is the lesser evil: one that is shown must be cancelled too.
struct known *known_insert(struct session *session, uint32_t kind, uint64_t id)
{
    if (session->known_count >= SESSION_KNOWN_MAX) {
        session->broken = BB_TOO_MUCH_HELD;
        return NULL;
    }
    struct known *known = calloc(1, sizeof *known);
    if (!known) {
        session->broken = BB_NO_MEMORY;
        return NULL;
    }
    known->kind = kind;
    known->id = id;
    known->handed = true;
    known->heard_at_ms = session_now_ms(session, session->now.wall_ms);
    *known_place(session, kind, id) = known;
    session->known_count++;
    return known;
}

bool known_set_packed(struct session *session, struct known *known, const ProtobufCMessage *message)
{
    size_t size;
    uint8_t *packed = pack_copy(message, &size);
    if (!packed) {
        session->broken = BB_NO_MEMORY;
        return false;
    }
    free(known->packed);
    known->packed = packed;
    known->packed_size = size;
    return true;
}

void known_unmark(struct session *session, struct known *known)
{
    if (!known->mark)
        return;
    session->marks_count--;
    known->mark = false;
    *known->mark_link = known->next_mark;
    if (known->next_mark)
        known->next_mark->mark_link = known->mark_link;
}

// Saves `known` as not handed on and queues the event.
void known_tell(struct session *session, struct known *known, enum bb_event_kind kind, const struct told *told,
                bool again)
{
    known_unmark(session, known);
    known->handed = false;
    if (!again)
        known_save(session, known);
    struct bb_event event = {.kind = kind, .again = again, .channel = told->channel, .seq = told->seq};
    out_event(session, &event, known->kind == 0 ? &wire__public_request__descriptor : &wire__mailbox_item__descriptor,
              known->packed, known->packed_size);
}

void known_alert(struct session *session, struct known *known, const struct told *told, bool again)
{
    known->alerted = true;
    known->leaving = false;
    known_tell(session, known, BB_EVENT_ALERT, told, again);
}

void known_cancel(struct session *session, struct known *known, const struct told *told, bool again)
{
    known->leaving = true;
    known_tell(session, known, BB_EVENT_CANCEL, told, again);
}

static bool differs(struct session *session, const struct known *known, const ProtobufCMessage *message)
{
    size_t size;
    uint8_t *packed = pack_copy(message, &size);
    if (!packed)
        session->broken = BB_NO_MEMORY;
    bool same = packed && size == known->packed_size && memcmp(packed, known->packed, size) == 0;
    free(packed);
    return !same;
}

// A snapshot is believed whatever its revision: the broker may have been put back to an older state, by `restore` or by
// a plain copy of which no epoch tells, and may have gone on from there to the same revision with other words.
static bool is_news(struct session *session, const struct known *known, const ProtobufCMessage *message,
                    uint32_t revision, const struct told *told)
{
    return revision > known->revision || (told->round && differs(session, known, message));
}

static void open_request(struct session *session, struct known *known, uint32_t state_before, const struct told *told)
{
    bool seen = known->alerted && !known->leaving;
    if (seen && (state_before != REQUEST_FILLED || session->paused)) {
        known_tell(session, known, BB_EVENT_UPDATE, told, false);
    } else if (!session->paused) {
        known_alert(session, known, told, false);
    } else {
        known->alerted = known->leaving = false;
        known->handed = true;
        known_unmark(session, known);
        known_save(session, known);
    }
}

static void filled_request(struct session *session, struct known *known, const struct told *told)
{
    if (known->alerted && !known->leaving) {
        known_tell(session, known, BB_EVENT_UPDATE, told, false);
        return;
    }
    known->alerted = known->leaving = false; // kept silently: back to open it alerts
    known->handed = true;
    known_unmark(session, known);
    known_save(session, known);
}

static void ended_request(struct session *session, struct known **at, const struct told *told)
{
    if ((*at)->leaving)
        known_save(session, *at);
    else if ((*at)->alerted)
        known_cancel(session, *at, told, false);
    else
        known_forget(session, at);
}

void known_request(struct session *session, const Wire__PublicRequest *request, struct told told)
{
    bool lives =
        request->state == WIRE__REQUEST_STATE__REQUEST_OPEN || request->state == WIRE__REQUEST_STATE__REQUEST_FILLED;
    struct known **at = known_place(session, 0, request->request);
    if (request->request == 0 || (!*at && !lives))
        return;
    struct known *known = *at;
    if (known && told.round)
        known->round = told.round;
    if (known && !is_news(session, known, &request->base, request->revision, &told))
        return;
    if (!known && !(known = known_insert(session, 0, request->request)))
        return;
    uint32_t state_before = known->state;
    if (state_before == 0) {
        known->channel = told.channel;
        known->round = told.round;
    }
    known->state = (uint32_t)request->state;
    known->revision = request->revision;
    if (!known_set_packed(session, known, &request->base))
        return;
    if (known->state == REQUEST_OPEN)
        open_request(session, known, state_before, &told);
    else if (known->state == REQUEST_FILLED)
        filled_request(session, known, &told);
    else
        ended_request(session, known_place(session, 0, known->id), &told);
}

uint64_t item_id(const Wire__MailboxItem *item)
{
    switch (item->what_case) {
    case WIRE__MAILBOX_ITEM__WHAT_OFFER:
        return item->offer->offer;
    case WIRE__MAILBOX_ITEM__WHAT_REQUEST:
        return item->request->request;
    case WIRE__MAILBOX_ITEM__WHAT_RELEASE:
        return item->release->release;
    case WIRE__MAILBOX_ITEM__WHAT_PARTY:
        return item->party->party;
    default:
        return 0;
    }
}

uint32_t item_revision(const Wire__MailboxItem *item)
{
    switch (item->what_case) {
    case WIRE__MAILBOX_ITEM__WHAT_OFFER:
        return item->offer->revision;
    case WIRE__MAILBOX_ITEM__WHAT_REQUEST:
        return item->request->revision;
    default:
        return 0;
    }
}

// A live notice is an event even when it repeats what is known: that is how a reminder looks.
static bool item_is_news(struct session *session, const struct known *known, const Wire__MailboxItem *item,
                         const struct told *told)
{
    uint32_t revision = item_revision(item);
    if (!known->packed || is_news(session, known, &item->base, revision, told))
        return true;
    return revision == known->revision && (told->live || differs(session, known, &item->base));
}

void known_item(struct session *session, const Wire__MailboxItem *item, struct told told)
{
    uint64_t id = item_id(item);
    if (id == 0) {
        session_drop(session);
        return;
    }
    struct known *known = *known_place(session, item->what_case, id);
    if (!known && !(known = known_insert(session, item->what_case, id)))
        return;
    if (told.round)
        known->round = told.round;
    if (!item_is_news(session, known, item, &told) || !known_set_packed(session, known, &item->base))
        return;
    known->revision = item_revision(item);
    known_tell(session, known, BB_EVENT_ITEM, &told, false);
}
