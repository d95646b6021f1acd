// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/core/sync.c: catching up, by replay or by snapshot, and who may.
#include "town.h"

#include "bounds.h"

enum { REPLAY_NOTICES_MAX = 2000 }; // as in sync.c

static uint64_t residents(void)
{
    return channel_of_class(1, CLASS_RESIDENT);
}

// Packed live notices of the residents' channel, in order, as they went out.
struct seen {
    uint8_t *bytes[1000];
    size_t sizes[1000];
    size_t count;
};

static void see(struct town *it, struct seen *seen)
{
    const Wire__Batch *batch = town_class(it, CLASS_RESIDENT);
    for (size_t i = 0; batch != NULL && i < batch->n_notices; i++) {
        size_t size = wire__notice__get_packed_size(batch->notices[i]);
        uint8_t *bytes = malloc(size);
        assert_non_null(bytes);
        wire__notice__pack(batch->notices[i], bytes);
        seen->bytes[seen->count] = bytes;
        seen->sizes[seen->count++] = size;
    }
}

static void forget(struct seen *seen)
{
    for (size_t i = 0; i < seen->count; i++)
        free(seen->bytes[i]);
    free(seen);
}

static Wire__Cursor cursor_at(const Wire__Notice *notice)
{
    static uint8_t hash[CHANNEL_HASH_SIZE]; // outlives the arena that the notice lies in
    memcpy(hash, notice->hash_bytes.data, sizeof hash);
    return (Wire__Cursor){.seq = notice->seq, .hash_bytes = {sizeof hash, hash}};
}

static Wire__SyncPage *sync_of(struct town *it, struct person who, uint64_t channel, Wire__Cursor cursor)
{
    Wire__SyncPage *page;
    assert_int_equal(town_sync(it, who, channel, (Wire__Sync){0}, cursor, &page), BB_OK);
    return page;
}

static void a_replay_tells_what_was_told_live(void **state)
{
    struct town *it = *state;
    struct seen *seen = calloc(1, sizeof *seen);
    assert_non_null(seen);
    town_publish(it, "De eerste");
    Wire__Cursor cursor = cursor_at(last_of(town_class(it, CLASS_RESIDENT)));
    for (int i = 0; i < 250; i++) { // each request once, so that each notice still is what it was
        town_publish(it, "Een volgende vraag, met ë en €");
        see(it, seen);
    }
    size_t got = 0;
    while (got < seen->count) {
        Wire__SyncPage *page = sync_of(it, it->anna, residents(), cursor);
        assert_int_equal(page->mode, WIRE__SYNC_MODE__SYNC_REPLAY);
        assert_int_equal(page->head, 251);
        assert_true(page->n_notices > 0 && page->n_notices <= PAGE_ITEMS_MAX);
        for (size_t i = 0; i < page->n_notices; i++, got++) {
            uint8_t packed[2048];
            assert_int_equal(wire__notice__pack(page->notices[i], packed), seen->sizes[got]);
            assert_memory_equal(packed, seen->bytes[got], seen->sizes[got]);
        }
        assert_int_equal(page->page_token != 0, got < seen->count);
        cursor = cursor_at(page->notices[page->n_notices - 1]);
    }
    Wire__SyncPage *page = sync_of(it, it->anna, residents(), cursor);
    assert_int_equal(page->mode, WIRE__SYNC_MODE__SYNC_REPLAY);
    assert_int_equal(page->n_notices, 0);
    assert_int_equal(page->page_token, 0);
    forget(seen);
}

// What was closed meanwhile comes as closed, without its text: a replay is no way to read what is gone.
static void a_replay_tells_the_present_state(void **state)
{
    struct town *it = *state;
    town_publish(it, "De eerste");
    Wire__Cursor cursor = cursor_at(last_of(town_class(it, CLASS_RESIDENT)));
    uint64_t request = town_publish(it, "Iets persoonlijks");
    assert_accepted(town_close(it, request, CLOSE_NO_LONGER_NEEDED));
    Wire__SyncPage *page = sync_of(it, it->anna, residents(), cursor);
    assert_int_equal(page->n_notices, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(page->notices[i]->public_request->state, REQUEST_CLOSED);
        assert_int_equal(page->notices[i]->public_request->text.len, 0);
    }
}

