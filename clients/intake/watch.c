// SPDX-License-Identifier: MPL-2.0
// `watch`: what comes into the desk's mailbox, as it comes in.
//
// As in a giver's `listen`, an item counts as handed on when the handler returns; where it cannot be written the
// program ends at once, and the next run shows it again.
#include "intake.h"

#include "broker.h"
#include "json_lines.h"
#include "kept.h"
#include "lost.h"
#include "shown.h"
#include "stop.h"
#include "views.h"

#include <unistd.h>

struct watching {
    struct ui *ui;
    struct bb_client *client;
    enum bb_code refused;
};

static void show_item(struct watching *watching, const Wire__MailboxItem *item)
{
    struct ui *ui = watching->ui;
    if (item->what_case == WIRE__MAILBOX_ITEM__WHAT_OFFER) {
        printf("%s%s%s %s\n", paint(ui, PAINT_GREEN), tr(ui, "An answer to request", "Een antwoord op hulpvraag"),
               paint(ui, PAINT_PLAIN), shown_id(ui, item->offer->request));
        view_offer(ui, item->offer);
    } else if (item->what_case == WIRE__MAILBOX_ITEM__WHAT_REQUEST) {
        view_request(ui, watching->client, item->request);
    } else if (item->what_case == WIRE__MAILBOX_ITEM__WHAT_PARTY) {
        printf("%s  %s\n", shown_text(ui, item->party->name),
               bb_word(&bb_party_states, item->party->state, ui->language));
    }
}

static void show_item_json(struct ui *ui, const struct bb_event *event)
{
    json_t *line = json_pack("{s:s, s:b}", "event", "item", "again", (int)event->again);
    json_object_set_new(line, "item", json_of(&event->item->base));
    json_print(ui, &line);
}

static void tell_connection(const struct ui *ui, const struct bb_event *event)
{
    if (event->kind == BB_EVENT_CONNECTED) {
        fprintf(stderr, "%s\n", tr(ui, "Connected.", "Verbonden."));
    } else if (event->kind == BB_EVENT_AWAY) {
        fprintf(stderr, "%s\n",
                tr(ui, "No connection at the moment; it is tried again.",
                   "Even geen verbinding; het wordt opnieuw geprobeerd."));
    }
}

static void handle(void *context, const struct bb_event *event)
{
    struct watching *watching = context;
    if (event->kind == BB_EVENT_REFUSED) {
        watching->refused = event->code;
    }
    tell_kept(watching->ui, event);
    tell_lost(watching->ui, event);
    if (event->item == NULL) {
        tell_connection(watching->ui, event);
        return;
    }
    if (watching->ui->json) {
        show_item_json(watching->ui, event);
    } else {
        show_item(watching, event->item);
    }
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        _exit(STATUS_REFUSED);
    }
}

int watch_run(struct ui *ui, const struct arguments *arguments)
{
    (void)arguments;
    struct watching watching = {.ui = ui};
    enum bb_code code = broker_follow(ui, handle, &watching, &watching.client);
    if (code != BB_OK) {
        return complain_code(ui, code);
    }
    stop_listen();
    while (code == BB_OK && watching.refused == BB_OK && !stop_wished()) {
        code = bb_client_wait(watching.client, 1000);
    }
    bb_client_close(&watching.client);
    code = code != BB_OK ? code : watching.refused;
    return code == BB_OK ? STATUS_DONE : complain_code(ui, code);
}
