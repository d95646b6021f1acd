// SPDX-License-Identifier: MPL-2.0
// Tests of codes.c: the list is whole, numbers are unique, sentences are sentences.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "codes.h"

#include <string.h>

static const uint32_t numbers[] = {
#define X(symbol, number, again, en, nl) (number),
#include "codes.def"
#undef X
};
enum { COUNT = sizeof numbers / sizeof numbers[0] };

static void each_number_is_used_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = i + 1; j < COUNT; j++)
            assert_int_not_equal(numbers[i], numbers[j]);
}

static void each_sentence_ends_and_each_language_has_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        const char *en = bb_code_sentence(numbers[i], BB_ENGLISH), *nl = bb_code_sentence(numbers[i], BB_DUTCH);
        assert_non_null(en);
        assert_non_null(nl);
        assert_string_not_equal(en, nl);
        assert_int_equal(en[strlen(en) - 1], '.');
        assert_int_equal(nl[strlen(nl) - 1], '.');
    }
}

static void a_code_is_known_by_symbol_and_retryability(void **state)
{
    (void)state;
    assert_string_equal(bb_code_symbol(BB_WRONG_STATE), "WRONG_STATE");
    assert_true(bb_code_retryable(BB_BUSY));
    assert_false(bb_code_retryable(BB_OK));
    assert_false(bb_code_retryable(BB_HAS_PHONE));
}

static void a_code_of_a_newer_broker_has_no_sentence(void **state)
{
    (void)state;
    assert_null(bb_code_sentence(9999, BB_ENGLISH));
    assert_string_equal(bb_code_symbol(9999), "UNKNOWN");
    assert_false(bb_code_retryable(9999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_number_is_used_once),
        cmocka_unit_test(each_sentence_ends_and_each_language_has_its_own),
        cmocka_unit_test(a_code_is_known_by_symbol_and_retryability),
        cmocka_unit_test(a_code_of_a_newer_broker_has_no_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
