// SPDX-License-Identifier: MPL-2.0
// Views of requests, parties, members and askers, and of notices; offers and releases are in view_offer.c.
#include "view.h"

#include "page.h"
#include "texts.h"

enum bb_code view_public_request(struct core *core, const Stored__Request *request, Wire__PublicRequest **out)
{
    Wire__PublicRequest *view = core_alloc(core, sizeof *view);
    if (!view)
        return BB_NO_MEMORY;
    wire__public_request__init(view);
    view->request = id_make(core->ids_key, ID_REQUEST, request->request);
    view->revision = request->revision;
    view->state = request->state;
    *out = view;
    if (request->state == REQUEST_CLOSED)
        return BB_OK;
    view->category = request->category;
    view->area = request->area;
    view->needed_by_ms = request->needed_by_ms;
    view->needed = request->needed;
    view->language = request->language;
    return text_open(core, request->key_slot, request->text, &view->text);
}

static bool is_staff_of(const Stored__Party *viewer, const Stored__Request *request)
{
    return viewer->role == ROLE_COORDINATOR || (viewer->role == ROLE_DESK && request->desk == viewer->party);
}

// A giver sees what is in its class channel, a desk also what is open for everybody; an operator no texts here.
static bool may_see(const Stored__Party *viewer, const Stored__Request *request)
{
    if (viewer->community != request->community)
        return false;
    if (is_staff_of(viewer, request))
        return true;
    bool broadcast = request->state == REQUEST_OPEN || request->state == REQUEST_FILLED;
    if (viewer->role == ROLE_GIVER)
        return broadcast && viewer->state == PARTY_ACTIVE && request_reaches(request, viewer->audience_class);
    return viewer->role == ROLE_DESK && broadcast;
}

static void fill_request(struct core *core, const Stored__Request *request, Wire__RequestView *view)
{
    view->request = id_make(core->ids_key, ID_REQUEST, request->request);
    view->revision = request->revision;
    view->state = request->state;
    view->category = request->category;
    view->area = request->area;
    view->language = request->language;
    view->needed = request->needed;
    view->taken = request->taken;
    view->needed_by_ms = request->needed_by_ms;
    view->opened_at_ms = request->entered_at_ms;
}

static enum bb_code fill_staff_part(struct core *core, const Stored__Request *request, Wire__RequestView *view)
{
    view->size = request->size;
    view->wanted = request->wanted;
    view->priority = request->priority;
    view->close_reason = request->close_reason;
    view->n_excluded_classes = request->n_excluded_classes;
    view->excluded_classes = request->excluded_classes;
    view->earlier = id_make(core->ids_key, ID_REQUEST, request->earlier);
    view->asker = id_make(core->ids_key, ID_ASKER, request->asker);
    view->address_meant = request->address_meant;
    return text_open(core, request->key_slot, request->ref, &view->ref);
}

// A desk stands on the asker's side: "cannot" and "not allowed" are not shown there, not even as a refusal.
static bool shows_answer(const Stored__Party *viewer, const Stored__Offer *offer)
{
    return viewer->role == ROLE_COORDINATOR || (offer->state != OFFER_CANNOT && offer->state != OFFER_NOT_ALLOWED);
}

// The newest ones, as many as fit into one frame; `cut` tells when there are more.
static enum bb_code add_offers(struct core *core, const Stored__Party *viewer, const Stored__Request *request,
                               Wire__RequestView *view)
{
    struct page page = {0};
    for (uint64_t number = request->last_offer; number != 0 && !view->cut;) {
        Stored__Offer *offer;
        enum bb_code code = get_named(core, TABLE_OFFER, number, &offer);
        if (code == BB_OK && shows_answer(viewer, offer)) {
            if (!core_grow(core, &view->offers, view->n_offers, sizeof *view->offers))
                return BB_NO_MEMORY;
            code = view_offer(core, viewer, offer, request, &view->offers[view->n_offers]);
            if (code == BB_OK)
                view->cut =
                    view->n_offers >= OFFERS_SHOWN_MAX || !page_takes(&page, &view->offers[view->n_offers]->base);
            view->n_offers += code == BB_OK && !view->cut;
        }
        if (code != BB_OK)
            return code;
        number = offer->previous_of_request;
    }
    return BB_OK;
}

