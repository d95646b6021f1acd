// SPDX-License-Identifier: MPL-2.0
// `party ...` and `member ...`: who takes part.
#include "ctl.h"

#include "broker.h"
#include "json_lines.h"
#include "shown.h"
#include "table.h"
#include "views.h"

struct listing {
    struct ui *ui;
    struct table *table;
    size_t count;
};

static void add_row(struct listing *listing, const Wire__PartyView *party)
{
    struct ui *ui = listing->ui;
    char members[16];
    snprintf(members, sizeof members, "%u", party->members);
    const char *cells[] = {shown_id(ui, party->party),
                           shown_text(ui, party->name),
                           bb_word(&bb_roles, party->role, ui->language),
                           party->audience_class != WIRE__AUDIENCE_CLASS__CLASS_UNSET
                               ? bb_word(&bb_classes, party->audience_class, ui->language)
                               : "",
                           bb_word(&bb_party_states, party->state, ui->language),
                           shown_date(ui, party->joined_at_ms),
                           members,
                           party->paused ? tr(ui, "paused", "gepauzeerd") : ""};
    table_add(listing->table, cells);
}

static uint64_t list_page(void *context, const Wire__Answer *answer)
{
    struct listing *listing = context;
    for (size_t i = 0; i < answer->parties->n_parties; i++) {
        listing->count++;
        if (listing->ui->json) {
            json_line(listing->ui, &answer->parties->parties[i]->base);
        } else {
            add_row(listing, answer->parties->parties[i]);
        }
    }
    return answer->parties->page_token;
}

// `count` receives how many there were; may be NULL.
static int list_parties(struct ui *ui, struct bb_client *client, Wire__ListParties *list, size_t *count)
{
    const char *headings[] = {tr(ui, "PARTY", "PARTIJ"),
                              tr(ui, "NAME", "NAAM"),
                              tr(ui, "ROLE", "ROL"),
                              tr(ui, "CLASS", "SOORT"),
                              tr(ui, "STATE", "STAND"),
                              tr(ui, "SINCE", "SINDS"),
                              tr(ui, "MEMBERS", "MEDEWERKERS"),
                              "",
                              NULL};
    struct listing listing = {.ui = ui, .table = table_create(headings)};
    if (listing.table == NULL) {
        return complain_code(ui, BB_NO_MEMORY);
    }
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_PARTIES;
    query.parties = list;
    int status =
        broker_ask_pages(ui, client, &query, WIRE__ANSWER__WHAT_PARTIES, &list->page_token, list_page, &listing);
    if (status == STATUS_DONE && !ui->json &&
        table_print(listing.table, ui, tr(ui, "There is nobody here.", "Er is hier niemand.")) != BB_OK) {
        status = complain_code(ui, BB_NO_MEMORY);
    }
    table_destroy(&listing.table);
    if (count != NULL) {
        *count = listing.count;
    }
    return status;
}

int party_list_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__ListParties list = WIRE__LIST_PARTIES__INIT;
    struct bb_client *client = NULL;
    uint32_t state = 0;
    int status = option_word(ui, arguments, OPTION_STATE, &bb_party_states, &state);
    list.state = (Wire__PartyState)state;
    if (status == STATUS_DONE) {
        status = broker_open(ui, &client);
    }
    if (status == STATUS_DONE) {
        status = list_parties(ui, client, &list, NULL);
    }
    bb_client_close(&client);
    return status;
}

int party_show_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__ListParties list = WIRE__LIST_PARTIES__INIT;
    struct bb_client *client = NULL;
    size_t count = 0;
    int status = read_id(ui, arguments->positional[0], &list.party);
    if (status == STATUS_DONE) {
        status = broker_open(ui, &client);
    }
    if (status == STATUS_DONE) {
        status = list_parties(ui, client, &list, &count);
    }
    if (status == STATUS_DONE && count == 0) {
        status = complain_code(ui, BB_UNKNOWN_ID);
    }
    if (status == STATUS_DONE) {
        printf("%s", ui->json ? "" : "\n");
        status = view_members(ui, client, list.party);
    }
    bb_client_close(&client);
    return status;
}

int party_approve_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__ApproveParty approve = WIRE__APPROVE_PARTY__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_APPROVE_PARTY;
    command.approve_party = &approve;
    uint32_t class = 0;
    int status = read_id(ui, arguments->positional[0], &approve.party);
    if (status == STATUS_DONE) {
        status = option_word(ui, arguments, OPTION_CLASS, &bb_classes, &class);
    }
    approve.audience_class = (Wire__AudienceClass) class;
    return status != STATUS_DONE ? status
                                 : broker_do(ui, &command,
                                             tr(ui, "Welcomed. Requests go out to this giver from now on.",
                                                "Welkom geheten. Deze gever krijgt vanaf nu de hulpvragen."));
}

int party_suspend_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__SuspendParty suspend = WIRE__SUSPEND_PARTY__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_SUSPEND_PARTY;
    command.suspend_party = &suspend;
    int status = read_id(ui, arguments->positional[0], &suspend.party);
    if (status == STATUS_DONE) {
        status = option_needed(ui, arguments, OPTION_REASON);
    }
    suspend.reason = text_field(argument_value(arguments, OPTION_REASON));
    return status != STATUS_DONE ? status
                                 : broker_do(ui, &command,
                                             tr(ui, "This party receives nothing from now on.",
                                                "Deze partij ontvangt vanaf nu niets meer."));
}

int party_reinstate_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__ReinstateParty reinstate = WIRE__REINSTATE_PARTY__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_REINSTATE_PARTY;
    command.reinstate_party = &reinstate;
    int status = read_id(ui, arguments->positional[0], &reinstate.party);
    reinstate.reason = text_field(argument_value(arguments, OPTION_REASON));
    return status != STATUS_DONE
               ? status
               : broker_do(ui, &command, tr(ui, "This party takes part again.", "Deze partij doet weer mee."));
}

int member_list_run(struct ui *ui, const struct arguments *arguments)
{
    uint64_t party = 0;
    struct bb_client *client = NULL;
    int status = option_id(ui, arguments, OPTION_PARTY, &party);
    if (status == STATUS_DONE) {
        status = broker_open(ui, &client);
    }
    if (status == STATUS_DONE) {
        status = view_members(ui, client, party);
    }
    bb_client_close(&client);
    return status;
}

int member_revoke_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__RevokeMember revoke = WIRE__REVOKE_MEMBER__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_REVOKE_MEMBER;
    command.revoke_member = &revoke;
    int status = read_id(ui, arguments->positional[0], &revoke.member);
    if (status == STATUS_DONE) {
        status = option_needed(ui, arguments, OPTION_REASON);
    }
    revoke.reason = text_field(argument_value(arguments, OPTION_REASON));
    return status != STATUS_DONE
               ? status
               : broker_do(ui, &command,
                           tr(ui, "This key opens nothing any more. What was read before stays read.",
                              "Deze sleutel opent niets meer. Wat eerder gelezen is, blijft gelezen."));
}
