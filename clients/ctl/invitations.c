// SPDX-License-Identifier: MPL-2.0
// `invite`, `invitation list`, `invitation revoke`.
#include "ctl.h"

#include "broker.h"
#include "json_lines.h"
#include "shown.h"
#include "table.h"
#include "wiped.h"

#include <stdlib.h>

enum { DAYS_DEFAULT = 14, DAYS_MAX = 366, STANDING_USES_DEFAULT = 100 };
static const int64_t DAY_MS = 24LL * 60 * 60 * 1000;

static int read_invitation(struct ui *ui, const struct arguments *arguments, Wire__MakeInvitation *make, uint32_t *days)
{
    uint32_t role = 0, class = 0;
    make->standing = argument_given(arguments, OPTION_STANDING);
    make->uses = make->standing ? STANDING_USES_DEFAULT : 1;
    *days = DAYS_DEFAULT;
    // A further member of a party has that party's role and class.
    int status = argument_given(arguments, OPTION_PARTY) ? option_id(ui, arguments, OPTION_PARTY, &make->party)
                                                         : option_needed(ui, arguments, OPTION_ROLE);
    if (status == STATUS_DONE) {
        status = option_word(ui, arguments, OPTION_ROLE, &bb_roles, &role);
    }
    if (status == STATUS_DONE) {
        class = role == ROLE_GIVER && make->party == 0 ? CLASS_RESIDENT : 0;
        status = option_word(ui, arguments, OPTION_CLASS, &bb_classes, &class);
    }
    if (status == STATUS_DONE) {
        status = option_number(ui, arguments, OPTION_USES, 1, INVITATION_USES_MAX, &make->uses);
    }
    if (status == STATUS_DONE) {
        status = option_number(ui, arguments, OPTION_DAYS, 1, DAYS_MAX, days);
    }
    make->role = (Wire__Role)role;
    make->audience_class = (Wire__AudienceClass) class;
    return status;
}

static void tell_invitation(struct ui *ui, const struct arguments *arguments, const Wire__MakeInvitation *make,
                            const char *text, uint64_t id)
{
    if (argument_given(arguments, OPTION_QUIET)) {
        printf("%s\n", text);
        return;
    }
    if (ui->json) {
        json_t *line = json_pack("{s:s, s:s}", "invitation", shown_id(ui, id), "text", text);
        json_print(ui, &line);
        return;
    }
    printf(tr(ui, "Invitation %s, to be used before %s. Whoever has this text can use it: hand it over in person.\n\n",
              "Uitnodiging %s, te gebruiken tot %s. Wie deze tekst heeft kan hem gebruiken: geef hem persoonlijk.\n\n"),
           shown_id(ui, id), shown_time(ui, make->expires_at_ms));
    printf("%s\n", text);
}

static int invite(struct ui *ui, const struct arguments *arguments, struct bb_client *client,
                  Wire__MakeInvitation *make)
{
    char *text = NULL;
    uint64_t id = 0;
    Wire__Reply *reply = NULL;
    enum bb_code code = bb_client_invite(client, make, &text, &id, &reply);
    int status = STATUS_DONE;
    if (code == BB_TIMED_OUT || code == BB_AWAY) {
        // The text is of this run alone, so a command that is carried out later is of no use to anybody.
        complain(ui, "%s",
                 tr(ui, "The broker did not answer, so there is no invitation. Try again when it is back.",
                    "De server gaf geen antwoord, dus er is geen uitnodiging. Probeer het later opnieuw."));
        status = STATUS_UNREACHABLE;
    } else if (code != BB_OK || text == NULL) {
        status = tell_reply(ui, code == BB_OK ? BB_NO_MEMORY : code, reply);
    } else {
        tell_invitation(ui, arguments, make, text, id);
    }
    wiped_free(text);
    if (reply != NULL) {
        wire__reply__free_unpacked(reply, NULL);
    }
    return status;
}

