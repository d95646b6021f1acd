// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/turn/refused.c: copies of a command that was refused are refused too, whatever happened in between.
#include "town.h"

#include "message/command_id.h"
#include "turn/refused.h"

static Wire__Command command_with(Wire__Command *command, uint8_t *id)
{
    *command = (Wire__Command)WIRE__COMMAND__INIT;
    command->id_bytes = (ProtobufCBinaryData){COMMAND_ID_SIZE, id};
    return *command;
}

static struct turn_input input_of(Wire__Command *command, uint8_t *id, uint8_t number)
{
    memset(id, number, COMMAND_ID_SIZE);
    command_with(command, id);
    return (struct turn_input){.number = 7, .command = command};
}

static void fill_reinstate(struct town *it, uint8_t *id, Wire__ReinstateParty *message, Wire__Command *command)
{
    static const uint8_t random[COMMAND_ID_RANDOM_SIZE] = "reinstate";
    command_id_make(it->now_ms, random, id);
    *message = (Wire__ReinstateParty)WIRE__REINSTATE_PARTY__INIT;
    message->party = it->anna.party;
    command_with(command, id);
    command->what_case = WIRE__COMMAND__WHAT_REINSTATE_PARTY;
    command->reinstate_party = message;
}

// Seed 5628 of tests/sim: what is sent again because its answer is late comes after what was said since.
static void a_copy_of_a_refused_command_does_not_undo_what_was_said_since(void **state)
{
    struct town *it = *state;
    uint8_t id[COMMAND_ID_SIZE];
    Wire__ReinstateParty message;
    Wire__Command reinstate;
    fill_reinstate(it, id, &message, &reinstate);
    assert_refused(town_run(it, it->coordinator, &reinstate), BB_WRONG_STATE);
    Wire__SuspendParty suspend = WIRE__SUSPEND_PARTY__INIT;
    suspend.party = it->anna.party;
    suspend.reason = text("Even praten.");
    assert_accepted(town_suspend_party(it, it->coordinator, suspend));
    uint64_t head = turn_head(it->turn);
    assert_refused(town_run(it, it->coordinator, &reinstate), BB_WRONG_STATE);
    assert_int_equal(turn_head(it->turn), head);
    assert_accepted(town_reinstate_party(it, it->coordinator, message)); // under a new id it is a new word
}

static void copies_in_one_turn_get_one_answer(void **state)
{
    struct town *it = *state;
    uint8_t id[COMMAND_ID_SIZE];
    Wire__ReinstateParty message;
    Wire__Command reinstate;
    turn_begin(it->turn);
    fill_reinstate(it, id, &message, &reinstate);
    Wire__SuspendParty suspend = WIRE__SUSPEND_PARTY__INIT;
    suspend.party = it->anna.party;
    suspend.reason = text("Even praten.");
    Wire__Command between = command_suspend_party(it, &suspend);
    struct turn_input copy = {.number = it->coordinator.number, .command = &reinstate},
                      other = {.number = it->coordinator.number, .command = &between}, inputs[] = {copy, other, copy};
    town_run_together(it, inputs, 3);
    assert_refused(it->result->answers[0], BB_WRONG_STATE);
    assert_accepted(it->result->answers[1]);
    assert_refused(it->result->answers[2], BB_WRONG_STATE);
}

// As after a turn that was not kept: its commands are decided anew, one by one.
static void what_is_forgotten_is_decided_anew(void **state)
{
    (void)state;
    struct refused *refused;
    Wire__Command first, second;
    uint8_t first_id[COMMAND_ID_SIZE], second_id[COMMAND_ID_SIZE];
    assert_int_equal(refused_create(4, &refused), BB_OK);
    struct turn_input kept = input_of(&first, first_id, 1), gone = input_of(&second, second_id, 2);
    assert_true(refused_note(refused, &kept, BB_WRONG_STATE));
    assert_true(refused_note(refused, &gone, BB_WRONG_STATE));
    refused_forget(refused, 1);
    assert_int_equal(refused_find(refused, &kept), BB_WRONG_STATE);
    assert_int_equal(refused_find(refused, &gone), BB_OK);
    refused_destroy(&refused);
}

static void the_newest_are_remembered_and_the_oldest_make_room(void **state)
{
    (void)state;
    enum { MAX = 8 };
    struct refused *refused;
    Wire__Command command;
    uint8_t id[COMMAND_ID_SIZE];
    assert_int_equal(refused_create(MAX, &refused), BB_OK);
    for (uint8_t i = 1; i <= 3 * MAX; i++) {
        struct turn_input input = input_of(&command, id, i);
        assert_true(refused_note(refused, &input, BB_WRONG_STATE));
    }
    for (uint8_t i = 1; i <= 3 * MAX; i++) {
        struct turn_input input = input_of(&command, id, i);
        assert_int_equal(refused_find(refused, &input), i > 2 * MAX ? BB_WRONG_STATE : BB_OK);
    }
    refused_forget(refused, MAX);
    for (uint8_t i = 1; i <= 3 * MAX; i++) {
        struct turn_input input = input_of(&command, id, i);
        assert_int_equal(refused_find(refused, &input), BB_OK);
    }
    refused_destroy(&refused);
}

static void another_member_and_an_invitation_are_somebody_else(void **state)
{
    (void)state;
    struct refused *refused;
    Wire__Command command;
    uint8_t id[COMMAND_ID_SIZE];
    assert_int_equal(refused_create(4, &refused), BB_OK);
    struct turn_input input = input_of(&command, id, 1), other = input, invitee = input;
    other.number++;
    invitee.invitee = true;
    assert_true(refused_note(refused, &input, BB_WRONG_STATE));
    assert_int_equal(refused_find(refused, &other), BB_OK);
    assert_int_equal(refused_find(refused, &invitee), BB_OK);
    refused_destroy(&refused);
}

static void what_invites_trying_again_is_not_remembered(void **state)
{
    (void)state;
    struct refused *refused;
    Wire__Command command;
    uint8_t id[COMMAND_ID_SIZE];
    assert_int_equal(refused_create(4, &refused), BB_OK);
    struct turn_input input = input_of(&command, id, 1);
    assert_false(refused_note(refused, &input, BB_BUSY));
    assert_false(refused_note(refused, &input, BB_STORE_FULL));
    assert_int_equal(refused_find(refused, &input), BB_OK);
    refused_destroy(&refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_copy_of_a_refused_command_does_not_undo_what_was_said_since),
        IN_TOWN(copies_in_one_turn_get_one_answer),
        cmocka_unit_test(what_is_forgotten_is_decided_anew),
        cmocka_unit_test(the_newest_are_remembered_and_the_oldest_make_room),
        cmocka_unit_test(another_member_and_an_invitation_are_somebody_else),
        cmocka_unit_test(what_invites_trying_again_is_not_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
