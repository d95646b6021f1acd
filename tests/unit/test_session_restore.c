// SPDX-License-Identifier: MPL-2.0
// A broker that was put back to an older state, told as stories: by `restore`, which begins a new epoch, and by a plain
// copy of an old store, which nobody tells of. What is shown follows the broker, and commands that it lost are listed.
#include "session_broker.h"

static int ticket; // only its address counts

enum { DAY_MS = 24 * 3600 * 1000 };

// A request is published, and taken as entry `entry`; `made` is what came to be.
static void give(struct world *world)
{
    Wire__PublishRequest publish = WIRE__PUBLISH_REQUEST__INIT;
    publish.asker = 300;
    publish.ref = text(world, "map 7");
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_PUBLISH_REQUEST;
    command.publish_request = &publish;
    assert_int_equal(session_send_command(world->session, world->now, &command, &ticket), BB_OK);
    world_drain(world);
}

static void give_and_take(struct world *world, uint64_t made, uint64_t entry)
{
    give(world);
    world->made = made;
    world->entry = entry;
    broker_replies(world, last_sent(world, WIRE__FROM_CLIENT__BODY_COMMAND), BB_OK);
    assert_int_equal(world->reply_code, BB_OK);
}

static void come_back(struct world *world)
{
    session_offline(world->session, world->now, BB_AWAY);
    world_drain(world);
    go_online(world);
}

// The next event but those of the connection.
static struct heard next_news(struct world *world)
{
    struct heard heard;
    do
        heard = next_heard(world);
    while (heard.kind == BB_EVENT_AWAY || heard.kind == BB_EVENT_CONNECTED);
    return heard;
}

static void expect_lost(struct world *world, uint64_t made, bool again)
{
    struct heard heard = next_news(world);
    assert_int_equal(heard.kind, BB_EVENT_LOST);
    assert_int_equal(heard.id, made);
    assert_int_equal(heard.what, WIRE__COMMAND__WHAT_PUBLISH_REQUEST);
    assert_int_equal(heard.again, again);
}

static void expect_no_news(struct world *world)
{
    assert_int_equal(next_news(world).kind, (enum bb_event_kind) - 1);
}

static void a_restore_lists_the_commands_that_the_backup_does_not_know_and_no_others(void **state)
{
    struct world *world = *state;
    settle_down(world);
    give_and_take(world, 71, 6);
    give_and_take(world, 72, 7);
    give_and_take(world, 73, 8);
    broker_restores(world, 7);
    come_back(world);
    expect_lost(world, 73, false);
    expect_no_news(world);
    give_and_take(world, 74, 8); // the number is taken anew, in the new history
    come_back(world);
    expect_no_news(world);
}

static void a_broker_that_was_only_started_anew_lost_nothing(void **state)
{
    struct world *world = *state;
    settle_down(world);
    give_and_take(world, 71, 6);
    world->boot = 2;
    come_back(world);
    expect_no_news(world);
}

static void a_row_says_what_was_done_and_nothing_of_its_text(void **state)
{
    struct world *world = *state;
    settle_down(world);
    give_and_take(world, 71, 6);
    struct session_row *rows;
    assert_int_equal(world_rows(world, ROW_ACCEPTED, &rows), 1);
    Client__AcceptedCommand *row = client__accepted_command__unpack(NULL, rows[0].value_size, rows[0].value);
    assert_non_null(row);
    struct bb_lost lost;
    accepted_show(row, &lost);
    client__accepted_command__free_unpacked(row, NULL);
    assert_memory_equal(lost.id, last_sent(world, WIRE__FROM_CLIENT__BODY_COMMAND)->command->id_bytes.data,
                        COMMAND_ID_SIZE);
    assert_int_equal(lost.what, WIRE__COMMAND__WHAT_PUBLISH_REQUEST);
    assert_int_equal(lost.about, 300);
    assert_int_equal(lost.made, 71);
    assert_int_equal(lost.entry, 6);
    assert_int_equal(lost.epoch, 1);
    assert_int_equal(lost.accepted_at_ms, world->now.wall_ms + 5000); // the broker's time
    assert_string_equal(lost.ref, "map 7");
}

static void a_command_that_was_refused_cannot_get_lost(void **state)
{
    struct world *world = *state;
    settle_down(world);
    give(world);
    broker_replies(world, last_sent(world, WIRE__FROM_CLIENT__BODY_COMMAND), BB_WRONG_STATE);
    assert_int_equal(rows_of(world, ROW_ACCEPTED), 0);
}

