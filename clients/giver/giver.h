// SPDX-License-Identifier: MPL-2.0
// The subcommands of buurtbel-giver, and what its files share.
#ifndef GIVER_H
#define GIVER_H

#include "arguments.h"

// listen.c
int listen_run(struct ui *ui, const struct arguments *arguments);

// look.c
int list_run(struct ui *ui, const struct arguments *arguments);
int show_run(struct ui *ui, const struct arguments *arguments);
int status_run(struct ui *ui, const struct arguments *arguments);

// inbox.c
int inbox_run(struct ui *ui, const struct arguments *arguments);
// One thing that came for this party alone. Of a release it shows only that it is there; `inbox` opens it.
void inbox_show(struct ui *ui, struct bb_client *client, const Wire__MailboxItem *item);

// answer.c
int answer_run(struct ui *ui, const struct arguments *arguments);
int withdraw_run(struct ui *ui, const struct arguments *arguments);
int done_run(struct ui *ui, const struct arguments *arguments);
int pause_run(struct ui *ui, const struct arguments *arguments);
int resume_run(struct ui *ui, const struct arguments *arguments);

// catch_up.c: what a list does before it reads the local store.
struct catch_up {
    const struct ui *ui;
    struct bb_client *client;
    bool elsewhere; // another process follows in this home and keeps the store fresh
    bool complete;
    size_t alerts;        // requests heard of just now, which no `listen` will show as new any more
    enum bb_code refused; // not BB_OK: the broker will not have this member
    size_t channels;
    struct {
        uint64_t channel, seq;
    } heard[CHANNELS_PER_CLIENT_MAX]; // complete up to
};
// Receives for a few seconds, or until all that there is was received. STATUS_DONE also when the broker is away.
BB_CHECKED int catch_up_open(struct ui *ui, struct catch_up *out);
// Says what the person should know besides the list, and closes.
void catch_up_close(struct ui *ui, struct catch_up *catch_up);

#endif
