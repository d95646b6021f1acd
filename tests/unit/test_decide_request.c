// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/core/decide_request.c and apply_request.c: askers, publishing, closing, opening what was referred.
#include "town.h"

static struct turn_answer publish(struct town *it, Wire__PublishRequest request)
{
    return town_publish_request(it, it->desk, request);
}

static Wire__PublishRequest with_ref(const struct town *it, const char *ref, const char *words)
{
    Wire__PublishRequest request = town_request(it, words);
    request.ref = text(ref);
    return request;
}

// ---------------------------------------------------------------- publishing

static void a_request_goes_to_every_class_that_has_a_giver(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish(it, "Wie heeft een wasmachine over? Liefst met 2 jaar garantie, à € 0 …");
    const uint32_t with_giver[] = {CLASS_RESIDENT, CLASS_INSTITUTION, CLASS_MEDIA};
    for (size_t i = 0; i < 3; i++) {
        const Wire__PublicRequest *told = last_of(town_class(it, with_giver[i]))->public_request;
        assert_true(told->request == request);
        assert_int_equal(told->state, REQUEST_OPEN);
        assert_true(text_is(told->text, "Wie heeft een wasmachine over? Liefst met 2 jaar garantie, à € 0 …"));
    }
    assert_null(town_class(it, CLASS_POLICE));
    assert_non_null(town_mailbox(it, it->desk)); // also at its other workstations
    assert_null(town_mailbox(it, it->coordinator));
    assert_int_equal(it->result->batches_count, 4);
}

static void what_was_left_out_gets_its_default(void **state)
{
    struct town *it = *state;
    const Wire__RequestView *view = town_show(it, it->desk, town_publish(it, "Kinderbed gezocht"));
    assert_int_equal(view->needed, 1);
    assert_int_equal(view->size, SIZE_SMALL);
    assert_int_equal(view->priority, PRIORITY_NORMAL);
    assert_true(text_is(view->language, "nl"));
}

static void a_large_request_goes_to_the_coordinators_and_nobody_else(void **state)
{
    struct town *it = *state;
    Wire__PublishRequest large = town_request(it, "Geldzaken op orde krijgen");
    large.size = WIRE__REQUEST_SIZE__SIZE_LARGE;
    struct turn_answer answer = publish(it, large);
    assert_accepted(answer);
    assert_int_equal(answer.state, REQUEST_REFERRED);
    assert_true(last_of(town_mailbox(it, it->coordinator))->item->request->request == answer.made);
    assert_non_null(town_mailbox(it, it->desk));
    assert_int_equal(it->result->batches_count, 2);

    struct turn_answer closed = town_close(it, answer.made, CLOSE_REFERRED); // neither is its end broadcast
    assert_accepted(closed);
    assert_int_equal(it->result->batches_count, 2);
    assert_non_null(town_mailbox(it, it->coordinator));
}

static void not_knowing_where_to_go_goes_to_the_coordinators_and_nobody_else(void **state)
{
    struct town *it = *state;
    Wire__PublishRequest unknown = town_request(it, "Ik weet het niet meer");
    unknown.category = text("unknown");
    struct turn_answer answer = publish(it, unknown);
    assert_int_equal(answer.state, REQUEST_REFERRED);
    assert_non_null(town_mailbox(it, it->coordinator));
    assert_int_equal(it->result->batches_count, 2);
}

static void a_coordinator_opens_what_was_referred_for_everybody(void **state)
{
    struct town *it = *state;
    Wire__PublishRequest large = town_request(it, "Stoppen met roken");
    large.size = WIRE__REQUEST_SIZE__SIZE_LARGE;
    uint64_t request = publish(it, large).made;
    struct turn_answer opened = town_open_referred(it, it->coordinator, (Wire__OpenReferred){.request = request});
    assert_accepted(opened);
    assert_int_equal(opened.state, REQUEST_OPEN);
    assert_int_equal(last_of(town_class(it, CLASS_RESIDENT))->public_request->state, REQUEST_OPEN);
    assert_refused(town_open_referred(it, it->coordinator, (Wire__OpenReferred){.request = request}), BB_WRONG_STATE);
    town_offer(it, it->anna, request);
}

