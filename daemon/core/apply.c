// SPDX-License-Identifier: MPL-2.0
// Which function applies which fact.
#include "apply.h"

static apply_function *const appliers[] = {
    [STORED__FACT__WHAT_COMMUNITY_FOUNDED] = apply_community_founded,
    [STORED__FACT__WHAT_PARTY_JOINED] = apply_party_joined,
    [STORED__FACT__WHAT_MEMBER_JOINED] = apply_member_joined,
    [STORED__FACT__WHAT_PARTY_STATE_CHANGED] = apply_party_state_changed,
    [STORED__FACT__WHAT_PARTY_PAUSED] = apply_party_paused,
    [STORED__FACT__WHAT_MEMBER_REVOKED] = apply_member_revoked,
    [STORED__FACT__WHAT_INVITATION_MADE] = apply_invitation_made,
    [STORED__FACT__WHAT_INVITATION_REVOKED] = apply_invitation_revoked,
    [STORED__FACT__WHAT_ASKER_REGISTERED] = apply_asker_registered,
    [STORED__FACT__WHAT_REQUEST_ENTERED] = apply_request_entered,
    [STORED__FACT__WHAT_REQUEST_STATE_CHANGED] = apply_request_state_changed,
    [STORED__FACT__WHAT_ANSWER_GIVEN] = apply_answer_given,
    [STORED__FACT__WHAT_OFFER_STATE_CHANGED] = apply_offer_state_changed,
    [STORED__FACT__WHAT_CONTACT_RELEASED] = apply_contact_released,
    [STORED__FACT__WHAT_RESTORED] = apply_restored,
    [STORED__FACT__WHAT_KEY_BARRED] = apply_key_barred,
};

enum bb_code core_apply(struct core *core, const Stored__Fact *fact)
{
    size_t what = (size_t)fact->what_case;
    if (what >= sizeof appliers / sizeof *appliers || appliers[what] == NULL)
        return BB_STORE_NEWER; // a fact of a later version: stop rather than guess
    return appliers[what](core, fact);
}

enum bb_code take_number(struct core *core, const char *counter, uint64_t number)
{
    uint64_t taken;
    enum bb_code code = store_count_up(core->txn, counter, &taken);
    return code == BB_OK && taken != number ? BB_STORE_DAMAGED : code;
}
