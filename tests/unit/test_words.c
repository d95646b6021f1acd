// SPDX-License-Identifier: MPL-2.0
// Tests of words.c: no word of the wire is missing, and each is found again by its name.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "wire.pb-c.h"
#include "words.h"

static const struct {
    const struct bb_words *words;
    const ProtobufCEnumDescriptor *wire;
} pairs[] = {
    {&bb_roles, &wire__role__descriptor},
    {&bb_classes, &wire__audience_class__descriptor},
    {&bb_party_states, &wire__party_state__descriptor},
    {&bb_request_states, &wire__request_state__descriptor},
    {&bb_offer_states, &wire__offer_state__descriptor},
    {&bb_answer_kinds, &wire__answer_kind__descriptor},
    {&bb_offer_kinds, &wire__offer_kind__descriptor},
    {&bb_sizes, &wire__request_size__descriptor},
    {&bb_wanted, &wire__wanted__descriptor},
    {&bb_priorities, &wire__priority__descriptor},
    {&bb_close_reasons, &wire__close_reason__descriptor},
    {&bb_heard_of, &wire__heard_of__descriptor},
    {&bb_contact_channels, &wire__contact_channel__descriptor},
    {&bb_yes_no, &wire__yes_no__descriptor},
};
enum { COUNT = sizeof pairs / sizeof pairs[0] };

static void each_value_of_the_wire_but_unset_has_a_word(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(pairs[i].words->count, pairs[i].wire->n_values - 1);
        for (unsigned v = 0; v < pairs[i].wire->n_values; v++) {
            uint32_t value = (uint32_t)pairs[i].wire->values[v].value;
            assert_int_equal(bb_word_known(pairs[i].words, value), value != 0);
        }
    }
}

static void each_word_leads_back_to_its_value_in_both_languages(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t w = 0; w < pairs[i].words->count; w++) {
            const struct bb_word *word = &pairs[i].words->words[w];
            uint32_t value = 0;
            assert_true(bb_word_value(pairs[i].words, word->en, &value));
            assert_int_equal(value, word->value);
            assert_true(bb_word_value(pairs[i].words, word->nl, &value));
            assert_int_equal(value, word->value);
        }
    }
}

static void a_dash_and_a_capital_do_not_matter(void **state)
{
    (void)state;
    uint32_t value = 0;
    assert_true(bb_word_value(&bb_request_states, "On-Hold", &value));
    assert_int_equal(value, REQUEST_ON_HOLD);
}

static void an_unknown_word_or_number_is_said_to_be_unknown(void **state)
{
    (void)state;
    uint32_t value = 77;
    assert_false(bb_word_value(&bb_roles, "give", &value));
    assert_false(bb_word_value(&bb_roles, "givers", &value));
    assert_false(bb_word_value(&bb_roles, "", &value));
    assert_int_equal(value, 77);
    assert_string_equal(bb_word(&bb_roles, 99, BB_ENGLISH), "?");
    assert_string_equal(bb_word(&bb_roles, ROLE_DESK, BB_DUTCH), "intakebalie");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value_of_the_wire_but_unset_has_a_word),
        cmocka_unit_test(each_word_leads_back_to_its_value_in_both_languages),
        cmocka_unit_test(a_dash_and_a_capital_do_not_matter),
        cmocka_unit_test(an_unknown_word_or_number_is_said_to_be_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
