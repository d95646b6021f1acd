// SPDX-License-Identifier: MPL-2.0
// Commands and queries, told as stories: what was given is sent until it is answered, and carried out once.
#include "session_broker.h"

#include "message/command_id.h"

static int ticket; // only its address counts

static enum bb_code give(struct world *world, uint64_t request)
{
    Wire__GiveAnswer answer = WIRE__GIVE_ANSWER__INIT;
    answer.request = request;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_GIVE_ANSWER;
    command.give_answer = &answer;
    enum bb_code code = session_send_command(world->session, world->now, &command, &ticket);
    assert_null(command.id_bytes.data);
    world_drain(world);
    return code;
}

static enum bb_code ask(struct world *world)
{
    Wire__AskStatus status = WIRE__ASK_STATUS__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_STATUS;
    query.status = &status;
    enum bb_code code = session_ask(world->session, world->now, &query, &ticket);
    world_drain(world);
    return code;
}

static size_t commands_sent(const struct world *world)
{
    return sent_of(world, WIRE__FROM_CLIENT__BODY_COMMAND);
}

static const Wire__FromClient *last_command(const struct world *world)
{
    return last_sent(world, WIRE__FROM_CLIENT__BODY_COMMAND);
}

static const uint8_t *last_id(const struct world *world)
{
    return last_command(world)->command->id_bytes.data;
}

static size_t outbox_rows(const struct world *world)
{
    size_t count = 0;
    for (size_t i = 0; i < world->rows_count; i++)
        count += world->rows[i].key[0] == ROW_COMMAND;
    return count;
}

static void a_command_is_saved_sent_and_gone_once_it_is_answered(void **state)
{
    struct world *world = *state;
    settle_down(world);
    assert_int_equal(give(world, 11), BB_OK);
    assert_int_equal(outbox_rows(world), 1);
    assert_int_equal(commands_sent(world), 1);
    assert_true(command_id_valid(last_id(world)));
    assert_int_equal(command_id_time_ms(last_id(world)), world->now.wall_ms + 5000); // the broker's time
    broker_replies(world, last_command(world), BB_OK);
    assert_int_equal(world->replies, 1);
    assert_ptr_equal(world->ticket, &ticket);
    assert_int_equal(outbox_rows(world), 0);
    broker_replies(world, last_command(world), BB_OK); // answered twice
    assert_int_equal(world->replies, 1);
}

static void a_command_given_while_away_survives_a_restart_and_is_sent_once(void **state)
{
    struct world *world = *state;
    assert_int_equal(give(world, 11), BB_OK);
    assert_int_equal(commands_sent(world), 0);
    wait_ms(world, 10000);
    assert_int_equal(world->reply_code, BB_AWAY);
    uint8_t id[COMMAND_ID_SIZE];
    memcpy(id, world->rows[0].key + 1, sizeof id);
    expect_heard(world, BB_EVENT_AWAY, 0, false);
    world_crash(world);
    settle_down(world);
    assert_int_equal(commands_sent(world), 1);
    assert_memory_equal(last_id(world), id, sizeof id);
    broker_replies(world, last_command(world), BB_OK);
    assert_int_equal(world->replies, 1); // nobody waits for this one any more
    assert_int_equal(outbox_rows(world), 0);
    wait_ms(world, 20000);
    assert_int_equal(commands_sent(world), 1);
}

static void an_unanswered_command_is_repeated_under_the_same_id(void **state)
{
    struct world *world = *state;
    settle_down(world);
    assert_int_equal(give(world, 11), BB_OK);
    uint8_t id[COMMAND_ID_SIZE];
    memcpy(id, last_id(world), sizeof id);
    wait_ms(world, COMMAND_AGAIN_MS);
    assert_int_equal(commands_sent(world), 2);
    assert_memory_equal(last_id(world), id, sizeof id);
    wait_ms(world, COMMAND_AGAIN_MS);
    assert_int_equal(commands_sent(world), 2); // later each time
    assert_int_equal(world->replies, 1);
    assert_int_equal(world->reply_code, BB_TIMED_OUT);
    assert_int_equal(outbox_rows(world), 1);
    session_offline(world->session, world->now, BB_AWAY);
    go_online(world);
    assert_int_equal(commands_sent(world), 3);
    assert_memory_equal(last_id(world), id, sizeof id);
}

static void a_busy_broker_gets_the_same_command_later(void **state)
{
    struct world *world = *state;
    settle_down(world);
    assert_int_equal(give(world, 11), BB_OK);
    uint8_t id[COMMAND_ID_SIZE];
    memcpy(id, last_id(world), sizeof id);
    broker_replies(world, last_command(world), BB_BUSY);
    assert_int_equal(world->replies, 0);
    assert_int_equal(commands_sent(world), 1);
    wait_ms(world, BUSY_AGAIN_MS);
    assert_int_equal(commands_sent(world), 2);
    assert_memory_equal(last_id(world), id, sizeof id);
    broker_replies(world, last_command(world), BB_OK);
    assert_int_equal(world->reply_code, BB_OK);
}

