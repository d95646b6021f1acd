// SPDX-License-Identifier: MPL-2.0
// Talking to the broker from a subcommand; see broker.h.
#include "broker.h"

#include "json_lines.h"
#include "kept.h"
#include "lost.h"
#include "shown.h"

static struct bb_options options_of(const struct ui *ui)
{
    return (struct bb_options){.home = ui->home, .software = ui->program, .timeout_ms = ui->timeout_ms};
}

// For programs that wait for one answer only: what else comes in is not theirs to show.
static void handle_own(void *context, const struct bb_event *event)
{
    tell_kept(context, event);
    tell_lost(context, event);
}

int broker_open(const struct ui *ui, struct bb_client **out)
{
    struct bb_options options = options_of(ui);
    options.handler = handle_own;
    options.context = (void *)ui;
    enum bb_code code = bb_client_open(&options, out);
    return code == BB_OK ? STATUS_DONE : complain_code(ui, code);
}

enum bb_code broker_follow(const struct ui *ui, bb_event_handler *handler, void *context, struct bb_client **out)
{
    struct bb_options options = options_of(ui);
    options.follow = true;
    options.handler = handler;
    options.context = context;
    return bb_client_open(&options, out);
}

const Wire__Welcome *broker_welcome(const struct ui *ui, struct bb_client *client)
{
    int64_t until = ui_steady_ms() + ui->timeout_ms;
    enum bb_code code = BB_OK;
    while (code == BB_OK && !bb_client_connected(client) && ui_steady_ms() < until) {
        code = bb_client_wait(client, 200);
    }
    const Wire__Welcome *welcome = bb_client_welcome(client);
    if (code != BB_OK) {
        (void)complain_code(ui, code);
        return NULL;
    }
    if (welcome == NULL) {
        complain(ui, "%s",
                 tr(ui, "The broker cannot be reached. Check the network and try again.",
                    "De server is niet bereikbaar. Controleer het netwerk en probeer het opnieuw."));
    }
    return welcome;
}

int tell_reply(const struct ui *ui, enum bb_code code, const Wire__Reply *reply)
{
    if (code == BB_OK) {
        return STATUS_DONE;
    }
    if (code == BB_TIMED_OUT || code == BB_AWAY) {
        complain(ui, "%s",
                 tr(ui,
                    "The broker could not be reached. What you asked is kept; it is sent, once, by the next run "
                    "of this program or by one that is listening.",
                    "De server was niet bereikbaar. Uw opdracht is bewaard; hij wordt, één keer, verstuurd door "
                    "de volgende opdracht of door een programma dat luistert."));
        return STATUS_KEPT;
    }
    if (bb_code_sentence(code, ui->language) == NULL && reply != NULL && reply->sentence.len > 0) {
        char sentence[SHOWN_SIZE];
        shown_filter(reply->sentence.data, reply->sentence.len, sentence, sizeof sentence);
        complain(ui, "%s", sentence);
        return STATUS_REFUSED;
    }
    return complain_code(ui, code);
}

int broker_give(const struct ui *ui, struct bb_client *client, Wire__Command *command, Wire__Reply **reply)
{
    Wire__Reply *received = NULL;
    enum bb_code code = bb_client_command(client, command, &received);
    if (ui->json && received != NULL) {
        json_line(ui, &received->base);
    }
    int status = tell_reply(ui, code, received);
    if (reply != NULL) {
        *reply = received;
    } else if (received != NULL) {
        wire__reply__free_unpacked(received, NULL);
    }
    return status;
}

int broker_do(const struct ui *ui, Wire__Command *command, const char *done)
{
    struct bb_client *client = NULL;
    int status = broker_open(ui, &client);
    if (status != STATUS_DONE) {
        return status;
    }
    status = broker_give(ui, client, command, NULL);
    if (status == STATUS_DONE && !ui->json) {
        printf("%s\n", done);
    }
    bb_client_close(&client);
    return status;
}

// A question is not kept, so the sentences that say so would be wrong here.
static int tell_unanswered(const struct ui *ui, enum bb_code code)
{
    if (code != BB_TIMED_OUT && code != BB_AWAY) {
        int status = complain_code(ui, code);
        return bb_code_retryable(code) ? STATUS_UNREACHABLE : status;
    }
    complain(ui, "%s",
             tr(ui, "The broker did not answer. Check the network and ask again.",
                "De server gaf geen antwoord. Controleer het netwerk en vraag het opnieuw."));
    return STATUS_UNREACHABLE;
}

int broker_ask(const struct ui *ui, struct bb_client *client, const Wire__Query *query, Wire__Answer__WhatCase expected,
               Wire__Answer **out)
{
    *out = NULL;
    enum bb_code code = bb_client_query(client, query, out);
    if (code == BB_OK && *out != NULL && (*out)->what_case == expected) {
        return STATUS_DONE;
    }
    if (*out != NULL) {
        wire__answer__free_unpacked(*out, NULL);
        *out = NULL;
    }
    return tell_unanswered(ui, code == BB_OK ? BB_UNKNOWN_COMMAND : code);
}

int broker_ask_pages(const struct ui *ui, struct bb_client *client, const Wire__Query *query,
                     Wire__Answer__WhatCase expected, uint64_t *token, page_reader *reader, void *context)
{
    uint64_t next = 0;
    do {
        *token = next;
        Wire__Answer *answer = NULL;
        int status = broker_ask(ui, client, query, expected, &answer);
        if (status != STATUS_DONE) {
            return status;
        }
        next = reader(context, answer);
        wire__answer__free_unpacked(answer, NULL);
    } while (next != 0 && next != *token);
    return STATUS_DONE;
}
