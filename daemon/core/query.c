// SPDX-License-Identifier: MPL-2.0
// Questions; see query.h. The table says who may ask what; lists of requests are here, of people in query_people.c.
#include "query.h"

#include "channel.h"
#include "page.h"
#include "query_lists.h"
#include "view.h"

#define ROLE(role) (1U << (role))
#define STAFF (ROLE(ROLE_DESK) | ROLE(ROLE_COORDINATOR))
#define EVERYBODY (STAFF | ROLE(ROLE_GIVER) | ROLE(ROLE_REPORTER) | ROLE(ROLE_OPERATOR))

struct query_rule {
    uint32_t roles;
    bool while_not_active;
    query_function *answer; // NULL: answered outside the core
};

static const struct query_rule rules[] = {
    [WIRE__QUERY__WHAT_AUDIENCE] = {STAFF, false, query_audience},
    [WIRE__QUERY__WHAT_REQUESTS] = {STAFF | ROLE(ROLE_GIVER), false, query_requests},
    [WIRE__QUERY__WHAT_REQUEST] = {STAFF | ROLE(ROLE_GIVER), false, query_request},
    [WIRE__QUERY__WHAT_ASKERS] = {ROLE(ROLE_DESK), false, query_askers},
    [WIRE__QUERY__WHAT_PARTIES] = {ROLE(ROLE_COORDINATOR) | ROLE(ROLE_OPERATOR), false, query_parties},
    [WIRE__QUERY__WHAT_MEMBERS] = {EVERYBODY, true, query_members},
    [WIRE__QUERY__WHAT_OFFERS] = {ROLE(ROLE_GIVER), true, query_offers},
    [WIRE__QUERY__WHAT_JOURNAL] = {ROLE(ROLE_OPERATOR), false, query_journal},
    [WIRE__QUERY__WHAT_VERIFY] = {ROLE(ROLE_OPERATOR), false, NULL},
    [WIRE__QUERY__WHAT_STATUS] = {ROLE(ROLE_OPERATOR) | ROLE(ROLE_COORDINATOR), false, NULL},
    [WIRE__QUERY__WHAT_INVITATIONS] = {ROLE(ROLE_COORDINATOR) | ROLE(ROLE_OPERATOR), false, query_invitations},
};

static const struct query_rule *rule_of(const Wire__Query *query)
{
    size_t what = (size_t)query->what_case;
    return what < sizeof rules / sizeof *rules && rules[what].roles != 0 ? &rules[what] : NULL;
}

enum bb_code query_may(const struct actor *actor, const Wire__Query *query)
{
    const struct query_rule *rule = rule_of(query);
    if (rule == NULL)
        return BB_UNKNOWN_COMMAND;
    if (actor->invitee || !(rule->roles & ROLE(actor->party->role)))
        return BB_NOT_ALLOWED;
    if (actor->party->state == PARTY_ACTIVE || rule->while_not_active)
        return BB_OK;
    return actor->party->state == PARTY_WAITING ? BB_PARTY_WAITING : BB_PARTY_SUSPENDED;
}

enum bb_code query_answer(struct core *core, const struct actor *actor, const Wire__Query *query, Wire__Answer **out)
{
    const struct query_rule *rule = rule_of(query);
    enum bb_code code = query_may(actor, query);
    if (code != BB_OK)
        return code;
    if (rule->answer == NULL)
        return BB_UNKNOWN_COMMAND;
    *out = core_alloc(core, sizeof **out);
    if (*out == NULL)
        return BB_NO_MEMORY;
    wire__answer__init(*out);
    return rule->answer(core, actor, query, *out);
}

// ---------------------------------------------------------------- audience

static bool excludes(const Wire__AskAudience *ask, uint32_t audience_class)
{
    for (size_t i = 0; i < ask->n_excluded_classes; i++) {
        if (ask->excluded_classes[i] == audience_class)
            return true;
    }
    return false;
}

// Givers are numbered as they join, so those of this week are the last ones. In a rush the number is "at least".
static enum bb_code count_joined(struct core *core, const struct actor *actor, uint32_t *out)
{
    const int64_t week_ms = 7LL * 24 * 60 * 60 * 1000;
    struct store_key key = key_number(UINT64_MAX);
    *out = 0;
    for (int rows = 0; rows < QUERY_ROWS_MAX; rows++) {
        Stored__Party *party;
        enum bb_code code = store_at_or_before(core->txn, TABLE_PARTY, &key, &party);
        if (code != BB_OK)
            return code == BB_NOT_FOUND ? BB_OK : code;
        if (party->joined_at_ms < core->now_ms - week_ms)
            return BB_OK;
        *out += party->role == ROLE_GIVER && party->community == actor->party->community;
        if (party->party <= 1)
            return BB_OK;
        key = key_number(party->party - 1);
    }
    return BB_OK;
}

static enum bb_code add_count(struct core *core, const struct actor *actor, const Wire__AskAudience *ask,
                              uint32_t audience_class, Wire__Audience *audience)
{
    Stored__ChannelHead *head;
    enum bb_code code = channel_head(core, channel_of_class(actor->party->community, audience_class), &head);
    if (code != BB_OK)
        return code;
    Wire__AudienceCount *count = core_alloc(core, sizeof *count);
    if (!count || !core_grow(core, &audience->counts, audience->n_counts, sizeof *audience->counts))
        return BB_NO_MEMORY;
    wire__audience_count__init(count);
    count->audience_class = audience_class;
    count->givers = head->givers;
    count->excluded = excludes(ask, audience_class);
    if (!count->excluded)
        audience->total += head->givers;
    audience->counts[audience->n_counts++] = count;
    return BB_OK;
}

