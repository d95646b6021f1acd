// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/core/decide_party.c and apply_party.c: who takes part.
#include "town.h"

static struct turn_answer invite(struct town *it, struct person host, Wire__MakeInvitation invitation)
{
    return town_make_invitation(it, host, invitation);
}

static struct turn_answer enrol(struct town *it, uint64_t invitation, const char *name)
{
    return town_enrol(it, town_invitee(it, invitation), town_enrolment(it, name, name));
}

static uint64_t invited(struct town *it, struct person host, Wire__MakeInvitation invitation)
{
    struct turn_answer answer = invite(it, host, invitation);
    assert_accepted(answer);
    return answer.made;
}

static Wire__MakeInvitation poster(struct town *it, uint32_t uses)
{
    Wire__MakeInvitation invitation = town_invitation(it, ROLE_GIVER, CLASS_RESIDENT);
    invitation.standing = true;
    invitation.uses = uses;
    return invitation;
}

static struct turn_answer suspend(struct town *it, struct person giver)
{
    return town_suspend_party(it, it->coordinator,
                              (Wire__SuspendParty){.party = giver.party, .reason = text("Klacht")});
}

static struct turn_answer end_access(struct town *it, struct person who, struct person member)
{
    return town_revoke_member(it, who, (Wire__RevokeMember){.member = member.member, .reason = text("Uit dienst")});
}

// ---------------------------------------------------------------- enrolling

static void a_personal_invitation_makes_a_giver_active_at_once(void **state)
{
    struct town *it = *state;
    uint64_t invitation = invited(it, it->coordinator, town_invitation(it, ROLE_GIVER, CLASS_BUSINESS));
    struct turn_answer answer = enrol(it, invitation, "Fietsenmaker Ćosić");
    assert_accepted(answer);
    assert_int_equal(answer.state, PARTY_ACTIVE);
    assert_true(answer.party != 0);
    assert_int_equal(it->result->effects.admissions_count, 1);
    assert_int_equal(it->result->effects.admissions[0].admission, ADMISSION_GIVER);
    assert_null(town_mailbox(it, it->coordinator));
}

static void a_standing_invitation_leads_to_waiting_for_a_coordinators_yes(void **state)
{
    struct town *it = *state;
    uint64_t invitation = invited(it, it->coordinator, poster(it, 2));
    struct turn_answer cor = enrol(it, invitation, "Cor");
    assert_int_equal(cor.state, PARTY_WAITING);
    assert_true(text_is(last_of(town_mailbox(it, it->coordinator))->item->party->name, "Cor"));
    assert_accepted(enrol(it, invitation, "Dirk"));
    assert_refused(enrol(it, invitation, "Els"), BB_INVITATION_USED);

    Wire__ApproveParty yes = {.party = cor.party, .audience_class = WIRE__AUDIENCE_CLASS__CLASS_ORGANISATION};
    struct turn_answer approved = town_approve_party(it, it->coordinator, yes);
    assert_accepted(approved);
    assert_int_equal(approved.state, PARTY_ACTIVE);
    assert_refused(town_approve_party(it, it->coordinator, yes), BB_WRONG_STATE);
    town_publish(it, "Fiets"); // now its class is heard of too
    assert_non_null(town_class(it, CLASS_ORGANISATION));
}

static void an_invitation_is_used_once(void **state)
{
    struct town *it = *state;
    uint64_t invitation = invited(it, it->coordinator, town_invitation(it, ROLE_GIVER, CLASS_RESIDENT));
    assert_accepted(enrol(it, invitation, "Cor"));
    assert_refused(enrol(it, invitation, "Dirk"), BB_INVITATION_USED);
}

static void an_invitation_expires(void **state)
{
    struct town *it = *state;
    uint64_t invitation = invited(it, it->coordinator, town_invitation(it, ROLE_GIVER, CLASS_RESIDENT));
    town_pass(it, day_ms);
    assert_refused(enrol(it, invitation, "Cor"), BB_INVITATION_EXPIRED);
    town_pass(it, -1);
    assert_accepted(enrol(it, invitation, "Cor"));
}

