// SPDX-License-Identifier: MPL-2.0
// `listen`: shows what comes in, in words or as lines of JSON, until it is told to stop.
//
// The library counts an event as handed on when the handler returns. So where a line cannot be written the program ends
// at once, from inside the handler: the next run hands it on again, marked as such, and nothing is lost.
#include "giver.h"

#include "broker.h"
#include "json_lines.h"
#include "kept.h"
#include "lost.h"
#include "shown.h"
#include "stop.h"
#include "views.h"

#include <unistd.h>

struct listening {
    struct ui *ui;
    struct bb_client *client;
    enum bb_code refused; // not BB_OK: it makes no sense to go on
};

static const char *event_name(enum bb_event_kind kind)
{
    static const char *const names[] = {
        [BB_EVENT_CONNECTED] = "connected", [BB_EVENT_AWAY] = "away",         [BB_EVENT_REFUSED] = "refused",
        [BB_EVENT_ALERT] = "alert",         [BB_EVENT_UPDATE] = "update",     [BB_EVENT_CANCEL] = "cancel",
        [BB_EVENT_ITEM] = "item",           [BB_EVENT_COMPLETE] = "complete", [BB_EVENT_KEPT] = "kept",
        [BB_EVENT_LOST] = "lost",
    };
    return names[kind];
}

static void print_event_json(struct ui *ui, const struct bb_event *event)
{
    json_t *line = json_pack("{s:s, s:b}", "event", event_name(event->kind), "again", (int)event->again);
    if (event->request != NULL) {
        json_object_set_new(line, "request", json_of(&event->request->base));
    }
    if (event->item != NULL) {
        json_object_set_new(line, "item", json_of(&event->item->base));
    }
    if (event->kind == BB_EVENT_COMPLETE) {
        json_object_set_new(line, "channel", json_string(shown_id(ui, event->channel)));
        json_object_set_new(line, "seq", json_integer((json_int_t)event->seq));
    }
    if (event->command != NULL) {
        json_object_set_new(line, "command", json_of(&event->command->base));
    }
    if (event->lost != NULL) {
        json_object_set_new(line, "lost", json_of_lost(ui, event->lost));
    }
    if (event->kind == BB_EVENT_AWAY || event->kind == BB_EVENT_REFUSED || event->kind == BB_EVENT_KEPT) {
        json_object_set_new(line, "code", json_string(bb_code_symbol(event->code)));
    }
    json_print(ui, &line);
}

static void print_request_event(struct ui *ui, const struct bb_client *client, const struct bb_event *event)
{
    if (event->kind == BB_EVENT_ALERT) {
        view_public_request(ui, client,
                            event->again ? tr(ui, "A request (again)", "Hulpvraag (nogmaals)")
                                         : tr(ui, "A new request", "Nieuwe hulpvraag"),
                            PAINT_GREEN, event->request);
        printf("  %s%s answer %s offer \"…\"%s\n", paint(ui, PAINT_FAINT), ui->program,
               shown_id(ui, event->request->request), paint(ui, PAINT_PLAIN));
        return;
    }
    bool filled = event->request->state == WIRE__REQUEST_STATE__REQUEST_FILLED;
    const char *title = event->kind == BB_EVENT_CANCEL ? tr(ui, "Closed, thank you", "Klaar, dank u wel")
                        : filled                       ? tr(ui, "Arranged", "Geregeld")
                                                       : tr(ui, "Changed", "Gewijzigd");
    view_public_request(ui, client, title, event->kind == BB_EVENT_CANCEL ? PAINT_FAINT : PAINT_YELLOW, event->request);
}

static void print_event(struct listening *listening, const struct bb_event *event)
{
    struct ui *ui = listening->ui;
    if (event->kind == BB_EVENT_CONNECTED) {
        printf("%s%s%s\n", paint(ui, PAINT_FAINT), tr(ui, "Connected.", "Verbonden."), paint(ui, PAINT_PLAIN));
    } else if (event->kind == BB_EVENT_AWAY) {
        printf("%s%s%s\n", paint(ui, PAINT_FAINT),
               tr(ui, "No connection at the moment; it is tried again.",
                  "Even geen verbinding; het wordt opnieuw geprobeerd."),
               paint(ui, PAINT_PLAIN));
    } else if (event->request != NULL) {
        print_request_event(ui, listening->client, event);
    } else if (event->item != NULL) {
        inbox_show(ui, listening->client, event->item);
        if (event->item->what_case == WIRE__MAILBOX_ITEM__WHAT_RELEASE) {
            printf(tr(ui, "  Read them with: %s inbox\n", "  Lees ze met: %s inbox\n"), ui->program);
        }
    }
}

static void handle(void *context, const struct bb_event *event)
{
    struct listening *listening = context;
    if (event->kind == BB_EVENT_REFUSED) {
        listening->refused = event->code;
    }
    tell_kept(listening->ui, event);
    tell_lost(listening->ui, event);
    if (listening->ui->json) {
        print_event_json(listening->ui, event);
    } else {
        print_event(listening, event);
    }
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        _exit(STATUS_REFUSED);
    }
}

int listen_run(struct ui *ui, const struct arguments *arguments)
{
    struct listening listening = {.ui = ui};
    bool until_complete = argument_given(arguments, OPTION_UNTIL_COMPLETE);
    enum bb_code code = broker_follow(ui, handle, &listening, &listening.client);
    if (code != BB_OK) {
        return complain_code(ui, code);
    }
    stop_listen();
    // A second at most, because a signal between the look and the wait would otherwise be noticed late.
    while (code == BB_OK && listening.refused == BB_OK && !stop_wished() &&
           !(until_complete && bb_client_complete(listening.client))) {
        code = bb_client_wait(listening.client, 1000);
    }
    bb_client_close(&listening.client);
    code = code != BB_OK ? code : listening.refused;
    return code == BB_OK ? STATUS_DONE : complain_code(ui, code);
}
