// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/turn/turn.c: one turn is one commit, and what was not committed never was.
#include "town.h"

#include <errno.h>

static uint64_t rows(struct town *it, enum table table)
{
    struct core core = town_read(it);
    uint64_t count;
    assert_int_equal(store_rows(core.txn, table, &count), BB_OK);
    town_read_end(&core);
    return count;
}

static int64_t time_of_head(struct town *it)
{
    struct core core = town_read(it);
    Stored__Entry *entry;
    assert_int_equal(journal_read(core.txn, turn_head(it->turn), &entry), BB_OK);
    town_read_end(&core);
    return entry->made_at_ms;
}

static void a_later_command_of_a_turn_sees_what_the_earlier_one_did(void **state)
{
    struct town *it = *state;
    turn_begin(it->turn);
    Wire__PublishRequest request = town_request(it, "Fiets gezocht"), same = request;
    request.ref = same.ref = text("rij 1");
    Wire__Command first = command_publish_request(it, &request), second = command_publish_request(it, &same);
    struct turn_input inputs[] = {{.number = it->desk.number, .command = &first},
                                  {.number = it->desk.number, .command = &second}};
    uint64_t requests = rows(it, TABLE_REQUEST);
    town_run_together(it, inputs, 2);
    assert_int_equal(it->code, BB_OK);
    assert_accepted(it->result->answers[1]);
    assert_true(it->result->answers[0].made == it->result->answers[1].made);
    assert_int_equal(rows(it, TABLE_REQUEST), requests + 1);
    assert_int_equal(it->result->facts_count, 1);
}

