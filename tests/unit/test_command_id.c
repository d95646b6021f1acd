// SPDX-License-Identifier: MPL-2.0
// Tests of command_id.c against the example of RFC 9562, appendix A.6.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "message/command_id.h"

#include <string.h>

static const uint8_t random_bytes[10] = {0x0C, 0xC3, 0x18, 0xC4, 0xDC, 0x0C, 0x0C, 0x07, 0x39, 0x8F};
static const int64_t rfc_ms = 0x017F22E279B0;

static void the_example_of_the_rfc_is_made(void **state)
{
    (void)state;
    uint8_t id[COMMAND_ID_SIZE];
    char text[COMMAND_ID_TEXT_SIZE + 1];
    command_id_make(rfc_ms, random_bytes, id);
    command_id_to_text(id, text);
    assert_string_equal(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    assert_true(command_id_valid(id));
    assert_true(command_id_time_ms(id) == rfc_ms);
}

static void a_later_id_sorts_behind(void **state)
{
    (void)state;
    uint8_t earlier[COMMAND_ID_SIZE], later[COMMAND_ID_SIZE];
    uint8_t high[10], low[10];
    memset(high, 0xFF, sizeof high);
    memset(low, 0, sizeof low);
    command_id_make(rfc_ms, high, earlier);
    command_id_make(rfc_ms + 1, low, later);
    assert_true(memcmp(earlier, later, sizeof earlier) < 0);
    assert_true(command_id_valid(earlier) && command_id_valid(later));
    command_id_make(-1, low, earlier);
    assert_true(command_id_time_ms(earlier) == 0);
}

static void another_version_or_variant_is_not_valid(void **state)
{
    (void)state;
    uint8_t id[COMMAND_ID_SIZE];
    command_id_make(rfc_ms, random_bytes, id);
    id[6] ^= 0x30;
    assert_false(command_id_valid(id));
    id[6] ^= 0x30;
    id[8] ^= 0x40;
    assert_false(command_id_valid(id));
    assert_false(command_id_valid((const uint8_t[COMMAND_ID_SIZE]){0}));
}

static void the_text_is_read_again_and_nothing_else(void **state)
{
    (void)state;
    uint8_t id[COMMAND_ID_SIZE], out[COMMAND_ID_SIZE];
    command_id_make(rfc_ms, random_bytes, id);
    assert_true(command_id_from_text("017F22E2-79b0-7cc3-98c4-dc0c0c07398f", out));
    assert_memory_equal(id, out, sizeof id);
    assert_false(command_id_from_text("", out));
    assert_false(command_id_from_text("017f22e2-79b0-7cc3-98c4-dc0c0c07398", out));
    assert_false(command_id_from_text("017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", out));
    assert_false(command_id_from_text("017f22e2079b0-7cc3-98c4-dc0c0c07398f", out));
    assert_false(command_id_from_text("017f22e2-79b0-7cc3-98c4-dc0c0c07398g", out));
    assert_false(command_id_from_text("017f22e2-79b0-4cc3-98c4-dc0c0c07398f", out)); // version 4
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_rfc_is_made),
        cmocka_unit_test(a_later_id_sorts_behind),
        cmocka_unit_test(another_version_or_variant_is_not_valid),
        cmocka_unit_test(the_text_is_read_again_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
