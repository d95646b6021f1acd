// SPDX-License-Identifier: MPL-2.0
// A client's own crash, at each point of a story: before each row that it saves, each frame, each event. After each cut a
// new run begins with what was saved, and goes on. No notice is lost, only what is newer than the saved cursor comes
// again, under the same id and marked so, and a command acts once.
//
// The broker of this story answers by itself, from a history that it keeps. The store is tried in two ways: each row
// durable alone, and a run of rows at once, as client.c commits them.
#include "session_broker.h"

enum { NOTICES_MAX = 40, OFFERS_MAX = 8, COMMANDS_MAX = 8, HEAD_AT_BACKUP = 8, ENTRY_AT_BACKUP = 1, LATER_CUTS = 12 };

struct act { // a command, at the broker
    uint8_t id[COMMAND_ID_SIZE];
    uint64_t entry;
};

struct story {
    struct world *world;
    struct {
        uint64_t id;
        uint32_t revision;
        enum bb_request_state state;
    } notices[NOTICES_MAX + 1]; // by number; of the world's head
    uint64_t offers[OFFERS_MAX + 1];
    uint64_t replay_from; // cursors below are too old, or of another history
    size_t answered;      // of what was sent
    struct act acts[COMMANDS_MAX];
    size_t acts_count, kept_count, given;        // given: by the person, who gives once more what was not kept
    uint8_t kept[COMMANDS_MAX][COMMAND_ID_SIZE]; // ids that the client had saved
    uint64_t entry;
    size_t life_began, repeats_from; // numbers of events: of this life; only what was heard since may come again
    size_t second_cut;               // after the first one, so many actions later; 0: none
};

static int ticket; // only its address counts

// ---- the broker

static bool is_open(const struct story *story, uint64_t seq)
{
    uint32_t state = story->notices[seq].state;
    for (uint64_t later = seq + 1; later <= story->world->head; later++) {
        if (story->notices[later].id == story->notices[seq].id)
            return false; // told anew
    }
    return state == REQUEST_OPEN || state == REQUEST_FILLED;
}

static Wire__PublicRequest *request_at(const struct story *story, uint64_t seq)
{
    return a_request(story->world, story->notices[seq].id, story->notices[seq].revision, story->notices[seq].state);
}

// One request a page, so that a cut falls between pages too.
static void answer_with_snapshot(struct story *story, uint64_t from)
{
    struct world *world = story->world;
    uint64_t found[2] = {0, 0};
    size_t count = 0;
    for (uint64_t seq = from + 1; seq <= world->head && count < 2; seq++) {
        if (is_open(story, seq))
            found[count++] = seq;
    }
    Wire__PublicRequest *request = count > 0 ? request_at(story, found[0]) : NULL;
    broker_snapshot_page(world, &request, count > 0, world->head, count > 1 ? found[0] : 0);
}

static void answer_with_replay(struct story *story, uint64_t after)
{
    struct world *world = story->world;
    Wire__Notice *notices[NOTICES_MAX];
    size_t count = 0;
    for (uint64_t seq = after + 1; seq <= world->head; seq++)
        notices[count++] = notice_of(world, seq, request_at(story, seq));
    broker_replays(world, RESIDENTS, notices, count);
}

static void answer_mailbox(struct story *story, const Wire__Cursor *cursor)
{
    struct world *world = story->world;
    Wire__MailboxItem *items[OFFERS_MAX];
    Wire__Notice *notices[OFFERS_MAX];
    size_t count = 0;
    bool snapshot = cursor->seq == 0 || cursor->epoch != world->epoch;
    for (uint64_t seq = snapshot ? 1 : cursor->seq + 1; seq <= world->mailbox_head; seq++) {
        items[count] = an_offer(world, story->offers[seq], 1);
        notices[count] = item_notice(world, seq, items[count]);
        count++;
    }
    if (snapshot)
        broker_snapshot_mailbox(world, items, count);
    else
        broker_replays(world, MAILBOX, notices, count);
}

static void answer_sync(struct story *story, const Wire__Sync *sync)
{
    const Wire__Cursor *cursor = sync->cursor;
    if (cursor->channel == MAILBOX)
        answer_mailbox(story, cursor);
    else if (cursor->seq == 0 || cursor->epoch != story->world->epoch || cursor->seq < story->replay_from)
        answer_with_snapshot(story, sync->page_token);
    else
        answer_with_replay(story, cursor->seq);
}

