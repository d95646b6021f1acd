// SPDX-License-Identifier: MPL-2.0
// Tests of clients/terminal/shown.c: what others wrote cannot drive the reader's terminal; dates are those people mean.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "shown.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SHOWN_AS_HARMLESS "\xEF\xBF\xBD"

static struct ui ui;

static int set_up(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    ui_init(&ui, "test", BB_DUTCH);
    return 0;
}

static void dutch_letters_and_quotes_stay_as_they_are(void **state)
{
    (void)state;
    const char *text = "Zoë’s fiets “één” kost € 5, ça va, ï ü ö é 👍";
    assert_string_equal(shown_string(&ui, text), text);
}

static void escape_sequences_lose_their_escape(void **state)
{
    (void)state;
    assert_string_equal(shown_string(&ui, "a\033[31mb"), "a" SHOWN_AS_HARMLESS "[31mb");
    assert_string_equal(shown_string(&ui, "a\xC2\x9B"
                                          "31mb"),
                        "a" SHOWN_AS_HARMLESS "31mb");
    assert_string_equal(shown_string(&ui, "\b\r\x7F"), SHOWN_AS_HARMLESS SHOWN_AS_HARMLESS SHOWN_AS_HARMLESS);
}

static void a_nul_inside_a_text_does_not_end_it(void **state)
{
    (void)state;
    ProtobufCBinaryData text = {.len = 3, .data = (uint8_t *)"a\0b"};
    assert_string_equal(shown_text(&ui, text), "a" SHOWN_AS_HARMLESS "b");
}

static void overrides_of_direction_are_replaced(void **state)
{
    (void)state;
    assert_string_equal(shown_string(&ui, "\xE2\x80\xAE"
                                          "x\xE2\x81\xA6"),
                        SHOWN_AS_HARMLESS "x" SHOWN_AS_HARMLESS);
}

static void line_ends_become_spaces(void **state)
{
    (void)state;
    assert_string_equal(shown_string(&ui, "een\ntwee\tdrie"), "een twee drie");
}

static void bytes_that_are_no_utf8_are_replaced_one_by_one(void **state)
{
    (void)state;
    assert_string_equal(shown_string(&ui, "a\xFFz"), "a" SHOWN_AS_HARMLESS "z");
    assert_string_equal(shown_string(&ui, "\xC3"), SHOWN_AS_HARMLESS);
    assert_string_equal(shown_string(&ui, "\xC0\x80"), SHOWN_AS_HARMLESS SHOWN_AS_HARMLESS);
    // An overlong escape must not slip through.
    assert_null(strchr(shown_string(&ui, "\xC0\x9B"), 0x1B));
}

static void a_text_longer_than_its_buffer_is_cut_between_characters(void **state)
{
    (void)state;
    char out[5];
    assert_int_equal(shown_filter((const uint8_t *)"aaaé", 5, out, sizeof out), 3);
    assert_string_equal(out, "aaa");
    assert_int_equal(shown_filter((const uint8_t *)"aaé", 4, out, sizeof out), 4);
    assert_string_equal(out, "aaé");
}

static void the_longest_text_of_harmful_bytes_fits(void **state)
{
    (void)state;
    char text[REQUEST_TEXT_SIZE_MAX + 1];
    memset(text, 0x1B, sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(strlen(shown_string(&ui, text)), 3 * REQUEST_TEXT_SIZE_MAX);
}

static void sixteen_values_can_be_shown_at_once(void **state)
{
    (void)state;
    const char *first = shown_string(&ui, "eerste");
    for (int i = 1; i < SHOWN_SLOTS; i++) {
        (void)shown_id(&ui, 1);
    }
    assert_string_equal(first, "eerste");
}

static void a_day_ends_at_its_last_second(void **state)
{
    (void)state;
    int64_t at_ms = 0;
    assert_true(day_end_parse("2026-12-31", &at_ms));
    assert_int_equal(at_ms, 1798761599000);
    assert_string_equal(shown_time(&ui, at_ms), "31-12-2026 23:59");
    assert_string_equal(shown_date(&ui, 0), "-");
}

static void days_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    int64_t at_ms = 0;
    const char *const wrong[] = {"2026-02-29", "2026-13-01", "2026-06-31", "2026-1", "morgen", "2026-12-31x", ""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(day_end_parse(wrong[i], &at_ms));
    }
    assert_true(day_end_parse("2028-02-29", &at_ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dutch_letters_and_quotes_stay_as_they_are),
        cmocka_unit_test(escape_sequences_lose_their_escape),
        cmocka_unit_test(a_nul_inside_a_text_does_not_end_it),
        cmocka_unit_test(overrides_of_direction_are_replaced),
        cmocka_unit_test(line_ends_become_spaces),
        cmocka_unit_test(bytes_that_are_no_utf8_are_replaced_one_by_one),
        cmocka_unit_test(a_text_longer_than_its_buffer_is_cut_between_characters),
        cmocka_unit_test(the_longest_text_of_harmful_bytes_fits),
        cmocka_unit_test(sixteen_values_can_be_shown_at_once),
        cmocka_unit_test(a_day_ends_at_its_last_second),
        cmocka_unit_test(days_that_do_not_exist_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
