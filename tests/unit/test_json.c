// SPDX-License-Identifier: MPL-2.0
// Tests of json_from.c and json_to.c: each convention of json.h in both directions.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "bounds.h"
#include "message/json.h"
#include "wire.pb-c.h"

#include <stdlib.h>
#include <string.h>

static struct arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = arena_create(MESSAGE_ARENA_SIZE_MAX);
    return arena ? 0 : -1;
}

static int drop_arena(void **state)
{
    (void)state;
    arena_destroy(&arena);
    return 0;
}

static enum bb_code from_text(const char *text, const ProtobufCMessageDescriptor *type, void *out, char problem[64])
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(json);
    const char *field = NULL;
    enum bb_code code = json_to_message(json, type, arena, out, &field);
    strncpy(problem, field ? field : "", 63);
    json_decref(json);
    return code;
}

static void expect_same(const char *text, const ProtobufCMessageDescriptor *type)
{
    char problem[64] = "";
    ProtobufCMessage *message = NULL;
    enum bb_code code = from_text(text, type, &message, problem);
    if (code != BB_OK)
        fail_msg("%s: %s at \"%s\"", text, bb_code_symbol(code), problem);
    json_t *json = json_from_message(message);
    char *back = json_dumps(json, JSON_COMPACT);
    assert_string_equal(back, text);
    free(back);
    json_decref(json);
}

static void expect_refusal(const char *text, const ProtobufCMessageDescriptor *type, enum bb_code expected,
                           const char *field)
{
    char problem[64] = "";
    ProtobufCMessage *message = NULL;
    enum bb_code code = from_text(text, type, &message, problem);
    if (code != expected)
        fail_msg("%s: %s", text, bb_code_symbol(code));
    assert_string_equal(problem, field);
    assert_null(message);
}

static void a_message_of_all_kinds_goes_there_and_back(void **state)
{
    (void)state;
    expect_same(
        "{\"correlation\":7,\"command\":{\"id_bytes\":\"AZ/+\",\"publish_request\":{\"ref\":\"a-1\","
        "\"asker\":\"028t5cy4tqkff\",\"asker_agreed\":true,\"category\":\"bike\",\"text\":\"Fiets \xE2\x82\xAC 5\","
        "\"size\":\"small\",\"needed\":2,\"needed_by_ms\":\"2026-11-23T17:55:34.000Z\",\"priority\":\"soon\","
        "\"excluded_classes\":[\"police\",\"municipality\"]}}}",
        &wire__from_client__descriptor);
    expect_same(
        "{\"requests\":[{\"request\":\"0000000000001\",\"revision\":3,\"state\":\"on_hold\"},"
        "{\"request\":\"0000000000002\",\"revision\":0,\"state\":\"closed\",\"close_reason\":\"done_by_others\"}]}",
        &wire__request_list__descriptor);
    expect_same("{\"next\":{\"entry\":5},\"checked\":1,\"problems\":[\"a\",\"b\"]}", &wire__verified__descriptor);
    expect_same("{\"lines\":[{\"entry\":1,\"at_ms\":\"1970-01-01T00:00:00.001Z\"}]}", &wire__journal_page__descriptor);
}

static void zeros_are_left_out_but_for_the_numbers_that_are_always_shown(void **state)
{
    (void)state;
    expect_same("{\"code\":0,\"state\":0}", &wire__reply__descriptor);
    expect_same("{\"seq\":0}", &wire__cursor__descriptor);
    expect_same("{}", &wire__publish_request__descriptor);
    char problem[64];
    Wire__PublishRequest *publish = NULL;
    assert_int_equal(from_text("{\"asker\":null,\"needed\":0,\"asker_agreed\":false,\"size\":\"unset\",\"text\":\"\"}",
                               &wire__publish_request__descriptor, &publish, problem),
                     BB_OK);
    assert_int_equal(publish->asker, 0);
}

static void an_empty_member_of_a_oneof_is_still_shown(void **state)
{
    (void)state;
    expect_same("{\"id_bytes\":\"AA==\",\"pause\":{}}", &wire__command__descriptor);
}

static void dates_and_integers_are_taken_as_times(void **state)
{
    (void)state;
    char problem[64];
    Wire__PublishRequest *publish = NULL;
    assert_int_equal(
        from_text("{\"needed_by_ms\":\"2026-11-23\"}", &wire__publish_request__descriptor, &publish, problem), BB_OK);
    assert_true(publish->needed_by_ms == 1795392000000);
    assert_int_equal(
        from_text("{\"needed_by_ms\":1795392000000}", &wire__publish_request__descriptor, &publish, problem), BB_OK);
    assert_true(publish->needed_by_ms == 1795392000000);
}

