// SPDX-License-Identifier: MPL-2.0
// Following, told as stories: one session, a broker of the test's making, and virtual time.
#include "session/session_inside.h"
#include "session_broker.h"

static void a_newcomer_gets_a_snapshot_then_a_replay_then_what_is_live(void **state)
{
    struct world *world = *state;
    world->head = 6;
    go_online(world);
    assert_string_equal(world->topics, "meppel/resident/");
    const Wire__FromClient *sync = last_sync(world, RESIDENTS);
    assert_int_equal(sync->sync->cursor->seq, 0);

    Wire__PublicRequest *open[] = {a_request(world, 11, 1, REQUEST_OPEN), a_request(world, 12, 3, REQUEST_FILLED)};
    broker_snapshot_page(world, open, 1, 4, 77);
    sync = last_sync(world, RESIDENTS);
    assert_int_equal(sync->sync->page_token, 77);
    assert_int_equal(sync->sync->replay_from, 4);
    broker_snapshot_page(world, open + 1, 1, 6, 0); // the first page's cursor counts
    sync = last_sync(world, RESIDENTS);
    assert_int_equal(sync->sync->cursor->seq, 4);
    assert_false(session_complete(world->session));

    Wire__Notice *missed[] = {notice_of(world, 5, a_request(world, 11, 2, REQUEST_CLOSED)),
                              notice_of(world, 6, a_request(world, 13, 1, REQUEST_OPEN))};
    broker_replays(world, RESIDENTS, missed, 2);
    broker_snapshot_mailbox(world, NULL, 0);
    assert_true(session_complete(world->session));

    broker_tells(world, 14, 1, REQUEST_OPEN);
    broker_tells(world, 12, 4, REQUEST_OPEN); // filled when it was first heard of: now it is shown
    expect_heard(world, BB_EVENT_CONNECTED, 0, false);
    expect_heard(world, BB_EVENT_ALERT, 11, false);
    expect_heard(world, BB_EVENT_CANCEL, 11, false);
    expect_heard(world, BB_EVENT_ALERT, 13, false);
    expect_heard(world, BB_EVENT_ALERT, 14, false);
    expect_heard(world, BB_EVENT_ALERT, 12, false);
    expect_silence(world);
}

static void a_request_is_alerted_updated_alerted_again_and_cancelled(void **state)
{
    struct world *world = *state;
    settle_down(world);
    broker_tells(world, 11, 2, REQUEST_FILLED);
    expect_heard(world, BB_EVENT_UPDATE, 11, false);
    broker_tells(world, 11, 3, REQUEST_OPEN);
    expect_heard(world, BB_EVENT_ALERT, 11, false);
    broker_tells(world, 11, 4, REQUEST_OPEN);
    expect_heard(world, BB_EVENT_UPDATE, 11, false);
    broker_tells(world, 11, 4, REQUEST_CLOSED); // not a higher revision
    expect_silence(world);
    broker_tells(world, 11, 5, REQUEST_CLOSED);
    expect_heard(world, BB_EVENT_CANCEL, 11, false);
    broker_tells(world, 12, 1, REQUEST_CLOSED);
    expect_silence(world);
}

// A request may not go unseen without a word: the session says that it holds all it can, and stops.
static void one_request_more_than_it_can_hold_breaks_the_session(void **state)
{
    struct world *world = *state;
    settle_down(world);
    world->session->known_count = SESSION_KNOWN_MAX - 1;
    broker_tells(world, 21, 1, REQUEST_OPEN);
    expect_heard(world, BB_EVENT_ALERT, 21, false);
    assert_int_equal(session_broken(world->session), BB_OK);
    broker_tells(world, 22, 1, REQUEST_OPEN);
    expect_silence(world);
    assert_int_equal(session_broken(world->session), BB_TOO_MUCH_HELD);
}

