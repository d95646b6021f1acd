// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/core/coded_fields.c: an area and a language are broadcast unscreened, so they can hold a code only.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "coded_fields.h"

#include <string.h>

static ProtobufCBinaryData bytes(const char *text)
{
    return (ProtobufCBinaryData){strlen(text), (uint8_t *)text};
}

static void areas_are_postcodes_and_codes_of_statistics_netherlands(void **state)
{
    static const char *const areas[] = {"", "7941", "0000", "GM0119", "WK011902", "BU01190203"};
    (void)state;
    for (size_t i = 0; i < sizeof areas / sizeof *areas; i++)
        assert_true(area_valid(bytes(areas[i])));
}

static void nothing_else_is_an_area(void **state)
{
    static const char *const others[] = {
        "794",        "79411",  "7941AA", "7941 AA 12",       "794a",     "GM011",     "GM01190",     "GM01 9",
        "gm0119",     "GM",     "WK0119", "WK01190203",       "BU011902", "BU0119020", "BU011902033", "GM0119\n",
        "0612345678", "Meppel", "XX0119", "\xd9\xa1\xd9\xa2", " 7941",    "7941 ",     "-794",        "+794"};
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(area_valid(bytes(others[i])));
    assert_false(area_valid((ProtobufCBinaryData){4, (uint8_t *)"794\0"}));
}

static void languages_are_tags_of_at_most_three_parts(void **state)
{
    static const char *const languages[] = {"",   "nl",     "fry",        "en-GB",     "zh-Hans",
                                            "NL", "es-419", "zh-Hans-CN", "ti-Ethi-ER"};
    (void)state;
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++)
        assert_true(language_valid(bytes(languages[i])));
}

static void nothing_else_is_a_language(void **state)
{
    static const char *const others[] = {
        "n",    "dutc", "Nederlands", "nl-",        "-nl",           "nl--NL",  "nl_NL",        "nl NL",
        "12",   "419",  "nl-1",       "nl-12",      "nl-N",          "nl-NLD",  "zh-Hans-CN-x", "a-b-c-d-e-f",
        "nl\n", "-",    "nl-4a9",     "0612345678", "zh-Hans-CN-NL", "nl-4190", "\xc3\xa9t"};
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(language_valid(bytes(others[i])));
    assert_false(language_valid((ProtobufCBinaryData){3, (uint8_t *)"nl\0"}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_are_postcodes_and_codes_of_statistics_netherlands),
        cmocka_unit_test(nothing_else_is_an_area),
        cmocka_unit_test(languages_are_tags_of_at_most_three_parts),
        cmocka_unit_test(nothing_else_is_a_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