int invite_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__MakeInvitation make = WIRE__MAKE_INVITATION__INIT;
    uint32_t days = 0;
    struct bb_client *client = NULL;
    int status = read_invitation(ui, arguments, &make, &days);
    if (status == STATUS_DONE) {
        status = broker_open(ui, &client);
    }
    // The expiry is counted by the broker's clock, which the welcome brings.
    if (status == STATUS_DONE && broker_welcome(ui, client) == NULL) {
        status = STATUS_UNREACHABLE;
    }
    if (status == STATUS_DONE) {
        make.expires_at_ms = bb_client_now_ms(client) + days * DAY_MS;
        status = invite(ui, arguments, client, &make);
    }
    bb_client_close(&client);
    return status;
}

struct listing {
    struct ui *ui;
    struct table *table;
};

static void add_row(struct listing *listing, const Wire__InvitationView *invitation)
{
    struct ui *ui = listing->ui;
    char uses[16];
    snprintf(uses, sizeof uses, "%u", invitation->uses_left);
    const char *cells[] = {shown_id(ui, invitation->invitation),
                           bb_word(&bb_roles, invitation->role, ui->language),
                           invitation->audience_class != WIRE__AUDIENCE_CLASS__CLASS_UNSET
                               ? bb_word(&bb_classes, invitation->audience_class, ui->language)
                               : "",
                           uses,
                           shown_time(ui, invitation->expires_at_ms),
                           invitation->revoked    ? tr(ui, "taken back", "ingetrokken")
                           : invitation->standing ? tr(ui, "standing", "doorlopend")
                                                  : ""};
    table_add(listing->table, cells);
}

static uint64_t list_page(void *context, const Wire__Answer *answer)
{
    struct listing *listing = context;
    for (size_t i = 0; i < answer->invitations->n_invitations; i++) {
        if (listing->ui->json) {
            json_line(listing->ui, &answer->invitations->invitations[i]->base);
        } else {
            add_row(listing, answer->invitations->invitations[i]);
        }
    }
    return answer->invitations->page_token;
}

static int list_invitations(struct ui *ui, struct bb_client *client)
{
    const char *headings[] = {tr(ui, "INVITATION", "UITNODIGING"),
                              tr(ui, "ROLE", "ROL"),
                              tr(ui, "CLASS", "SOORT"),
                              tr(ui, "USES LEFT", "NOG"),
                              tr(ui, "UNTIL", "TOT"),
                              "",
                              NULL};
    struct listing listing = {ui, table_create(headings)};
    if (listing.table == NULL) {
        return complain_code(ui, BB_NO_MEMORY);
    }
    Wire__ListInvitations list = WIRE__LIST_INVITATIONS__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_INVITATIONS;
    query.invitations = &list;
    int status =
        broker_ask_pages(ui, client, &query, WIRE__ANSWER__WHAT_INVITATIONS, &list.page_token, list_page, &listing);
    if (status == STATUS_DONE && !ui->json &&
        table_print(listing.table, ui, tr(ui, "There are no invitations.", "Er zijn geen uitnodigingen.")) != BB_OK) {
        status = complain_code(ui, BB_NO_MEMORY);
    }
    table_destroy(&listing.table);
    return status;
}

int invitation_list_run(struct ui *ui, const struct arguments *arguments)
{
    (void)arguments;
    struct bb_client *client = NULL;
    int status = broker_open(ui, &client);
    if (status == STATUS_DONE) {
        status = list_invitations(ui, client);
    }
    bb_client_close(&client);
    return status;
}

int invitation_revoke_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__RevokeInvitation revoke = WIRE__REVOKE_INVITATION__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_REVOKE_INVITATION;
    command.revoke_invitation = &revoke;
    int status = read_id(ui, arguments->positional[0], &revoke.invitation);
    return status != STATUS_DONE ? status
                                 : broker_do(ui, &command,
                                             tr(ui, "The invitation cannot be used any more.",
                                                "De uitnodiging is niet meer te gebruiken."));
}