static void a_class_that_the_asker_leaves_out_hears_nothing(void **state)
{
    struct town *it = *state;
    Wire__AudienceClass excluded[] = {WIRE__AUDIENCE_CLASS__CLASS_MEDIA, WIRE__AUDIENCE_CLASS__CLASS_INSTITUTION};
    Wire__PublishRequest request = town_request(it, "Iemand om mee te praten over opvoeden");
    request.n_excluded_classes = 2;
    request.excluded_classes = excluded;
    uint64_t made = publish(it, request).made;
    assert_non_null(town_class(it, CLASS_RESIDENT));
    assert_null(town_class(it, CLASS_MEDIA));
    assert_null(town_class(it, CLASS_INSTITUTION));
    assert_null(town_show(it, it->school, made));
    assert_accepted(town_close(it, made, CLOSE_NO_LONGER_NEEDED));
    assert_null(town_class(it, CLASS_MEDIA));
}

static void leaving_everybody_out_is_refused(void **state)
{
    struct town *it = *state;
    Wire__AudienceClass all[CLASSES_MAX + 1];
    for (int i = 0; i <= CLASSES_MAX; i++)
        all[i] = (Wire__AudienceClass)(i < CLASSES_MAX ? i + 1 : 1);
    Wire__PublishRequest request = town_request(it, "Hulp");
    request.excluded_classes = all;
    request.n_excluded_classes = CLASSES_MAX;
    assert_refused(publish(it, request), BB_NOBODY_LEFT);
    request.n_excluded_classes = CLASSES_MAX + 1;
    assert_refused(publish(it, request), BB_BAD_VALUE);
    request.n_excluded_classes = CLASSES_MAX - 1;
    assert_accepted(publish(it, request));
    all[0] = (Wire__AudienceClass)(CLASSES_MAX + 1);
    assert_refused(publish(it, request), BB_BAD_VALUE);
    all[0] = WIRE__AUDIENCE_CLASS__CLASS_UNSET;
    assert_refused(publish(it, request), BB_BAD_VALUE);
}

static void contact_details_in_a_text_are_refused(void **state)
{
    struct town *it = *state;
    assert_refused(publish(it, town_request(it, "Bel 06-12345678 voor de fiets")), BB_HAS_PHONE);
    assert_refused(publish(it, town_request(it, "Mail naar jan@voorbeeld.nl")), BB_HAS_EMAIL);
    assert_refused(publish(it, town_request(it, "Geld op NL91ABNA0417164300 graag")), BB_HAS_IBAN);
    Wire__PublishRequest meant = town_request(it, "Bel 06-12345678 voor de fiets");
    meant.address_meant = true;
    assert_refused(publish(it, meant), BB_HAS_PHONE); // that can never be meant
}

static void an_address_can_be_meant_and_then_the_coordinators_look(void **state)
{
    struct town *it = *state;
    Wire__PublishRequest request = town_request(it, "Ophalen bij het buurthuis, 7941 AB 12");
    assert_refused(publish(it, request), BB_HAS_ADDRESS);
    request.address_meant = true;
    struct turn_answer answer = publish(it, request);
    assert_accepted(answer);
    assert_non_null(town_mailbox(it, it->coordinator));
    assert_true(town_show(it, it->coordinator, answer.made)->address_meant);

    request = town_request(it, "Fiets gezocht"); // without an address there is nothing to look at
    request.address_meant = true;
    assert_accepted(publish(it, request));
    assert_null(town_mailbox(it, it->coordinator));
}

// All that a broadcast carries besides the screened text must not be a way around the screening.
static void contact_details_in_area_and_language_are_refused(void **state)
{
    struct town *it = *state;
    static const char *const bad_areas[] = {"0612345678", "06-12345678", "Jansen", "a@b.nl",
                                            "7941 AB 12", "794",         "79411",  "GM011"};
    for (size_t i = 0; i < sizeof bad_areas / sizeof *bad_areas; i++) {
        Wire__PublishRequest request = town_request(it, "Kinderboeken gezocht");
        request.area = text(bad_areas[i]);
        assert_refused(publish(it, request), BB_BAD_VALUE);
    }
    static const char *const good_areas[] = {"7941", "BU01190203", "WK011902", "GM0119"};
    for (size_t i = 0; i < sizeof good_areas / sizeof *good_areas; i++) {
        Wire__PublishRequest request = town_request(it, "Kinderboeken gezocht");
        request.area = text(good_areas[i]);
        assert_accepted(publish(it, request));
    }
    static const char *const bad_languages[] = {"0612345678",  "n",           "nl-",       "nl_NL",       "nl 06",
                                                "06-12345678", "nl-06123456", "nl-Jansen", "nl-NL-be-fr", "nlde"};
    for (size_t i = 0; i < sizeof bad_languages / sizeof *bad_languages; i++) {
        Wire__PublishRequest request = town_request(it, "Kinderboeken gezocht");
        request.language = text(bad_languages[i]);
        assert_refused(publish(it, request), BB_BAD_VALUE);
    }
    static const char *const good_languages[] = {"nl", "ar", "zh-Hans-CN", "es-419", "nds", "en-GB"};
    for (size_t i = 0; i < sizeof good_languages / sizeof *good_languages; i++) {
        Wire__PublishRequest request = town_request(it, "Kinderboeken gezocht");
        request.language = text(good_languages[i]);
        assert_accepted(publish(it, request));
    }
}

