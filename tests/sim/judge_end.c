// SPDX-License-Identifier: MPL-2.0
// The end of a story: all faults are healed and time has passed. Every client that is up knows what the store knows, its
// mailbox is whole, its outbox empty. The truth is asked for with the broker's own answers. See judge.h.
#include "judge.h"

#include "core/channel.h"
#include "message/frame.h"
#include "model.h"

#include <inttypes.h>
#include <stdio.h>

static bool is_revoked(const struct world *world, const struct client *client)
{
    return world->model->members[client->number].revoked;
}

static bool shows_something(const struct client *client)
{
    for (size_t i = 0; i < client->shown_count; i++) {
        if (client->shown[i].kind == 0 && client->shown[i].on_screen)
            return true;
    }
    return false;
}

// ---------------------------------------------------------------- who is not in step yet

static const char *behind(struct world *world, struct client *client)
{
    static char text[120];
    const char *what = NULL;
    if (!client->enrolled)
        return NULL;
    if (!client->session)
        what = "does not run";
    else if (is_revoked(world, client))
        what = shows_something(client) ? "has not noticed that it is revoked" : NULL;
    else if (!session_connected(client->session))
        what = "is not connected";
    else if (!session_complete(client->session))
        what = "has not caught up";
    else if (session_outbox_count(client->session) > 0)
        what = "has commands in its outbox";
    else if (client->tickets != 0)
        what = "waits for an answer";
    if (!what)
        return NULL;
    snprintf(text, sizeof text, "%s %s; it", client->name, what);
    return text;
}

const char *judge_behind(struct world *world)
{
    if (!world->broker.node)
        return "the broker";
    model_audit(world->model);
    for (int i = 0; i < world->clients_count; i++) {
        const char *text = behind(world, &world->clients[i]);
        if (text)
            return text;
    }
    return NULL;
}

// ---------------------------------------------------------------- the truth of one channel

// A whole snapshot, as the reader gives it to this member. NULL when it may not read the channel.
static Wire__FromBroker *ask_page(struct world *world, const struct client *client, Wire__Sync *sync)
{
    Wire__FromClient question = WIRE__FROM_CLIENT__INIT;
    uint8_t *frame, *answer;
    size_t size, answer_size;
    question.correlation = 1;
    question.body_case = WIRE__FROM_CLIENT__BODY_SYNC;
    question.sync = sync;
    arena_reset(world->arena);
    sim_insist(frame_pack(&question.base, COMMAND_FRAME_SIZE_MAX, world->arena, &frame, &size) == BB_OK);
    if (answer_make(&world->broker.answerer, client->number, frame, size, world->broker.reading, &answer,
                    &answer_size) != BB_OK)
        return NULL;
    return wire__from_broker__unpack(NULL, answer_size - 1, answer + 1);
}

static void check_public(struct world *world, struct client *client, const Wire__PublicRequest *request)
{
    const struct shown *shown = screen_find(client, 0, request->request);
    bool paused = world->model->parties[client->party_number].paused;
    bool open = request->state == WIRE__REQUEST_STATE__REQUEST_OPEN;
    unsigned name = (unsigned)(request->request & 0xFFFF);
    if (open && !paused && (!shown || !shown->on_screen))
        world_fail(world, "all know what is open", "%s does not know of request %04x", client->name, name);
    if (shown && shown->on_screen && (shown->revision != request->revision || shown->state != (uint32_t)request->state))
        world_fail(world, "all know what is open", "%s shows request %04x in revision %u, state %u; it is %u, %d",
                   client->name, name, shown->revision, shown->state, request->revision, request->state);
}

static bool holds(Wire__FromBroker *const *pages, size_t count, uint64_t request)
{
    for (size_t page = 0; page < count; page++) {
        for (size_t i = 0; i < pages[page]->page->n_requests; i++) {
            if (pages[page]->page->requests[i]->request == request)
                return true;
        }
    }
    return false;
}

static void check_class(struct world *world, struct client *client, Wire__FromBroker *const *pages, size_t count)
{
    for (size_t page = 0; page < count; page++) {
        for (size_t i = 0; i < pages[page]->page->n_requests; i++)
            check_public(world, client, pages[page]->page->requests[i]);
    }
    for (size_t i = 0; i < client->shown_count; i++) {
        const struct shown *shown = &client->shown[i];
        if (shown->kind == 0 && shown->on_screen && !holds(pages, count, shown->id))
            world_fail(world, "4 every alert ends", "%s still shows request %04x, which is open no more", client->name,
                       (unsigned)(shown->id & 0xFFFF));
    }
}

static uint64_t item_hash(const Wire__MailboxItem *item)
{
    uint8_t packed[8192];
    size_t size = wire__mailbox_item__get_packed_size(item);
    sim_insist(size <= sizeof packed);
    wire__mailbox_item__pack(item, packed);
    return bytes_hash(packed, size);
}

static uint64_t id_of(const Wire__MailboxItem *item)
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

// The newest notice of each thing in one mailbox, as the store has it.
struct told {
    uint32_t subject;
    uint64_t id;
    uint32_t revision;
};