static void complete_is_told_with_the_number_that_was_reached(void **state)
{
    struct world *world = *state;
    settle_down(world);
    broker_tells(world, 12, 1, REQUEST_OPEN);
    struct heard last = world->heard[world->heard_count - 1];
    assert_int_equal(last.kind, BB_EVENT_COMPLETE);
    assert_int_equal(last.id, RESIDENTS);
    assert_int_equal(last.seq, 6);
}

static void a_dropped_publication_is_repaired_after_the_beacon(void **state)
{
    struct world *world = *state;
    settle_down(world);
    size_t syncs = syncs_of(world, RESIDENTS);
    world->head = 6; // published, and lost on the way
    broker_beacon(world);
    assert_false(session_complete(world->session));
    wait_ms(world, GAP_JITTER_MS);
    assert_int_equal(syncs_of(world, RESIDENTS), syncs + 1);
    assert_int_equal(last_sync(world, RESIDENTS)->sync->cursor->seq, 5);
    Wire__Notice *missed = notice_of(world, 6, a_request(world, 12, 1, REQUEST_OPEN));
    broker_replays(world, RESIDENTS, &missed, 1);
    expect_heard(world, BB_EVENT_ALERT, 12, false);
    assert_true(session_complete(world->session));
}

static void a_pong_with_a_higher_head_shows_a_gap_in_the_mailbox(void **state)
{
    struct world *world = *state;
    settle_down(world);
    world->mailbox_head = 1;
    broker_pongs(world);
    wait_ms(world, GAP_JITTER_MS);
    Wire__Notice *missed = item_notice(world, 1, an_offer(world, 900, 1));
    broker_replays(world, MAILBOX, &missed, 1);
    expect_heard(world, BB_EVENT_ITEM, 900, false);
    expect_silence(world);
}

static void a_publication_on_its_way_closes_the_gap_before_anything_is_asked(void **state)
{
    struct world *world = *state;
    settle_down(world);
    size_t syncs = syncs_of(world, RESIDENTS);
    world->head = 6;
    broker_pongs(world);
    world->head = 5;
    broker_tells(world, 12, 1, REQUEST_OPEN);
    wait_ms(world, GAP_JITTER_MS);
    assert_int_equal(syncs_of(world, RESIDENTS), syncs);
    assert_true(session_complete(world->session));
}

static void a_jump_in_the_numbers_is_fetched_and_nothing_comes_twice(void **state)
{
    struct world *world = *state;
    settle_down(world);
    world->head = 6;
    broker_tells(world, 13, 1, REQUEST_OPEN); // number 7; 6 was lost
    expect_silence(world);
    wait_ms(world, GAP_JITTER_MS);
    Wire__Notice *missed[] = {notice_of(world, 6, a_request(world, 12, 1, REQUEST_OPEN)),
                              notice_of(world, 7, a_request(world, 13, 1, REQUEST_OPEN))};
    broker_replays(world, RESIDENTS, missed, 2);
    expect_heard(world, BB_EVENT_ALERT, 12, false);
    expect_heard(world, BB_EVENT_ALERT, 13, false);
    broker_publishes(world, missed, 2);
    expect_silence(world);
    world->head = 8;
    Wire__Notice *overlapping[] = {missed[1], notice_of(world, 8, a_request(world, 14, 1, REQUEST_OPEN))};
    broker_publishes(world, overlapping, 2);
    expect_heard(world, BB_EVENT_ALERT, 14, false);
    expect_silence(world);
}

static void what_is_published_during_a_catch_up_is_left_to_the_catch_up(void **state)
{
    struct world *world = *state;
    settle_down(world);
    world->head = 6;
    broker_beacon(world);
    wait_ms(world, GAP_JITTER_MS);
    broker_tells(world, 13, 1, REQUEST_OPEN); // 7, while 6 is asked for
    expect_silence(world);
    world->head = 6;
    Wire__Notice *missed = notice_of(world, 6, a_request(world, 12, 1, REQUEST_OPEN));
    broker_replays(world, RESIDENTS, &missed, 1);
    assert_false(session_complete(world->session));
    assert_int_equal(last_sync(world, RESIDENTS)->sync->cursor->seq, 6);
    world->head = 7;
    missed = notice_of(world, 7, a_request(world, 13, 1, REQUEST_OPEN));
    broker_replays(world, RESIDENTS, &missed, 1);
    expect_heard(world, BB_EVENT_ALERT, 12, false);
    expect_heard(world, BB_EVENT_ALERT, 13, false);
    assert_true(session_complete(world->session));
}