static void texts_are_taken_at_their_limit_and_not_one_past_it(void **state)
{
    struct town *it = *state;
    Wire__PublishRequest request = town_request(it, "");
    assert_refused(publish(it, request), BB_MISSING);
    request.text = text_of_size(REQUEST_TEXT_SIZE_MAX);
    assert_accepted(publish(it, request));
    request.text = text_of_size(REQUEST_TEXT_SIZE_MAX + 1);
    assert_refused(publish(it, request), BB_TOO_LONG);

    request = town_request(it, "Fiets");
    request.ref = text_of_size(REF_SIZE_MAX);
    assert_accepted(publish(it, request));
    request.ref = text_of_size(REF_SIZE_MAX + 1);
    assert_refused(publish(it, request), BB_TOO_LONG);

    request = town_request(it, "Fiets");
    request.area = text_of_size(AREA_SIZE_MAX + 1);
    assert_refused(publish(it, request), BB_TOO_LONG);
    request.area = text("");
    request.language = text_of_size(LANGUAGE_SIZE_MAX + 1);
    assert_refused(publish(it, request), BB_TOO_LONG);
    request.language = text_of_size(LANGUAGE_SIZE_MAX);
    assert_refused(publish(it, request), BB_BAD_VALUE);
}

static void numbers_and_words_are_taken_at_their_limit_and_not_one_past_it(void **state)
{
    struct town *it = *state;
    Wire__PublishRequest request = town_request(it, "Fiets");
    request.needed = NEEDED_MAX;
    assert_accepted(publish(it, request));
    request.needed = NEEDED_MAX + 1;
    assert_refused(publish(it, request), BB_BAD_VALUE);
    request = town_request(it, "Fiets");
    request.size = (Wire__RequestSize)(SIZE_LARGE + 1);
    assert_refused(publish(it, request), BB_BAD_VALUE);
    request = town_request(it, "Fiets");
    request.wanted = (Wire__Wanted)(WANTED_TIP + 1);
    assert_refused(publish(it, request), BB_BAD_VALUE);
    request = town_request(it, "Fiets");
    request.priority = (Wire__Priority)(PRIORITY_SOON + 1);
    assert_refused(publish(it, request), BB_BAD_VALUE);
    request = town_request(it, "Fiets");
    request.needed_by_ms = it->now_ms;
    assert_accepted(publish(it, request));
    request.needed_by_ms = it->now_ms - 1;
    assert_refused(publish(it, request), BB_BAD_VALUE);
    request = town_request(it, "Fiets");
    request.category = text("nothing such");
    assert_refused(publish(it, request), BB_UNKNOWN_CATEGORY);
    request.category = text("");
    assert_refused(publish(it, request), BB_UNKNOWN_CATEGORY);
}

static void a_request_is_asked_for_an_asker_of_ones_own_who_agreed(void **state)
{
    struct town *it = *state;
    Wire__PublishRequest request = town_request(it, "Fiets");
    request.asker_agreed = false;
    assert_refused(publish(it, request), BB_ASKER_MUST_AGREE);
    request = town_request(it, "Fiets");
    request.asker = 0;
    assert_refused(publish(it, request), BB_MISSING);
    request.asker = it->anna.party;
    assert_refused(publish(it, request), BB_UNKNOWN_ID);
    assert_refused(town_publish_request(it, it->other_desk, town_request(it, "Fiets")), BB_NOT_YOURS);

    struct turn_answer helped = town_publish_request(it, it->coordinator, town_request(it, "Fiets"));
    assert_accepted(helped); // a coordinator helps any asker, whose desk keeps the request
    assert_true(town_show(it, it->desk, helped.made)->own);
}