static enum bb_code add_releases(struct core *core, const Stored__Party *viewer, const Stored__Request *request,
                                 Wire__RequestView *view)
{
    for (uint64_t number = request->last_release; number != 0;) {
        Stored__ReleaseRecord *release;
        if (view->n_releases >= OFFERS_SHOWN_MAX) {
            view->cut = true;
            return BB_OK;
        }
        enum bb_code code = get_named(core, TABLE_RELEASE, number, &release);
        if (code != BB_OK)
            return code;
        if (!core_grow(core, &view->releases, view->n_releases, sizeof *view->releases))
            return BB_NO_MEMORY;
        code = view_release(core, viewer, release, &view->releases[view->n_releases]);
        if (code != BB_OK)
            return code;
        view->n_releases++;
        number = release->previous_of_request;
    }
    return BB_OK;
}

enum bb_code view_request(struct core *core, const Stored__Party *viewer, const Stored__Request *request, bool whole,
                          Wire__RequestView **out)
{
    if (!may_see(viewer, request))
        return BB_UNKNOWN_ID;
    Wire__RequestView *view = core_alloc(core, sizeof *view);
    if (!view)
        return BB_NO_MEMORY;
    wire__request_view__init(view);
    fill_request(core, request, view);
    view->own = request->desk == viewer->party;
    enum bb_code code = text_open(core, request->key_slot, request->text, &view->text);
    bool staff = is_staff_of(viewer, request);
    if (code == BB_OK && staff)
        code = fill_staff_part(core, request, view);
    if (code == BB_OK && staff && whole)
        code = add_offers(core, viewer, request, view);
    if (code == BB_OK && staff && whole)
        code = add_releases(core, viewer, request, view);
    *out = view;
    return code;
}

enum bb_code view_party(struct core *core, const Stored__Party *party, Wire__PartyView **out)
{
    Wire__PartyView *view = core_alloc(core, sizeof *view);
    if (!view)
        return BB_NO_MEMORY;
    wire__party_view__init(view);
    view->party = id_make(core->ids_key, ID_PARTY, party->party);
    view->role = party->role;
    view->audience_class = party->audience_class;
    view->state = party->state;
    view->paused = party->paused;
    view->joined_at_ms = party->joined_at_ms;
    view->members = party->members;
    *out = view;
    return text_open(core, party->key_slot, party->name, &view->name);
}

enum bb_code view_member(struct core *core, const Stored__Party *party, const Stored__Member *member,
                         Wire__MemberView **out)
{
    Wire__MemberView *view = core_alloc(core, sizeof *view);
    if (!view)
        return BB_NO_MEMORY;
    wire__member_view__init(view);
    view->member = id_make(core->ids_key, ID_MEMBER, member->member);
    view->party = id_make(core->ids_key, ID_PARTY, party->party);
    view->revoked = member->revoked;
    view->joined_at_ms = member->joined_at_ms;
    view->sealing_key_bytes = member->sealing_key_bytes;
    view->signing_key_bytes = member->signing_key_bytes;
    *out = view;
    return text_open(core, party->key_slot, member->name, &view->name);
}

static void keep_own_key(Wire__SealedContact *contact, uint64_t member_id)
{
    size_t kept = 0;
    for (size_t i = 0; i < contact->n_keys; i++) {
        if (contact->keys[i]->member == member_id)
            contact->keys[kept++] = contact->keys[i];
    }
    contact->n_keys = kept;
}

enum bb_code view_asker(struct core *core, const Stored__Asker *asker, uint64_t member, Wire__AskerView **out)
{
    Wire__AskerView *view = core_alloc(core, sizeof *view);
    if (!view)
        return BB_NO_MEMORY;
    wire__asker_view__init(view);
    view->asker = id_make(core->ids_key, ID_ASKER, asker->asker);
    view->registered_at_ms = asker->registered_at_ms;
    view->heard_of = asker->heard_of;
    view->requests = asker->requests;
    *out = view;
    ProtobufCBinaryData packed;
    enum bb_code code = text_open(core, asker->key_slot, asker->ref, &view->ref);
    if (code == BB_OK)
        code = text_open(core, asker->key_slot, asker->contact, &packed);
    if (code != BB_OK || packed.len == 0)
        return code;
    view->contact = wire__sealed_contact__unpack(arena_allocator(txn_arena(core->txn)), packed.len, packed.data);
    if (view->contact == NULL) // its seal was right, so it is what was packed
        return BB_NO_MEMORY;
    keep_own_key(view->contact, id_make(core->ids_key, ID_MEMBER, member));
    return BB_OK;
}