// Seed 538 of tests/sim: the first giver of a class, whose snapshot was late, never heard of what was open before.
static void before_the_first_page_nothing_live_is_taken_for_the_beginning(void **state)
{
    struct world *world = *state;
    world->head = 0;
    go_online(world);
    broker_replies(world, last_sync(world, RESIDENTS), BB_BUSY);
    broker_tells(world, 14, 1, REQUEST_OPEN); // number 1 of this channel
    wait_ms(world, 4000);
    assert_int_equal(last_sync(world, RESIDENTS)->sync->cursor->seq, 0);
    Wire__PublicRequest *open[] = {a_request(world, 11, 1, REQUEST_OPEN), a_request(world, 14, 1, REQUEST_OPEN)};
    broker_snapshot_page(world, open, 2, 1, 0);
    expect_heard(world, BB_EVENT_CONNECTED, 0, false);
    expect_heard(world, BB_EVENT_ALERT, 11, false);
    expect_heard(world, BB_EVENT_ALERT, 14, false);
    expect_silence(world);
}

static void an_unanswered_sync_is_asked_again_and_a_busy_broker_is_given_time(void **state)
{
    struct world *world = *state;
    settle_down(world);
    world->head = 6;
    broker_beacon(world);
    wait_ms(world, GAP_JITTER_MS);
    size_t syncs = syncs_of(world, RESIDENTS);
    wait_ms(world, SYNC_AGAIN_MS);
    assert_int_equal(syncs_of(world, RESIDENTS), syncs + 1);
    broker_replies(world, last_sync(world, RESIDENTS), BB_BUSY);
    wait_ms(world, 500);
    assert_int_equal(syncs_of(world, RESIDENTS), syncs + 1);
    wait_ms(world, 2000);
    assert_int_equal(syncs_of(world, RESIDENTS), syncs + 2);
}

static void a_snapshot_cancels_what_it_lacks_and_keeps_quiet_about_what_is_known(void **state)
{
    struct world *world = *state;
    settle_down(world);
    broker_tells(world, 12, 1, REQUEST_OPEN);
    expect_heard(world, BB_EVENT_ALERT, 12, false);
    session_offline(world->session, world->now, BB_AWAY);
    world_drain(world);
    expect_heard(world, BB_EVENT_AWAY, 0, false);
    world->head = 900; // away for so long that the broker does not replay
    go_online(world);
    expect_heard(world, BB_EVENT_CONNECTED, 0, false);
    Wire__PublicRequest *open[] = {a_request(world, 12, 1, REQUEST_OPEN), a_request(world, 20, 1, REQUEST_OPEN)};
    broker_snapshot_page(world, open, 2, 900, 0);
    expect_heard(world, BB_EVENT_ALERT, 20, false);
    expect_heard(world, BB_EVENT_CANCEL, 11, false);
    expect_silence(world);
}

static void a_crash_within_a_snapshot_begins_it_anew(void **state)
{
    struct world *world = *state;
    world->head = 5;
    go_online(world);
    Wire__PublicRequest *open = a_request(world, 11, 1, REQUEST_OPEN);
    broker_snapshot_page(world, &open, 1, 5, 77);
    wait_ms(world, MARK_IDLE_MS);
    world_crash(world);
    go_online(world);
    assert_int_equal(last_sync(world, RESIDENTS)->sync->cursor->seq, 0);
    assert_int_equal(last_sync(world, RESIDENTS)->sync->page_token, 0);
    broker_snapshot_page(world, NULL, 0, 5, 0); // closed in between
    expect_heard(world, BB_EVENT_CONNECTED, 0, false);
    expect_heard(world, BB_EVENT_ALERT, 11, false);
    expect_heard(world, BB_EVENT_CONNECTED, 0, false);
    expect_heard(world, BB_EVENT_CANCEL, 11, false);
    expect_silence(world);
}

