// SPDX-License-Identifier: MPL-2.0
// Tests of texts.c: that the public names lead to the right modules, and who owns what they give.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "buurtbel.h"

#include <stdlib.h>
#include <string.h>

static void an_id_comes_back_from_its_text(void **state)
{
    (void)state;
    char text[BB_ID_TEXT_SIZE];
    uint64_t id = 0;
    bb_id_text(0x0123456789abcdef, text);
    assert_int_equal(strlen(text), 13);
    assert_true(bb_id_parse(text, &id));
    assert_int_equal(id, 0x0123456789abcdef);
    assert_false(bb_id_parse("no id", &id));
}

static void a_text_with_a_phone_number_is_noticed(void **state)
{
    (void)state;
    assert_int_equal(bb_text_check("Wie kan mijn fiets maken?"), BB_OK);
    assert_int_equal(bb_text_check("Bel 06 12345678"), BB_HAS_PHONE);
}

static void a_message_comes_back_from_its_json(void **state)
{
    (void)state;
    Wire__Reply reply = WIRE__REPLY__INIT;
    reply.code = BB_BUSY;
    reply.made = 99;
    reply.sentence = (ProtobufCBinaryData){strlen("Één!"), (uint8_t *)"Één!"};
    char *text = bb_json(&reply.base), problem[80];
    assert_non_null(text);
    assert_null(strchr(text, '\n'));

    ProtobufCMessage *message;
    assert_int_equal(bb_json_parse(text, &wire__reply__descriptor, &message, problem, sizeof problem), BB_OK);
    free(text); // the message must not lean on it
    const Wire__Reply *read = (const Wire__Reply *)message;
    assert_int_equal(read->code, BB_BUSY);
    assert_int_equal(read->made, 99);
    assert_int_equal(read->sentence.len, reply.sentence.len);
    assert_memory_equal(read->sentence.data, reply.sentence.data, reply.sentence.len);
    protobuf_c_message_free_unpacked(message, NULL);
}

static void an_empty_object_is_an_empty_message(void **state)
{
    (void)state;
    char problem[80];
    ProtobufCMessage *message;
    assert_int_equal(bb_json_parse("{}", &wire__ping__descriptor, &message, problem, sizeof problem), BB_OK);
    assert_ptr_equal(message->descriptor, &wire__ping__descriptor);
    protobuf_c_message_free_unpacked(message, NULL);
}

static void the_field_that_is_wrong_is_named(void **state)
{
    (void)state;
    char problem[80], tiny[4];
    ProtobufCMessage *message;
    const ProtobufCMessageDescriptor *type = &wire__reply__descriptor;
    assert_int_equal(bb_json_parse("{\"colour\":1}", type, &message, problem, sizeof problem), BB_BAD_VALUE);
    assert_string_equal(problem, "colour");
    assert_null(message);
    assert_int_equal(bb_json_parse("{\"colour\":1}", type, &message, tiny, sizeof tiny), BB_BAD_VALUE);
    assert_string_equal(tiny, "col");
}

static void what_is_no_json_is_malformed(void **state)
{
    (void)state;
    char problem[80];
    ProtobufCMessage *message;
    const char *texts[] = {"", "{", "{\"code\":1,\"code\":2}", "{} {}", "hello"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(bb_json_parse(texts[i], &wire__reply__descriptor, &message, problem, sizeof problem),
                         BB_MALFORMED);
        assert_memory_equal(problem, "line ", 5);
        assert_null(message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_comes_back_from_its_text),     cmocka_unit_test(a_text_with_a_phone_number_is_noticed),
        cmocka_unit_test(a_message_comes_back_from_its_json), cmocka_unit_test(an_empty_object_is_an_empty_message),
        cmocka_unit_test(the_field_that_is_wrong_is_named),   cmocka_unit_test(what_is_no_json_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
