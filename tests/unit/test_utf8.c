// SPDX-License-Identifier: MPL-2.0
// Tests of utf8.c: what is a text and what is not, at the edges of each length.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "message/utf8.h"

#include <string.h>

static bool valid(const char *text)
{
    return utf8_valid((const uint8_t *)text, strlen(text));
}

static void texts_of_all_lengths_are_valid(void **state)
{
    (void)state;
    assert_true(utf8_valid(NULL, 0));
    assert_true(valid("Een fiets voor Zoë: € 5, ‘graag’\n\tdank"));
    assert_true(valid("\xC2\xA0 \xDF\xBF \xE0\xA0\x80 \xEF\xBF\xBF \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"));
    assert_true(valid("\xED\x9F\xBF \xEE\x80\x80"));
}

static void overlong_forms_are_refused(void **state)
{
    (void)state;
    assert_false(valid("\xC0\x80"));
    assert_false(valid("\xC1\xBF"));
    assert_false(valid("\xE0\x9F\xBF"));
    assert_false(valid("\xF0\x8F\xBF\xBF"));
}

static void surrogates_and_numbers_past_the_last_are_refused(void **state)
{
    (void)state;
    assert_false(valid("\xED\xA0\x80"));
    assert_false(valid("\xED\xBF\xBF"));
    assert_false(valid("\xF4\x90\x80\x80"));
    assert_false(valid("\xF5\x80\x80\x80"));
    assert_false(valid("\xFF"));
}

static void cut_off_or_loose_bytes_are_refused(void **state)
{
    (void)state;
    assert_false(valid("\x80"));
    assert_false(valid("a\xC3"));
    assert_false(valid("a\xE2\x82"));
    assert_false(valid("\xF0\x9F\x98"));
    assert_false(valid("\xC3"
                       "a"));
    assert_false(valid("\xE2\x82"
                       "a"));
}

static void control_characters_but_newline_and_tab_are_refused(void **state)
{
    (void)state;
    for (int c = 0; c < 0x20; c++)
        assert_int_equal(utf8_valid(&(uint8_t){(uint8_t)c}, 1), c == '\n' || c == '\t');
    assert_false(valid("\x7F"));
    assert_false(valid("\xC2\x80"));
    assert_false(valid("\xC2\x9F"));
    assert_false(utf8_valid((const uint8_t *)"a\0b", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_all_lengths_are_valid),
        cmocka_unit_test(overlong_forms_are_refused),
        cmocka_unit_test(surrogates_and_numbers_past_the_last_are_refused),
        cmocka_unit_test(cut_off_or_loose_bytes_are_refused),
        cmocka_unit_test(control_characters_but_newline_and_tab_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