static void all_facts_of_a_turn_are_one_entry(void **state)
{
    struct town *it = *state;
    uint64_t head = turn_head(it->turn);
    turn_begin(it->turn);
    Wire__PublishRequest requests[3];
    Wire__Command commands[3];
    struct turn_input inputs[3];
    for (int i = 0; i < 3; i++) {
        requests[i] = town_request(it, "Hulp met een brief");
        commands[i] = command_publish_request(it, &requests[i]);
        inputs[i] = (struct turn_input){.number = it->desk.number, .command = &commands[i]};
    }
    town_run_together(it, inputs, 3);
    assert_int_equal(turn_head(it->turn), head + 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(it->result->answers[i].entry, head + 1);
    assert_int_equal(town_class(it, CLASS_RESIDENT)->n_notices, 3); // and one message
}

static void a_refusal_leaves_no_entry(void **state)
{
    struct town *it = *state;
    uint64_t head = turn_head(it->turn), accepted = rows(it, TABLE_ACCEPTED);
    Wire__PublishRequest request = town_request(it, "Bel 06-12345678");
    assert_refused(town_publish_request(it, it->desk, request), BB_HAS_PHONE);
    assert_int_equal(turn_head(it->turn), head);
    assert_int_equal(rows(it, TABLE_ACCEPTED), accepted);
}

static void every_fact_says_who_and_on_whose_behalf(void **state)
{
    struct town *it = *state;
    town_publish(it, "Fiets gezocht");
    struct core core = town_read(it);
    Stored__Entry *entry;
    assert_int_equal(journal_read(core.txn, turn_head(it->turn), &entry), BB_OK);
    const Stored__Fact *fact = entry->facts[0];
    assert_true(fact->member == it->desk.number && fact->party == it->desk.party_number);
    assert_true(fact->asker == town_number(it, ID_ASKER, it->asker));
    assert_int_equal(fact->command_bytes.len, COMMAND_ID_SIZE);
    assert_int_equal(entry->node, 1);
    town_read_end(&core);
}

static void time_never_runs_back(void **state)
{
    struct town *it = *state;
    town_pass(it, day_ms);
    town_publish(it, "Fiets gezocht");
    int64_t latest = time_of_head(it);
    assert_true(latest == it->now_ms);
    town_pass(it, -hour_ms);
    town_publish(it, "Bed gezocht");
    assert_true(time_of_head(it) == latest);
    assert_true(last_of(town_class(it, CLASS_RESIDENT))->made_at_ms == latest);
    assert_true(turn_now_ms(it->turn, it->now_ms) == latest);
    assert_true(turn_now_ms(it->turn, latest + 5) == latest + 5);
    town_restart(it); // the daemon remembers it
    assert_true(turn_now_ms(it->turn, it->now_ms) == latest);
}

static void the_journals_chain_holds_after_many_turns(void **state)
{
    struct town *it = *state;
    for (int i = 0; i < 50; i++)
        town_match(it, it->anna, town_publish_for(it, 1));
    struct core core = town_read(it);
    uint8_t hash[JOURNAL_HASH_SIZE] = {0};
    for (uint64_t seq = 1; seq <= turn_head(it->turn); seq++)
        assert_int_equal(journal_verify(core.txn, seq, hash), BB_OK);
    struct journal_head head;
    assert_int_equal(journal_head(core.txn, &head), BB_OK);
    assert_int_equal(head.seq, turn_head(it->turn));
    assert_memory_equal(head.hash, hash, sizeof hash);
    town_read_end(&core);
}

static void after_a_restart_the_turn_goes_on_where_it_was(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish(it, "Fiets gezocht"), head = turn_head(it->turn), slots = turn_slots_used(it->turn);
    town_restart(it);
    assert_int_equal(turn_head(it->turn), head);
    assert_int_equal(turn_slots_used(it->turn), slots);
    town_match(it, it->anna, request);
    assert_int_equal(turn_head(it->turn), head + 2);
}

static void a_disk_that_fails_at_the_commit_leaves_nothing(void **state)
{
    struct town *it = *state;
    uint64_t head = turn_head(it->turn), slots = turn_slots_used(it->turn), requests = rows(it, TABLE_REQUEST);
    assert_int_equal(keyring_fill(it->keyring, slots + 3000), BB_OK); // not the keyring's sync is to fail
    town_sync_errno = EIO;
    assert_refused(town_publish_request(it, it->desk, town_request(it, "Fiets gezocht")), BB_STORE_IO);
    assert_int_equal(town_sync_errno, 0);
    assert_int_equal(turn_head(it->turn), head);
    assert_int_equal(turn_slots_used(it->turn), slots);
    town_restart(it); // as the daemon does: it stops
    assert_int_equal(turn_head(it->turn), head);
    assert_int_equal(rows(it, TABLE_REQUEST), requests);
    town_publish(it, "Fiets gezocht");
}

static void a_full_keyring_is_a_no_without_traces(void **state)
{
    struct town *it = *state;
    uint64_t head = turn_head(it->turn), requests = rows(it, TABLE_REQUEST);
    uint8_t random[CORE_RANDOM_SIZE] = {9};
    turn_begin(it->turn);
    struct keyring *empty;
    const char *problem;
    char path[128];
    snprintf(path, sizeof path, "%s/other-keyring", it->scratch->folder);
    assert_int_equal(keyring_open(path, &empty, &problem), BB_OK);
    struct turn *turn;
    struct turn_options options = {.store = it->scratch->store, .keyring = empty, .node = 1};
    assert_int_equal(turn_create(&options, &turn), BB_OK);
    Wire__PublishRequest request = town_request(it, "Fiets gezocht");
    Wire__Command command = command_publish_request(it, &request);
    struct turn_input input = {.number = it->desk.number, .command = &command};
    assert_int_equal(turn_run(turn, &input, 1, it->now_ms, random, it->result), BB_NO_KEY_SLOT);
    turn_destroy(&turn);
    keyring_close(&empty);
    assert_int_equal(rows(it, TABLE_REQUEST), requests);
    assert_int_equal(turn_head(it->turn), head);
}

static void in_a_store_that_is_nearly_full_nothing_new_is_taken_and_ending_still_works(void **state)
{
    struct town *it = *state;
    Wire__PublishRequest request = town_request(it, "");
    request.text = text_of_size(REQUEST_TEXT_SIZE_MAX);
    uint64_t last = 0;
    struct turn_answer answer;
    for (;;) {
        answer = town_publish_request(it, it->desk, request);
        if (answer.code != BB_OK)
            break;
        last = answer.made;
    }
    assert_refused(answer, BB_STORE_FULL);
    assert_true(last != 0);
    uint64_t head = turn_head(it->turn), requests = rows(it, TABLE_REQUEST), log = rows(it, TABLE_LOG);

    turn_begin(it->turn); // one that does not fit spoils the whole turn
    Wire__Pause pause = {0};
    Wire__Command first = command_pause(it, &pause), second = command_publish_request(it, &request);
    struct turn_input inputs[] = {{.number = it->anna.number, .command = &first},
                                  {.number = it->desk.number, .command = &second}};
    town_run_together(it, inputs, 2);
    assert_int_equal(it->code, BB_STORE_FULL);
    assert_int_equal(turn_head(it->turn), head);
    assert_int_equal(rows(it, TABLE_REQUEST), requests);
    assert_int_equal(rows(it, TABLE_LOG), log);

    assert_accepted(town_close(it, last, CLOSE_NO_LONGER_NEEDED));
    assert_int_equal(turn_head(it->turn), head + 1);
    town_restart(it);
    assert_int_equal(town_request_state(it, last), REQUEST_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_later_command_of_a_turn_sees_what_the_earlier_one_did),
        IN_TOWN(all_facts_of_a_turn_are_one_entry),
        IN_TOWN(a_refusal_leaves_no_entry),
        IN_TOWN(every_fact_says_who_and_on_whose_behalf),
        IN_TOWN(time_never_runs_back),
        IN_TOWN(the_journals_chain_holds_after_many_turns),
        IN_TOWN(after_a_restart_the_turn_goes_on_where_it_was),
        IN_TOWN(a_disk_that_fails_at_the_commit_leaves_nothing),
        IN_TOWN(a_full_keyring_is_a_no_without_traces),
        IN_SMALL_TOWN(in_a_store_that_is_nearly_full_nothing_new_is_taken_and_ending_still_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