static void a_refusal_and_a_code_that_is_not_known_are_final(void **state)
{
    struct world *world = *state;
    settle_down(world);
    const uint32_t codes[] = {BB_WRONG_STATE, BB_ID_TOO_NEW, 4711};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(give(world, 11), BB_OK);
        broker_replies(world, last_command(world), codes[i]);
        assert_int_equal(world->replies, i + 1);
        assert_int_equal(world->reply_code, codes[i]);
        assert_int_equal(outbox_rows(world), 0);
    }
}

static void a_refusal_without_the_commands_id_is_matched_by_correlation(void **state)
{
    struct world *world = *state;
    settle_down(world);
    assert_int_equal(give(world, 11), BB_OK);
    Wire__FromClient nameless = *last_command(world);
    nameless.body_case = WIRE__FROM_CLIENT__BODY__NOT_SET;
    broker_replies(world, &nameless, BB_MALFORMED);
    assert_int_equal(world->reply_code, BB_MALFORMED);
}

static void at_most_64_are_under_way_in_the_order_of_giving(void **state)
{
    struct world *world = *state;
    settle_down(world);
    for (uint64_t i = 1; i <= 70; i++)
        assert_int_equal(give(world, i), BB_OK);
    assert_int_equal(commands_sent(world), SESSION_COMMANDS_SENT_MAX);
    broker_replies(world, world->sent[world->sent_count - 1], BB_OK);
    assert_int_equal(commands_sent(world), SESSION_COMMANDS_SENT_MAX + 1);
    assert_int_equal(last_command(world)->command->give_answer->request, SESSION_COMMANDS_SENT_MAX + 1);
}

static void ids_of_one_millisecond_rise(void **state)
{
    struct world *world = *state;
    settle_down(world);
    uint8_t before[COMMAND_ID_SIZE] = {0};
    for (uint64_t i = 1; i <= 60; i++) {
        assert_int_equal(give(world, i), BB_OK);
        assert_true(memcmp(last_id(world), before, sizeof before) > 0);
        memcpy(before, last_id(world), sizeof before);
    }
}

static void the_outbox_takes_a_thousand_and_not_one_more(void **state)
{
    struct world *world = *state;
    for (uint64_t i = 0; i < OUTBOX_COMMANDS_MAX; i++)
        assert_int_equal(give(world, i), BB_OK);
    assert_int_equal(give(world, 1), BB_OUTBOX_FULL);
    assert_int_equal(session_outbox_count(world->session), OUTBOX_COMMANDS_MAX);
}

static void a_command_that_fits_no_frame_is_refused_at_once(void **state)
{
    struct world *world = *state;
    static uint8_t long_text[COMMAND_FRAME_SIZE_MAX];
    memset(long_text, 'a', sizeof long_text);
    Wire__GiveAnswer answer = WIRE__GIVE_ANSWER__INIT;
    answer.text = (ProtobufCBinaryData){.len = sizeof long_text, .data = long_text};
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_GIVE_ANSWER;
    command.give_answer = &answer;
    assert_int_equal(session_send_command(world->session, world->now, &command, NULL), BB_TOO_LARGE);
    assert_int_equal(session_outbox_count(world->session), 0);
}

static void a_row_that_another_process_left_behind_is_sent_too(void **state)
{
    struct world *world = *state;
    settle_down(world);
    assert_int_equal(give(world, 11), BB_OK);
    struct session_row row;
    for (size_t i = 0; i < world->rows_count; i++) {
        if (world->rows[i].key[0] == ROW_COMMAND)
            row = (struct session_row){world->rows[i].key, world->rows[i].key_size, world->rows[i].value,
                                       world->rows[i].value_size};
    }
    broker_replies(world, last_command(world), BB_BUSY); // keeps ours out of the way
    struct world other = {.arena = world->arena,
                          .now = world->now,
                          .seed = 9,
                          .boot = 1,
                          .key = 'k',
                          .epoch = 1,
                          .key_id = 1,
                          .state = WIRE__PARTY_STATE__PARTY_ACTIVE};
    world_open(&other);
    settle_down(&other);
    session_outbox_reread(other.session, other.now, &row, 1);
    assert_int_equal(session_outbox_count(other.session), 0); // its giver is waiting for it just now
    wait_ms(&other, COMMAND_AGAIN_MS + 1);
    session_outbox_reread(other.session, other.now, &row, 1);
    world_drain(&other);
    assert_int_equal(commands_sent(&other), 1);
    session_outbox_reread(other.session, other.now, NULL, 0); // its giver got the answer
    assert_int_equal(session_outbox_count(other.session), 0);
    session_destroy(&other.session);
    for (size_t i = 0; i < other.rows_count; i++)
        free(other.rows[i].value);
}