// ---------------------------------------------------------------- the same file twice

static void the_same_reference_twice_posts_once(void **state)
{
    struct town *it = *state;
    struct turn_answer first = publish(it, with_ref(it, "rij 7", "Fiets gezocht"));
    assert_accepted(first);
    struct turn_answer again = publish(it, with_ref(it, "rij 7", "Fiets gezocht"));
    assert_accepted(again);
    assert_true(again.made == first.made);
    assert_int_equal(it->result->batches_count, 0);
    assert_int_equal(it->result->facts_count, 0);
    assert_int_equal(again.entry, 0); // no facts, so no entry of the journal
    assert_refused(publish(it, with_ref(it, "rij 7", "Bakfiets gezocht")), BB_REF_USED);
    Wire__PublishRequest other = with_ref(it, "rij 7", "Fiets gezocht");
    other.category = text("unknown");
    assert_refused(publish(it, other), BB_REF_USED);
    assert_true(publish(it, with_ref(it, "rij 8", "Fiets gezocht")).made != first.made);
}

static void a_file_can_be_sent_again_long_after(void **state)
{
    struct town *it = *state;
    Wire__PublishRequest request = with_ref(it, "rij 7", "Fiets gezocht");
    request.needed_by_ms = it->now_ms + hour_ms;
    struct turn_answer first = publish(it, request);
    assert_accepted(town_close(it, first.made, CLOSE_NO_LONGER_NEEDED));
    town_pass(it, day_ms);
    struct turn_answer again = publish(it, request);
    assert_accepted(again);
    assert_true(again.made == first.made);
    assert_int_equal(again.state, REQUEST_CLOSED);
}

static void each_desk_has_its_own_references(void **state)
{
    struct town *it = *state;
    uint64_t first = publish(it, with_ref(it, "rij 7", "Fiets gezocht")).made;
    uint64_t asker = town_add_asker_of(it, it->other_desk);
    Wire__PublishRequest theirs = with_ref(it, "rij 7", "Bed gezocht");
    theirs.asker = asker;
    struct turn_answer answer = town_publish_request(it, it->other_desk, theirs);
    assert_accepted(answer);
    assert_true(answer.made != first);
}

// ---------------------------------------------------------------- askers

static Wire__WrappedKey wrapped[WRAPPED_KEYS_MAX + 1], *wrapped_keys[WRAPPED_KEYS_MAX + 1];

static Wire__SealedContact contact_of(size_t box_size, size_t keys)
{
    Wire__SealedContact contact = WIRE__SEALED_CONTACT__INIT;
    for (size_t i = 0; i < keys; i++) {
        static uint8_t sealed[WRAPPED_KEY_SIZE];
        wire__wrapped_key__init(&wrapped[i]);
        wrapped[i].sealed_bytes = (ProtobufCBinaryData){sizeof sealed, sealed};
        wrapped_keys[i] = &wrapped[i];
    }
    contact.nonce_bytes = text("a nonce of twenty-four b");
    contact.box_bytes = text_of_size(box_size);
    contact.n_keys = keys;
    contact.keys = wrapped_keys;
    return contact;
}

static enum bb_code add_asker(struct town *it, size_t box_size, size_t keys, size_t ref_size, uint32_t heard_of)
{
    Wire__SealedContact contact = contact_of(box_size, keys);
    Wire__AddAsker add = {.contact = &contact, .ref = text_of_size(ref_size), .heard_of = (Wire__HeardOf)heard_of};
    return town_add_asker(it, it->desk, add).code;
}

