// SPDX-License-Identifier: MPL-2.0
// Catch-up of a channel: replay after a cursor, or a snapshot for a newcomer and for a cursor that is too old, beyond
// the head or of another history.
//
// Pages of a snapshot may span read transactions: each names the same cursor, that of the first page, and replay goes
// on from there, so what changed meanwhile comes again with a higher revision.
#include "channel.h"
#include "page.h"
#include "query.h"
#include "query_lists.h"
#include "view.h"

// Beyond this many missed notices a snapshot is shorter than the replay.
enum { REPLAY_NOTICES_MAX = 2000 };

// One answer under way.
struct catch_up {
    const struct actor *actor;
    uint64_t channel;
    Stored__ChannelHead *head;
    uint64_t seq; // replay: after this one; snapshot: its cursor
    Wire__SyncPage *page;
    struct page taken;
};

static enum bb_code may_read(const struct actor *actor, uint64_t channel)
{
    if (actor->invitee)
        return BB_NOT_ALLOWED;
    const Stored__Party *party = actor->party;
    if (!channel_is_class(channel))
        return channel_party(channel) == party->party ? BB_OK : BB_NOT_ALLOWED;
    if (party->role != ROLE_GIVER || channel_community(channel) != party->community ||
        channel_class(channel) != party->audience_class)
        return BB_NOT_ALLOWED;
    if (party->state == PARTY_ACTIVE)
        return BB_OK;
    return party->state == PARTY_WAITING ? BB_PARTY_WAITING : BB_PARTY_SUSPENDED;
}

// The log entry of one number, found by walking back from the head.
static enum bb_code find_entry(struct core *core, const struct catch_up *it, uint64_t seq, Stored__LogEntry **out)
{
    uint64_t log = it->head->last_log;
    for (uint64_t at = it->head->seq; at > seq; at--) {
        enum bb_code code = get_named(core, TABLE_LOG, log, out);
        if (code != BB_OK)
            return code;
        log = (*out)->previous_log;
    }
    return get_named(core, TABLE_LOG, log, out);
}

// Is the cursor one of this channel's history, and near enough to go on from?
static enum bb_code can_replay(struct core *core, const struct catch_up *it, const Wire__Cursor *cursor, uint32_t epoch,
                               bool *out)
{
    *out = false;
    if (cursor->seq == 0 || cursor->epoch != epoch || cursor->seq > it->head->seq ||
        it->head->seq - cursor->seq > REPLAY_NOTICES_MAX)
        return BB_OK;
    Stored__LogEntry *entry;
    enum bb_code code = find_entry(core, it, cursor->seq, &entry);
    *out = code == BB_OK && same_bytes(entry->hash_bytes, cursor->hash_bytes);
    return code;
}

// ---------------------------------------------------------------- replay

static enum bb_code add_notice(struct core *core, struct catch_up *it, const Stored__LogEntry *entry, bool *full)
{
    Wire__Notice *notice;
    Stored__Party *owner = channel_is_class(it->channel) ? NULL : it->actor->party;
    enum bb_code code = view_notice(core, owner, entry, &notice);
    if (code != BB_OK)
        return code;
    *full = !page_takes(&it->taken, &notice->base);
    if (*full)
        return BB_OK;
    Wire__SyncPage *page = it->page;
    if (!core_grow(core, &page->notices, page->n_notices, sizeof *page->notices))
        return BB_NO_MEMORY;
    page->notices[page->n_notices++] = notice;
    return BB_OK;
}

// Entries name the one before, so the ones of this page are gathered from the head back and sent the other way round.
static enum bb_code replay(struct core *core, struct catch_up *it)
{
    it->page->mode = WIRE__SYNC_MODE__SYNC_REPLAY;
    uint64_t missing = it->head->seq - it->seq;
    if (missing == 0)
        return BB_OK;
    uint64_t count = missing < PAGE_ITEMS_MAX ? missing : PAGE_ITEMS_MAX;
    Stored__LogEntry **entries = core_alloc(core, count * sizeof *entries);
    if (!entries)
        return BB_NO_MEMORY;
    enum bb_code code = find_entry(core, it, it->seq + count, &entries[count - 1]);
    for (uint64_t i = count - 1; code == BB_OK && i > 0; i--)
        code = get_named(core, TABLE_LOG, entries[i]->previous_log, &entries[i - 1]);
    bool full = false;
    // cppcheck-suppress knownConditionTrueFalse; it takes the smaller of two for less than 1
    for (uint64_t i = 0; code == BB_OK && !full && i < count; i++)
        code = add_notice(core, it, entries[i], &full);
    if (code == BB_OK && it->page->n_notices < missing)
        it->page->page_token = 1; // there is more: the client asks again from its new cursor
    return code;
}

// ---------------------------------------------------------------- snapshot

static enum bb_code set_cursor(struct core *core, struct catch_up *it, uint64_t replay_from, uint32_t epoch)
{
    Wire__Cursor *cursor = core_alloc(core, sizeof *cursor);
    if (!cursor)
        return BB_NO_MEMORY;
    wire__cursor__init(cursor);
    cursor->channel = it->page->channel;
    cursor->epoch = epoch;
    cursor->seq = replay_from != 0 && replay_from <= it->head->seq ? replay_from : it->head->seq;
    it->page->cursor = cursor;
    // One too far back is given without a hash: it leads to a snapshot once more, and not to a long walk now.
    if (cursor->seq == 0 || it->head->seq - cursor->seq > REPLAY_NOTICES_MAX)
        return BB_OK;
    Stored__LogEntry *entry;
    enum bb_code code = find_entry(core, it, cursor->seq, &entry);
    if (code == BB_OK)
        cursor->hash_bytes = entry->hash_bytes;
    return code;
}