static void a_key_that_is_refused_at_the_door_ends_the_waiting_and_keeps_the_command(void **state)
{
    struct world *world = *state;
    assert_int_equal(give(world, 11), BB_OK);
    assert_int_equal(ask(world), BB_OK);
    session_offline(world->session, world->now, BB_REFUSED_AT_THE_DOOR);
    world_drain(world);
    assert_int_equal(world->reply_code, BB_REFUSED_AT_THE_DOOR);
    assert_int_equal(world->answer_code, BB_REFUSED_AT_THE_DOOR);
    assert_int_equal(outbox_rows(world), 1);
}

static void a_query_is_answered_or_refused_or_times_out(void **state)
{
    struct world *world = *state;
    settle_down(world);
    assert_int_equal(ask(world), BB_OK);
    Wire__Status status = WIRE__STATUS__INIT;
    Wire__Answer answer = WIRE__ANSWER__INIT;
    answer.what_case = WIRE__ANSWER__WHAT_STATUS;
    answer.status = &status;
    Wire__FromBroker message = WIRE__FROM_BROKER__INIT;
    message.correlation = last_sent(world, WIRE__FROM_CLIENT__BODY_QUERY)->correlation;
    message.body_case = WIRE__FROM_BROKER__BODY_ANSWER;
    message.answer = &answer;
    broker_says(world, &message);
    assert_int_equal(world->answers, 1);
    assert_int_equal(world->answer_code, BB_OK);
    assert_int_equal(ask(world), BB_OK);
    broker_replies(world, last_sent(world, WIRE__FROM_CLIENT__BODY_QUERY), BB_NOT_ALLOWED);
    assert_int_equal(world->answer_code, BB_NOT_ALLOWED);
    assert_int_equal(ask(world), BB_OK);
    wait_ms(world, 10000);
    assert_int_equal(world->answers, 3);
    assert_int_equal(world->answer_code, BB_TIMED_OUT);
}

static void a_query_is_repeated_after_a_new_connection_and_after_busy(void **state)
{
    struct world *world = *state;
    assert_int_equal(ask(world), BB_OK);
    assert_int_equal(sent_of(world, WIRE__FROM_CLIENT__BODY_QUERY), 0);
    settle_down(world);
    assert_int_equal(sent_of(world, WIRE__FROM_CLIENT__BODY_QUERY), 1);
    broker_replies(world, last_sent(world, WIRE__FROM_CLIENT__BODY_QUERY), BB_BUSY);
    wait_ms(world, BUSY_AGAIN_MS);
    assert_int_equal(sent_of(world, WIRE__FROM_CLIENT__BODY_QUERY), 2);
    session_offline(world->session, world->now, BB_AWAY);
    go_online(world);
    assert_int_equal(sent_of(world, WIRE__FROM_CLIENT__BODY_QUERY), 3);
    assert_int_equal(world->answers, 0);
}

static void sixty_four_queries_may_be_under_way(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < SESSION_QUERIES_MAX; i++)
        assert_int_equal(ask(world), BB_OK);
    assert_int_equal(ask(world), BB_BUSY);
}

static void without_following_there_is_no_sync_and_no_topic(void **state)
{
    struct world *world = *state;
    session_destroy(&world->session);
    world->without_follow = true;
    world_open(world);
    go_online(world);
    assert_int_equal(sent_of(world, WIRE__FROM_CLIENT__BODY_SYNC), 0);
    assert_string_equal(world->topics, "");
    assert_int_equal(give(world, 11), BB_OK);
    assert_int_equal(commands_sent(world), 1);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        STORY(a_command_is_saved_sent_and_gone_once_it_is_answered),
        STORY(a_command_given_while_away_survives_a_restart_and_is_sent_once),
        STORY(an_unanswered_command_is_repeated_under_the_same_id),
        STORY(a_busy_broker_gets_the_same_command_later),
        STORY(a_refusal_and_a_code_that_is_not_known_are_final),
        STORY(a_refusal_without_the_commands_id_is_matched_by_correlation),
        STORY(at_most_64_are_under_way_in_the_order_of_giving),
        STORY(ids_of_one_millisecond_rise),
        STORY(the_outbox_takes_a_thousand_and_not_one_more),
        STORY(a_command_that_fits_no_frame_is_refused_at_once),
        STORY(a_row_that_another_process_left_behind_is_sent_too),
        STORY(a_key_that_is_refused_at_the_door_ends_the_waiting_and_keeps_the_command),
        STORY(a_query_is_answered_or_refused_or_times_out),
        STORY(a_query_is_repeated_after_a_new_connection_and_after_busy),
        STORY(sixty_four_queries_may_be_under_way),
        STORY(without_following_there_is_no_sync_and_no_topic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
