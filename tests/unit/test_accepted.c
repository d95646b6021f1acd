// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/accepted.c: a repeat gets its first answer and changes nothing, for 90 days (DOMAIN: rule 6).
#include "town.h"

#include "message/command_id.h"

// A command that may be sent again: id and message outlive the turn.
struct kept {
    uint8_t id[COMMAND_ID_SIZE];
    Wire__PublishRequest request;
    Wire__Command command;
};

static void keep(struct town *it, struct kept *kept, int64_t made_at_ms, const char *words)
{
    uint8_t random[COMMAND_ID_RANDOM_SIZE] = {0};
    uint64_t number = ++it->made_ids;
    memcpy(random, &number, sizeof number);
    command_id_make(made_at_ms, random, kept->id);
    kept->request = town_request(it, words);
    kept->request.base = (ProtobufCMessage)PROTOBUF_C_MESSAGE_INIT(&wire__publish_request__descriptor);
    kept->command = (Wire__Command)WIRE__COMMAND__INIT;
    kept->command.id_bytes = (ProtobufCBinaryData){sizeof kept->id, kept->id};
    kept->command.what_case = WIRE__COMMAND__WHAT_PUBLISH_REQUEST;
    kept->command.publish_request = &kept->request;
}

static uint64_t rows(struct town *it, enum table table)
{
    struct core core = town_read(it);
    uint64_t count;
    assert_int_equal(store_rows(core.txn, table, &count), BB_OK);
    town_read_end(&core);
    return count;
}

static void a_repeat_gets_the_same_answer_and_changes_nothing(void **state)
{
    struct town *it = *state;
    struct kept kept;
    keep(it, &kept, it->now_ms, "Fiets gezocht");
    struct turn_answer first = town_run(it, it->desk, &kept.command);
    assert_accepted(first);
    assert_false(first.repeated);
    uint64_t head = turn_head(it->turn), requests = rows(it, TABLE_REQUEST), log = rows(it, TABLE_LOG);
    assert_accepted(town_close(it, first.made, CLOSE_NO_LONGER_NEEDED)); // the world goes on meanwhile
    town_restart(it);
    town_pass(it, 90 * day_ms);
    struct turn_answer again = town_run(it, it->desk, &kept.command);
    assert_accepted(again);
    assert_true(again.repeated);
    assert_true(again.made == first.made && again.entry == first.entry && again.state == first.state);
    assert_int_equal(it->result->batches_count, 0);
    assert_int_equal(turn_head(it->turn), head + 1);
    assert_int_equal(rows(it, TABLE_REQUEST), requests);
    assert_true(rows(it, TABLE_LOG) > log);
}

static void a_repeat_in_the_same_turn_is_one_too(void **state)
{
    struct town *it = *state;
    struct kept kept;
    keep(it, &kept, it->now_ms, "Fiets gezocht");
    turn_begin(it->turn);
    struct turn_input input = {.number = it->desk.number, .command = &kept.command}, inputs[] = {input, input};
    town_run_together(it, inputs, 2);
    assert_true(it->result->answers[1].repeated);
    assert_true(it->result->answers[1].made == it->result->answers[0].made);
    assert_int_equal(it->result->facts_count, 1);
}

static void an_enrolment_that_is_repeated_gets_its_answer_though_the_invitation_is_used_up(void **state)
{
    struct town *it = *state;
    uint64_t invitation =
        town_make_invitation(it, it->coordinator, town_invitation(it, ROLE_GIVER, CLASS_RESIDENT)).made;
    Wire__Enrol enrol = town_enrolment(it, "Cor", "Cor");
    turn_begin(it->turn);
    Wire__Command command = command_enrol(it, &enrol);
    uint8_t id[COMMAND_ID_SIZE];
    memcpy(id, command.id_bytes.data, sizeof id);
    command.id_bytes.data = id;
    struct turn_answer first = town_run(it, town_invitee(it, invitation), &command);
    struct turn_answer again = town_run(it, town_invitee(it, invitation), &command);
    assert_accepted(first);
    assert_accepted(again);
    assert_true(again.made == first.made && again.party == first.party && again.state == first.state);
}

static void another_payload_under_the_same_id_is_refused(void **state)
{
    struct town *it = *state;
    struct kept kept;
    keep(it, &kept, it->now_ms, "Fiets gezocht");
    assert_accepted(town_run(it, it->desk, &kept.command));
    kept.request.needed = 2;
    assert_refused(town_run(it, it->desk, &kept.command), BB_ID_REUSED);
}

static void two_members_may_have_the_same_id(void **state)
{
    struct town *it = *state;
    struct kept kept;
    keep(it, &kept, it->now_ms, "Fiets gezocht");
    struct turn_answer desks = town_run(it, it->desk, &kept.command);
    struct turn_answer coordinators = town_run(it, it->coordinator, &kept.command);
    assert_accepted(coordinators);
    assert_false(coordinators.repeated);
    assert_true(coordinators.made != desks.made);
}

// Member 1 is not invitation 1.
static void an_invitee_is_no_member_with_the_same_number(void **state)
{
    struct town *it = *state;
    struct kept kept;
    keep(it, &kept, it->now_ms, "Fiets gezocht");
    assert_accepted(town_run(it, it->desk, &kept.command));
    struct person invitee = {.invitee = true, .number = it->desk.number};
    assert_refused(town_run(it, invitee, &kept.command), BB_NOT_ALLOWED);
}