static void an_invitation_can_be_taken_back(void **state)
{
    struct town *it = *state;
    uint64_t invitation = invited(it, it->coordinator, town_invitation(it, ROLE_GIVER, CLASS_RESIDENT));
    assert_int_equal(it->result->effects.admissions[0].admission, ADMISSION_INVITATION);
    Wire__RevokeInvitation back = {.invitation = invitation};
    assert_accepted(town_revoke_invitation(it, it->operator, back));
    assert_int_equal(it->result->effects.admissions[0].admission, ADMISSION_NONE);
    assert_refused(enrol(it, invitation, "Cor"), BB_INVITATION_REVOKED);
    assert_refused(town_revoke_invitation(it, it->operator, back), BB_WRONG_STATE);
    assert_refused(town_revoke_invitation(it, it->operator,(Wire__RevokeInvitation){.invitation = it->asker}),
                   BB_UNKNOWN_ID);
}

// A key opens the door for one: a member or an invitation.
static void a_key_that_is_known_cannot_come_a_second_time(void **state)
{
    struct town *it = *state;
    Wire__MakeInvitation first = town_invitation(it, ROLE_GIVER, CLASS_RESIDENT), same = first;
    uint64_t invitation = invited(it, it->coordinator, first);
    assert_refused(invite(it, it->coordinator, same), BB_KEY_KNOWN);

    Wire__Enrol with_admission_key = town_enrolment(it, "Cor", "Cor"), cor = town_enrolment(it, "Cor", "Cor");
    with_admission_key.curve_key_bytes = first.admission_key_bytes;
    assert_refused(town_enrol(it, town_invitee(it, invitation), with_admission_key), BB_KEY_KNOWN);
    assert_accepted(town_enrol(it, town_invitee(it, invitation), cor));

    uint64_t another = invited(it, it->coordinator, town_invitation(it, ROLE_GIVER, CLASS_RESIDENT));
    assert_refused(town_enrol(it, town_invitee(it, another), cor), BB_KEY_KNOWN);
    same.admission_key_bytes = cor.curve_key_bytes;
    assert_refused(invite(it, it->coordinator, same), BB_KEY_KNOWN);
}

static void names_and_keys_are_checked_at_enrolment(void **state)
{
    struct town *it = *state;
    struct person invitee = town_invitee(it, invited(it, it->coordinator, poster(it, 5)));
    Wire__Enrol bad = town_enrolment(it, "", "Cor");
    assert_refused(town_enrol(it, invitee, bad), BB_MISSING);
    bad = town_enrolment(it, "Cor", "");
    assert_refused(town_enrol(it, invitee, bad), BB_MISSING);
    bad = town_enrolment(it, "Cor", "Cor");
    bad.member_name = text_of_size(NAME_SIZE_MAX + 1);
    assert_refused(town_enrol(it, invitee, bad), BB_TOO_LONG);
    bad.member_name = text_of_size(NAME_SIZE_MAX);
    bad.party_name = text_of_size(NAME_SIZE_MAX + 1);
    assert_refused(town_enrol(it, invitee, bad), BB_TOO_LONG);
    bad.party_name = text_of_size(NAME_SIZE_MAX);
    bad.sealing_key_bytes.len = 31;
    assert_refused(town_enrol(it, invitee, bad), BB_BAD_VALUE);
    bad.sealing_key_bytes.len = 32;
    bad.signing_key_bytes.len = 0;
    assert_refused(town_enrol(it, invitee, bad), BB_BAD_VALUE);
    bad.signing_key_bytes.len = 32;
    bad.curve_key_bytes.len = 31;
    assert_refused(town_enrol(it, invitee, bad), BB_BAD_VALUE);
    bad.curve_key_bytes.len = 32;
    assert_accepted(town_enrol(it, invitee, bad));
}

static void a_colleague_joins_the_party_and_not_a_party_of_its_own(void **state)
{
    struct town *it = *state;
    Wire__MakeInvitation colleague = town_invitation(it, ROLE_COORDINATOR, 0); // the role is the party's all the same
    colleague.party = it->desk.party;
    struct person second = town_join(it, it->desk, colleague, "Collega");
    assert_true(second.party == it->desk.party && second.member != it->desk.member);
    assert_refused(town_open_referred(it, second, (Wire__OpenReferred){0}), BB_NOT_ALLOWED);
    assert_accepted(town_publish_request(it, second, town_request(it, "Bed gezocht")));
}

static void a_party_has_room_for_its_members_and_not_for_one_more(void **state)
{
    struct town *it = *state;
    Wire__MakeInvitation colleague;
    for (int i = 1; i <= MEMBERS_PER_PARTY_MAX; i++) {
        colleague = town_invitation(it, ROLE_DESK, 0);
        colleague.party = it->desk.party;
        struct turn_answer answer = enrol(it, invited(it, it->desk, colleague), "Collega");
        assert_refused(answer, i < MEMBERS_PER_PARTY_MAX ? BB_OK : BB_BUSY);
    }
}

