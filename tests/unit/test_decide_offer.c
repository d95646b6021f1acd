// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/core/decide_offer.c and apply_offer.c: from a giver's first word to help that was given, as stories.
#include "town.h"

static struct turn_answer answer_with(struct town *it, struct person giver, uint64_t request, enum bb_answer_kind kind,
                                      const char *words)
{
    Wire__GiveAnswer answer = {.request = request, .kind = (Wire__AnswerKind)kind, .text = text(words)};
    return town_give_answer(it, giver, answer);
}

static struct turn_answer cancel(struct town *it, struct person who, uint64_t offer)
{
    return town_cancel_offer(it, who, (Wire__CancelOffer){.offer = offer, .reason = text("Het lukt niet meer")});
}

static struct turn_answer confirm(struct town *it, uint64_t offer, bool given)
{
    return town_confirm_help(it, it->desk, (Wire__ConfirmHelp){.offer = offer, .given = given});
}

static uint32_t taken_of(struct town *it, uint64_t request)
{
    const Wire__RequestView *view = town_show(it, it->desk, request);
    assert_non_null(view);
    return view->taken;
}

// ---------------------------------------------------------------- the lifecycle

static void a_request_lives_from_offer_to_help_that_was_given(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish(it, "Wie repareert de fiets van mijn dochter?");
    uint64_t offer = town_offer(it, it->anna, request);
    assert_int_equal(town_offer_state(it, offer), OFFER_OFFERED);
    assert_int_equal(taken_of(it, request), 0);

    struct turn_answer chosen = town_choose(it, offer);
    assert_accepted(chosen);
    assert_int_equal(chosen.state, OFFER_CONFIRMED);
    assert_int_equal(taken_of(it, request), 1);
    assert_int_equal(town_request_state(it, request), REQUEST_FILLED);

    assert_accepted(town_report_done(it, it->anna, (Wire__ReportDone){.offer = offer}));
    assert_int_equal(town_offer_state(it, offer), OFFER_REPORTED_DONE);
    assert_accepted(confirm(it, offer, true));
    assert_int_equal(town_offer_state(it, offer), OFFER_DONE);
    assert_int_equal(taken_of(it, request), 1);
    assert_accepted(town_close(it, request, CLOSE_FULFILLED));
    assert_int_equal(town_offer_state(it, offer), OFFER_DONE);
    assert_int_equal(town_request_state(it, request), REQUEST_CLOSED);
}

// Scenario 11: two givers, one needed, two workstations choose in the same turn (rule 1).
static void of_two_choices_in_one_turn_one_is_confirmed_and_the_other_hears_that_somebody_was_faster(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1);
    uint64_t annas = town_offer(it, it->anna, request), berts = town_offer(it, it->bert, request);

    turn_begin(it->turn);
    Wire__ChooseOffer choices[] = {{.offer = annas, .asker_agreed = true}, {.offer = berts, .asker_agreed = true}};
    Wire__Command first = command_choose_offer(it, &choices[0]), second = command_choose_offer(it, &choices[1]);
    struct turn_input inputs[] = {{.number = it->desk.number, .command = &first},
                                  {.number = it->desk.number, .command = &second}};
    town_run_together(it, inputs, 2);
    assert_int_equal(it->code, BB_OK);
    assert_accepted(it->result->answers[0]);
    assert_refused(it->result->answers[1], BB_SOMEBODY_WAS_FASTER);

    assert_int_equal(town_offer_state(it, annas), OFFER_CONFIRMED);
    assert_int_equal(town_offer_state(it, berts), OFFER_WAITING);
    assert_int_equal(last_of(town_mailbox(it, it->bert))->item->offer->state, OFFER_WAITING); // bert is told
    assert_int_equal(taken_of(it, request), 1);
}

static void when_two_are_needed_two_fill_it(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 2);
    uint64_t schools = town_offer(it, it->school, request);
    town_match(it, it->anna, request);
    assert_int_equal(town_request_state(it, request), REQUEST_OPEN);
    assert_int_equal(town_offer_state(it, schools), OFFER_OFFERED);
    town_match(it, it->bert, request);
    assert_int_equal(town_request_state(it, request), REQUEST_FILLED);
    assert_int_equal(town_offer_state(it, schools), OFFER_WAITING);
    assert_refused(town_choose(it, schools), BB_SOMEBODY_WAS_FASTER);
    assert_int_equal(taken_of(it, request), 2);
}