static void an_asker_is_registered_within_the_limits(void **state)
{
    struct town *it = *state;
    assert_int_equal(add_asker(it, CONTACT_BOX_SIZE_MAX, WRAPPED_KEYS_MAX, REF_SIZE_MAX, HEARD_OTHER), BB_OK);
    assert_int_equal(add_asker(it, CONTACT_BOX_SIZE_MAX + 1, 1, 0, HEARD_OTHER), BB_TOO_LARGE);
    assert_int_equal(add_asker(it, 10, WRAPPED_KEYS_MAX + 1, 0, HEARD_OTHER), BB_TOO_LARGE);
    assert_int_equal(add_asker(it, 10, 1, REF_SIZE_MAX + 1, HEARD_OTHER), BB_TOO_LONG);
    assert_int_equal(add_asker(it, 10, 1, 0, 0), BB_MISSING);
    assert_int_equal(add_asker(it, 10, 1, 0, HEARD_OTHER + 1), BB_BAD_VALUE);
    assert_int_equal(add_asker(it, 0, 1, 0, HEARD_OTHER), BB_MISSING);
    assert_int_equal(add_asker(it, 10, 0, 0, HEARD_OTHER), BB_MISSING);
    Wire__SealedContact contact = contact_of(10, 1);
    Wire__AddAsker add = {.contact = &contact, .heard_of = HEARD_OTHER};
    contact.nonce_bytes.len--;
    assert_refused(town_add_asker(it, it->desk, add), BB_BAD_VALUE);
    contact = contact_of(10, 1);
    wrapped[0].sealed_bytes.len--;
    assert_refused(town_add_asker(it, it->desk, add), BB_BAD_VALUE);
    assert_refused(town_add_asker(it, it->desk, (Wire__AddAsker){.heard_of = HEARD_OTHER}), BB_MISSING);
}

static void the_same_asker_twice_is_one_asker(void **state)
{
    struct town *it = *state;
    Wire__SealedContact contact = contact_of(10, 1);
    Wire__AddAsker add = {.contact = &contact, .ref = text("gezin 3"), .heard_of = HEARD_SCHOOL};
    struct turn_answer first = town_add_asker(it, it->desk, add), again = town_add_asker(it, it->desk, add);
    assert_accepted(again);
    assert_true(first.made == again.made);
    assert_true(town_add_asker(it, it->other_desk, add).made != first.made);
    // A request's reference is another thing than an asker's.
    assert_accepted(publish(it, with_ref(it, "gezin 3", "Fiets")));
}

// ---------------------------------------------------------------- closing

static void only_the_askers_side_says_that_help_was_had(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish(it, "Fiets");
    Wire__CloseRequest close = {.request = request, .reason = WIRE__CLOSE_REASON__CLOSE_FULFILLED};
    assert_refused(town_close_request(it, it->desk, close), BB_NEEDS_ASKERS_SIDE);
    assert_refused(town_close_request(it, it->coordinator, close), BB_NEEDS_ASKERS_SIDE);
    close.reason = WIRE__CLOSE_REASON__CLOSE_PARTLY_FULFILLED;
    assert_refused(town_close_request(it, it->desk, close), BB_NEEDS_ASKERS_SIDE);
    close.reason = WIRE__CLOSE_REASON__CLOSE_UNSET;
    assert_refused(town_close_request(it, it->desk, close), BB_MISSING);
    close.reason = (Wire__CloseReason)(CLOSE_UNSAFE + 1);
    assert_refused(town_close_request(it, it->desk, close), BB_BAD_VALUE);
    assert_refused(town_close_request(it, it->other_desk, close), BB_NOT_YOURS);
    close.reason = WIRE__CLOSE_REASON__CLOSE_UNREACHABLE; // needs nobody's word
    assert_accepted(town_close_request(it, it->desk, close));
}

// Scenario 9: all givers get the closing notice.
static void a_closing_is_broadcast_without_the_text(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish(it, "Cadeautjes voor Sint");
    assert_accepted(town_close(it, request, CLOSE_NO_LONGER_NEEDED));
    const Wire__PublicRequest *told = last_of(town_class(it, CLASS_INSTITUTION))->public_request;
    assert_true(told->request == request);
    assert_int_equal(told->state, REQUEST_CLOSED);
    assert_int_equal(told->revision, 2);
    assert_int_equal(told->text.len, 0);
    assert_int_equal(told->category.len, 0);
}

static void closed_is_final(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish(it, "Fiets"), offer = town_offer(it, it->anna, request);
    assert_accepted(town_close(it, request, CLOSE_DONE_BY_OTHERS));
    assert_refused(town_close(it, request, CLOSE_FULFILLED), BB_WRONG_STATE);
    assert_refused(town_open_referred(it, it->coordinator, (Wire__OpenReferred){.request = request}), BB_WRONG_STATE);
    assert_refused(town_choose(it, offer), BB_WRONG_STATE);
    assert_refused(town_offers(it, it->bert, request), BB_WRONG_STATE);
    assert_int_equal(town_request_state(it, request), REQUEST_CLOSED);
}