enum bb_code query_audience(struct core *core, const struct actor *actor, const Wire__Query *query, Wire__Answer *out)
{
    const Wire__AskAudience *ask = query->audience;
    Wire__Audience *audience = core_alloc(core, sizeof *audience);
    Stored__Community *community;
    if (!audience)
        return BB_NO_MEMORY;
    wire__audience__init(audience);
    out->what_case = WIRE__ANSWER__WHAT_AUDIENCE;
    out->audience = audience;
    enum bb_code code = get_named(core, TABLE_COMMUNITY, actor->party->community, &community);
    if (code != BB_OK)
        return code;
    const Stored__Category *category = find_category(community, ask->category);
    audience->coordinators_only = ask->size == SIZE_LARGE || (category != NULL && category->coordinators_only);
    for (uint32_t c = CLASS_RESIDENT; code == BB_OK && c <= CLASSES_MAX; c++)
        code = add_count(core, actor, ask, c, audience);
    return code == BB_OK ? count_joined(core, actor, &audience->joined_this_week) : code;
}

// ---------------------------------------------------------------- requests

static bool wanted(const Wire__ListRequests *list, const struct actor *actor, const Stored__Request *request)
{
    if (list->state != 0 && request->state != list->state)
        return false;
    return !list->own || request->desk == actor->party->party;
}

static enum bb_code add_request(struct core *core, const struct actor *actor, const Stored__Request *request,
                                struct page *page, Wire__RequestList *list)
{
    Wire__RequestView *view;
    enum bb_code code = view_request(core, actor->party, request, false, &view);
    if (code != BB_OK)
        return code == BB_UNKNOWN_ID ? BB_OK : code; // not for this viewer: as if it were not there
    if (!page_takes(page, &view->base)) {
        list->page_token = page_token(core, ID_REQUEST, request->request);
        return BB_OK;
    }
    if (!core_grow(core, &list->requests, list->n_requests, sizeof *list->requests))
        return BB_NO_MEMORY;
    list->requests[list->n_requests++] = view;
    return BB_OK;
}

// One row of the list, newest first: from the live ones, or from all where closed ones are asked for.
static enum bb_code row_before(struct core *core, bool closed, struct store_key *key, Stored__Request **out)
{
    Stored__Counter *live; // read only so that its checksum is looked at
    if (closed)
        return store_at_or_before(core->txn, TABLE_REQUEST, key, out);
    enum bb_code code = store_at_or_before(core->txn, TABLE_LIVE, key, &live);
    return code == BB_OK ? get_named(core, TABLE_REQUEST, key_to_number(key), out) : code;
}

enum bb_code query_requests(struct core *core, const struct actor *actor, const Wire__Query *query, Wire__Answer *out)
{
    const Wire__ListRequests *ask = query->requests;
    Wire__RequestList *list = core_alloc(core, sizeof *list);
    if (!list)
        return BB_NO_MEMORY;
    wire__request_list__init(list);
    out->what_case = WIRE__ANSWER__WHAT_REQUESTS;
    out->requests = list;
    struct page page = {0};
    uint64_t start;
    enum bb_code code = page_start(core, ID_REQUEST, ask->page_token, &start);
    if (code != BB_OK)
        return code;
    struct store_key key = key_number(start ? start : UINT64_MAX);
    for (int rows = 0; list->page_token == 0; rows++) {
        Stored__Request *request;
        code = row_before(core, ask->state == REQUEST_CLOSED, &key, &request);
        if (code != BB_OK)
            return code == BB_NOT_FOUND ? BB_OK : code;
        if (rows >= QUERY_ROWS_MAX) {
            list->page_token = page_token(core, ID_REQUEST, request->request);
            return BB_OK;
        }
        if (wanted(ask, actor, request))
            code = add_request(core, actor, request, &page, list);
        if (code != BB_OK || request->request == 1)
            return code;
        key = key_number(request->request - 1);
    }
    return BB_OK;
}

enum bb_code query_request(struct core *core, const struct actor *actor, const Wire__Query *query, Wire__Answer *out)
{
    Stored__Request *request;
    enum bb_code code = find_request(core, actor, query->request->request, &request);
    out->what_case = WIRE__ANSWER__WHAT_REQUEST;
    return code == BB_OK ? view_request(core, actor->party, request, true, &out->request) : code;
}

// ---------------------------------------------------------------- status

static enum bb_code count_community(struct core *core, uint64_t community, Wire__Status *status)
{
    for (uint32_t c = CLASS_RESIDENT; c <= CLASSES_MAX; c++) {
        Stored__ChannelHead *head;
        enum bb_code code = channel_head(core, channel_of_class(community, c), &head);
        if (code != BB_OK)
            return code;
        status->givers_active += head->givers;
        status->givers_waiting += head->waiting;
    }
    return BB_OK;
}

enum bb_code query_counts(struct core *core, Wire__Status *status)
{
    uint64_t communities, live;
    enum bb_code code = store_counter(core->txn, "community", &communities);
    for (uint64_t i = 1; code == BB_OK && i <= communities; i++)
        code = count_community(core, i, status);
    if (code == BB_OK)
        code = store_rows(core->txn, TABLE_LIVE, &live);
    if (code == BB_OK)
        status->requests_live = (uint32_t)live;
    return code;
}
