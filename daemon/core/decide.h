// SPDX-License-Identifier: MPL-2.0
// The decisions, one function a command; called by core_decide alone, after the command's rule allowed the actor.
#ifndef BUURTBEL_CORE_DECIDE_H
#define BUURTBEL_CORE_DECIDE_H

#include "core.h"
#include "states.h"

typedef enum bb_code decide_function(struct core *core, const struct actor *actor, const Wire__Command *command,
                                     struct decision *out);

// decide_party.c
decide_function decide_enrol, decide_make_invitation, decide_revoke_invitation, decide_approve_party,
    decide_suspend_party, decide_reinstate_party, decide_revoke_member, decide_pause, decide_resume;
// decide_request.c
decide_function decide_add_asker, decide_publish_request, decide_close_request, decide_open_referred;
// decide_offer.c
decide_function decide_give_answer, decide_withdraw_offer, decide_choose_offer, decide_decline_offer,
    decide_cancel_offer, decide_report_done, decide_confirm_help, decide_release;

// The next number of a kind of record: the counter's value + 1. The fact carries it, applying the fact counts it up.
BB_CHECKED enum bb_code next_number(struct core *core, const char *counter, uint64_t *out);

// On whose side the actor stands for this request: the desk that entered it, or a coordinator. BB_NOT_YOURS.
BB_CHECKED enum bb_code side_of(const struct actor *actor, const Stored__Request *request, enum who *out);

// Facts that several decisions yield. BB_NO_MEMORY.
BB_CHECKED enum bb_code fact_offer_state(struct core *core, const struct actor *actor, struct decision *out,
                                         uint64_t offer, uint32_t state);
BB_CHECKED enum bb_code fact_request_state(struct core *core, const struct actor *actor, struct decision *out,
                                           uint64_t request, uint32_t state, uint32_t reason);

// For each offer of the request that has this event in its table, a fact of the system. `except` is left as it is.
BB_CHECKED enum bb_code move_offers(struct core *core, struct decision *out, const Stored__Request *request,
                                    enum offer_event event, uint64_t except);

#endif