static void a_match_that_falls_through_opens_the_request_and_brings_the_waiting_offers_back(void **state)
{
    struct town *it = *state;
    struct person sides[] = {it->anna, it->desk, it->coordinator};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        uint64_t request = town_publish_for(it, 1);
        uint64_t berts = town_offer(it, it->bert, request), annas = town_match(it, it->anna, request);
        assert_accepted(cancel(it, sides[i], annas));
        assert_int_equal(town_offer_state(it, annas), OFFER_CANCELLED);
        assert_int_equal(town_request_state(it, request), REQUEST_OPEN);
        assert_int_equal(last_of(town_class(it, CLASS_RESIDENT))->public_request->state, REQUEST_OPEN); // alerted again
        assert_int_equal(town_offer_state(it, berts), OFFER_OFFERED);
        assert_int_equal(taken_of(it, request), 0);
        assert_accepted(town_choose(it, berts));
    }
}

static void help_that_failed_opens_the_request_again(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1), berts = town_offer(it, it->bert, request);
    uint64_t annas = town_match(it, it->anna, request);
    assert_accepted(town_report_done(it, it->anna, (Wire__ReportDone){.offer = annas}));
    assert_accepted(confirm(it, annas, false));
    assert_int_equal(town_offer_state(it, annas), OFFER_FAILED);
    assert_int_equal(town_request_state(it, request), REQUEST_OPEN);
    assert_int_equal(town_offer_state(it, berts), OFFER_OFFERED);
    assert_int_equal(taken_of(it, request), 0);
}

static void one_of_two_matches_that_ends_leaves_the_other_taken(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 2);
    uint64_t annas = town_match(it, it->anna, request), berts = town_match(it, it->bert, request);
    assert_accepted(cancel(it, it->bert, berts));
    assert_int_equal(town_request_state(it, request), REQUEST_OPEN);
    assert_int_equal(town_offer_state(it, annas), OFFER_CONFIRMED);
    assert_int_equal(taken_of(it, request), 1);
    town_match(it, it->school, request);
    assert_int_equal(town_request_state(it, request), REQUEST_FILLED);
}

// ---------------------------------------------------------------- one live offer a party (rule 3)

static void a_second_answer_takes_the_place_of_the_first(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1), first = town_offer(it, it->anna, request);
    struct turn_answer second = answer_with(it, it->anna, request, ANSWER_OFFER_WITH_CONDITIONS, "Alleen zaterdag");
    assert_accepted(second);
    assert_true(second.made == first);
    const Wire__RequestView *view = town_show(it, it->desk, request);
    assert_int_equal(view->n_offers, 1);
    assert_int_equal(view->offers[0]->state, OFFER_CONDITIONAL);
    assert_int_equal(view->offers[0]->revision, 2);
    assert_true(text_is(view->offers[0]->text, "Alleen zaterdag"));
}

static void each_kind_of_answer_may_become_each_other_kind(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1);
    static const uint32_t states[] = {
        0, OFFER_OFFERED, OFFER_CONDITIONAL, OFFER_ASKING_INTERNALLY, OFFER_CANNOT, OFFER_NOT_ALLOWED};
    uint64_t made = 0;
    for (int from = ANSWER_OFFER; from <= ANSWER_NOT_ALLOWED; from++) {
        for (int to = ANSWER_OFFER; to <= ANSWER_NOT_ALLOWED; to++) {
            struct turn_answer before = answer_with(it, it->anna, request, (enum bb_answer_kind)from, "uitleg");
            struct turn_answer after = answer_with(it, it->anna, request, (enum bb_answer_kind)to, "uitleg");
            assert_accepted(before);
            assert_accepted(after);
            assert_int_equal(after.state, states[to]);
            assert_true(after.made == before.made && (made == 0 || made == after.made));
            made = after.made;
        }
    }
}

