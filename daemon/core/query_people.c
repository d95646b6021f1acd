// SPDX-License-Identifier: MPL-2.0
// Lists of askers, parties, members, invitations, and a giver's own offers. Chains are walked from the newest back.
#include "page.h"
#include "query_lists.h"
#include "view.h"

// Adds a view to a list's array, or says where the next page begins. `full` is set then.
static enum bb_code add_item(struct core *core, struct page *page, ProtobufCMessage *view, void *array, size_t *count,
                             bool *full)
{
    *full = !page_takes(page, view);
    if (*full)
        return BB_OK;
    if (!core_grow(core, array, *count, sizeof(void *)))
        return BB_NO_MEMORY;
    ProtobufCMessage ***place = array;
    (*place)[(*count)++] = view;
    return BB_OK;
}

enum bb_code query_askers(struct core *core, const struct actor *actor, const Wire__Query *query, Wire__Answer *out)
{
    Wire__AskerList *list = core_alloc(core, sizeof *list);
    if (!list)
        return BB_NO_MEMORY;
    wire__asker_list__init(list);
    out->what_case = WIRE__ANSWER__WHAT_ASKERS;
    out->askers = list;
    struct page page = {0};
    uint64_t number;
    enum bb_code code = page_start(core, ID_ASKER, query->askers->page_token, &number);
    if (code != BB_OK)
        return code;
    if (number == 0)
        number = actor->party->last_asker;
    while (number != 0) {
        Stored__Asker *asker;
        Wire__AskerView *view;
        bool full;
        code = store_get_number(core->txn, TABLE_ASKER, number, &asker);
        if (code == BB_NOT_FOUND || (code == BB_OK && asker->desk != actor->party->party))
            return BB_BAD_VALUE; // the page token is not one that we gave out
        if (code == BB_OK)
            code = view_asker(core, asker, actor->member->member, &view);
        if (code == BB_OK)
            code = add_item(core, &page, &view->base, &list->askers, &list->n_askers, &full);
        if (code != BB_OK)
            return code;
        if (full) {
            list->page_token = page_token(core, ID_ASKER, number);
            return BB_OK;
        }
        number = asker->previous_of_desk;
    }
    return BB_OK;
}

static enum bb_code one_party(struct core *core, const struct actor *actor, uint64_t id, Wire__PartyList *list)
{
    Stored__Party *party;
    Wire__PartyView *view;
    struct page page = {0};
    bool full;
    enum bb_code code = find_party(core, actor, id, &party);
    if (code == BB_OK)
        code = view_party(core, party, &view);
    return code == BB_OK ? add_item(core, &page, &view->base, &list->parties, &list->n_parties, &full) : code;
}

static bool lists_party(const Wire__ListParties *ask, const struct actor *actor, const Stored__Party *party)
{
    return party->community == actor->party->community && (ask->state == 0 || party->state == ask->state);
}

enum bb_code query_parties(struct core *core, const struct actor *actor, const Wire__Query *query, Wire__Answer *out)
{
    const Wire__ListParties *ask = query->parties;
    Wire__PartyList *list = core_alloc(core, sizeof *list);
    if (!list)
        return BB_NO_MEMORY;
    wire__party_list__init(list);
    out->what_case = WIRE__ANSWER__WHAT_PARTIES;
    out->parties = list;
    if (ask->party != 0)
        return one_party(core, actor, ask->party, list);
    struct page page = {0};
    uint64_t start;
    enum bb_code code = page_start(core, ID_PARTY, ask->page_token, &start);
    if (code != BB_OK)
        return code;
    struct store_key key = key_number(start ? start : 1);
    for (int rows = 0;; rows++) {
        Stored__Party *party;
        Wire__PartyView *view;
        bool full = rows >= QUERY_ROWS_MAX;
        code = store_at_or_after(core->txn, TABLE_PARTY, &key, &party);
        if (code == BB_OK && !full && lists_party(ask, actor, party)) {
            code = view_party(core, party, &view);
            if (code == BB_OK)
                code = add_item(core, &page, &view->base, &list->parties, &list->n_parties, &full);
        }
        if (code != BB_OK)
            return code == BB_NOT_FOUND ? BB_OK : code;
        if (full) {
            list->page_token = page_token(core, ID_PARTY, party->party);
            return BB_OK;
        }
        key = key_number(party->party + 1);
    }
}

// Everybody knows the members of the own party; who watches over the community, those of all.
static enum bb_code find_members_party(struct core *core, const struct actor *actor, uint64_t id, Stored__Party **out)
{
    *out = actor->party;
    if (id == 0)
        return BB_OK;
    enum bb_code code = find_party(core, actor, id, out);
    if (code != BB_OK || (*out)->party == actor->party->party)
        return code;
    bool watches = actor->party->role == ROLE_COORDINATOR || actor->party->role == ROLE_OPERATOR;
    return watches ? BB_OK : BB_NOT_ALLOWED;
}