static void a_restored_broker_is_believed_although_its_revisions_are_lower(void **state)
{
    struct world *world = *state;
    settle_down(world);
    broker_tells(world, 11, 2, REQUEST_FILLED);
    expect_heard(world, BB_EVENT_UPDATE, 11, false);
    world->epoch = 2;
    world->boot = 2;
    world->head = 4;
    broker_beacon(world);
    wait_ms(world, CROWD_JITTER_MS);
    broker_welcomes(world);
    Wire__PublicRequest *open = a_request(world, 11, 1, REQUEST_OPEN);
    broker_snapshot_page(world, &open, 1, 4, 0);
    expect_heard(world, BB_EVENT_ALERT, 11, false);
    expect_silence(world);
}

static void a_new_boot_makes_it_say_hello_after_a_jitter(void **state)
{
    struct world *world = *state;
    settle_down(world);
    size_t hellos = sent_of(world, WIRE__FROM_CLIENT__BODY_HELLO);
    world->boot = 2;
    broker_beacon(world);
    assert_int_equal(sent_of(world, WIRE__FROM_CLIENT__BODY_HELLO), hellos);
    wait_ms(world, CROWD_JITTER_MS);
    assert_int_equal(sent_of(world, WIRE__FROM_CLIENT__BODY_HELLO), hellos + 1);
    broker_welcomes(world);
    assert_int_equal(last_sync(world, RESIDENTS)->sync->cursor->seq, 5);
}

static void an_unknown_key_id_makes_it_fetch_the_key_and_what_it_could_not_read(void **state)
{
    struct world *world = *state;
    settle_down(world);
    world->key_id = 2;
    world->key = 'n';
    broker_tells(world, 12, 1, REQUEST_OPEN);
    expect_silence(world);
    wait_ms(world, CROWD_JITTER_MS);
    broker_welcomes(world);
    Wire__Notice *missed = notice_of(world, 6, a_request(world, 12, 1, REQUEST_OPEN));
    broker_replays(world, RESIDENTS, &missed, 1);
    expect_heard(world, BB_EVENT_ALERT, 12, false); // and no second word of being connected
    broker_tells(world, 13, 1, REQUEST_OPEN);
    expect_heard(world, BB_EVENT_ALERT, 13, false);
}

static void suspension_cancels_all_and_reinstating_shows_what_is_open(void **state)
{
    struct world *world = *state;
    settle_down(world);
    broker_pushes(world, my_party(world, WIRE__PARTY_STATE__PARTY_SUSPENDED, false));
    expect_heard(world, BB_EVENT_ITEM, 0, false);
    expect_heard(world, BB_EVENT_CANCEL, 11, false);
    assert_string_equal(world->topics, "");
    world->state = WIRE__PARTY_STATE__PARTY_SUSPENDED;
    wait_ms(world, CROWD_JITTER_MS);
    broker_welcomes(world);
    expect_heard(world, BB_EVENT_CONNECTED, 0, false);
    broker_tells(world, 12, 1, REQUEST_OPEN);
    expect_silence(world);

    world->state = WIRE__PARTY_STATE__PARTY_ACTIVE;
    broker_pushes(world, my_party(world, WIRE__PARTY_STATE__PARTY_ACTIVE, false));
    wait_ms(world, GAP_JITTER_MS);
    broker_welcomes(world);
    assert_int_equal(last_sync(world, RESIDENTS)->sync->cursor->seq, 0);
    Wire__PublicRequest *open = a_request(world, 12, 1, REQUEST_OPEN);
    broker_snapshot_page(world, &open, 1, 6, 0);
    expect_heard(world, BB_EVENT_ITEM, 0, false);
    expect_heard(world, BB_EVENT_CONNECTED, 0, false);
    expect_heard(world, BB_EVENT_ALERT, 12, false);
    expect_silence(world);
}