static void nobody_joins_a_suspended_party(void **state)
{
    struct town *it = *state;
    Wire__MakeInvitation colleague = town_invitation(it, ROLE_GIVER, 0);
    colleague.party = it->school.party;
    uint64_t invitation = invited(it, it->school, colleague);
    assert_accepted(suspend(it, it->school));
    assert_refused(enrol(it, invitation, "Collega"), BB_PARTY_SUSPENDED);
}

// ---------------------------------------------------------------- inviting

static void who_may_invite_whom(void **state)
{
    struct town *it = *state;
    static const bool by_coordinator[] = {[ROLE_GIVER] = true, [ROLE_DESK] = true, [ROLE_OPERATOR] = false};
    for (int role = ROLE_GIVER; role <= ROLE_OPERATOR; role++) {
        uint32_t audience_class = role == ROLE_GIVER ? CLASS_RESIDENT : 0;
        Wire__MakeInvitation invitation = town_invitation(it, (enum bb_role)role, audience_class);
        assert_refused(invite(it, it->coordinator, invitation), by_coordinator[role] ? BB_OK : BB_NOT_ALLOWED);
        invitation = town_invitation(it, (enum bb_role)role, audience_class);
        assert_refused(invite(it, it->desk, invitation), BB_NOT_ALLOWED);
        assert_refused(invite(it, it->anna, invitation), BB_NOT_ALLOWED);
        assert_accepted(invite(it, it->operator, invitation));
    }
}

static void a_member_invites_to_its_own_party_only(void **state)
{
    struct town *it = *state;
    Wire__MakeInvitation colleague = town_invitation(it, ROLE_GIVER, 0);
    colleague.party = it->bert.party;
    assert_refused(invite(it, it->anna, colleague), BB_NOT_ALLOWED);
    colleague.party = it->operator.party;
    assert_refused(invite(it, it->coordinator, colleague), BB_NOT_ALLOWED);
    colleague.party = it->asker;
    assert_refused(invite(it, it->anna, colleague), BB_UNKNOWN_ID);
    colleague.party = it->anna.party;
    assert_accepted(invite(it, it->anna, colleague));
}

static void an_invitation_is_taken_at_its_limits_and_not_one_past_them(void **state)
{
    struct town *it = *state;
    assert_accepted(invite(it, it->coordinator, poster(it, INVITATION_USES_MAX)));
    assert_refused(invite(it, it->coordinator, poster(it, INVITATION_USES_MAX + 1)), BB_BAD_VALUE);
    assert_refused(invite(it, it->coordinator, poster(it, 0)), BB_BAD_VALUE);
    Wire__MakeInvitation invitation = town_invitation(it, ROLE_GIVER, CLASS_RESIDENT);
    invitation.uses = 2; // personal ones are for one
    assert_refused(invite(it, it->coordinator, invitation), BB_BAD_VALUE);
    invitation = town_invitation(it, ROLE_GIVER, CLASS_RESIDENT);
    invitation.expires_at_ms = it->now_ms;
    assert_refused(invite(it, it->coordinator, invitation), BB_BAD_VALUE);
    invitation.expires_at_ms = it->now_ms + 1;
    assert_accepted(invite(it, it->coordinator, invitation));
    assert_refused(invite(it, it->coordinator, town_invitation(it, ROLE_GIVER, 0)), BB_BAD_VALUE);
    assert_refused(invite(it, it->coordinator, town_invitation(it, ROLE_GIVER, CLASSES_MAX + 1)), BB_BAD_VALUE);
    assert_refused(invite(it, it->coordinator, town_invitation(it, ROLE_DESK, CLASS_RESIDENT)), BB_BAD_VALUE);
    assert_refused(invite(it, it->operator, town_invitation(it, (enum bb_role)(ROLE_OPERATOR + 1), 0)), BB_BAD_VALUE);
    Wire__MakeInvitation standing_desk = town_invitation(it, ROLE_DESK, 0);
    standing_desk.standing = true;
    assert_refused(invite(it, it->coordinator, standing_desk), BB_BAD_VALUE);
    invitation = town_invitation(it, ROLE_GIVER, CLASS_RESIDENT);
    invitation.admission_key_bytes.len = 31;
    assert_refused(invite(it, it->coordinator, invitation), BB_BAD_VALUE);
}

// ---------------------------------------------------------------- suspending and revoking

