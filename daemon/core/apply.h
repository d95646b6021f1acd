// SPDX-License-Identifier: MPL-2.0
// Applying facts, one function a fact; called by core_apply alone. None can refuse: what is in a fact was decided.
#ifndef BUURTBEL_CORE_APPLY_H
#define BUURTBEL_CORE_APPLY_H

#include "channel.h"
#include "core.h"

typedef enum bb_code apply_function(struct core *core, const Stored__Fact *fact);

// apply_party.c
apply_function apply_community_founded, apply_party_joined, apply_member_joined, apply_party_state_changed,
    apply_party_paused, apply_member_revoked, apply_invitation_made, apply_invitation_revoked;
// apply_request.c
apply_function apply_asker_registered, apply_request_entered, apply_request_state_changed;
// apply_offer.c
apply_function apply_answer_given, apply_offer_state_changed, apply_contact_released;
// apply_restore.c
apply_function apply_restored, apply_key_barred;

// Takes the number that a fact was decided with out of its counter.
BB_CHECKED enum bb_code take_number(struct core *core, const char *counter, uint64_t number);

// Writes the request with a new revision, and lets everybody know who was told of it or is now.
BB_CHECKED enum bb_code change_request(struct core *core, Stored__Request *request);

#endif