static void suspension_while_away_cancels_at_the_next_welcome(void **state)
{
    struct world *world = *state;
    settle_down(world);
    wait_ms(world, MARK_IDLE_MS);
    world_crash(world);
    world->state = WIRE__PARTY_STATE__PARTY_SUSPENDED;
    go_online(world);
    expect_heard(world, BB_EVENT_CONNECTED, 0, false);
    expect_heard(world, BB_EVENT_CANCEL, 11, false);
    wait_ms(world, MARK_IDLE_MS);
    world_crash(world);
    expect_silence(world);
}

static void a_pause_is_silent_and_resuming_shows_only_what_is_still_open(void **state)
{
    struct world *world = *state;
    settle_down(world);
    broker_pushes(world, my_party(world, WIRE__PARTY_STATE__PARTY_ACTIVE, true));
    expect_heard(world, BB_EVENT_ITEM, 0, false);
    broker_tells(world, 12, 1, REQUEST_OPEN);
    broker_tells(world, 13, 1, REQUEST_OPEN);
    broker_tells(world, 12, 2, REQUEST_CLOSED);
    expect_silence(world);
    broker_tells(world, 11, 2, REQUEST_CLOSED); // was shown before
    expect_heard(world, BB_EVENT_CANCEL, 11, false);
    world->paused = true;
    world_crash(world); // the pause outlives the process
    go_online(world);
    expect_heard(world, BB_EVENT_CANCEL, 11, true);
    expect_heard(world, BB_EVENT_CONNECTED, 0, false);
    broker_replays(world, MAILBOX, NULL, 0);
    broker_replays(world, RESIDENTS, NULL, 0);
    expect_silence(world);
    broker_pushes(world, my_party(world, WIRE__PARTY_STATE__PARTY_ACTIVE, false));
    expect_heard(world, BB_EVENT_ITEM, 0, false);
    expect_heard(world, BB_EVENT_ALERT, 13, false);
    expect_silence(world);
}

static void resuming_while_away_shows_nothing_that_closed_meanwhile(void **state)
{
    struct world *world = *state;
    settle_down(world);
    broker_pushes(world, my_party(world, WIRE__PARTY_STATE__PARTY_ACTIVE, true));
    expect_heard(world, BB_EVENT_ITEM, 0, false);
    broker_tells(world, 12, 1, REQUEST_OPEN);
    broker_tells(world, 13, 1, REQUEST_OPEN);
    session_offline(world->session, world->now, BB_AWAY);
    world->head = 8;
    go_online(world);
    expect_heard(world, BB_EVENT_AWAY, 0, false);
    expect_heard(world, BB_EVENT_CONNECTED, 0, false);
    broker_replays(world, MAILBOX, NULL, 0);
    expect_silence(world);
    Wire__Notice *missed = notice_of(world, 8, a_request(world, 12, 2, REQUEST_CLOSED));
    broker_replays(world, RESIDENTS, &missed, 1);
    expect_heard(world, BB_EVENT_ALERT, 13, false);
    expect_silence(world);
}

static void a_crash_between_saving_and_handing_on_repeats_it_marked_again(void **state)
{
    struct world *world = *state;
    settle_down(world);
    wait_ms(world, MARK_IDLE_MS);
    world->dies_before_events = true;
    broker_tells(world, 12, 1, REQUEST_OPEN);
    expect_silence(world);
    world_crash(world);
    expect_heard(world, BB_EVENT_ALERT, 12, true);
    expect_silence(world); // 11 was marked
    wait_ms(world, MARK_IDLE_MS);
    world_crash(world);
    expect_silence(world);
    go_online(world);
    assert_int_equal(last_sync(world, RESIDENTS)->sync->cursor->seq, 6);
}

