// SPDX-License-Identifier: MPL-2.0
// Accepted commands, so that a repeat gets the same answer and changes nothing for 90 days (DOMAIN: rule 6).
//
// Rows are keyed by command id and member: ids are time-ordered, so new rows stay at the right edge of the tree and old
// ones are dropped from the left. Refusals are refused.h's business. Called by the turn alone.
#ifndef BUURTBELD_ACCEPTED_H
#define BUURTBELD_ACCEPTED_H

#include "turn.h"

// BB_OK and `answer->repeated` for a command that was accepted before, BB_OK without for a new one.
// BB_MALFORMED, BB_ID_EXPIRED, BB_ID_TOO_NEW, BB_ID_REUSED (another payload under the same id).
BB_CHECKED enum bb_code accepted_find(struct core *core, const struct turn_input *input, struct turn_answer *answer);

BB_CHECKED enum bb_code accepted_put(struct core *core, const struct turn_input *input,
                                     const struct turn_answer *answer);

// Drops a few rows that are older than any id that is still taken. Little and often.
BB_CHECKED enum bb_code accepted_prune(struct core *core);

#endif
