// SPDX-License-Identifier: MPL-2.0
// The subcommands of buurtbel-intake, and what its files share.
#ifndef INTAKE_H
#define INTAKE_H

#include "arguments.h"

// askers.c
int asker_add_run(struct ui *ui, const struct arguments *arguments);
int asker_list_run(struct ui *ui, const struct arguments *arguments);
// Finds the asker and opens the contact. The caller wipes `*out`.
BB_CHECKED int asker_contact(struct ui *ui, struct bb_client *client, uint64_t asker, struct bb_contact *out);

// asker_file.c: an asker from JSON, so that nothing personal stands in the shell's history.
BB_CHECKED int asker_read(struct ui *ui, const char *path, struct bb_contact *contact, Wire__AddAsker *add,
                          char ref[REF_SIZE_MAX + 1]);

// post.c
int post_run(struct ui *ui, const struct arguments *arguments);

// post_file.c
int post_file_run(struct ui *ui, const struct arguments *arguments);

// audience.c: what is looked at before publishing. STATUS_DONE: go on.
BB_CHECKED int audience_agreed(struct ui *ui, struct bb_client *client, const Wire__PublishRequest *request, bool yes);

// requests.c
int list_run(struct ui *ui, const struct arguments *arguments);
int show_run(struct ui *ui, const struct arguments *arguments);
int close_run(struct ui *ui, const struct arguments *arguments);
int withdraw_run(struct ui *ui, const struct arguments *arguments);
int categories_run(struct ui *ui, const struct arguments *arguments);
int members_run(struct ui *ui, const struct arguments *arguments);

// watch.c
int watch_run(struct ui *ui, const struct arguments *arguments);

// offers.c
int choose_run(struct ui *ui, const struct arguments *arguments);
int decline_run(struct ui *ui, const struct arguments *arguments);
int confirm_run(struct ui *ui, const struct arguments *arguments);
int cancel_run(struct ui *ui, const struct arguments *arguments);

// release.c
int release_run(struct ui *ui, const struct arguments *arguments);

#endif