static void who_of_a_partys_members_answered_last_is_kept(void **state)
{
    struct town *it = *state;
    Wire__MakeInvitation colleague = town_invitation(it, ROLE_GIVER, 0);
    colleague.party = it->school.party;
    struct person teacher = town_join(it, it->school, colleague, "Meester Ruud");
    assert_true(teacher.party == it->school.party);
    uint64_t request = town_publish_for(it, 1), offer = town_offer(it, it->school, request);
    assert_true(town_offer(it, teacher, request) == offer);
    assert_true(town_show(it, it->desk, request)->offers[0]->member == teacher.member);
}

static void declined_stays_declined(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1), offer = town_offer(it, it->anna, request);
    assert_accepted(town_decline_offer(it, it->desk, (Wire__DeclineOffer){.offer = offer, .asker_agreed = true}));
    for (int kind = ANSWER_OFFER; kind <= ANSWER_NOT_ALLOWED; kind++)
        assert_refused(answer_with(it, it->anna, request, (enum bb_answer_kind)kind, "toch"), BB_WRONG_STATE);
    assert_refused(town_choose(it, offer), BB_WRONG_STATE);
    assert_int_equal(town_offer_state(it, offer), OFFER_DECLINED);
}

static void who_withdrew_may_offer_anew(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1), first = town_offer(it, it->anna, request);
    assert_accepted(town_withdraw_offer(it, it->anna, (Wire__WithdrawOffer){.offer = first}));
    uint64_t second = town_offer(it, it->anna, request);
    assert_true(second != first);
    assert_int_equal(town_offer_state(it, first), OFFER_WITHDRAWN);
    assert_refused(town_choose(it, first), BB_WRONG_STATE);
    assert_accepted(town_choose(it, second));
}

static void a_giver_whose_match_ended_may_offer_anew(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1), first = town_match(it, it->anna, request);
    assert_refused(town_offers(it, it->anna, request), BB_WRONG_STATE); // it is chosen already
    assert_accepted(cancel(it, it->anna, first));
    assert_true(town_offer(it, it->anna, request) != first);
}

// Else one giver could fill the desk's list with offers that come and go.
static void offering_and_withdrawing_has_an_end(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1);
    for (int i = 0; i < OFFERS_PER_PARTY_MAX; i++) {
        uint64_t offer = town_offer(it, it->anna, request);
        assert_accepted(town_withdraw_offer(it, it->anna, (Wire__WithdrawOffer){.offer = offer}));
    }
    assert_refused(town_offers(it, it->anna, request), BB_OFFERED_OFTEN);
    assert_accepted(town_offers(it, it->bert, request));
}

static void who_offers_when_help_is_arranged_is_kept_in_case_it_falls_through(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1), match = town_match(it, it->anna, request);
    struct turn_answer late = town_offers(it, it->bert, request);
    assert_accepted(late);
    assert_int_equal(late.state, OFFER_WAITING);
    assert_refused(town_choose(it, late.made), BB_SOMEBODY_WAS_FASTER);
    assert_accepted(cancel(it, it->anna, match));
    assert_int_equal(town_offer_state(it, late.made), OFFER_OFFERED);
    assert_accepted(town_choose(it, late.made));
}

static void a_tip_waits_for_the_asker_unless_the_community_says_otherwise(void **state)
{
    struct town *it = *state;
    Wire__GiveAnswer tip = {.kind = WIRE__ANSWER_KIND__ANSWER_OFFER, .offer_kind = WIRE__OFFER_KIND__KIND_TIP};
    tip.request = town_publish_for(it, 1);
    assert_int_equal(town_give_answer(it, it->anna, tip).state, OFFER_OFFERED);

    town_confirm_tips_at_once(it);
    tip.request = town_publish_for(it, 1);
    assert_int_equal(town_give_answer(it, it->anna, tip).state, OFFER_CONFIRMED);
    assert_int_equal(town_show(it, it->desk, tip.request)->state, REQUEST_FILLED);
    uint64_t for_two = tip.request = town_publish_for(it, 2);
    assert_accepted(town_give_answer(it, it->anna, tip));
    assert_int_equal(town_show(it, it->desk, for_two)->state, REQUEST_OPEN);
    assert_int_equal(town_offers(it, it->bert, for_two).state, OFFER_OFFERED); // only tips
}

// ---------------------------------------------------------------- who hears what

