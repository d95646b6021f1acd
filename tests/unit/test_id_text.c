// SPDX-License-Identifier: MPL-2.0
// Tests of id_text.c: what is written is read again, however people type it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "message/id_text.h"

static void ids_come_back_from_their_text(void **state)
{
    (void)state;
    const uint64_t ids[] = {0, 1, 31, 32, 0x0123456789ABCDEF, UINT64_MAX - 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        char text[ID_TEXT_SIZE + 1];
        uint64_t id = 42;
        id_to_text(ids[i], text);
        assert_true(id_from_text(text, &id));
        assert_true(id == ids[i]);
    }
}

static void the_spelling_never_changes(void **state)
{
    (void)state;
    char text[ID_TEXT_SIZE + 1];
    id_to_text(0, text);
    assert_string_equal(text, "0000000000000");
    id_to_text(UINT64_MAX, text);
    assert_string_equal(text, "fzzzzzzzzzzzz");
    id_to_text(0x0123456789ABCDEF, text);
    assert_string_equal(text, "028t5cy4tqkff");
}

static void what_people_make_of_it_is_understood(void **state)
{
    (void)state;
    uint64_t id = 0;
    assert_true(id_from_text("028T5-CY4TQ KFF", &id));
    assert_true(id == 0x0123456789ABCDEF);
    assert_true(id_from_text("oOiIlL0000000", &id));
    uint64_t same = 1;
    assert_true(id_from_text("0011110000000", &same));
    assert_true(id == same);
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    uint64_t id = 42;
    assert_false(id_from_text("", &id));
    assert_false(id_from_text("028t5cy4tqkf", &id));
    assert_false(id_from_text("028t5cy4tqkfff", &id));
    assert_false(id_from_text("g000000000000", &id)); // 65 bits
    assert_false(id_from_text("028t5cy4tqkfu", &id));
    assert_false(id_from_text("028t5cy4tqkf\n", &id));
    assert_false(id_from_text("028t5cy4tqk\xC3\xAB", &id));
    assert_true(id == 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_come_back_from_their_text),
        cmocka_unit_test(the_spelling_never_changes),
        cmocka_unit_test(what_people_make_of_it_is_understood),
        cmocka_unit_test(anything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
