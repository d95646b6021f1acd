// SPDX-License-Identifier: MPL-2.0
// Tests of iso_time.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "message/iso_time.h"

#include <stdbool.h>

static void times_are_written_and_read_again(void **state)
{
    (void)state;
    static const struct {
        int64_t time_ms;
        const char *text;
    } rows[] = {
        {1795456534000, "2026-11-23T17:55:34.000Z"},
        {1709210096789, "2024-02-29T12:34:56.789Z"},
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[ISO_TIME_SIZE + 1];
        int64_t time_ms = 42;
        assert_true(iso_time_write(rows[i].time_ms, text));
        assert_string_equal(text, rows[i].text);
        assert_true(iso_time_read(text, &time_ms));
        assert_true(time_ms == rows[i].time_ms);
    }
}

static void the_short_forms_are_read(void **state)
{
    (void)state;
    int64_t time_ms = 0;
    assert_true(iso_time_read("2026-11-23T17:55:34Z", &time_ms) && time_ms == 1795456534000);
    assert_true(iso_time_read("2026-11-23", &time_ms) && time_ms == 1795392000000);
}

static void other_forms_and_days_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "2026",
                                        "2026-11",
                                        "2026-1-3",
                                        "23-11-2026",
                                        "2026-02-29",
                                        "2026-04-31",
                                        "2026-13-01",
                                        "2026-00-10",
                                        "2026-01-00",
                                        "2026-11-23T24:00:00Z",
                                        "2026-11-23T23:60:00Z",
                                        "2026-11-23T23:59:60Z",
                                        "2026-11-23T17:55:34",
                                        "2026-11-23T17:55:34+01:00",
                                        "2026-11-23 17:55:34Z",
                                        "2026-11-23T17:55:34.0Z",
                                        "2026-11-23x",
                                        " 2026-11-23"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t time_ms = 42;
        if (iso_time_read(texts[i], &time_ms) || time_ms != 42)
            fail_msg("\"%s\" was read", texts[i]);
    }
}

static void years_without_four_digits_are_not_written(void **state)
{
    (void)state;
    char text[ISO_TIME_SIZE + 1];
    assert_false(iso_time_write(253402300800000, text));
    assert_false(iso_time_write(INT64_MAX, text));
    assert_false(iso_time_write(INT64_MIN, text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_and_read_again),
        cmocka_unit_test(the_short_forms_are_read),
        cmocka_unit_test(other_forms_and_days_that_do_not_exist_are_refused),
        cmocka_unit_test(years_without_four_digits_are_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