enum bb_code query_members(struct core *core, const struct actor *actor, const Wire__Query *query, Wire__Answer *out)
{
    Wire__MemberList *list = core_alloc(core, sizeof *list);
    Stored__Party *party;
    if (!list)
        return BB_NO_MEMORY;
    wire__member_list__init(list);
    out->what_case = WIRE__ANSWER__WHAT_MEMBERS;
    out->members = list;
    enum bb_code code = find_members_party(core, actor, query->members->party, &party);
    if (code != BB_OK)
        return code;
    struct page page = {0};
    uint64_t number;
    code = page_start(core, ID_MEMBER, query->members->page_token, &number);
    if (code != BB_OK)
        return code;
    if (number == 0)
        number = party->last_member;
    while (number != 0) {
        Stored__Member *member;
        Wire__MemberView *view;
        bool full;
        code = store_get_number(core->txn, TABLE_MEMBER, number, &member);
        if (code == BB_NOT_FOUND || (code == BB_OK && member->party != party->party))
            return BB_BAD_VALUE;
        if (code == BB_OK)
            code = view_member(core, party, member, &view);
        if (code == BB_OK)
            code = add_item(core, &page, &view->base, &list->members, &list->n_members, &full);
        if (code != BB_OK)
            return code;
        if (full) {
            list->page_token = page_token(core, ID_MEMBER, number);
            return BB_OK;
        }
        number = member->previous;
    }
    return BB_OK;
}

enum bb_code query_offers(struct core *core, const struct actor *actor, const Wire__Query *query, Wire__Answer *out)
{
    Wire__OfferList *list = core_alloc(core, sizeof *list);
    if (!list)
        return BB_NO_MEMORY;
    wire__offer_list__init(list);
    out->what_case = WIRE__ANSWER__WHAT_OFFERS;
    out->offers = list;
    struct page page = {0};
    uint64_t number;
    enum bb_code code = page_start(core, ID_OFFER, query->offers->page_token, &number);
    if (code != BB_OK)
        return code;
    if (number == 0)
        number = actor->party->last_offer;
    while (number != 0) {
        Stored__Offer *offer;
        Stored__Request *request;
        Wire__OfferView *view;
        bool full;
        code = store_get_number(core->txn, TABLE_OFFER, number, &offer);
        if (code == BB_NOT_FOUND || (code == BB_OK && offer->party != actor->party->party))
            return BB_BAD_VALUE;
        if (code == BB_OK)
            code = get_named(core, TABLE_REQUEST, offer->request, &request);
        if (code == BB_OK)
            code = view_offer(core, actor->party, offer, request, &view);
        if (code == BB_OK)
            code = add_item(core, &page, &view->base, &list->offers, &list->n_offers, &full);
        if (code != BB_OK)
            return code;
        if (full) {
            list->page_token = page_token(core, ID_OFFER, number);
            return BB_OK;
        }
        number = offer->previous_of_party;
    }
    return BB_OK;
}

static enum bb_code view_invitation(struct core *core, const Stored__Invitation *invitation, Wire__InvitationView **out)
{
    Wire__InvitationView *view = core_alloc(core, sizeof *view);
    if (!view)
        return BB_NO_MEMORY;
    wire__invitation_view__init(view);
    view->invitation = id_make(core->ids_key, ID_INVITATION, invitation->invitation);
    view->role = invitation->role;
    view->audience_class = invitation->audience_class;
    view->standing = invitation->standing;
    view->uses_left = invitation->uses_left;
    view->expires_at_ms = invitation->expires_at_ms;
    view->revoked = invitation->revoked;
    *out = view;
    return BB_OK;
}

enum bb_code query_invitations(struct core *core, const struct actor *actor, const Wire__Query *query,
                               Wire__Answer *out)
{
    Wire__InvitationList *list = core_alloc(core, sizeof *list);
    if (!list)
        return BB_NO_MEMORY;
    wire__invitation_list__init(list);
    out->what_case = WIRE__ANSWER__WHAT_INVITATIONS;
    out->invitations = list;
    struct page page = {0};
    uint64_t start;
    enum bb_code code = page_start(core, ID_INVITATION, query->invitations->page_token, &start);
    if (code != BB_OK)
        return code;
    struct store_key key = key_number(start ? start : UINT64_MAX);
    for (int rows = 0;; rows++) {
        Stored__Invitation *invitation;
        Wire__InvitationView *view;
        bool full = rows >= QUERY_ROWS_MAX;
        code = store_at_or_before(core->txn, TABLE_INVITATION, &key, &invitation);
        if (code == BB_OK && !full && invitation->community == actor->party->community) {
            code = view_invitation(core, invitation, &view);
            if (code == BB_OK)
                code = add_item(core, &page, &view->base, &list->invitations, &list->n_invitations, &full);
        }
        if (code != BB_OK)
            return code == BB_NOT_FOUND ? BB_OK : code;
        if (full)
            list->page_token = page_token(core, ID_INVITATION, invitation->invitation);
        if (full || invitation->invitation == 1)
            return BB_OK;
        key = key_number(invitation->invitation - 1);
    }
}