static void cannot_is_quiet(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1);
    assert_accepted(answer_with(it, it->anna, request, ANSWER_CANNOT, ""));
    assert_int_equal(it->result->batches_count, 1);
    assert_non_null(town_mailbox(it, it->anna));
    assert_int_equal(town_show(it, it->desk, request)->n_offers, 0);
    assert_int_equal(town_show(it, it->coordinator, request)->n_offers, 1);
}

// Scenario 4.
static void the_rule_that_forbids_goes_to_coordinators_and_never_to_the_desk(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1);
    assert_accepted(answer_with(it, it->school, request, ANSWER_NOT_ALLOWED, "Landelijke norm voor uitgifte"));
    assert_null(town_mailbox(it, it->desk));
    const Wire__Notice *told = last_of(town_mailbox(it, it->coordinator));
    assert_int_equal(told->item->offer->state, OFFER_NOT_ALLOWED);
    assert_true(text_is(told->item->offer->text, "Landelijke norm voor uitgifte"));
    assert_int_equal(town_show(it, it->desk, request)->n_offers, 0);
    const Wire__RequestView *coordinators = town_show(it, it->coordinator, request);
    assert_int_equal(coordinators->n_offers, 1);
    assert_true(text_is(coordinators->offers[0]->text, "Landelijke norm voor uitgifte"));
}

static void an_offer_that_became_a_no_is_gone_from_the_desks_view(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1);
    town_offer(it, it->anna, request);
    assert_int_equal(town_show(it, it->desk, request)->n_offers, 1);
    assert_accepted(answer_with(it, it->anna, request, ANSWER_NOT_ALLOWED, "Mag niet van de vereniging"));
    const Wire__OfferView *told = last_of(town_mailbox(it, it->desk))->item->offer;
    assert_int_equal(told->state,
                     OFFER_WITHDRAWN); // it was told of the offer, so it is told of its end, not of the rule
    assert_int_equal(told->text.len, 0);
    assert_int_equal(town_show(it, it->desk, request)->n_offers, 0);
    town_offer(it, it->anna, request);
    assert_int_equal(last_of(town_mailbox(it, it->coordinator))->item->offer->state, OFFER_OFFERED); // the rule is over
}

static void the_desk_hears_of_an_offer_at_once_and_other_givers_never(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1), offer = town_offer(it, it->anna, request);
    assert_int_equal(it->result->batches_count, 2);
    const Wire__OfferView *told = last_of(town_mailbox(it, it->desk))->item->offer;
    assert_true(told->offer == offer);
    assert_true(text_is(told->party_name, "Anna Geverboom"));
    assert_int_equal(last_of(town_mailbox(it, it->anna))->item->offer->party_name.len, 0); // its own name it knows
}

static void when_the_request_is_closed_open_offers_are_superseded_and_their_givers_told(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1);
    uint64_t annas = town_offer(it, it->anna, request);
    struct turn_answer schools = answer_with(it, it->school, request, ANSWER_ASKING_INTERNALLY, "");
    assert_accepted(town_close(it, request, CLOSE_NO_LONGER_NEEDED));
    assert_int_equal(last_of(town_mailbox(it, it->anna))->item->offer->state, OFFER_SUPERSEDED);
    assert_int_equal(last_of(town_mailbox(it, it->school))->item->offer->state, OFFER_SUPERSEDED);
    assert_int_equal(town_offer_state(it, annas), OFFER_SUPERSEDED);
    assert_int_equal(town_offer_state(it, schools.made), OFFER_SUPERSEDED);
}

// ---------------------------------------------------------------- refusals

static void answers_are_checked(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1);
    Wire__GiveAnswer answer = {.request = request, .kind = ANSWER_OFFER, .text = text_of_size(ANSWER_TEXT_SIZE_MAX)};
    assert_accepted(town_give_answer(it, it->anna, answer));
    answer.text = text_of_size(ANSWER_TEXT_SIZE_MAX + 1);
    assert_refused(town_give_answer(it, it->anna, answer), BB_TOO_LONG);
    assert_refused(town_give_answer(it, it->anna, (Wire__GiveAnswer){.request = request}), BB_MISSING);
    answer = (Wire__GiveAnswer){.request = request, .kind = (Wire__AnswerKind)(ANSWER_NOT_ALLOWED + 1)};
    assert_refused(town_give_answer(it, it->anna, answer), BB_BAD_VALUE);
    answer = (Wire__GiveAnswer){
        .request = request, .kind = ANSWER_OFFER, .offer_kind = (Wire__OfferKind)(KIND_THINK_ALONG + 1)};
    assert_refused(town_give_answer(it, it->anna, answer), BB_BAD_VALUE);
    assert_refused(answer_with(it, it->anna, request, ANSWER_OFFER_WITH_CONDITIONS, ""), BB_MISSING);
    assert_refused(answer_with(it, it->anna, request, ANSWER_NOT_ALLOWED, ""), BB_MISSING);
    assert_refused(town_offers(it, it->anna, 0), BB_UNKNOWN_ID);
    assert_refused(town_offers(it, it->anna, it->asker), BB_UNKNOWN_ID); // an id of another kind
}