static void what_was_lost_is_told_once_and_stays_on_the_list(void **state)
{
    struct world *world = *state;
    settle_down(world);
    give_and_take(world, 71, 6);
    broker_restores(world, 5);
    come_back(world);
    expect_lost(world, 71, false);
    come_back(world);
    expect_no_news(world);
    wait_ms(world, MARK_IDLE_MS);
    world_crash(world);
    go_online(world);
    expect_no_news(world);
    assert_int_equal(rows_of(world, ROW_ACCEPTED), 1);
}

static void a_crash_before_the_loss_was_told_tells_it_again(void **state)
{
    struct world *world = *state;
    settle_down(world);
    give_and_take(world, 71, 6);
    wait_ms(world, MARK_IDLE_MS);
    broker_restores(world, 5);
    world->dies_before_lost = true;
    come_back(world);
    assert_true(world->dead);
    expect_no_news(world);
    world_crash(world);
    go_online(world);
    expect_lost(world, 71, true);
    expect_no_news(world);
    come_back(world);
    expect_no_news(world);
}

static void a_client_that_was_away_over_two_restores_judges_by_its_own_epoch(void **state)
{
    struct world *world = *state;
    settle_down(world);
    give_and_take(world, 71, 40);
    give_and_take(world, 72, 60);
    broker_restores(world, 50); // epoch 2 writes 51 to 80
    broker_restores(world, 80);
    come_back(world);
    expect_lost(world, 72, false); // although 60 <= 80
    expect_no_news(world);
}

static void a_second_restore_of_an_older_backup_loses_what_came_between(void **state)
{
    struct world *world = *state;
    settle_down(world);
    give_and_take(world, 71, 20);
    give_and_take(world, 72, 40);
    broker_restores(world, 50);
    come_back(world);
    give_and_take(world, 73, 51);
    broker_restores(world, 0);
    world->past_count = 1; // a backup of epoch 1 again, which knows nothing of epoch 2
    world->past[0].last_entry = 30;
    come_back(world);
    expect_lost(world, 72, false);
    expect_lost(world, 73, false);
    expect_no_news(world);
}

static void a_newer_backup_that_is_put_back_later_brings_a_command_back(void **state)
{
    struct world *world = *state;
    settle_down(world);
    give_and_take(world, 71, 60);
    broker_restores(world, 50);
    come_back(world);
    expect_lost(world, 71, false);
    broker_restores(world, 0);
    world->past_count = 1;
    world->past[0].last_entry = 70;
    come_back(world);
    expect_no_news(world);
    broker_restores(world, 75);
    world->past[0].last_entry = 55;
    come_back(world);
    expect_lost(world, 71, false); // lost once more, told once more
}

static void a_repeat_that_was_taken_before_the_restore_counts_with_its_own_epoch(void **state)
{
    struct world *world = *state;
    settle_down(world);
    give(world); // taken as entry 40, and the answer is lost on the way
    broker_restores(world, 50);
    come_back(world);
    world->made = 71;
    world->entry = 40;
    broker_replies(world, last_sent(world, WIRE__FROM_CLIENT__BODY_COMMAND), BB_OK);
    broker_restores(world, 0);
    world->past_count = 1; // of the same backup, or of one that knows entry 40 of epoch 1
    come_back(world);
    expect_no_news(world);
    world->past[0].last_entry = 39;
    world->epoch++;
    come_back(world);
    expect_lost(world, 71, false);
}

static void a_command_that_waits_in_the_outbox_is_sent_again_and_is_not_lost(void **state)
{
    struct world *world = *state;
    settle_down(world);
    give(world);
    uint8_t id[COMMAND_ID_SIZE];
    memcpy(id, last_sent(world, WIRE__FROM_CLIENT__BODY_COMMAND)->command->id_bytes.data, sizeof id);
    broker_restores(world, 3);
    come_back(world);
    expect_no_news(world);
    const Wire__FromClient *again = last_sent(world, WIRE__FROM_CLIENT__BODY_COMMAND);
    assert_memory_equal(again->command->id_bytes.data, id, sizeof id);
    world->made = 71;
    world->entry = 4;
    broker_replies(world, again, BB_OK);
    assert_int_equal(rows_of(world, ROW_COMMAND), 0);
    come_back(world);
    expect_no_news(world);
}

// A row of another process of this home.
static void save_row(struct world *world, uint64_t made, uint64_t entry)
{
    uint8_t id[COMMAND_ID_SIZE] = {(uint8_t)(made >> 8), (uint8_t)made}, packed[200];
    Client__AcceptedCommand row = CLIENT__ACCEPTED_COMMAND__INIT;
    row.id_bytes = (ProtobufCBinaryData){sizeof id, id};
    row.what = WIRE__COMMAND__WHAT_PUBLISH_REQUEST;
    row.made = made;
    row.entry = entry;
    row.epoch = 1;
    row.accepted_at_ms = world->now.wall_ms;
    struct session_action save = {.bytes = packed, .size = client__accepted_command__pack(&row, packed)};
    save.key[0] = ROW_ACCEPTED;
    memcpy(save.key + 1, id, sizeof id);
    save.key_size = 1 + sizeof id;
    world_save(world, &save);
}