static void a_suspended_giver_is_told_and_its_class_gets_another_key(void **state)
{
    struct town *it = *state;
    struct turn_answer answer = suspend(it, it->anna);
    assert_accepted(answer);
    assert_int_equal(answer.state, PARTY_SUSPENDED);
    assert_int_equal(it->result->effects.rekeyed_count, 1);
    assert_true(it->result->effects.rekeyed[0] == channel_of_class(1, CLASS_RESIDENT));
    assert_int_equal(last_of(town_mailbox(it, it->anna))->item->party->state, PARTY_SUSPENDED);
    assert_refused(suspend(it, it->anna), BB_WRONG_STATE);

    Wire__ReinstateParty again = {.party = it->anna.party, .reason = text("Uitgepraat")};
    assert_accepted(town_reinstate_party(it, it->coordinator, again));
    assert_int_equal(it->result->effects.rekeyed_count, 0);
    assert_refused(town_reinstate_party(it, it->coordinator, again), BB_WRONG_STATE);
    town_offer(it, it->anna, town_publish(it, "Fiets"));
}

static void reasons_are_taken_at_their_limit_and_not_one_past_it(void **state)
{
    struct town *it = *state;
    Wire__SuspendParty stop = {.party = it->anna.party};
    assert_refused(town_suspend_party(it, it->coordinator, stop), BB_MISSING);
    stop.reason = text_of_size(REASON_TEXT_SIZE_MAX + 1);
    assert_refused(town_suspend_party(it, it->coordinator, stop), BB_TOO_LONG);
    stop.reason = text_of_size(REASON_TEXT_SIZE_MAX);
    assert_accepted(town_suspend_party(it, it->coordinator, stop));
    Wire__ReinstateParty again = {.party = it->anna.party, .reason = text_of_size(REASON_TEXT_SIZE_MAX + 1)};
    assert_refused(town_reinstate_party(it, it->coordinator, again), BB_TOO_LONG);
    Wire__RevokeMember end = {.member = it->bert.member};
    assert_refused(town_revoke_member(it, it->coordinator, end), BB_MISSING);
    end.reason = text_of_size(REASON_TEXT_SIZE_MAX + 1);
    assert_refused(town_revoke_member(it, it->coordinator, end), BB_TOO_LONG);
}

static void only_givers_wait_and_are_suspended(void **state)
{
    struct town *it = *state;
    assert_refused(suspend(it, it->desk), BB_NOT_ALLOWED);
    assert_refused(suspend(it, it->operator), BB_NOT_ALLOWED);
    Wire__ApproveParty odd = {.party = it->anna.party, .audience_class = (Wire__AudienceClass)(CLASSES_MAX + 1)};
    assert_refused(town_approve_party(it, it->coordinator, odd), BB_BAD_VALUE);
}

static void a_revoked_member_leaves_the_door_and_its_sessions(void **state)
{
    struct town *it = *state;
    assert_accepted(end_access(it, it->coordinator, it->anna));
    const struct effects *effects = &it->result->effects;
    assert_int_equal(effects->admissions_count, 1);
    assert_int_equal(effects->admissions[0].admission, ADMISSION_NONE);
    assert_int_equal(effects->departed_count, 1);
    assert_true(effects->departed[0].member == it->anna.number);
    assert_int_equal(effects->rekeyed_count, 1);
    assert_refused(end_access(it, it->coordinator, it->anna), BB_WRONG_STATE);
}

static void the_last_operator_stays(void **state)
{
    struct town *it = *state;
    assert_refused(end_access(it, it->operator, it->operator), BB_LAST_MEMBER);
    assert_refused(end_access(it, it->coordinator, it->operator), BB_NOT_ALLOWED);
    Wire__MakeInvitation colleague = town_invitation(it, ROLE_OPERATOR, 0);
    colleague.party = it->operator.party;
    struct person second = town_join(it, it->operator, colleague, "Tweede");
    assert_accepted(end_access(it, it->operator, it->operator));
    assert_refused(end_access(it, second, second), BB_LAST_MEMBER);
}

// ---------------------------------------------------------------- pausing and counting

static uint32_t audience(struct town *it)
{
    Wire__Query query = WIRE__QUERY__INIT;
    Wire__AskAudience ask = WIRE__ASK_AUDIENCE__INIT;
    Wire__Answer *answer;
    query.what_case = WIRE__QUERY__WHAT_AUDIENCE;
    query.audience = &ask;
    assert_int_equal(town_query(it, it->desk, &query, &answer), BB_OK);
    return answer->audience->total;
}