// A repeat gets the same answer and does nothing (DOMAIN: rule 6).
static void act(struct story *story, const Wire__FromClient *message)
{
    const uint8_t *id = message->command->id_bytes.data;
    size_t i = 0;
    while (i < story->acts_count && memcmp(story->acts[i].id, id, COMMAND_ID_SIZE) != 0)
        i++;
    assert_true(i < COMMANDS_MAX);
    struct act *at = &story->acts[i];
    if (i == story->acts_count) {
        story->acts_count++;
        memcpy(at->id, id, COMMAND_ID_SIZE);
        at->entry = ++story->entry;
    }
    story->world->entry = at->entry;
    story->world->made = 5000 + at->entry;
    broker_replies(story->world, message, BB_OK);
}

static void serve(struct story *story)
{
    struct world *world = story->world;
    while (!world->dead && story->answered < world->sent_count) {
        const Wire__FromClient *message = world->sent[story->answered++];
        if (message->body_case == WIRE__FROM_CLIENT__BODY_HELLO)
            broker_welcomes(world);
        else if (message->body_case == WIRE__FROM_CLIENT__BODY_SYNC)
            answer_sync(story, message->sync);
        else if (message->body_case == WIRE__FROM_CLIENT__BODY_COMMAND)
            act(story, message);
    }
}

// The request's new revision, which the broker publishes; `reaches`: nothing gets lost on the way.
static Wire__Notice *tell(struct story *story, uint64_t id, uint32_t revision, enum bb_request_state state)
{
    uint64_t seq = ++story->world->head;
    assert_true(seq <= NOTICES_MAX);
    story->notices[seq].id = id;
    story->notices[seq].revision = revision;
    story->notices[seq].state = state;
    return notice_of(story->world, seq, request_at(story, seq));
}

// ---- the client, and what must hold

static void note_kept(struct story *story)
{
    struct session_row *rows;
    size_t count = world_rows(story->world, ROW_COMMAND, &rows);
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < story->kept_count && memcmp(story->kept[k], rows[i].key + 1, COMMAND_ID_SIZE) != 0)
            k++;
        assert_true(k < COMMANDS_MAX);
        if (k == story->kept_count)
            memcpy(story->kept[story->kept_count++], rows[i].key + 1, COMMAND_ID_SIZE);
    }
}

static void connect(struct story *story)
{
    session_online(story->world->session, story->world->now);
    world_drain(story->world);
    serve(story);
}

static bool same_news(const struct heard *a, const struct heard *b)
{
    return a->id == b->id && a->revision == b->revision && a->epoch == b->epoch &&
           (a->kind == BB_EVENT_ITEM) == (b->kind == BB_EVENT_ITEM) &&
           (a->kind == BB_EVENT_LOST) == (b->kind == BB_EVENT_LOST);
}

static bool is_news(const struct heard *heard)
{
    return heard->kind == BB_EVENT_ALERT || heard->kind == BB_EVENT_UPDATE || heard->kind == BB_EVENT_CANCEL ||
           heard->kind == BB_EVENT_ITEM || heard->kind == BB_EVENT_LOST;
}

// What came before and comes again is marked, and was newer than the cursor that the run before had saved. A cancel of
// the client's own making bears the revision of what it takes away, so it counts as what it is.
static void check_repeats(const struct story *story)
{
    const struct world *world = story->world;
    for (size_t i = story->life_began; i < world->heard_count; i++) {
        const struct heard *heard = &world->heard[i];
        for (size_t before = 0; is_news(heard) && before < story->life_began; before++) {
            const struct heard *first = &world->heard[before];
            if (!is_news(first) || !same_news(first, heard) ||
                (first->kind == BB_EVENT_CANCEL) != (heard->kind == BB_EVENT_CANCEL))
                continue;
            if (!heard->again)
                fail_msg("request %d came a second time and is not marked", (int)heard->id);
            if (before < story->repeats_from && first->kind != BB_EVENT_LOST)
                fail_msg("request %d came again although a later cursor was saved", (int)heard->id);
        }
    }
}

static void restart(struct story *story)
{
    struct world *world = story->world;
    check_repeats(story);
    note_kept(story);
    story->life_began = world->heard_count;
    story->repeats_from = world->heard_before_cursor;
    world->dies_at = story->second_cut ? world->actions + story->second_cut : 0;
    story->second_cut = 0;
    story->answered = world->sent_count;
    world_crash(world);
    connect(story);
}

