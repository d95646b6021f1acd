// SPDX-License-Identifier: MPL-2.0
// The subcommands of buurtbel-ctl.
#ifndef CTL_H
#define CTL_H

#include "arguments.h"

// init.c
int init_run(struct ui *ui, const struct arguments *arguments);

// invitations.c
int invite_run(struct ui *ui, const struct arguments *arguments);
int invitation_list_run(struct ui *ui, const struct arguments *arguments);
int invitation_revoke_run(struct ui *ui, const struct arguments *arguments);

// people.c
int party_list_run(struct ui *ui, const struct arguments *arguments);
int party_show_run(struct ui *ui, const struct arguments *arguments);
int party_approve_run(struct ui *ui, const struct arguments *arguments);
int party_suspend_run(struct ui *ui, const struct arguments *arguments);
int party_reinstate_run(struct ui *ui, const struct arguments *arguments);
int member_list_run(struct ui *ui, const struct arguments *arguments);
int member_revoke_run(struct ui *ui, const struct arguments *arguments);

// requests.c
int list_run(struct ui *ui, const struct arguments *arguments);
int open_run(struct ui *ui, const struct arguments *arguments);
int close_run(struct ui *ui, const struct arguments *arguments);

// broker_state.c
int status_run(struct ui *ui, const struct arguments *arguments);
int journal_run(struct ui *ui, const struct arguments *arguments);
int verify_run(struct ui *ui, const struct arguments *arguments);

#endif
