// SPDX-License-Identifier: MPL-2.0
// The desk's requests: `list`, `show`, `close`, `withdraw`; and `categories` and `members`, which help to write them.
#include "intake.h"

#include "broker.h"
#include "json_lines.h"
#include "shown.h"
#include "table.h"
#include "views.h"

int list_run(struct ui *ui, const struct arguments *arguments)
{
    struct bb_client *client = NULL;
    uint32_t state = 0; // all that are not closed
    int status = option_word(ui, arguments, OPTION_STATE, &bb_request_states, &state);
    if (status == STATUS_DONE) {
        status = broker_open(ui, &client);
    }
    if (status == STATUS_DONE) {
        status = view_requests(ui, client, &state, 1, !argument_given(arguments, OPTION_ALL));
    }
    bb_client_close(&client);
    return status;
}

int show_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__ShowRequest show = WIRE__SHOW_REQUEST__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_REQUEST;
    query.request = &show;
    struct bb_client *client = NULL;
    Wire__Answer *answer = NULL;
    int status = read_id(ui, arguments->positional[0], &show.request);
    if (status == STATUS_DONE) {
        status = broker_open(ui, &client);
    }
    if (status == STATUS_DONE) {
        status = broker_ask(ui, client, &query, WIRE__ANSWER__WHAT_REQUEST, &answer);
    }
    if (status == STATUS_DONE && ui->json) {
        json_line(ui, &answer->request->base);
    } else if (status == STATUS_DONE) {
        view_request(ui, client, answer->request);
    }
    if (answer != NULL) {
        wire__answer__free_unpacked(answer, NULL);
    }
    bb_client_close(&client);
    return status;
}

static int give_close(struct ui *ui, Wire__CloseRequest *close)
{
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_CLOSE_REQUEST;
    command.close_request = close;
    return broker_do(
        ui, &command,
        tr(ui, "The request is closed; the givers are told.", "De hulpvraag is afgerond; de gevers horen het."));
}

int close_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__CloseRequest close = WIRE__CLOSE_REQUEST__INIT;
    uint32_t reason = 0;
    int status = read_id(ui, arguments->positional[0], &close.request);
    if (status == STATUS_DONE) {
        status = option_needed(ui, arguments, OPTION_REASON);
    }
    if (status == STATUS_DONE) {
        status = option_word(ui, arguments, OPTION_REASON, &bb_close_reasons, &reason);
    }
    close.reason = (Wire__CloseReason)reason;
    // Not every reason needs the asker's yes: who is unreachable cannot give one. The broker knows which do.
    close.asker_agreed = argument_given(arguments, OPTION_ASKER_AGREED);
    return status == STATUS_DONE ? give_close(ui, &close) : status;
}

// Withdrawing is the asker's own wish, so it needs no further yes and no reason.
int withdraw_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__CloseRequest close = WIRE__CLOSE_REQUEST__INIT;
    close.reason = WIRE__CLOSE_REASON__CLOSE_NO_LONGER_NEEDED;
    close.asker_agreed = true;
    int status = read_id(ui, arguments->positional[0], &close.request);
    return status == STATUS_DONE ? give_close(ui, &close) : status;
}

static int list_categories(struct ui *ui, const Wire__Welcome *welcome)
{
    const char *headings[] = {tr(ui, "KEY", "SLEUTEL"), tr(ui, "NAME", "NAAM"), "", NULL};
    struct table *table = table_create(headings);
    if (table == NULL) {
        return complain_code(ui, BB_NO_MEMORY);
    }
    for (size_t i = 0; i < welcome->n_categories; i++) {
        const Wire__Category *category = welcome->categories[i];
        if (ui->json) {
            json_line(ui, &category->base);
            continue;
        }
        const char *cells[] = {shown_text(ui, category->key), shown_text(ui, category->name),
                               category->coordinators_only
                                   ? tr(ui, "goes to the coordinators only", "gaat alleen naar de kwartiermakers")
                                   : ""};
        table_add(table, cells);
    }
    enum bb_code code = BB_OK;
    if (!ui->json) {
        code = table_print(table, ui, tr(ui, "There are no categories yet.", "Er zijn nog geen categorieën."));
    }
    table_destroy(&table);
    return code == BB_OK ? STATUS_DONE : complain_code(ui, code);
}

int categories_run(struct ui *ui, const struct arguments *arguments)
{
    (void)arguments;
    struct bb_client *client = NULL;
    int status = broker_open(ui, &client);
    if (status != STATUS_DONE) {
        return status;
    }
    const Wire__Welcome *welcome = broker_welcome(ui, client);
    status = welcome != NULL ? list_categories(ui, welcome) : STATUS_UNREACHABLE;
    bb_client_close(&client);
    return status;
}

int members_run(struct ui *ui, const struct arguments *arguments)
{
    (void)arguments;
    struct bb_client *client = NULL;
    int status = broker_open(ui, &client);
    if (status != STATUS_DONE) {
        return status;
    }
    status = view_members(ui, client, 0);
    bb_client_close(&client);
    return status;
}