static void a_crash_before_a_cancel_was_handed_on_repeats_the_cancel(void **state)
{
    struct world *world = *state;
    settle_down(world);
    world->dies_before_events = true;
    broker_tells(world, 11, 2, REQUEST_CLOSED);
    world_crash(world);
    expect_heard(world, BB_EVENT_CANCEL, 11, true);
    wait_ms(world, MARK_IDLE_MS);
    world_crash(world);
    expect_silence(world);
}

static void mailbox_items_come_once_and_newer_ones_again(void **state)
{
    struct world *world = *state;
    settle_down(world);
    broker_pushes(world, an_offer(world, 900, 1));
    broker_pushes(world, an_offer(world, 900, 2));
    expect_heard(world, BB_EVENT_ITEM, 900, false);
    expect_heard(world, BB_EVENT_ITEM, 900, false);
    broker_pushes(world, an_offer(world, 900, 1));
    expect_silence(world);
    session_offline(world->session, world->now, BB_AWAY);
    go_online(world);
    Wire__MailboxItem *items[] = {an_offer(world, 900, 2), an_offer(world, 901, 1)};
    broker_snapshot_mailbox(world, items, 2);
    expect_heard(world, BB_EVENT_AWAY, 0, false);
    expect_heard(world, BB_EVENT_CONNECTED, 0, false);
    expect_heard(world, BB_EVENT_ITEM, 901, false);
    expect_silence(world);
}

static void a_revoked_member_loses_all_from_the_screen_and_stops(void **state)
{
    struct world *world = *state;
    settle_down(world);
    session_offline(world->session, world->now, BB_AWAY);
    session_online(world->session, world->now);
    world_drain(world);
    broker_replies(world, last_sent(world, WIRE__FROM_CLIENT__BODY_HELLO), BB_MEMBER_REVOKED);
    expect_heard(world, BB_EVENT_AWAY, 0, false);
    expect_heard(world, BB_EVENT_CANCEL, 11, false);
    struct heard refused = next_heard(world);
    assert_int_equal(refused.kind, BB_EVENT_REFUSED);
    assert_int_equal(refused.code, BB_MEMBER_REVOKED);
    assert_int_equal(session_broken(world->session), BB_MEMBER_REVOKED);
    size_t sent = world->sent_count;
    session_online(world->session, world->now);
    wait_ms(world, 60000);
    assert_int_equal(world->sent_count, sent);
}

static void a_ping_that_is_answered_with_revoked_leads_to_the_end_at_once(void **state)
{
    struct world *world = *state;
    settle_down(world);
    wait_ms(world, PING_MS);
    broker_replies(world, last_sent(world, WIRE__FROM_CLIENT__BODY_PING), BB_MEMBER_REVOKED);
    wait_ms(world, 1);
    broker_replies(world, last_sent(world, WIRE__FROM_CLIENT__BODY_HELLO), BB_MEMBER_REVOKED);
    assert_int_equal(session_broken(world->session), BB_MEMBER_REVOKED);
}

static void a_broker_that_says_nothing_for_thirty_seconds_is_left(void **state)
{
    struct world *world = *state;
    settle_down(world);
    wait_ms(world, PING_MS);
    broker_pongs(world);
    wait_ms(world, PONG_MISSING_MS - 1);
    assert_int_equal(world->reconnects, 0);
    wait_ms(world, 1);
    assert_int_equal(world->reconnects, 1);
    expect_heard(world, BB_EVENT_AWAY, 0, false);
    assert_false(session_connected(world->session));
}