static void a_row_of_another_process_of_this_home_is_judged_too(void **state)
{
    struct world *world = *state;
    settle_down(world);
    save_row(world, 75, 9);
    broker_restores(world, 8);
    come_back(world);
    expect_lost(world, 75, false);
}

static void an_accepted_command_is_forgotten_after_ninety_days(void **state)
{
    struct world *world = *state;
    settle_down(world);
    give_and_take(world, 71, 6);
    world->now.wall_ms += (int64_t)COMMAND_ID_AGE_DAYS_MAX * DAY_MS;
    come_back(world);
    assert_int_equal(rows_of(world, ROW_ACCEPTED), 1);
    world->now.wall_ms++;
    broker_restores(world, 5);
    come_back(world);
    assert_int_equal(rows_of(world, ROW_ACCEPTED), 0);
    expect_no_news(world);
}

static void no_more_than_so_many_are_kept_and_the_oldest_go_first(void **state)
{
    struct world *world = *state;
    settle_down(world);
    for (size_t i = 0; i < ACCEPTED_ROWS_MAX + 3; i++)
        save_row(world, 1000 + i, 6 + i);
    come_back(world);
    assert_int_equal(rows_of(world, ROW_ACCEPTED), ACCEPTED_ROWS_MAX);
    struct session_row *rows;
    world_rows(world, ROW_ACCEPTED, &rows);
    Client__AcceptedCommand *oldest = client__accepted_command__unpack(NULL, rows[0].value_size, rows[0].value);
    assert_int_equal(oldest->made, 1003);
    client__accepted_command__free_unpacked(oldest, NULL);
}

static void a_row_that_makes_no_sense_is_deleted(void **state)
{
    struct world *world = *state;
    settle_down(world);
    uint8_t garbage[3] = {0xff, 0xff, 0xff};
    struct session_action save = {.bytes = garbage, .size = 3, .key = {ROW_ACCEPTED, 4}, .key_size = 2};
    world_save(world, &save);
    broker_restores(world, 5);
    come_back(world);
    assert_int_equal(rows_of(world, ROW_ACCEPTED), 0);
    expect_no_news(world);
}

// ---- what is shown

static void after_a_restore_the_snapshot_replaces_all_and_cancels_what_it_lacks(void **state)
{
    struct world *world = *state;
    settle_down(world);
    broker_tells(world, 12, 1, REQUEST_OPEN);
    broker_tells(world, 13, 1, REQUEST_OPEN);
    broker_pushes(world, an_offer(world, 900, 2));
    expect_heard(world, BB_EVENT_ALERT, 12, false);
    expect_heard(world, BB_EVENT_ALERT, 13, false);
    expect_heard(world, BB_EVENT_ITEM, 900, false);
    broker_restores(world, 3);
    world->head = 6; // 12 was in the backup, 13 was not
    world->mailbox_head = 0;
    come_back(world);
    assert_int_equal(last_sync(world, RESIDENTS)->sync->cursor->epoch, 1);
    assert_int_equal(last_sync(world, RESIDENTS)->sync->cursor->seq, 7);
    Wire__PublicRequest *open[] = {a_request(world, 11, 1, REQUEST_OPEN), a_request(world, 12, 1, REQUEST_OPEN)};
    broker_snapshot_page(world, open, 2, 6, 0);
    broker_snapshot_mailbox(world, NULL, 0);
    struct heard heard = next_news(world);
    assert_int_equal(heard.kind, BB_EVENT_CANCEL);
    assert_int_equal(heard.id, 13);
    expect_no_news(world);
    assert_true(session_complete(world->session));
    assert_int_equal(rows_of(world, ROW_ITEM), 0);

    broker_tells(world, 13, 1, REQUEST_OPEN); // entered again; ids may come twice
    heard = next_news(world);
    assert_int_equal(heard.kind, BB_EVENT_ALERT);
    assert_false(heard.again);
    world_crash(world);
    go_online(world);
    assert_int_equal(last_sync(world, RESIDENTS)->sync->cursor->epoch, 2);
    assert_int_equal(last_sync(world, RESIDENTS)->sync->cursor->seq, 7);
}