static void pausing_needs_no_reason_and_costs_nothing(void **state)
{
    struct town *it = *state;
    uint32_t before = audience(it);
    assert_accepted(town_pause(it, it->anna, (Wire__Pause){0}));
    assert_int_equal(it->result->facts_count, 1);
    assert_true(last_of(town_mailbox(it, it->anna))->item->party->paused);
    assert_int_equal(audience(it), before - 1);
    assert_accepted(town_pause(it, it->anna, (Wire__Pause){0})); // it is so already
    assert_int_equal(it->result->facts_count, 0);
    assert_int_equal(audience(it), before - 1);
    assert_accepted(town_resume(it, it->anna, (Wire__Resume){0}));
    assert_int_equal(audience(it), before);
}

static void the_audience_counts_who_is_active_and_not_paused(void **state)
{
    struct town *it = *state;
    assert_int_equal(audience(it), 4);
    uint64_t invitation = invited(it, it->coordinator, poster(it, 1));
    struct turn_answer cor = enrol(it, invitation, "Cor");
    assert_int_equal(audience(it), 4);
    Wire__ApproveParty yes = {.party = cor.party, .audience_class = WIRE__AUDIENCE_CLASS__CLASS_POLICE};
    assert_accepted(town_approve_party(it, it->coordinator, yes));
    assert_int_equal(audience(it), 5);
    assert_accepted(suspend(it, it->bert));
    assert_int_equal(audience(it), 4);
}

static Wire__MakeInvitation into(struct town *it, struct person party)
{
    Wire__MakeInvitation invitation = town_invitation(it, ROLE_DESK, 0);
    invitation.party = party.party;
    return invitation;
}

static void into_a_desk_only_a_colleague_brings_a_colleague(void **state)
{
    struct town *it = *state;
    assert_refused(town_make_invitation(it, it->coordinator, into(it, it->desk)), BB_NOT_ALLOWED);
    assert_refused(town_make_invitation(it, it->operator, into(it, it->desk)), BB_NOT_ALLOWED);
    assert_refused(town_make_invitation(it, it->other_desk, into(it, it->desk)), BB_NOT_ALLOWED);
    assert_accepted(town_make_invitation(it, it->desk, into(it, it->desk)));
}

static void who_was_revoked_does_not_come_back_as_a_colleague_of_its_own(void **state)
{
    struct town *it = *state;
    struct person colleague = town_join(it, it->desk, into(it, it->desk), "Collega");
    uint64_t invitation = invited(it, colleague, into(it, it->desk));
    assert_accepted(end_access(it, it->coordinator, colleague));
    assert_refused(enrol(it, invitation, "Collega"), BB_INVITATION_REVOKED);
    uint64_t other = invited(it, it->desk, into(it, it->desk));
    assert_accepted(enrol(it, other, "Opvolger"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_personal_invitation_makes_a_giver_active_at_once),
        IN_TOWN(a_standing_invitation_leads_to_waiting_for_a_coordinators_yes),
        IN_TOWN(an_invitation_is_used_once),
        IN_TOWN(an_invitation_expires),
        IN_TOWN(an_invitation_can_be_taken_back),
        IN_TOWN(a_key_that_is_known_cannot_come_a_second_time),
        IN_TOWN(names_and_keys_are_checked_at_enrolment),
        IN_TOWN(a_colleague_joins_the_party_and_not_a_party_of_its_own),
        IN_TOWN(a_party_has_room_for_its_members_and_not_for_one_more),
        IN_TOWN(nobody_joins_a_suspended_party),
        IN_TOWN(who_may_invite_whom),
        IN_TOWN(a_member_invites_to_its_own_party_only),
        IN_TOWN(an_invitation_is_taken_at_its_limits_and_not_one_past_them),
        IN_TOWN(a_suspended_giver_is_told_and_its_class_gets_another_key),
        IN_TOWN(reasons_are_taken_at_their_limit_and_not_one_past_it),
        IN_TOWN(only_givers_wait_and_are_suspended),
        IN_TOWN(a_revoked_member_leaves_the_door_and_its_sessions),
        IN_TOWN(the_last_operator_stays),
        IN_TOWN(into_a_desk_only_a_colleague_brings_a_colleague),
        IN_TOWN(who_was_revoked_does_not_come_back_as_a_colleague_of_its_own),
        IN_TOWN(pausing_needs_no_reason_and_costs_nothing),
        IN_TOWN(the_audience_counts_who_is_active_and_not_paused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
