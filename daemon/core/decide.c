// SPDX-License-Identifier: MPL-2.0
// Which command is whose, and what all decisions share. The table is the one place that says who may do what.
#include "decide.h"

#define ROLE(role) (1U << (role))
#define STAFF (ROLE(ROLE_DESK) | ROLE(ROLE_COORDINATOR))

struct command_rule {
    uint32_t roles;          // set of 1 << enum bb_role; 0: invitees only
    bool while_not_active;   // also for a party that waits or is suspended
    bool uses_reserve;       // also when the store is nearly full: it ends something
    decide_function *decide; // NULL: no such command
};

static const struct command_rule rules[] = {
    [WIRE__COMMAND__WHAT_ENROL] = {0, false, false, decide_enrol},
    [WIRE__COMMAND__WHAT_MAKE_INVITATION] = {STAFF | ROLE(ROLE_GIVER) | ROLE(ROLE_REPORTER) | ROLE(ROLE_OPERATOR),
                                             false, false, decide_make_invitation},
    [WIRE__COMMAND__WHAT_REVOKE_INVITATION] = {ROLE(ROLE_COORDINATOR) | ROLE(ROLE_OPERATOR), false, true,
                                               decide_revoke_invitation},
    [WIRE__COMMAND__WHAT_APPROVE_PARTY] = {ROLE(ROLE_COORDINATOR), false, false, decide_approve_party},
    [WIRE__COMMAND__WHAT_SUSPEND_PARTY] = {ROLE(ROLE_COORDINATOR), false, true, decide_suspend_party},
    [WIRE__COMMAND__WHAT_REINSTATE_PARTY] = {ROLE(ROLE_COORDINATOR), false, false, decide_reinstate_party},
    [WIRE__COMMAND__WHAT_REVOKE_MEMBER] = {ROLE(ROLE_COORDINATOR) | ROLE(ROLE_OPERATOR), false, true,
                                           decide_revoke_member},
    [WIRE__COMMAND__WHAT_ADD_ASKER] = {STAFF, false, false, decide_add_asker},
    [WIRE__COMMAND__WHAT_PUBLISH_REQUEST] = {STAFF, false, false, decide_publish_request},
    [WIRE__COMMAND__WHAT_CHOOSE_OFFER] = {STAFF, false, false, decide_choose_offer},
    [WIRE__COMMAND__WHAT_DECLINE_OFFER] = {STAFF, false, false, decide_decline_offer},
    [WIRE__COMMAND__WHAT_RELEASE] = {ROLE(ROLE_DESK), false, false, decide_release},
    [WIRE__COMMAND__WHAT_CONFIRM_HELP] = {STAFF, false, false, decide_confirm_help},
    [WIRE__COMMAND__WHAT_CLOSE_REQUEST] = {STAFF, false, true, decide_close_request},
    [WIRE__COMMAND__WHAT_CANCEL_OFFER] = {STAFF | ROLE(ROLE_GIVER), false, true, decide_cancel_offer},
    [WIRE__COMMAND__WHAT_OPEN_REFERRED] = {ROLE(ROLE_COORDINATOR), false, false, decide_open_referred},
    [WIRE__COMMAND__WHAT_GIVE_ANSWER] = {ROLE(ROLE_GIVER), false, false, decide_give_answer},
    [WIRE__COMMAND__WHAT_WITHDRAW_OFFER] = {ROLE(ROLE_GIVER), true, true, decide_withdraw_offer},
    [WIRE__COMMAND__WHAT_REPORT_DONE] = {ROLE(ROLE_GIVER), false, false, decide_report_done},
    [WIRE__COMMAND__WHAT_PAUSE] = {ROLE(ROLE_GIVER), false, true, decide_pause},
    [WIRE__COMMAND__WHAT_RESUME] = {ROLE(ROLE_GIVER), false, false, decide_resume},
};

