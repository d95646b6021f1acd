// SPDX-License-Identifier: MPL-2.0
// The lists that more than one program asks for and prints: requests and members; see views.h.
#include "views.h"

#include "broker.h"
#include "json_lines.h"
#include "shown.h"
#include "table.h"

struct requests_listing {
    struct ui *ui;
    struct bb_client *client;
    struct table *table;
};

static void add_request(struct requests_listing *listing, const Wire__RequestView *request)
{
    struct ui *ui = listing->ui;
    char arranged[32];
    snprintf(arranged, sizeof arranged, "%u/%u", request->taken, request->needed);
    const char *cells[] = {shown_id(ui, request->request),
                           bb_word(&bb_request_states, request->state, ui->language),
                           shown_category(ui, listing->client, request->category),
                           arranged,
                           shown_date(ui, request->opened_at_ms),
                           shown_text(ui, request->text)};
    table_add(listing->table, cells);
}

static uint64_t list_requests(void *context, const Wire__Answer *answer)
{
    struct requests_listing *listing = context;
    for (size_t i = 0; i < answer->requests->n_requests; i++) {
        if (listing->ui->json) {
            json_line(listing->ui, &answer->requests->requests[i]->base);
        } else {
            add_request(listing, answer->requests->requests[i]);
        }
    }
    return answer->requests->page_token;
}

int view_requests(struct ui *ui, struct bb_client *client, const uint32_t *states, size_t count, bool own)
{
    const char *headings[] = {tr(ui, "REQUEST", "HULPVRAAG"),
                              tr(ui, "STATE", "STAND"),
                              tr(ui, "CATEGORY", "CATEGORIE"),
                              tr(ui, "ARRANGED", "GEREGELD"),
                              tr(ui, "SINCE", "SINDS"),
                              tr(ui, "TEXT", "TEKST"),
                              NULL};
    struct requests_listing listing = {ui, client, table_create(headings)};
    if (listing.table == NULL) {
        return complain_code(ui, BB_NO_MEMORY);
    }
    int status = STATUS_DONE;
    for (size_t i = 0; status == STATUS_DONE && i < count; i++) {
        Wire__ListRequests list = WIRE__LIST_REQUESTS__INIT;
        Wire__Query query = WIRE__QUERY__INIT;
        query.what_case = WIRE__QUERY__WHAT_REQUESTS;
        query.requests = &list;
        list.state = (Wire__RequestState)states[i];
        list.own = own;
        status = broker_ask_pages(ui, client, &query, WIRE__ANSWER__WHAT_REQUESTS, &list.page_token, list_requests,
                                  &listing);
    }
    if (status == STATUS_DONE && !ui->json &&
        table_print(listing.table, ui, tr(ui, "There are no requests here.", "Er zijn hier geen hulpvragen.")) !=
            BB_OK) {
        status = complain_code(ui, BB_NO_MEMORY);
    }
    table_destroy(&listing.table);
    return status;
}

struct members_listing {
    struct ui *ui;
    struct table *table;
};

static void add_member(struct members_listing *listing, const Wire__MemberView *member)
{
    struct ui *ui = listing->ui;
    char words[BB_CHECK_WORDS_SIZE] = "-";
    if (member->sealing_key_bytes.len == 32) {
        bb_check_words(member->sealing_key_bytes.data, words);
    }
    const char *cells[] = {shown_id(ui, member->member), shown_text(ui, member->name),
                           shown_date(ui, member->joined_at_ms), words,
                           member->revoked ? tr(ui, "ended", "beëindigd") : ""};
    table_add(listing->table, cells);
}

static uint64_t list_members(void *context, const Wire__Answer *answer)
{
    struct members_listing *listing = context;
    for (size_t i = 0; i < answer->members->n_members; i++) {
        if (listing->ui->json) {
            json_line(listing->ui, &answer->members->members[i]->base);
        } else {
            add_member(listing, answer->members->members[i]);
        }
    }
    return answer->members->page_token;
}

int view_members(struct ui *ui, struct bb_client *client, uint64_t party)
{
    const char *headings[] = {tr(ui, "MEMBER", "MEDEWERKER"),
                              tr(ui, "NAME", "NAAM"),
                              tr(ui, "SINCE", "SINDS"),
                              tr(ui, "CHECK WORDS", "CONTROLEWOORDEN"),
                              "",
                              NULL};
    struct members_listing listing = {ui, table_create(headings)};
    if (listing.table == NULL) {
        return complain_code(ui, BB_NO_MEMORY);
    }
    Wire__ListMembers list = WIRE__LIST_MEMBERS__INIT;
    list.party = party;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_MEMBERS;
    query.members = &list;
    int status =
        broker_ask_pages(ui, client, &query, WIRE__ANSWER__WHAT_MEMBERS, &list.page_token, list_members, &listing);
    if (status == STATUS_DONE && !ui->json &&
        table_print(listing.table, ui, tr(ui, "There are no members.", "Er zijn geen medewerkers.")) != BB_OK) {
        status = complain_code(ui, BB_NO_MEMORY);
    }
    table_destroy(&listing.table);
    return status;
}