// The store was replaced by an old copy by hand: same epoch, and this client is ahead of the broker.
static void a_plain_copy_of_an_old_store_is_noticed_by_its_snapshot(void **state)
{
    struct world *world = *state;
    settle_down(world);
    broker_tells(world, 11, 2, REQUEST_FILLED); // 6
    broker_tells(world, 12, 1, REQUEST_OPEN);   // 7
    expect_heard(world, BB_EVENT_UPDATE, 11, false);
    expect_heard(world, BB_EVENT_ALERT, 12, false);
    world->boot = 2;
    world->head = 5;
    come_back(world);
    assert_int_equal(last_sync(world, RESIDENTS)->sync->cursor->seq, 7); // beyond the head
    Wire__PublicRequest *open = a_request(world, 11, 1, REQUEST_OPEN);
    broker_snapshot_page(world, &open, 1, 5, 0);
    struct heard heard = next_news(world);
    assert_int_equal(heard.kind, BB_EVENT_ALERT); // open once more, and of a lower revision
    assert_int_equal(heard.id, 11);
    assert_int_equal(heard.revision, 1);
    heard = next_news(world);
    assert_int_equal(heard.kind, BB_EVENT_CANCEL);
    assert_int_equal(heard.id, 12);
    expect_no_news(world);
    broker_tells(world, 14, 1, REQUEST_OPEN); // number 6, a second time
    heard = next_news(world);
    assert_int_equal(heard.kind, BB_EVENT_ALERT);
    assert_int_equal(heard.id, 14);
    broker_snapshot_mailbox(world, NULL, 0);
    assert_true(session_complete(world->session));
}

// By the time this client came back the copy had gone on, past the client's number and to the same revision.
static void a_plain_copy_that_went_on_is_believed_at_the_same_revision(void **state)
{
    struct world *world = *state;
    settle_down(world);
    broker_tells(world, 11, 2, REQUEST_FILLED);
    broker_pushes(world, an_offer(world, 900, 2));
    expect_heard(world, BB_EVENT_UPDATE, 11, false);
    expect_heard(world, BB_EVENT_ITEM, 900, false);
    world->boot = 2;
    world->head = 20;
    come_back(world);
    Wire__PublicRequest *changed = a_request(world, 11, 2, REQUEST_OPEN);
    changed->text = text(world, "Wie kan de fiets van mijn zoon repareren?");
    broker_snapshot_page(world, &changed, 1, 20, 0);
    struct heard heard = next_news(world);
    assert_int_equal(heard.kind, BB_EVENT_ALERT);
    assert_int_equal(heard.id, 11);
    Wire__MailboxItem *older = an_offer(world, 900, 1);
    broker_snapshot_mailbox(world, &older, 1);
    heard = next_news(world);
    assert_int_equal(heard.kind, BB_EVENT_ITEM);
    assert_int_equal(heard.revision, 1);
    expect_no_news(world);
}

static void a_snapshot_that_says_what_is_known_is_silent(void **state)
{
    struct world *world = *state;
    settle_down(world);
    broker_pushes(world, an_offer(world, 900, 2));
    expect_heard(world, BB_EVENT_ITEM, 900, false);
    world->boot = 2;
    world->head = 20;
    world_crash(world); // what is known comes from the rows
    expect_heard(world, BB_EVENT_ITEM, 900, true);
    expect_silence(world);
    go_online(world);
    Wire__PublicRequest *open = a_request(world, 11, 1, REQUEST_OPEN);
    broker_snapshot_page(world, &open, 1, 20, 0);
    Wire__MailboxItem *item = an_offer(world, 900, 2);
    broker_snapshot_mailbox(world, &item, 1);
    expect_no_news(world);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_restore_lists_the_commands_that_the_backup_does_not_know_and_no_others),
        STORY(a_broker_that_was_only_started_anew_lost_nothing),
        STORY(a_row_says_what_was_done_and_nothing_of_its_text),
        STORY(a_command_that_was_refused_cannot_get_lost),
        STORY(what_was_lost_is_told_once_and_stays_on_the_list),
        STORY(a_crash_before_the_loss_was_told_tells_it_again),
        STORY(a_client_that_was_away_over_two_restores_judges_by_its_own_epoch),
        STORY(a_second_restore_of_an_older_backup_loses_what_came_between),
        STORY(a_newer_backup_that_is_put_back_later_brings_a_command_back),
        STORY(a_repeat_that_was_taken_before_the_restore_counts_with_its_own_epoch),
        STORY(a_command_that_waits_in_the_outbox_is_sent_again_and_is_not_lost),
        STORY(a_row_of_another_process_of_this_home_is_judged_too),
        STORY(an_accepted_command_is_forgotten_after_ninety_days),
        STORY(no_more_than_so_many_are_kept_and_the_oldest_go_first),
        STORY(a_row_that_makes_no_sense_is_deleted),
        STORY(after_a_restore_the_snapshot_replaces_all_and_cancels_what_it_lacks),
        STORY(a_plain_copy_of_an_old_store_is_noticed_by_its_snapshot),
        STORY(a_plain_copy_that_went_on_is_believed_at_the_same_revision),
        STORY(a_snapshot_that_says_what_is_known_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