static void a_newcomer_gets_what_is_open_and_goes_on_from_there(void **state)
{
    struct town *it = *state;
    uint64_t open = town_publish(it, "Open vraag"), filled = town_publish(it, "Geregelde vraag");
    town_match(it, it->bert, filled);
    assert_accepted(town_close(it, town_publish(it, "Gesloten vraag"), CLOSE_DUPLICATE));
    Wire__PublishRequest large = town_request(it, "Grote vraag");
    large.size = WIRE__REQUEST_SIZE__SIZE_LARGE;
    assert_accepted(town_publish_request(it, it->desk, large));
    Wire__AudienceClass excluded[] = {WIRE__AUDIENCE_CLASS__CLASS_RESIDENT};
    Wire__PublishRequest hidden = town_request(it, "Niet voor bewoners");
    hidden.n_excluded_classes = 1;
    hidden.excluded_classes = excluded;
    assert_accepted(town_publish_request(it, it->desk, hidden));

    Wire__SyncPage *page = sync_of(it, it->anna, residents(), (Wire__Cursor){0});
    assert_int_equal(page->mode, WIRE__SYNC_MODE__SYNC_SNAPSHOT);
    assert_int_equal(page->n_requests, 2);
    assert_true(page->requests[0]->request == open && page->requests[1]->request == filled);
    assert_int_equal(page->cursor->seq, page->head);
    assert_int_equal(page->page_token, 0);
    Wire__Cursor cursor = {.seq = page->cursor->seq};
    uint8_t hash[CHANNEL_HASH_SIZE];
    memcpy(hash, page->cursor->hash_bytes.data, sizeof hash);
    cursor.hash_bytes = (ProtobufCBinaryData){sizeof hash, hash};

    uint64_t next = town_publish(it, "De volgende");
    page = sync_of(it, it->anna, residents(), cursor);
    assert_int_equal(page->mode, WIRE__SYNC_MODE__SYNC_REPLAY);
    assert_int_equal(page->n_notices, 1);
    assert_true(page->notices[0]->public_request->request == next);
}

// Pages may span changes: replay goes on from where the first page stood.
static void a_snapshot_in_pages_misses_nothing_that_happens_meanwhile(void **state)
{
    struct town *it = *state;
    enum { REQUESTS = 230 };
    for (int i = 0; i < REQUESTS; i++)
        town_publish(it, "Een vraag");
    Wire__Sync sync = {0};
    Wire__SyncPage *page;
    size_t got = 0;
    uint64_t first_seq = 0, late = 0;
    do {
        assert_int_equal(town_sync(it, it->anna, residents(), sync, (Wire__Cursor){0}, &page), BB_OK);
        assert_int_equal(page->mode, WIRE__SYNC_MODE__SYNC_SNAPSHOT);
        got += page->n_requests;
        if (first_seq == 0)
            first_seq = page->cursor->seq;
        assert_int_equal(page->cursor->seq, first_seq);
        sync = (Wire__Sync){.page_token = page->page_token, .replay_from = first_seq};
        if (late == 0)
            late = town_publish(it, "Intussen");
    } while (sync.page_token != 0);
    assert_int_equal(got, REQUESTS + 1); // the late one was on the last page, and comes again
    uint8_t hash[CHANNEL_HASH_SIZE];
    memcpy(hash, page->cursor->hash_bytes.data, sizeof hash);
    page = sync_of(it, it->anna, residents(), (Wire__Cursor){.seq = first_seq, .hash_bytes = {sizeof hash, hash}});
    assert_int_equal(page->mode, WIRE__SYNC_MODE__SYNC_REPLAY);
    assert_int_equal(page->n_notices, 1);
    assert_true(page->notices[0]->public_request->request == late);
}