static size_t read_told(struct world *world, uint64_t channel, struct told *out, size_t count_max)
{
    static const enum id_kind kinds[] = {[SUBJECT_REQUEST] = ID_REQUEST,
                                         [SUBJECT_OFFER] = ID_OFFER,
                                         [SUBJECT_RELEASE] = ID_RELEASE,
                                         [SUBJECT_PARTY] = ID_PARTY};
    struct core core = {.now_ms = 1};
    Stored__ChannelHead *head;
    Stored__LogEntry *entry;
    size_t count = 0;
    arena_reset(world->arena);
    sim_insist(txn_begin_read(world->broker.store, world->arena, &core.txn) == BB_OK);
    sim_insist(channel_head(&core, channel, &head) == BB_OK);
    for (uint64_t log = head->last_log; log != 0 && count < count_max; log = entry->previous_log) {
        sim_insist(store_get_number(core.txn, TABLE_LOG, log, &entry) == BB_OK);
        out[count++] = (struct told){entry->subject,
                                     id_make(node_ids_key(world->broker.node), kinds[entry->subject], entry->number),
                                     entry->revision};
    }
    txn_abort(&core.txn);
    return count;
}

static uint32_t told_revision(const struct told *told, size_t count, uint32_t subject, uint64_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (told[i].subject == subject && told[i].id == id)
            return told[i].revision;
    }
    return 0;
}

// What changes without a notice to this mailbox may be shown as it was; what a notice told of may not.
static bool is_as_told(const struct client *client, const struct shown *shown, const Wire__MailboxItem *item,
                       const struct told *told, size_t count)
{
    switch (item->what_case) {
    case WIRE__MAILBOX_ITEM__WHAT_REQUEST:
        return shown->revision >= told_revision(told, count, SUBJECT_REQUEST, item->request->request);
    case WIRE__MAILBOX_ITEM__WHAT_OFFER:
        if (shown->revision == item->offer->revision)
            return shown->hash == item_hash(item);
        return shown->revision >= told_revision(told, count, SUBJECT_OFFER, item->offer->offer);
    case WIRE__MAILBOX_ITEM__WHAT_PARTY:
        return item->party->party != client->party ||
               (shown->state == (uint32_t)item->party->state && shown->paused == item->party->paused);
    default:
        return shown->hash == item_hash(item);
    }
}

static void check_mailbox(struct world *world, struct client *client, Wire__FromBroker *const *pages, size_t count)
{
    enum { TOLD_MAX = 4096 };
    static struct told told[TOLD_MAX];
    size_t told_count = read_told(world, channel_of_party(client->party_number), told, TOLD_MAX);
    for (size_t page = 0; page < count; page++) {
        for (size_t i = 0; i < pages[page]->page->n_items; i++) {
            const Wire__MailboxItem *item = pages[page]->page->items[i];
            const struct shown *shown = screen_find(client, item->what_case, id_of(item));
            if (!shown)
                world_fail(world, "mailboxes are whole", "%s never got an item of kind %d", client->name,
                           item->what_case);
            else if (!is_as_told(client, shown, item, told, told_count))
                world_fail(world, "mailboxes are whole",
                           "%s shows an item of kind %d (id %04x) in state %u, revision %u, and not as it is",
                           client->name, item->what_case, (unsigned)(shown->id & 0xFFFF), shown->state,
                           shown->revision);
        }
    }
}

static void check_channel(struct world *world, struct client *client, uint64_t channel, bool is_class)
{
    enum { PAGES_MAX = 64 };
    Wire__FromBroker *pages[PAGES_MAX];
    size_t count = 0;
    Wire__Cursor cursor = WIRE__CURSOR__INIT;
    Wire__Sync sync = WIRE__SYNC__INIT;
    cursor.channel = id_make(node_ids_key(world->broker.node), ID_CHANNEL, channel);
    sync.cursor = &cursor;
    do {
        pages[count] = ask_page(world, client, &sync);
        if (!pages[count] || pages[count]->body_case != WIRE__FROM_BROKER__BODY_PAGE) {
            world_fail(world, "everybody can read its channels", "%s cannot read one", client->name);
            break;
        }
        sync.page_token = pages[count]->page->page_token;
        sync.replay_from = pages[count]->page->cursor ? pages[count]->page->cursor->seq : 0;
        count++;
    } while (sync.page_token != 0 && count < PAGES_MAX);
    if (!world->failed && is_class)
        check_class(world, client, pages, count);
    else if (!world->failed)
        check_mailbox(world, client, pages, count);
    while (count > 0)
        wire__from_broker__free_unpacked(pages[--count], NULL);
}

static void check_nothing_shown(struct world *world, const struct client *client)
{
    if (shows_something(client))
        world_fail(world, "4 every alert ends", "%s takes part no more and still shows requests", client->name);
}

static void check_client(struct world *world, struct client *client)
{
    const struct m_party *party = &world->model->parties[client->party_number];
    bool revoked = is_revoked(world, client);
    if (!client->session)
        world_fail(world, "all are up in the end", "%s is not", client->name);
    else if (!revoked)
        check_channel(world, client, channel_of_party(client->party_number), false);
    if (!revoked && party->role == ROLE_GIVER && party->state == PARTY_ACTIVE)
        check_channel(world, client, channel_of_class(1, party->audience_class), true);
    else
        check_nothing_shown(world, client);
}

void judge_end(struct world *world)
{
    model_audit_all(world->model);
    for (int i = 0; i < world->clients_count && !world->failed; i++) {
        if (world->clients[i].enrolled)
            check_client(world, &world->clients[i]);
    }
}