static void go_on(struct story *story)
{
    while (story->world->dead)
        restart(story);
    serve(story);
    while (story->world->dead)
        restart(story);
    wait_ms(story->world, 0); // what is due now
    serve(story);
    while (story->world->dead)
        restart(story);
}

static const struct heard *last_of(const struct story *story, uint64_t id)
{
    const struct heard *last = NULL;
    for (size_t i = 0; i < story->world->heard_count; i++) {
        const struct heard *heard = &story->world->heard[i];
        if (is_news(heard) && heard->kind != BB_EVENT_ITEM && heard->kind != BB_EVENT_LOST && heard->id == id)
            last = heard;
    }
    return last;
}

// The screen shows what is open at the broker, and nothing else: no alert was lost, no cancel either.
static void check_screen(const struct story *story)
{
    bool shown[100] = {false};
    const struct world *world = story->world;
    for (uint64_t seq = 1; seq <= world->head; seq++) {
        if (!is_open(story, seq))
            continue;
        const struct heard *last = last_of(story, story->notices[seq].id);
        if (!last || last->kind == BB_EVENT_CANCEL || last->revision != story->notices[seq].revision)
            fail_msg("request %d was lost", (int)story->notices[seq].id);
        shown[story->notices[seq].id] = true;
    }
    for (uint64_t id = 0; id < 100; id++) {
        const struct heard *last = last_of(story, id);
        if (last && last->kind != BB_EVENT_CANCEL && !shown[id])
            fail_msg("request %d stands on the screen and is not open", (int)id);
    }
}

static void check_items(const struct story *story)
{
    for (uint64_t seq = 1; seq <= story->world->mailbox_head; seq++) {
        size_t i = 0;
        while (i < story->world->heard_count &&
               (story->world->heard[i].kind != BB_EVENT_ITEM || story->world->heard[i].id != story->offers[seq]))
            i++;
        if (i == story->world->heard_count)
            fail_msg("offer %d was lost", (int)story->offers[seq]);
    }
}

static void check(struct story *story)
{
    go_on(story);
    assert_true(session_complete(story->world->session));
    check_repeats(story);
    check_screen(story);
    check_items(story);
}

static void publish(struct story *story, Wire__Notice **notices, size_t count)
{
    if (!story->world->dead)
        broker_publishes(story->world, notices, count);
    check(story);
}

// ---- the story

static void a_person_gives_a_command(struct story *story)
{
    struct world *world = story->world;
    Wire__Resume resume = WIRE__RESUME__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_RESUME;
    command.resume = &resume;
    size_t kept = story->kept_count;
    story->given++;
    for (;;) {
        assert_int_equal(session_send_command(world->session, world->now, &command, &ticket), BB_OK);
        world_drain(world);
        note_kept(story);
        if (story->kept_count > kept)
            break;
        assert_true(world->dead);
        restart(story);
    }
    go_on(story);
}

static void mailbox_brings(struct story *story, uint64_t offer)
{
    story->offers[story->world->mailbox_head + 1] = offer;
    if (story->world->dead)
        story->world->mailbox_head++;
    else
        broker_pushes(story->world, an_offer(story->world, offer, 1));
    check(story);
}

static void goes_away(struct story *story)
{
    go_on(story);
    session_offline(story->world->session, story->world->now, BB_AWAY);
    world_drain(story->world);
}

static void comes_back(struct story *story)
{
    if (!story->world->dead)
        connect(story);
    check(story);
}

static void is_idle(struct story *story)
{
    wait_ms(story->world, MARK_IDLE_MS);
    check(story);
}

// A backup is put back that knows only the first notices and the first command.
static void is_restored(struct story *story)
{
    struct world *world = story->world;
    broker_restores(world, ENTRY_AT_BACKUP);
    world->head = HEAD_AT_BACKUP;
    world->mailbox_head = 1;
    story->acts_count = story->kept_count = story->given = 1;
    story->entry = ENTRY_AT_BACKUP;
    story->replay_from = 0;
}