static void asking_again_makes_a_new_request_that_names_the_old_one(void **state)
{
    struct town *it = *state;
    uint64_t old = town_publish(it, "Fiets");
    Wire__PublishRequest again = town_request(it, "Nog steeds een fiets");
    again.earlier = old;
    assert_refused(publish(it, again), BB_WRONG_STATE); // the old one still lives
    assert_accepted(town_close(it, old, CLOSE_NO_GIVER_FOUND));
    struct turn_answer answer = publish(it, again);
    assert_accepted(answer);
    assert_true(answer.made != old);
    assert_true(town_show(it, it->desk, answer.made)->earlier == old);
    again.asker = town_add_asker_of(it, it->desk);
    assert_refused(publish(it, again), BB_NOT_YOURS); // another asker's
    again.earlier = it->asker;
    assert_refused(publish(it, again), BB_UNKNOWN_ID);
}

static void closing_settles_the_matches(void **state)
{
    struct town *it = *state;
    static const struct {
        enum bb_close_reason reason;
        uint32_t confirmed, reported;
    } cases[] = {{CLOSE_FULFILLED, OFFER_DONE, OFFER_DONE},
                 {CLOSE_PARTLY_FULFILLED, OFFER_CONFIRMED, OFFER_REPORTED_DONE},
                 {CLOSE_NO_LONGER_NEEDED, OFFER_CANCELLED, OFFER_REPORTED_DONE}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t request = town_publish_for(it, 2);
        uint64_t annas = town_match(it, it->anna, request), berts = town_match(it, it->bert, request);
        assert_accepted(town_report_done(it, it->bert, (Wire__ReportDone){.offer = berts}));
        assert_accepted(town_close(it, request, cases[i].reason));
        assert_int_equal(town_offer_state(it, annas), cases[i].confirmed);
        assert_int_equal(town_offer_state(it, berts), cases[i].reported);
        assert_int_equal(town_request_state(it, request), REQUEST_CLOSED);
    }
}

static void after_a_partly_fulfilled_close_each_match_is_still_confirmed_and_nothing_opens_again(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 2);
    uint64_t annas = town_match(it, it->anna, request), berts = town_match(it, it->bert, request);
    assert_accepted(town_close(it, request, CLOSE_PARTLY_FULFILLED));
    assert_accepted(town_confirm_help(it, it->desk, (Wire__ConfirmHelp){.offer = annas, .given = true}));
    assert_accepted(town_confirm_help(it, it->desk, (Wire__ConfirmHelp){.offer = berts, .given = false}));
    assert_int_equal(town_request_state(it, request), REQUEST_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_request_goes_to_every_class_that_has_a_giver),
        IN_TOWN(what_was_left_out_gets_its_default),
        IN_TOWN(a_large_request_goes_to_the_coordinators_and_nobody_else),
        IN_TOWN(not_knowing_where_to_go_goes_to_the_coordinators_and_nobody_else),
        IN_TOWN(a_coordinator_opens_what_was_referred_for_everybody),
        IN_TOWN(a_class_that_the_asker_leaves_out_hears_nothing),
        IN_TOWN(leaving_everybody_out_is_refused),
        IN_TOWN(contact_details_in_a_text_are_refused),
        IN_TOWN(an_address_can_be_meant_and_then_the_coordinators_look),
        IN_TOWN(contact_details_in_area_and_language_are_refused),
        IN_TOWN(texts_are_taken_at_their_limit_and_not_one_past_it),
        IN_TOWN(numbers_and_words_are_taken_at_their_limit_and_not_one_past_it),
        IN_TOWN(a_request_is_asked_for_an_asker_of_ones_own_who_agreed),
        IN_TOWN(the_same_reference_twice_posts_once),
        IN_TOWN(a_file_can_be_sent_again_long_after),
        IN_TOWN(each_desk_has_its_own_references),
        IN_TOWN(an_asker_is_registered_within_the_limits),
        IN_TOWN(the_same_asker_twice_is_one_asker),
        IN_TOWN(only_the_askers_side_says_that_help_was_had),
        IN_TOWN(a_closing_is_broadcast_without_the_text),
        IN_TOWN(closed_is_final),
        IN_TOWN(asking_again_makes_a_new_request_that_names_the_old_one),
        IN_TOWN(closing_settles_the_matches),
        IN_TOWN(after_a_partly_fulfilled_close_each_match_is_still_confirmed_and_nothing_opens_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