static void cursors_are_reported_within_a_second_of_a_notice(void **state)
{
    struct world *world = *state;
    settle_down(world);
    wait_ms(world, PING_AFTER_NOTICE_MS);
    broker_pongs(world);
    size_t pings = sent_of(world, WIRE__FROM_CLIENT__BODY_PING);
    broker_tells(world, 12, 1, REQUEST_OPEN);
    broker_tells(world, 13, 1, REQUEST_OPEN);
    wait_ms(world, PING_AFTER_NOTICE_MS);
    assert_int_equal(sent_of(world, WIRE__FROM_CLIENT__BODY_PING), pings + 1);
    const Wire__Ping *ping = last_sent(world, WIRE__FROM_CLIENT__BODY_PING)->ping;
    assert_int_equal(ping->n_cursors, 2);
    assert_int_equal(ping->cursors[0]->seq + ping->cursors[1]->seq, 7);
    wait_ms(world, PING_MS);
    assert_int_equal(sent_of(world, WIRE__FROM_CLIENT__BODY_PING), pings + 2);
}

static void notices_that_make_no_sense_are_dropped_and_fetched(void **state)
{
    struct world *world = *state;
    settle_down(world);
    world->head = 6;
    Wire__Notice *notice = notice_of(world, 6, a_request(world, 12, 1, REQUEST_OPEN));
    notice->hash_bytes.len = 7;
    broker_publishes(world, &notice, 1);
    expect_silence(world);
    assert_int_equal(session_dropped(world->session), 1);
    world->key = 'x'; // sealed under another key than its id says
    broker_tells(world, 12, 1, REQUEST_OPEN);
    expect_silence(world);
    assert_int_equal(session_dropped(world->session), 2);
    wait_ms(world, GAP_JITTER_MS);
    assert_int_equal(last_sync(world, RESIDENTS)->sync->cursor->seq, 5);
}

static void garbage_changes_nothing(void **state)
{
    struct world *world = *state;
    settle_down(world);
    size_t sent = world->sent_count;
    uint8_t garbage[300];
    for (int round = 0; round < 5000; round++) {
        size_t size = (size_t)round % sizeof garbage;
        world_random(world, garbage, size);
        if (size > 0 && round % 2)
            garbage[0] = PROTOCOL_VERSION;
        session_receive_command_socket(world->session, world->now, garbage, size);
        session_receive_publish_socket(world->session, world->now, garbage, size);
        world_drain(world);
    }
    assert_true(session_dropped(world->session) > 4000);
    assert_int_equal(world->sent_count, sent);
    expect_silence(world);
    broker_tells(world, 12, 1, REQUEST_OPEN);
    expect_heard(world, BB_EVENT_ALERT, 12, false);
}

static void a_sync_that_never_gets_on_is_not_asked_in_a_loop(void **state)
{
    struct world *world = *state;
    settle_down(world);
    world->head = 9;
    broker_beacon(world);
    wait_ms(world, GAP_JITTER_MS);
    size_t syncs = syncs_of(world, RESIDENTS);
    for (int i = 0; i < 20; i++) {
        broker_replays(world, RESIDENTS, NULL, 0);
        broker_pongs(world);
        wait_ms(world, 100);
    }
    assert_in_range(syncs_of(world, RESIDENTS), syncs, syncs + 2);
}

static void saved_rows_that_are_damaged_are_left_out(void **state)
{
    struct world *world = *state;
    settle_down(world);
    wait_ms(world, MARK_IDLE_MS);
    for (size_t i = 0; i < world->rows_count; i++)
        memset(world->rows[i].value, 0xFF, world->rows[i].value_size);
    world_crash(world);
    assert_int_equal(world->rows_count, 0);
    go_online(world);
    assert_int_equal(last_sync(world, RESIDENTS)->sync->cursor->seq, 0);
}

// wait_ms expects each deadline to lie ahead once the session was woken.
static void a_broker_that_lets_in_and_says_nothing_does_not_keep_the_client_awake(void **state)
{
    struct world *world = *state;
    session_online(world->session, world->now);
    world_drain(world);
    wait_ms(world, 2 * AWAY_AFTER_MS);
    assert_int_equal(world->reconnects, 0);
    wait_ms(world, PONG_MISSING_MS);
    assert_int_equal(world->reconnects, 1);
}