static void numbers_past_the_signed_range_become_texts(void **state)
{
    (void)state;
    expect_same("{\"page_token\":\"18446744073709551615\"}", &wire__request_list__descriptor);
    expect_same("{\"page_token\":9223372036854775807}", &wire__request_list__descriptor);
}

static void a_word_that_is_not_known_stays_a_number(void **state)
{
    (void)state;
    expect_same("{\"request\":\"0000000000001\",\"revision\":1,\"state\":99}", &wire__public_request__descriptor);
}

static void wrong_values_are_refused_with_the_name_of_the_key(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *publish = &wire__publish_request__descriptor;
    expect_refusal("{\"txet\":\"a\"}", publish, BB_BAD_VALUE, "txet");
    expect_refusal("{\"text\":5}", publish, BB_BAD_VALUE, "text");
    expect_refusal("{\"text\":\"a\\u0007\"}", publish, BB_BAD_TEXT, "text");
    expect_refusal("{\"asker\":1}", publish, BB_BAD_VALUE, "asker");
    expect_refusal("{\"asker\":\"short\"}", publish, BB_BAD_VALUE, "asker");
    expect_refusal("{\"size\":\"huge\"}", publish, BB_BAD_VALUE, "size");
    expect_refusal("{\"size\":\"size_small\"}", publish, BB_BAD_VALUE, "size");
    expect_refusal("{\"needed\":-1}", publish, BB_BAD_VALUE, "needed");
    expect_refusal("{\"needed\":4294967296}", publish, BB_BAD_VALUE, "needed");
    expect_refusal("{\"needed\":1.5}", publish, BB_BAD_VALUE, "needed");
    expect_refusal("{\"asker_agreed\":1}", publish, BB_BAD_VALUE, "asker_agreed");
    expect_refusal("{\"needed_by_ms\":\"tomorrow\"}", publish, BB_BAD_VALUE, "needed_by_ms");
    expect_refusal("{\"excluded_classes\":\"police\"}", publish, BB_BAD_VALUE, "excluded_classes");
    expect_refusal("{\"excluded_classes\":[\"police\",\"x\"]}", publish, BB_BAD_VALUE, "excluded_classes");
    expect_refusal("{\"page_token\":-1}", &wire__list_requests__descriptor, BB_BAD_VALUE, "page_token");
    expect_refusal("{\"page_token\":\"18446744073709551616\"}", &wire__list_requests__descriptor, BB_BAD_VALUE,
                   "page_token");
    expect_refusal("{\"id_bytes\":\"not base64\"}", &wire__command__descriptor, BB_BAD_VALUE, "id_bytes");
    expect_refusal("{\"pause\":{},\"resume\":{}}", &wire__command__descriptor, BB_BAD_VALUE, "resume");
    expect_refusal("{\"publish_request\":{\"text\":{}}}", &wire__command__descriptor, BB_BAD_VALUE, "text");
    expect_refusal("[]", publish, BB_BAD_VALUE, "");
    expect_refusal("5", publish, BB_BAD_VALUE, "");
}

static void an_arena_that_is_full_is_told(void **state)
{
    (void)state;
    struct arena *whole = arena;
    enum bb_code code = BB_TOO_LARGE;
    for (size_t size_max = 0; code == BB_TOO_LARGE; size_max += 16) {
        char problem[64];
        ProtobufCMessage *message = NULL;
        arena = arena_create(size_max);
        code = from_text("{\"command\":{\"id_bytes\":\"AZ/+\",\"publish_request\":{\"text\":\"Fiets\","
                         "\"excluded_classes\":[\"police\"]}}}",
                         &wire__from_client__descriptor, &message, problem);
        arena_destroy(&arena);
        assert_in_range(size_max, 0, 2048);
    }
    arena = whole;
    assert_int_equal(code, BB_OK);
}

static void a_message_with_a_broken_text_has_no_json(void **state)
{
    (void)state;
    Wire__Hello hello = WIRE__HELLO__INIT;
    hello.software = (ProtobufCBinaryData){.len = 1, .data = (uint8_t[]){0xFF}};
    assert_null(json_from_message(&hello.base));
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, make_arena, drop_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_message_of_all_kinds_goes_there_and_back),
        WITH_ARENA(zeros_are_left_out_but_for_the_numbers_that_are_always_shown),
        WITH_ARENA(an_empty_member_of_a_oneof_is_still_shown),
        WITH_ARENA(dates_and_integers_are_taken_as_times),
        WITH_ARENA(numbers_past_the_signed_range_become_texts),
        WITH_ARENA(a_word_that_is_not_known_stays_a_number),
        WITH_ARENA(wrong_values_are_refused_with_the_name_of_the_key),
        WITH_ARENA(an_arena_that_is_full_is_told),
        WITH_ARENA(a_message_with_a_broken_text_has_no_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