static void a_cursor_that_is_of_no_use_leads_to_a_snapshot(void **state)
{
    struct town *it = *state;
    for (int i = 0; i < 3; i++)
        town_publish(it, "Een vraag");
    Wire__Cursor good = cursor_at(last_of(town_class(it, CLASS_RESIDENT))), bad = good;
    assert_int_equal(sync_of(it, it->anna, residents(), good)->mode, WIRE__SYNC_MODE__SYNC_REPLAY);
    bad.epoch = 2; // of before a restore
    assert_int_equal(sync_of(it, it->anna, residents(), bad)->mode, WIRE__SYNC_MODE__SYNC_SNAPSHOT);
    bad = good;
    bad.seq++; // beyond the head
    assert_int_equal(sync_of(it, it->anna, residents(), bad)->mode, WIRE__SYNC_MODE__SYNC_SNAPSHOT);
    bad.seq = UINT64_MAX;
    assert_int_equal(sync_of(it, it->anna, residents(), bad)->mode, WIRE__SYNC_MODE__SYNC_SNAPSHOT);
    bad = good;
    bad.seq--; // another notice's hash
    assert_int_equal(sync_of(it, it->anna, residents(), bad)->mode, WIRE__SYNC_MODE__SYNC_SNAPSHOT);
    bad = good;
    bad.hash_bytes.len--;
    assert_int_equal(sync_of(it, it->anna, residents(), bad)->mode, WIRE__SYNC_MODE__SYNC_SNAPSHOT);
    bad.hash_bytes = (ProtobufCBinaryData){0, NULL};
    assert_int_equal(sync_of(it, it->anna, residents(), bad)->mode, WIRE__SYNC_MODE__SYNC_SNAPSHOT);
}

static void after_too_many_notices_a_snapshot_is_shorter(void **state)
{
    struct town *it = *state;
    Wire__Cursor cursors[2];
    uint8_t hashes[2][CHANNEL_HASH_SIZE];
    for (int i = 0; i < 2; i++) {
        town_publish(it, "Een vraag");
        cursors[i] = cursor_at(last_of(town_class(it, CLASS_RESIDENT)));
        memcpy(hashes[i], cursors[i].hash_bytes.data, CHANNEL_HASH_SIZE);
        cursors[i].hash_bytes.data = hashes[i];
    }
    for (int i = 0; i < REPLAY_NOTICES_MAX / 2; i++)
        assert_accepted(town_close(it, town_publish(it, "Kort"), CLOSE_DUPLICATE));
    assert_int_equal(sync_of(it, it->anna, residents(), cursors[0])->mode, WIRE__SYNC_MODE__SYNC_SNAPSHOT);
    assert_int_equal(sync_of(it, it->anna, residents(), cursors[1])->mode, WIRE__SYNC_MODE__SYNC_REPLAY);

    // A snapshot that took so long begins anew: its cursor is too old to walk back to.
    Wire__SyncPage *page;
    assert_int_equal(town_sync(it, it->anna, residents(), (Wire__Sync){.replay_from = 1}, (Wire__Cursor){0}, &page),
                     BB_OK);
    assert_int_equal(page->cursor->seq, 1);
    assert_int_equal(page->cursor->hash_bytes.len, 0);
}

// ---------------------------------------------------------------- mailboxes

static void a_mailbox_is_replayed_and_shown_as_a_snapshot(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1), mailbox = channel_of_party(it->anna.party_number);
    uint64_t offer = town_offer(it, it->anna, request);
    Wire__Cursor cursor = cursor_at(last_of(town_mailbox(it, it->anna)));
    assert_accepted(town_choose(it, offer));
    Wire__SyncPage *page = sync_of(it, it->anna, mailbox, cursor);
    assert_int_equal(page->mode, WIRE__SYNC_MODE__SYNC_REPLAY);
    assert_int_equal(page->n_notices, 1);
    assert_int_equal(page->notices[0]->item->offer->state, OFFER_CONFIRMED);

    page = sync_of(it, it->anna, mailbox, (Wire__Cursor){0});
    assert_int_equal(page->mode, WIRE__SYNC_MODE__SYNC_SNAPSHOT);
    assert_true(page->n_items > 0 && page->n_requests == 0);
    for (size_t i = 0; i < page->n_items; i++)
        assert_int_equal(page->items[i]->offer->state, OFFER_CONFIRMED); // the newest state of each thing
}