static void a_giver_answers_only_what_it_was_told_of(void **state)
{
    struct town *it = *state;
    Wire__AudienceClass excluded[] = {WIRE__AUDIENCE_CLASS__CLASS_RESIDENT};
    Wire__PublishRequest request = town_request(it, "Hulp gezocht");
    request.n_excluded_classes = 1;
    request.excluded_classes = excluded;
    uint64_t not_residents = town_publish_request(it, it->desk, request).made;
    assert_refused(town_offers(it, it->anna, not_residents), BB_UNKNOWN_ID);
    assert_accepted(town_offers(it, it->school, not_residents));

    request = town_request(it, "Schulden op orde");
    request.size = WIRE__REQUEST_SIZE__SIZE_LARGE;
    assert_refused(town_offers(it, it->anna, town_publish_request(it, it->desk, request).made), BB_UNKNOWN_ID);

    uint64_t closed = town_publish_for(it, 1);
    assert_accepted(town_close(it, closed, CLOSE_NO_LONGER_NEEDED));
    assert_refused(town_offers(it, it->anna, closed), BB_WRONG_STATE);
}

static void an_offer_is_its_own_partys_and_its_own_desks(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1), offer = town_offer(it, it->anna, request);
    Wire__ChooseOffer choice = {.offer = offer, .asker_agreed = true};
    Wire__DeclineOffer no = {.offer = offer, .asker_agreed = true};
    assert_refused(town_withdraw_offer(it, it->bert, (Wire__WithdrawOffer){.offer = offer}), BB_NOT_YOURS);
    assert_refused(town_choose_offer(it, it->other_desk, choice), BB_NOT_YOURS);
    assert_refused(town_decline_offer(it, it->other_desk, no), BB_NOT_YOURS);
    assert_accepted(town_choose(it, offer));
    assert_refused(town_report_done(it, it->bert, (Wire__ReportDone){.offer = offer}), BB_NOT_YOURS);
    assert_refused(cancel(it, it->bert, offer), BB_NOT_YOURS);
    assert_refused(cancel(it, it->other_desk, offer), BB_NOT_YOURS);
    assert_refused(town_confirm_help(it, it->other_desk, (Wire__ConfirmHelp){.offer = offer, .given = true}),
                   BB_NOT_YOURS);
    assert_int_equal(town_offer_state(it, offer), OFFER_CONFIRMED);
}

static void the_asker_says_yes_to_choice_and_refusal(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1), offer = town_offer(it, it->anna, request);
    assert_refused(town_choose_offer(it, it->desk, (Wire__ChooseOffer){.offer = offer}), BB_ASKER_MUST_AGREE);
    assert_refused(town_decline_offer(it, it->desk, (Wire__DeclineOffer){.offer = offer}), BB_ASKER_MUST_AGREE);
    assert_int_equal(town_offer_state(it, offer), OFFER_OFFERED);
}

static void a_suspended_giver_is_not_chosen(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1), offer = town_offer(it, it->anna, request);
    Wire__SuspendParty suspend = {.party = it->anna.party, .reason = text("Klacht")};
    assert_accepted(town_suspend_party(it, it->coordinator, suspend));
    assert_refused(town_choose(it, offer), BB_WRONG_STATE);
    assert_accepted(town_withdraw_offer(it, it->anna, (Wire__WithdrawOffer){.offer = offer})); // that it may
}

