// SPDX-License-Identifier: MPL-2.0
// Tells what became of a command that was kept while the broker was away; see kept.h.
#include "kept.h"

#include <stdio.h>

void tell_kept(const struct ui *ui, const struct bb_event *event)
{
    if (event->kind != BB_EVENT_KEPT || event->command == NULL) {
        return;
    }
    uint64_t subject = bb_command_subject(event->command);
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
