// SPDX-License-Identifier: MPL-2.0
// Tests of clients/terminal/lost.c: each command that can be lost has words on screen, in both languages.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "lost.h"

#include <stdlib.h>
#include <string.h>

// What is said of it on standard error.
static char *told(enum bb_language language, uint32_t what)
{
    static struct ui ui;
    ui = (struct ui){.program = "buurtbel-test", .language = language};
    const struct bb_lost lost = {.what = what, .made = 77};
    const struct bb_event event = {.kind = BB_EVENT_LOST, .lost = &lost};
    char *text = NULL;
    size_t size = 0;
    FILE *screen = stderr;
    stderr = open_memstream(&text, &size);
    assert_non_null(stderr);
    tell_lost(&ui, &event);
    fclose(stderr);
    stderr = screen;
    return text;
}

static void each_command_that_can_be_lost_has_words_in_both_languages(void **state)
{
    (void)state;
    for (unsigned i = 0; i < wire__command__descriptor.n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &wire__command__descriptor.fields[i];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->id == WIRE__COMMAND__WHAT_ENROL)
            continue;
        char *english = told(BB_ENGLISH, field->id), *dutch = told(BB_DUTCH, field->id);
        if (strstr(english, "of a newer program") || strstr(dutch, "van een nieuwer programma"))
            fail_msg("%s has no words", field->name);
        assert_string_not_equal(english, dutch);
        free(english);
        free(dutch);
    }
}

static void what_a_newer_program_entered_is_told_too(void **state)
{
    (void)state;
    char *text = told(BB_ENGLISH, 4711), id[BB_ID_TEXT_SIZE];
    assert_non_null(strstr(text, "of a newer program"));
    bb_id_text(77, id);
    assert_non_null(strstr(text, id));
    assert_non_null(strstr(text, "buurtbel-test lost"));
    free(text);
}

static void a_line_of_json_has_what_is_known_and_no_more(void **state)
{
    (void)state;
    static struct ui ui;
    const struct bb_lost lost = {.what = WIRE__COMMAND__WHAT_ADD_ASKER, .made = 77, .accepted_at_ms = 5};
    json_t *line = json_of_lost(&ui, &lost);
    assert_string_equal(json_string_value(json_object_get(line, "command")), "add_asker");
    assert_int_equal(strlen(json_string_value(json_object_get(line, "id"))), 2 * COMMAND_ID_SIZE);
    assert_non_null(json_object_get(line, "made"));
    assert_null(json_object_get(line, "about"));
    assert_null(json_object_get(line, "ref"));
    json_decref(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_command_that_can_be_lost_has_words_in_both_languages),
        cmocka_unit_test(what_a_newer_program_entered_is_told_too),
        cmocka_unit_test(a_line_of_json_has_what_is_known_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