static void a_long_mailbox_comes_in_pages(void **state)
{
    struct town *it = *state;
    enum { OFFERS = 150 };
    for (int i = 0; i < OFFERS; i++)
        town_offer(it, it->anna, town_publish_for(it, 1));
    Wire__Sync sync = {0};
    Wire__SyncPage *page;
    size_t got = 0;
    do {
        uint64_t mailbox = channel_of_party(it->anna.party_number);
        assert_int_equal(town_sync(it, it->anna, mailbox, sync, (Wire__Cursor){0}, &page), BB_OK);
        got += page->n_items;
        sync = (Wire__Sync){.page_token = page->page_token, .replay_from = page->cursor->seq};
    } while (sync.page_token != 0);
    assert_int_equal(got, OFFERS);
}

static void the_desks_snapshot_holds_no_answer_that_it_must_not_see(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, 1);
    town_offer(it, it->anna, request);
    assert_accepted(town_give_answer(
        it, it->anna,
        (Wire__GiveAnswer){.request = request, .kind = WIRE__ANSWER_KIND__ANSWER_NOT_ALLOWED, .text = text("Norm")}));
    uint64_t mailbox = channel_of_party(it->desk.party_number);
    Wire__SyncPage *page = sync_of(it, it->desk, mailbox, (Wire__Cursor){0});
    for (size_t i = 0; i < page->n_items; i++) {
        if (page->items[i]->what_case != WIRE__MAILBOX_ITEM__WHAT_OFFER)
            continue;
        assert_int_equal(page->items[i]->offer->state, OFFER_WITHDRAWN); // what it was told of has ended, no more
        assert_int_equal(page->items[i]->offer->text.len, 0);
    }
}

// ---------------------------------------------------------------- rights

static void a_channel_is_read_by_those_it_is_for(void **state)
{
    struct town *it = *state;
    town_publish(it, "Een vraag");
    struct person reporter = town_join(it, it->operator, town_invitation(it, ROLE_REPORTER, 0), "Gemeente");
    struct person others[] = {it->school, it->desk, it->coordinator, it->operator, reporter };
    Wire__SyncPage *page;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_equal(town_sync(it, others[i], residents(), (Wire__Sync){0}, (Wire__Cursor){0}, &page),
                         BB_NOT_ALLOWED);
        assert_int_equal(town_sync(it, others[i], channel_of_party(it->anna.party_number), (Wire__Sync){0},
                                   (Wire__Cursor){0}, &page),
                         BB_NOT_ALLOWED);
    }
    assert_int_equal(
        town_sync(it, it->anna, channel_of_class(2, CLASS_RESIDENT), (Wire__Sync){0}, (Wire__Cursor){0}, &page),
        BB_NOT_ALLOWED); // another community's
    struct person invitee = {.invitee = true, .number = 1};
    assert_int_equal(town_sync(it, invitee, residents(), (Wire__Sync){0}, (Wire__Cursor){0}, &page), BB_NOT_ALLOWED);
}