static enum bb_code add_public(struct core *core, struct catch_up *it, const Stored__Request *request, bool *full)
{
    bool shown = request->community == it->actor->party->community &&
                 (request->state == REQUEST_OPEN || request->state == REQUEST_FILLED) &&
                 request_reaches(request, it->actor->party->audience_class);
    if (!shown)
        return BB_OK;
    Wire__PublicRequest *view;
    enum bb_code code = view_public_request(core, request, &view);
    if (code != BB_OK)
        return code;
    *full = !page_takes(&it->taken, &view->base);
    if (*full)
        return BB_OK;
    Wire__SyncPage *page = it->page;
    if (!core_grow(core, &page->requests, page->n_requests, sizeof *page->requests))
        return BB_NO_MEMORY;
    page->requests[page->n_requests++] = view;
    return BB_OK;
}

static enum bb_code snapshot_class(struct core *core, struct catch_up *it, uint64_t token)
{
    uint64_t start;
    enum bb_code code = page_start(core, ID_REQUEST, token, &start);
    if (code != BB_OK)
        return code;
    struct store_key key = key_number(start ? start : 1);
    for (int rows = 0;; rows++) {
        Stored__Counter *live; // read only so that its checksum is looked at
        Stored__Request *request;
        bool full = rows >= QUERY_ROWS_MAX;
        code = store_at_or_after(core->txn, TABLE_LIVE, &key, &live);
        if (code == BB_OK)
            code = get_named(core, TABLE_REQUEST, key_to_number(&key), &request);
        if (code == BB_OK && !full)
            code = add_public(core, it, request, &full);
        if (code != BB_OK)
            return code == BB_NOT_FOUND ? BB_OK : code;
        if (full) {
            it->page->page_token = page_token(core, ID_REQUEST, request->request);
            return BB_OK;
        }
        key = key_number(request->request + 1);
    }
}

static enum bb_code add_item(struct core *core, struct catch_up *it, enum subject subject, uint64_t number, bool *full)
{
    Wire__MailboxItem *item;
    enum bb_code code = view_item(core, it->actor->party, subject, number, &item);
    if (code != BB_OK || item == NULL)
        return code;
    *full = !page_takes(&it->taken, &item->base);
    if (*full)
        return BB_OK;
    Wire__SyncPage *page = it->page;
    if (!core_grow(core, &page->items, page->n_items, sizeof *page->items))
        return BB_NO_MEMORY;
    page->items[page->n_items++] = item;
    return BB_OK;
}

// A mailbox's snapshot is its last notices: the newest state of each thing that it ever told of, as far back as a
// replay reaches. What is older was closed or is in the lists that a client asks for.
static enum bb_code snapshot_mailbox(struct core *core, struct catch_up *it, uint64_t token)
{
    uint64_t start;
    enum bb_code code = page_start(core, ID_LOG, token, &start);
    if (code != BB_OK)
        return code;
    uint64_t log = start ? start : it->head->last_log;
    while (log != 0) {
        Stored__LogEntry *entry;
        bool full = false;
        code = store_get_number(core->txn, TABLE_LOG, log, &entry);
        bool ours = code == BB_OK && entry->channel == it->channel;
        if (!ours && (code == BB_OK || code == BB_NOT_FOUND))
            return log == start ? BB_BAD_VALUE : BB_STORE_DAMAGED; // a page token that we did not give out
        if (code == BB_OK)
            code = add_item(core, it, (enum subject)entry->subject, entry->number, &full);
        if (code != BB_OK)
            return code;
        if (full) {
            it->page->page_token = page_token(core, ID_LOG, log);
            return BB_OK;
        }
        bool far_enough = it->head->seq - entry->seq >= REPLAY_NOTICES_MAX;
        log = far_enough ? 0 : entry->previous_log;
    }
    return BB_OK;
}

enum bb_code sync_answer(struct core *core, const struct actor *actor, const Wire__Sync *sync, uint32_t epoch,
                         Wire__SyncPage **out)
{
    struct catch_up it = {.actor = actor};
    if (sync->cursor == NULL || !id_open(core->ids_key, ID_CHANNEL, sync->cursor->channel, &it.channel))
        return BB_UNKNOWN_ID;
    enum bb_code code = may_read(actor, it.channel);
    if (code == BB_OK)
        code = channel_head(core, it.channel, &it.head);
    if (code != BB_OK)
        return code;
    it.page = core_alloc(core, sizeof *it.page);
    if (!it.page)
        return BB_NO_MEMORY;
    wire__sync_page__init(it.page);
    it.page->channel = sync->cursor->channel;
    it.page->epoch = epoch;
    it.page->head = it.head->seq;
    *out = it.page;

    bool can = false;
    it.seq = sync->cursor->seq;
    if (sync->replay_from == 0)
        code = can_replay(core, &it, sync->cursor, epoch, &can);
    if (code != BB_OK || can)
        return code == BB_OK ? replay(core, &it) : code;
    it.page->mode = WIRE__SYNC_MODE__SYNC_SNAPSHOT;
    code = set_cursor(core, &it, sync->replay_from, epoch);
    if (code != BB_OK)
        return code;
    return channel_is_class(it.channel) ? snapshot_class(core, &it, sync->page_token)
                                        : snapshot_mailbox(core, &it, sync->page_token);
}