static void cancelling_needs_a_reason_within_its_limit(void **state)
{
    struct town *it = *state;
    uint64_t offer = town_match(it, it->anna, town_publish_for(it, 1));
    Wire__CancelOffer none = {.offer = offer};
    assert_refused(town_cancel_offer(it, it->anna, none), BB_MISSING);
    none.reason = text_of_size(REASON_TEXT_SIZE_MAX + 1);
    assert_refused(town_cancel_offer(it, it->anna, none), BB_TOO_LONG);
    none.reason = text_of_size(REASON_TEXT_SIZE_MAX);
    assert_accepted(town_cancel_offer(it, it->anna, none));
    assert_refused(cancel(it, it->anna, offer), BB_WRONG_STATE);
}

static void what_is_said_of_help_is_one_of_the_choices(void **state)
{
    struct town *it = *state;
    uint64_t offer = town_match(it, it->anna, town_publish_for(it, 1));
    Wire__ConfirmHelp odd = {.offer = offer, .given = true, .new_contact = (Wire__YesNo)(ANSWERED_UNKNOWN + 1)};
    assert_refused(town_confirm_help(it, it->desk, odd), BB_BAD_VALUE);
    odd = (Wire__ConfirmHelp){.offer = offer, .given = true, .follow_up_needed = (Wire__YesNo)(ANSWERED_UNKNOWN + 1)};
    assert_refused(town_confirm_help(it, it->desk, odd), BB_BAD_VALUE);
    odd.follow_up_needed = WIRE__YES_NO__ANSWERED_UNKNOWN;
    assert_accepted(town_confirm_help(it, it->desk, odd));
}

// ---------------------------------------------------------------- release

static Wire__Release release_of(uint64_t offer, struct person recipient)
{
    return (Wire__Release){.offer = offer,
                           .recipient = recipient.member,
                           .channel = WIRE__CONTACT_CHANNEL__CONTACT_PHONE,
                           .box_bytes = text("sealed to the recipient"),
                           .asker_agreed = true};
}

static void contact_is_released_to_the_chosen_giver_alone(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1), offer = town_match(it, it->anna, request);
    assert_accepted(town_release(it, it->desk, release_of(offer, it->anna)));
    assert_int_equal(it->result->batches_count, 1);
    const Wire__ReleaseView *got = last_of(town_mailbox(it, it->anna))->item->release;
    assert_true(text_is(got->box_bytes, "sealed to the recipient"));
    assert_int_equal(got->sender_key_bytes.len, 32);
    assert_true(got->sender == it->desk.member && got->asker == it->asker && got->recipient == it->anna.member);

    const Wire__RequestView *view = town_show(it, it->desk, request); // the desk can tell the asker of it
    assert_int_equal(view->n_releases, 1);
    assert_int_equal(view->releases[0]->box_bytes.len, 0);
}

static void contact_goes_only_to_the_member_who_answered(void **state)
{
    struct town *it = *state;
    uint64_t offer = town_match(it, it->anna, town_publish_for(it, 1));
    assert_refused(town_release(it, it->desk, release_of(offer, it->bert)), BB_WRONG_RECIPIENT);
    Wire__Release to_nobody = release_of(offer, it->anna);
    to_nobody.recipient = it->anna.party; // not a member's id
    assert_refused(town_release(it, it->desk, to_nobody), BB_WRONG_RECIPIENT);
    Wire__RevokeMember revoke = {.member = it->anna.member, .reason = text("Sleutel kwijt")};
    assert_accepted(town_revoke_member(it, it->coordinator, revoke));
    assert_refused(town_release(it, it->desk, release_of(offer, it->anna)), BB_WRONG_RECIPIENT);
}

static void contact_is_not_released_to_a_giver_who_was_suspended(void **state)
{
    struct town *it = *state;
    uint64_t offer = town_match(it, it->anna, town_publish_for(it, 1));
    Wire__SuspendParty suspend = {.party = it->anna.party, .reason = text("Klacht")};
    assert_accepted(town_suspend_party(it, it->coordinator, suspend));
    assert_refused(town_release(it, it->desk, release_of(offer, it->anna)), BB_WRONG_STATE);
}