// Scenario 12.
static void a_suspended_giver_reads_its_mailbox_and_not_its_class(void **state)
{
    struct town *it = *state;
    Wire__SuspendParty suspend = {.party = it->anna.party, .reason = text("Klacht")};
    assert_accepted(town_suspend_party(it, it->coordinator, suspend));
    town_publish(it, "Een vraag");
    Wire__SyncPage *page;
    assert_int_equal(town_sync(it, it->anna, residents(), (Wire__Sync){0}, (Wire__Cursor){0}, &page),
                     BB_PARTY_SUSPENDED);
    page = sync_of(it, it->anna, channel_of_party(it->anna.party_number), (Wire__Cursor){0});
    assert_int_equal(page->items[0]->party->state, PARTY_SUSPENDED);

    Wire__MakeInvitation poster = town_invitation(it, ROLE_GIVER, CLASS_RESIDENT);
    poster.standing = true;
    struct person waiting = town_join(it, it->coordinator, poster, "Cor");
    assert_int_equal(town_sync(it, waiting, residents(), (Wire__Sync){0}, (Wire__Cursor){0}, &page), BB_PARTY_WAITING);
}

static void tokens_that_nobody_gave_out_read_nothing_of_others_and_break_nothing(void **state)
{
    struct town *it = *state;
    for (int i = 0; i < 20; i++)
        town_match(it, i % 2 ? it->anna : it->school, town_publish_for(it, 1));
    uint64_t mailbox = channel_of_party(it->anna.party_number);
    const uint64_t tokens[] = {1, 2, 3, 10, 50, 100, 1000, UINT32_MAX, UINT64_MAX - 1, UINT64_MAX};
    for (size_t i = 0; i < 200; i++) {
        uint64_t token = i < sizeof tokens / sizeof *tokens ? tokens[i] : i;
        for (size_t j = 0; j < sizeof tokens / sizeof *tokens; j++) {
            Wire__Sync sync = {.page_token = token, .replay_from = tokens[j]};
            Wire__SyncPage *page;
            enum bb_code code = town_sync(it, it->anna, mailbox, sync, (Wire__Cursor){0}, &page);
            assert_true(code == BB_OK || code == BB_BAD_VALUE);
            for (size_t k = 0; code == BB_OK && k < page->n_items; k++)
                assert_true(page->items[k]->offer == NULL || page->items[k]->offer->party == it->anna.party);
            code = town_sync(it, it->anna, residents(), sync, (Wire__Cursor){0}, &page);
            assert_true(code == BB_OK || code == BB_BAD_VALUE);
        }
    }
}

static void a_cursor_is_needed(void **state)
{
    struct town *it = *state;
    struct core core = town_read(it);
    struct actor actor;
    assert_int_equal(actor_find(&core, false, it->anna.number, &actor), BB_OK);
    Wire__Sync sync = WIRE__SYNC__INIT;
    Wire__SyncPage *page;
    assert_int_equal(sync_answer(&core, &actor, &sync, 1, &page), BB_UNKNOWN_ID);
    Wire__Cursor cursor = WIRE__CURSOR__INIT;
    sync.cursor = &cursor;
    assert_int_equal(sync_answer(&core, &actor, &sync, 1, &page), BB_UNKNOWN_ID);
    cursor.channel = it->anna.party; // an id of another kind
    assert_int_equal(sync_answer(&core, &actor, &sync, 1, &page), BB_UNKNOWN_ID);
    town_read_end(&core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_replay_tells_what_was_told_live),
        IN_TOWN(a_replay_tells_the_present_state),
        IN_TOWN(a_newcomer_gets_what_is_open_and_goes_on_from_there),
        IN_TOWN(a_snapshot_in_pages_misses_nothing_that_happens_meanwhile),
        IN_TOWN(a_cursor_that_is_of_no_use_leads_to_a_snapshot),
        IN_TOWN(after_too_many_notices_a_snapshot_is_shorter),
        IN_TOWN(a_mailbox_is_replayed_and_shown_as_a_snapshot),
        IN_TOWN(a_long_mailbox_comes_in_pages),
        IN_TOWN(the_desks_snapshot_holds_no_answer_that_it_must_not_see),
        IN_TOWN(a_channel_is_read_by_those_it_is_for),
        IN_TOWN(a_suspended_giver_reads_its_mailbox_and_not_its_class),
        IN_TOWN(tokens_that_nobody_gave_out_read_nothing_of_others_and_break_nothing),
        IN_TOWN(a_cursor_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
