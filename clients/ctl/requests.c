// SPDX-License-Identifier: MPL-2.0
// A coordinator's work on requests: `list`, `open`, `close`.
#include "ctl.h"

#include "broker.h"
#include "views.h"

int list_run(struct ui *ui, const struct arguments *arguments)
{
    // What waits for a coordinator comes first.
    static const uint32_t states[] = {REQUEST_REFERRED, REQUEST_OPEN};
    (void)arguments;
    struct bb_client *client = NULL;
    int status = broker_open(ui, &client);
    if (status == STATUS_DONE) {
        status = view_requests(ui, client, states, sizeof states / sizeof *states, false);
    }
    bb_client_close(&client);
    return status;
}

int open_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__OpenReferred open = WIRE__OPEN_REFERRED__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_OPEN_REFERRED;
    command.open_referred = &open;
    int status = read_id(ui, arguments->positional[0], &open.request);
    return status != STATUS_DONE ? status
                                 : broker_do(ui, &command,
                                             tr(ui, "The request is on its way to the givers.",
                                                "De hulpvraag is op weg naar de gevers."));
}

int close_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__CloseRequest close = WIRE__CLOSE_REQUEST__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_CLOSE_REQUEST;
    command.close_request = &close;
    uint32_t reason = 0;
    int status = read_id(ui, arguments->positional[0], &close.request);
    if (status == STATUS_DONE) {
        status = option_needed(ui, arguments, OPTION_REASON);
    }
    if (status == STATUS_DONE) {
        status = option_word(ui, arguments, OPTION_REASON, &bb_close_reasons, &reason);
    }
    close.reason = (Wire__CloseReason)reason;
    close.asker_agreed = argument_given(arguments, OPTION_ASKER_AGREED);
    return status != STATUS_DONE ? status
                                 : broker_do(ui, &command,
                                             tr(ui, "The request is closed; the givers are told.",
                                                "De hulpvraag is afgerond; de gevers horen het."));
}