static void a_release_needs_a_match_the_askers_yes_and_one_channel(void **state)
{
    struct town *it = *state;
    uint64_t offer = town_offer(it, it->anna, town_publish_for(it, 1));
    Wire__Release release = release_of(offer, it->anna);
    assert_refused(town_release(it, it->desk, release), BB_WRONG_STATE);
    assert_accepted(town_choose(it, offer));
    release.asker_agreed = false;
    assert_refused(town_release(it, it->desk, release), BB_ASKER_MUST_AGREE);
    release = release_of(offer, it->anna);
    release.channel = WIRE__CONTACT_CHANNEL__CONTACT_UNSET;
    assert_refused(town_release(it, it->desk, release), BB_MISSING);
    release.channel = (Wire__ContactChannel)(CONTACT_ADDRESS + 1);
    assert_refused(town_release(it, it->desk, release), BB_BAD_VALUE);
    release = release_of(offer, it->anna);
    release.box_bytes = text("");
    assert_refused(town_release(it, it->desk, release), BB_MISSING);
    release.box_bytes = text_of_size(RELEASE_BOX_SIZE_MAX + 1);
    assert_refused(town_release(it, it->desk, release), BB_TOO_LARGE);
    assert_refused(town_release(it, it->other_desk, release_of(offer, it->anna)), BB_NOT_YOURS);
    release.box_bytes = text_of_size(RELEASE_BOX_SIZE_MAX);
    assert_accepted(town_release(it, it->desk, release));
}

static void a_tip_needs_no_release(void **state)
{
    struct town *it = *state;
    Wire__GiveAnswer tip = {
        .request = town_publish(it, "Tips voor goedkoop gezond eten?"), .kind = ANSWER_OFFER, .offer_kind = KIND_TIP};
    struct turn_answer offered = town_give_answer(it, it->anna, tip);
    assert_accepted(offered);
    assert_accepted(town_choose(it, offered.made));
    assert_refused(town_release(it, it->desk, release_of(offered.made, it->anna)), BB_NO_RELEASE_FOR_TIPS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_request_lives_from_offer_to_help_that_was_given),
        IN_TOWN(of_two_choices_in_one_turn_one_is_confirmed_and_the_other_hears_that_somebody_was_faster),
        IN_TOWN(when_two_are_needed_two_fill_it),
        IN_TOWN(a_match_that_falls_through_opens_the_request_and_brings_the_waiting_offers_back),
        IN_TOWN(help_that_failed_opens_the_request_again),
        IN_TOWN(one_of_two_matches_that_ends_leaves_the_other_taken),
        IN_TOWN(a_second_answer_takes_the_place_of_the_first),
        IN_TOWN(each_kind_of_answer_may_become_each_other_kind),
        IN_TOWN(who_of_a_partys_members_answered_last_is_kept),
        IN_TOWN(declined_stays_declined),
        IN_TOWN(who_withdrew_may_offer_anew),
        IN_TOWN(offering_and_withdrawing_has_an_end),
        IN_TOWN(who_offers_when_help_is_arranged_is_kept_in_case_it_falls_through),
        IN_TOWN(a_tip_waits_for_the_asker_unless_the_community_says_otherwise),
        IN_TOWN(a_giver_whose_match_ended_may_offer_anew),
        IN_TOWN(cannot_is_quiet),
        IN_TOWN(the_rule_that_forbids_goes_to_coordinators_and_never_to_the_desk),
        IN_TOWN(an_offer_that_became_a_no_is_gone_from_the_desks_view),
        IN_TOWN(the_desk_hears_of_an_offer_at_once_and_other_givers_never),
        IN_TOWN(when_the_request_is_closed_open_offers_are_superseded_and_their_givers_told),
        IN_TOWN(answers_are_checked),
        IN_TOWN(a_giver_answers_only_what_it_was_told_of),
        IN_TOWN(an_offer_is_its_own_partys_and_its_own_desks),
        IN_TOWN(the_asker_says_yes_to_choice_and_refusal),
        IN_TOWN(a_suspended_giver_is_not_chosen),
        IN_TOWN(cancelling_needs_a_reason_within_its_limit),
        IN_TOWN(what_is_said_of_help_is_one_of_the_choices),
        IN_TOWN(contact_is_released_to_the_chosen_giver_alone),
        IN_TOWN(contact_goes_only_to_the_member_who_answered),
        IN_TOWN(contact_is_not_released_to_a_giver_who_was_suspended),
        IN_TOWN(a_release_needs_a_match_the_askers_yes_and_one_channel),
        IN_TOWN(a_tip_needs_no_release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
