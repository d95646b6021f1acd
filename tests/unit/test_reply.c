// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/turn/reply.c: what a client is told of its command, and what it is never told.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "message/frame.h"
#include "turn/reply.h"

#include <string.h>

static uint8_t command_id[COMMAND_ID_SIZE] = "an id of a turn.";
static const ProtobufCBinaryData command = {COMMAND_ID_SIZE, command_id}, no_command;

static const enum bb_code all_codes[] = {
#define X(symbol, number, again, en, nl) BB_##symbol,
#include "codes.def"
#undef X
};
enum { CODES_COUNT = sizeof all_codes / sizeof *all_codes };

static int setup(void **state)
{
    *state = arena_create(1 << 20);
    return *state == NULL;
}

static int teardown(void **state)
{
    arena_destroy((struct arena **)state);
    return 0;
}

static const Wire__Reply *unpack(struct arena *arena, const uint8_t *frame, size_t size, uint32_t correlation)
{
    Wire__FromBroker *message;
    assert_int_equal(frame_unpack(frame, size, BROKER_FRAME_SIZE_MAX, &wire__from_broker__descriptor, arena, &message),
                     BB_OK);
    assert_int_equal(message->correlation, correlation);
    assert_int_equal(message->body_case, WIRE__FROM_BROKER__BODY_REPLY);
    return message->reply;
}

static const Wire__Reply *refuse(struct arena *arena, enum bb_code code, ProtobufCBinaryData id)
{
    uint8_t *frame;
    size_t size;
    assert_int_equal(reply_refusal(4711, code, id, arena, &frame, &size), BB_OK);
    return unpack(arena, frame, size, 4711);
}

static void assert_says(ProtobufCBinaryData sentence, enum bb_code code)
{
    const char *expected = bb_code_sentence(code, BB_ENGLISH);
    assert_int_equal(sentence.len, strlen(expected));
    assert_memory_equal(sentence.data, expected, sentence.len);
}

static void an_accepted_command_is_told_what_it_made(void **state)
{
    const struct turn_answer answer = {.code = BB_OK, .entry = 12, .made = 34, .party = 56, .state = REQUEST_OPEN};
    uint8_t *frame;
    size_t size;
    assert_int_equal(reply_answer(UINT32_MAX, &answer, command, *state, &frame, &size), BB_OK);
    const Wire__Reply *reply = unpack(*state, frame, size, UINT32_MAX);
    assert_int_equal(reply->code, BB_OK);
    assert_says(reply->sentence, BB_OK);
    assert_int_equal(reply->command_bytes.len, COMMAND_ID_SIZE);
    assert_memory_equal(reply->command_bytes.data, command_id, COMMAND_ID_SIZE);
    assert_int_equal(reply->entry, 12);
    assert_int_equal(reply->made, 34);
    assert_int_equal(reply->party, 56);
    assert_int_equal(reply->state, REQUEST_OPEN);
}

static void a_refusal_names_its_command_and_nothing_that_was_made(void **state)
{
    const Wire__Reply *reply = refuse(*state, BB_WRONG_STATE, command);
    assert_int_equal(reply->code, BB_WRONG_STATE);
    assert_says(reply->sentence, BB_WRONG_STATE);
    assert_int_equal(reply->command_bytes.len, COMMAND_ID_SIZE);
    assert_memory_equal(reply->command_bytes.data, command_id, COMMAND_ID_SIZE);
    assert_true(reply->entry == 0 && reply->made == 0 && reply->party == 0 && reply->state == 0);
}

static void a_refused_message_that_was_no_command_names_none(void **state)
{
    assert_int_equal(refuse(*state, BB_MALFORMED, no_command)->command_bytes.len, 0);
}

static enum bb_code told_outside(enum bb_code code)
{
    if (code == BB_NO_MEMORY || code == BB_NO_KEY_SLOT)
        return BB_BUSY;
    if (code == BB_NOT_FOUND || code == BB_ERASED || code == BB_IO)
        return BB_STORE_DAMAGED;
    return code;
}

static void what_went_wrong_inside_stays_inside(void **state)
{
    for (size_t i = 0; i < CODES_COUNT; i++) {
        const Wire__Reply *reply = refuse(*state, all_codes[i], command);
        assert_string_equal(bb_code_symbol(reply->code), bb_code_symbol(told_outside(all_codes[i])));
        assert_says(reply->sentence, told_outside(all_codes[i]));
    }
}

static void an_answer_that_failed_inside_says_so_as_a_refusal_does(void **state)
{
    const struct turn_answer answer = {.code = BB_NO_KEY_SLOT};
    uint8_t *frame;
    size_t size;
    assert_int_equal(reply_answer(1, &answer, command, *state, &frame, &size), BB_OK);
    const Wire__Reply *reply = unpack(*state, frame, size, 1);
    assert_int_equal(reply->code, BB_BUSY);
    assert_says(reply->sentence, BB_BUSY);
}

static void five_refusals_are_about_who_asked_and_no_others(void **state)
{
    static const enum bb_code about_rights[] = {BB_NOT_ALLOWED, BB_NOT_YOURS, BB_MEMBER_REVOKED, BB_PARTY_SUSPENDED,
                                                BB_PARTY_WAITING};
    size_t found = 0;
    (void)state;
    for (size_t i = 0; i < CODES_COUNT; i++) {
        bool expected = false;
        for (size_t j = 0; j < sizeof about_rights / sizeof *about_rights; j++)
            expected = expected || all_codes[i] == about_rights[j];
        assert_int_equal(reply_is_about_rights(all_codes[i]), expected);
        found += expected;
    }
    assert_int_equal(found, sizeof about_rights / sizeof *about_rights);
}

static void without_memory_there_is_no_frame(void **state)
{
    struct arena *small = arena_create(16);
    uint8_t *frame;
    size_t size;
    (void)state;
    assert_int_equal(reply_refusal(1, BB_BUSY, command, small, &frame, &size), BB_NO_MEMORY);
    arena_destroy(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_accepted_command_is_told_what_it_made),
        TEST(a_refusal_names_its_command_and_nothing_that_was_made),
        TEST(a_refused_message_that_was_no_command_names_none),
        TEST(what_went_wrong_inside_stays_inside),
        TEST(an_answer_that_failed_inside_says_so_as_a_refusal_does),
        TEST(five_refusals_are_about_who_asked_and_no_others),
        TEST(without_memory_there_is_no_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