static void pong_at(struct world *world, int64_t now_at_ms)
{
    Wire__Pong pong = WIRE__PONG__INIT;
    pong.boot_bytes = filled(world, world->boot, BOOT_ID_SIZE);
    pong.epoch = world->epoch;
    pong.now_at_ms = now_at_ms;
    Wire__FromBroker message = WIRE__FROM_BROKER__INIT;
    message.body_case = WIRE__FROM_BROKER__BODY_PONG;
    message.pong = &pong;
    broker_says(world, &message);
}

static void a_time_that_no_clock_shows_does_not_set_the_clock(void **state)
{
    struct world *world = *state;
    settle_down(world);
    int64_t now_ms = session_now_ms(world->session, world->now.wall_ms);
    uint64_t dropped = session_dropped(world->session);
    pong_at(world, INT64_MIN);
    pong_at(world, INT64_MAX);
    pong_at(world, TIME_MS_MAX + 1);
    assert_int_equal(session_dropped(world->session), dropped + 3);
    assert_int_equal(session_now_ms(world->session, world->now.wall_ms), now_ms);
    pong_at(world, TIME_MS_MAX);
    assert_int_equal(session_now_ms(world->session, world->now.wall_ms), TIME_MS_MAX);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        STORY(a_newcomer_gets_a_snapshot_then_a_replay_then_what_is_live),
        STORY(a_request_is_alerted_updated_alerted_again_and_cancelled),
        STORY(one_request_more_than_it_can_hold_breaks_the_session),
        STORY(complete_is_told_with_the_number_that_was_reached),
        STORY(a_broker_that_lets_in_and_says_nothing_does_not_keep_the_client_awake),
        STORY(a_time_that_no_clock_shows_does_not_set_the_clock),
        STORY(a_dropped_publication_is_repaired_after_the_beacon),
        STORY(a_pong_with_a_higher_head_shows_a_gap_in_the_mailbox),
        STORY(a_publication_on_its_way_closes_the_gap_before_anything_is_asked),
        STORY(a_jump_in_the_numbers_is_fetched_and_nothing_comes_twice),
        STORY(what_is_published_during_a_catch_up_is_left_to_the_catch_up),
        STORY(before_the_first_page_nothing_live_is_taken_for_the_beginning),
        STORY(an_unanswered_sync_is_asked_again_and_a_busy_broker_is_given_time),
        STORY(a_snapshot_cancels_what_it_lacks_and_keeps_quiet_about_what_is_known),
        STORY(a_crash_within_a_snapshot_begins_it_anew),
        STORY(a_restored_broker_is_believed_although_its_revisions_are_lower),
        STORY(a_new_boot_makes_it_say_hello_after_a_jitter),
        STORY(an_unknown_key_id_makes_it_fetch_the_key_and_what_it_could_not_read),
        STORY(suspension_cancels_all_and_reinstating_shows_what_is_open),
        STORY(suspension_while_away_cancels_at_the_next_welcome),
        STORY(a_pause_is_silent_and_resuming_shows_only_what_is_still_open),
        STORY(resuming_while_away_shows_nothing_that_closed_meanwhile),
        STORY(a_crash_between_saving_and_handing_on_repeats_it_marked_again),
        STORY(a_crash_before_a_cancel_was_handed_on_repeats_the_cancel),
        STORY(mailbox_items_come_once_and_newer_ones_again),
        STORY(a_revoked_member_loses_all_from_the_screen_and_stops),
        STORY(a_ping_that_is_answered_with_revoked_leads_to_the_end_at_once),
        STORY(a_broker_that_says_nothing_for_thirty_seconds_is_left),
        STORY(cursors_are_reported_within_a_second_of_a_notice),
        STORY(notices_that_make_no_sense_are_dropped_and_fetched),
        STORY(garbage_changes_nothing),
        STORY(a_sync_that_never_gets_on_is_not_asked_in_a_loop),
        STORY(saved_rows_that_are_damaged_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