// ---------------------------------------------------------------- notices

static enum bb_code item_request(struct core *core, const Stored__Party *owner, uint64_t number,
                                 Wire__MailboxItem *item)
{
    Stored__Request *request;
    enum bb_code code = get_named(core, TABLE_REQUEST, number, &request);
    item->what_case = WIRE__MAILBOX_ITEM__WHAT_REQUEST;
    return code == BB_OK ? view_request(core, owner, request, false, &item->request) : code;
}

static enum bb_code item_offer(struct core *core, const Stored__Party *owner, uint64_t number, Wire__MailboxItem *item)
{
    Stored__Offer *offer;
    Stored__Request *request;
    enum bb_code code = get_named(core, TABLE_OFFER, number, &offer);
    if (code == BB_OK)
        code = get_named(core, TABLE_REQUEST, offer->request, &request);
    if (code != BB_OK)
        return code;
    item->what_case = WIRE__MAILBOX_ITEM__WHAT_OFFER;
    code = view_offer(core, owner, offer, request, &item->offer);
    if (code != BB_OK || owner->role == ROLE_GIVER || shows_answer(owner, offer))
        return code;
    // The giver changed its answer to one that the asker's side is not told. What it was told before has ended.
    item->offer->state = OFFER_WITHDRAWN;
    item->offer->text = (ProtobufCBinaryData){0, NULL};
    return BB_OK;
}

static enum bb_code item_release(struct core *core, const Stored__Party *owner, uint64_t number,
                                 Wire__MailboxItem *item)
{
    Stored__ReleaseRecord *release;
    enum bb_code code = get_named(core, TABLE_RELEASE, number, &release);
    item->what_case = WIRE__MAILBOX_ITEM__WHAT_RELEASE;
    return code == BB_OK ? view_release(core, owner, release, &item->release) : code;
}

static enum bb_code item_party(struct core *core, uint64_t number, Wire__MailboxItem *item)
{
    Stored__Party *party;
    enum bb_code code = get_named(core, TABLE_PARTY, number, &party);
    item->what_case = WIRE__MAILBOX_ITEM__WHAT_PARTY;
    return code == BB_OK ? view_party(core, party, &item->party) : code;
}

static enum bb_code fill_item(struct core *core, const Stored__Party *owner, uint32_t subject, uint64_t number,
                              Wire__MailboxItem *item)
{
    switch ((enum subject)subject) {
    case SUBJECT_REQUEST:
        return item_request(core, owner, number, item);
    case SUBJECT_OFFER:
        return item_offer(core, owner, number, item);
    case SUBJECT_RELEASE:
        return item_release(core, owner, number, item);
    case SUBJECT_PARTY:
        return item_party(core, number, item);
    }
    return BB_STORE_NEWER;
}

enum bb_code view_item(struct core *core, const Stored__Party *owner, uint32_t subject, uint64_t number,
                       Wire__MailboxItem **out)
{
    *out = NULL;
    Wire__MailboxItem *item = core_alloc(core, sizeof *item);
    if (!item)
        return BB_NO_MEMORY;
    wire__mailbox_item__init(item);
    enum bb_code code = fill_item(core, owner, subject, number, item);
    if (code == BB_OK)
        *out = item;
    return code == BB_UNKNOWN_ID ? BB_OK : code;
}

enum bb_code view_notice(struct core *core, const Stored__Party *owner, const Stored__LogEntry *entry,
                         Wire__Notice **out)
{
    Wire__Notice *notice = core_alloc(core, sizeof *notice);
    if (!notice)
        return BB_NO_MEMORY;
    wire__notice__init(notice);
    notice->seq = entry->seq;
    notice->hash_bytes = entry->hash_bytes;
    notice->made_at_ms = entry->made_at_ms;
    *out = notice;
    if (owner != NULL) {
        enum bb_code code = view_item(core, owner, entry->subject, entry->number, &notice->item);
        if (notice->item != NULL)
            notice->what_case = WIRE__NOTICE__WHAT_ITEM;
        return code;
    }
    Stored__Request *request;
    enum bb_code code = get_named(core, TABLE_REQUEST, entry->number, &request);
    notice->what_case = WIRE__NOTICE__WHAT_PUBLIC_REQUEST;
    return code == BB_OK ? view_public_request(core, request, &notice->public_request) : code;
}