static void expect_loss_told(const struct story *story, size_t count)
{
    size_t told = 0;
    for (size_t i = 0; i < story->world->heard_count; i++)
        told += story->world->heard[i].kind == BB_EVENT_LOST && !story->world->heard[i].again;
    size_t at_all = 0;
    for (size_t i = 0; i < story->world->heard_count; i++)
        at_all += story->world->heard[i].kind == BB_EVENT_LOST;
    assert_true(told <= count && at_all >= count);
}

static void tell_first_part(struct story *story)
{
    (void)tell(story, 11, 1, REQUEST_OPEN);
    (void)tell(story, 12, 1, REQUEST_OPEN);
    story->offers[story->world->mailbox_head = 1] = 90;
    connect(story);
    check(story);
    Wire__Notice *news[3] = {tell(story, 13, 1, REQUEST_OPEN)};
    publish(story, news, 1);
    news[0] = tell(story, 12, 2, REQUEST_FILLED);
    publish(story, news, 1);
    a_person_gives_a_command(story);
    news[0] = tell(story, 14, 1, REQUEST_OPEN);
    news[1] = tell(story, 11, 2, REQUEST_CLOSED);
    news[2] = tell(story, 13, 2, REQUEST_OPEN);
    publish(story, news, 3);
    is_idle(story);
    news[0] = tell(story, 12, 3, REQUEST_OPEN);
    publish(story, news, 1); // 8, of which the backup is made
}

static void tell_second_part(struct story *story)
{
    mailbox_brings(story, 91);
    goes_away(story);
    a_person_gives_a_command(story);
    comes_back(story);
    assert_int_equal(story->acts_count, story->given);
    (void)tell(story, 15, 1, REQUEST_OPEN); // lost on the way; the beacon shows it
    if (!story->world->dead)
        broker_beacon(story->world);
    wait_ms(story->world, GAP_JITTER_MS);
    check(story);
    goes_away(story);
    (void)tell(story, 14, 2, REQUEST_CLOSED);
    (void)tell(story, 16, 1, REQUEST_OPEN);
    story->replay_from = story->world->head; // away for so long that a snapshot is the answer
    comes_back(story);
    goes_away(story);
    is_restored(story);
    comes_back(story);
    expect_loss_told(story, 1);
    is_idle(story);
}

// Whatever happened, a run that begins now has nothing left to repeat.
static void check_end(struct story *story)
{
    struct world *world = story->world;
    is_idle(story);
    world->dies_at = 0;
    size_t heard = world->heard_count;
    restart(story);
    check(story);
    for (size_t i = heard; i < world->heard_count; i++)
        assert_false(is_news(&world->heard[i]));
    assert_int_equal(rows_of(world, ROW_COMMAND), 0);
    assert_int_equal(rows_of(world, ROW_ACCEPTED), 2);
    assert_int_equal(story->acts_count, story->given);
}

// Where nothing was cut, nothing says that it may have come before.
static void check_nothing_is_marked(const struct story *story)
{
    for (size_t i = 0; i < story->world->heard_count; i++)
        assert_false(story->world->heard[i].again);
}

// Gives the number of actions that the story took.
static size_t tell_story(size_t cut, size_t second_cut, bool commits_each)
{
    void *state;
    world_setup(&state);
    struct world *world = state;
    struct story story = {.world = world, .second_cut = second_cut};
    world->commits_each = commits_each;
    world->dies_at = cut;
    tell_first_part(&story);
    assert_int_equal(story.acts_count, story.given);
    tell_second_part(&story);
    size_t actions = world->actions;
    if (cut == 0)
        check_nothing_is_marked(&story);
    check_end(&story);
    world_teardown(&state);
    return actions;
}

static void cut_everywhere(bool commits_each)
{
    size_t actions = tell_story(0, 0, commits_each);
    assert_true(actions > 100);
    for (size_t cut = 1; cut <= actions; cut++) {
        for (size_t later = 0; later <= LATER_CUTS; later++)
            tell_story(cut, later, commits_each);
    }
    print_message("cut at each of %zu actions, and %zu times more\n", actions, actions * LATER_CUTS);
}

static void after_a_crash_at_any_action_nothing_is_lost_and_what_repeats_says_so(void **state)
{
    (void)state;
    cut_everywhere(false);
}

static void it_holds_too_where_each_row_is_durable_alone(void **state)
{
    (void)state;
    cut_everywhere(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_crash_at_any_action_nothing_is_lost_and_what_repeats_says_so),
        cmocka_unit_test(it_holds_too_where_each_row_is_durable_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