static const struct command_rule *rule_of(const Wire__Command *command)
{
    size_t what = (size_t)command->what_case;
    if (what >= sizeof rules / sizeof *rules || rules[what].decide == NULL)
        return NULL;
    return &rules[what];
}

static enum bb_code may(const struct actor *actor, const struct command_rule *rule)
{
    if (actor->invitee || rule->roles == 0)
        return actor->invitee && rule->roles == 0 ? BB_OK : BB_NOT_ALLOWED;
    if (!(rule->roles & ROLE(actor->party->role)))
        return BB_NOT_ALLOWED;
    if (actor->party->state == PARTY_ACTIVE || rule->while_not_active)
        return BB_OK;
    return actor->party->state == PARTY_WAITING ? BB_PARTY_WAITING : BB_PARTY_SUSPENDED;
}

enum bb_code core_decide(struct core *core, const struct actor *actor, const Wire__Command *command,
                         struct decision *out)
{
    *out = (struct decision){0};
    const struct command_rule *rule = rule_of(command);
    if (rule == NULL)
        return BB_UNKNOWN_COMMAND;
    enum bb_code code = may(actor, rule);
    if (code == BB_OK)
        code = rule->decide(core, actor, command, out);
    for (size_t i = 0; code == BB_OK && i < out->facts_count; i++)
        out->facts[i]->command_bytes = command->id_bytes;
    return code;
}

bool core_uses_reserve(const Wire__Command *command)
{
    const struct command_rule *rule = rule_of(command);
    return rule != NULL && rule->uses_reserve;
}

enum bb_code next_number(struct core *core, const char *counter, uint64_t *out)
{
    enum bb_code code = store_counter(core->txn, counter, out);
    *out += 1;
    return code;
}

enum bb_code side_of(const struct actor *actor, const Stored__Request *request, enum who *out)
{
    if (actor->party->role == ROLE_COORDINATOR)
        *out = WHO_COORDINATOR;
    else if (actor->party->role == ROLE_DESK && request->desk == actor->party->party)
        *out = WHO_ASKERS_SIDE;
    else
        return BB_NOT_YOURS;
    return BB_OK;
}

enum bb_code fact_offer_state(struct core *core, const struct actor *actor, struct decision *out, uint64_t offer,
                              uint32_t state)
{
    Stored__Fact *fact = decision_add(core, out, actor);
    Stored__OfferStateChanged *changed = core_alloc(core, sizeof *changed);
    if (!fact || !changed)
        return BB_NO_MEMORY;
    stored__offer_state_changed__init(changed);
    changed->offer = offer;
    changed->state = state;
    fact->what_case = STORED__FACT__WHAT_OFFER_STATE_CHANGED;
    fact->offer_state_changed = changed;
    return BB_OK;
}

enum bb_code fact_request_state(struct core *core, const struct actor *actor, struct decision *out, uint64_t request,
                                uint32_t state, uint32_t reason)
{
    Stored__Fact *fact = decision_add(core, out, actor);
    Stored__RequestStateChanged *changed = core_alloc(core, sizeof *changed);
    if (!fact || !changed)
        return BB_NO_MEMORY;
    stored__request_state_changed__init(changed);
    changed->request = request;
    changed->state = state;
    changed->reason = reason;
    fact->what_case = STORED__FACT__WHAT_REQUEST_STATE_CHANGED;
    fact->request_state_changed = changed;
    return BB_OK;
}

enum bb_code move_offers(struct core *core, struct decision *out, const Stored__Request *request,
                         enum offer_event event, uint64_t except)
{
    for (uint64_t number = request->last_offer; number != 0;) {
        Stored__Offer *offer;
        enum bb_code code = get_named(core, TABLE_OFFER, number, &offer);
        if (code != BB_OK)
            return code;
        uint32_t next;
        if (number != except && offer_next(offer->state, event, WHO_SYSTEM, &next) == BB_OK)
            code = fact_offer_state(core, NULL, out, number, next);
        if (code != BB_OK)
            return code;
        number = offer->previous_of_request;
    }
    return BB_OK;
}
