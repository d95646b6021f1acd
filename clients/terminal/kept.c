// SPDX-License-Identifier: MPL-2.0
// Tells what became of a command that was kept while the broker was away; see kept.h.
#include "kept.h"

#include <stdio.h>

// What the kept command was about, by the id that its person typed.
static uint64_t kept_subject(const Wire__Command *command)
{
    switch (command->what_case) {
    case WIRE__COMMAND__WHAT_GIVE_ANSWER:
        return command->give_answer->request;
    case WIRE__COMMAND__WHAT_WITHDRAW_OFFER:
        return command->withdraw_offer->offer;
    case WIRE__COMMAND__WHAT_REPORT_DONE:
        return command->report_done->offer;
    case WIRE__COMMAND__WHAT_CHOOSE_OFFER:
        return command->choose_offer->offer;
    case WIRE__COMMAND__WHAT_DECLINE_OFFER:
        return command->decline_offer->offer;
    case WIRE__COMMAND__WHAT_RELEASE:
        return command->release->offer;
    case WIRE__COMMAND__WHAT_CONFIRM_HELP:
        return command->confirm_help->offer;
    case WIRE__COMMAND__WHAT_CANCEL_OFFER:
        return command->cancel_offer->offer;
    case WIRE__COMMAND__WHAT_CLOSE_REQUEST:
        return command->close_request->request;
    case WIRE__COMMAND__WHAT_PUBLISH_REQUEST:
        return command->publish_request->asker;
    default:
        return 0;
    }
}

void tell_kept(const struct ui *ui, const struct bb_event *event)
{
    if (event->kind != BB_EVENT_KEPT || event->command == NULL) {
        return;
    }
    uint64_t subject = kept_subject(event->command);
    char about[BB_ID_TEXT_SIZE] = "";
    if (subject != 0) {
        bb_id_text(subject, about);
    }
    if (event->code == BB_OK) {
        fprintf(stderr,
                tr(ui, "What was kept for later has been sent and taken. %s\n",
                   "Wat bewaard was voor later is nu verstuurd en aangenomen. %s\n"),
                about);
        return;
    }
    const char *sentence = bb_code_sentence(event->code, ui->language);
    fprintf(stderr,
            tr(ui, "What was kept for later could not be done: %s %s\n",
               "Wat bewaard was voor later kon niet meer: %s %s\n"),
            about, sentence != NULL ? sentence : "");
}