static void a_refusal_is_written_down_nowhere(void **state)
{
    struct town *it = *state;
    struct kept kept;
    uint64_t accepted = rows(it, TABLE_ACCEPTED);
    keep(it, &kept, it->now_ms, "Fiets gezocht");
    kept.request.asker_agreed = false;
    assert_refused(town_run(it, it->desk, &kept.command), BB_ASKER_MUST_AGREE);
    assert_int_equal(rows(it, TABLE_ACCEPTED), accepted);
    town_restart(it); // what is remembered of it ends here, with the copies that may be under way
    kept.request.asker_agreed = true;
    assert_accepted(town_run(it, it->desk, &kept.command));
}

static void ids_are_taken_from_90_days_back_to_an_hour_ahead(void **state)
{
    struct town *it = *state;
    const struct {
        int64_t offset_ms;
        enum bb_code code;
    } cases[] = {{-90 * day_ms - 1, BB_ID_EXPIRED},
                 {-90 * day_ms, BB_OK},
                 {60 * minute_ms, BB_OK},
                 {60 * minute_ms + 1, BB_ID_TOO_NEW}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kept kept;
        keep(it, &kept, it->now_ms + cases[i].offset_ms, "Fiets gezocht");
        assert_refused(town_run(it, it->desk, &kept.command), cases[i].code);
    }
}

static void what_was_done_is_never_done_again_after_90_days(void **state)
{
    struct town *it = *state;
    struct kept kept;
    keep(it, &kept, it->now_ms, "Fiets gezocht");
    assert_accepted(town_run(it, it->desk, &kept.command));
    uint64_t requests = rows(it, TABLE_REQUEST);
    town_pass(it, 90 * day_ms + 1);
    assert_refused(town_run(it, it->desk, &kept.command), BB_ID_EXPIRED);
    town_publish(it, "Bed gezocht"); // now the row is dropped
    town_pass(it, -5 * day_ms);      // and a clock that is set back does not open the door again
    assert_refused(town_run(it, it->desk, &kept.command), BB_ID_EXPIRED);
    assert_int_equal(rows(it, TABLE_REQUEST), requests + 1);
}

static void an_id_that_is_no_uuid_of_version_7_is_malformed(void **state)
{
    struct town *it = *state;
    struct kept kept;
    keep(it, &kept, it->now_ms, "Fiets gezocht");
    kept.command.id_bytes.len = COMMAND_ID_SIZE - 1;
    assert_refused(town_run(it, it->desk, &kept.command), BB_MALFORMED);
    kept.command.id_bytes.len = COMMAND_ID_SIZE;
    kept.id[6] = (uint8_t)(0x40 | (kept.id[6] & 0x0f)); // version 4
    assert_refused(town_run(it, it->desk, &kept.command), BB_MALFORMED);
    uint8_t longer[COMMAND_ID_SIZE + 1] = {0};
    kept.command.id_bytes = (ProtobufCBinaryData){sizeof longer, longer};
    assert_refused(town_run(it, it->desk, &kept.command), BB_MALFORMED);
    turn_begin(it->turn);
    struct turn_input input = {.number = it->desk.number, .command = &kept.command};
    kept.command.id_bytes = (ProtobufCBinaryData){0, NULL};
    town_run_together(it, &input, 1);
    assert_refused(it->result->answers[0], BB_MALFORMED);
}

static void old_rows_are_dropped_little_by_little_and_young_ones_stay(void **state)
{
    struct town *it = *state;
    uint64_t before = rows(it, TABLE_ACCEPTED);
    for (int i = 0; i < 100; i++)
        town_publish(it, "Fiets gezocht");
    uint64_t old = before + 100;
    assert_int_equal(rows(it, TABLE_ACCEPTED), old);
    town_pass(it, 50 * day_ms);
    for (int i = 0; i < 10; i++)
        town_publish(it, "Bed gezocht");
    assert_int_equal(rows(it, TABLE_ACCEPTED), old + 10);
    town_pass(it, 41 * day_ms);
    town_publish(it, "Boek gezocht");
    assert_int_equal(rows(it, TABLE_ACCEPTED), old + 11 - COMMAND_ROWS_PRUNED_PER_TURN);
    for (int i = 0; i < 5; i++)
        town_publish(it, "Boek gezocht");
    assert_int_equal(rows(it, TABLE_ACCEPTED), 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_repeat_gets_the_same_answer_and_changes_nothing),
        IN_TOWN(a_repeat_in_the_same_turn_is_one_too),
        IN_TOWN(an_enrolment_that_is_repeated_gets_its_answer_though_the_invitation_is_used_up),
        IN_TOWN(another_payload_under_the_same_id_is_refused),
        IN_TOWN(two_members_may_have_the_same_id),
        IN_TOWN(an_invitee_is_no_member_with_the_same_number),
        IN_TOWN(a_refusal_is_written_down_nowhere),
        IN_TOWN(ids_are_taken_from_90_days_back_to_an_hour_ahead),
        IN_TOWN(what_was_done_is_never_done_again_after_90_days),
        IN_TOWN(an_id_that_is_no_uuid_of_version_7_is_malformed),
        IN_TOWN(old_rows_are_dropped_little_by_little_and_young_ones_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
