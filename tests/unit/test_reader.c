// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/reader.c: its thread answers from the store of a small town, and its queue has an end.
#include "town.h"

#include "message/frame.h"
#include "reader.h"
#include "setup/process.h"

enum { EPOCH = 1, STARTED_AT_MS = 1234567, PATIENCE_MS = 20000 };

struct fixture {
    struct town *town;
    struct metrics metrics;
    struct reader *reader;
    struct arena *arena; // questions and answers of one test
    struct routing_id route;
};

static int setup(void **state)
{
    struct fixture *it = calloc(1, sizeof *it);
    assert_non_null(it);
    town_setup((void **)&it->town);
    it->arena = arena_create(16 * 1024 * 1024);
    assert_non_null(it->arena);
    it->route = (struct routing_id){.bytes = {0, 'p', 0, 0xff, 7}, .size = 5};
    const struct answerer answerer = {.clock = system_clock,
                                      .store = it->town->scratch->store,
                                      .keyring = it->town->keyring,
                                      .metrics = &it->metrics,
                                      .ids_key = turn_ids_key(it->town->turn),
                                      .epoch = EPOCH,
                                      .started_at_ms = STARTED_AT_MS};
    assert_int_equal(reader_create(&answerer, &it->reader), BB_OK);
    *state = it;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *it = *state;
    reader_destroy(&it->reader);
    reader_destroy(&it->reader); // with NULL: nothing
    arena_destroy(&it->arena);
    int rc = town_teardown((void **)&it->town);
    free(it);
    return rc;
}

static enum bb_code ask(struct fixture *it, uint64_t member, const Wire__FromClient *message)
{
    uint8_t *frame;
    size_t size;
    assert_int_equal(frame_pack(&message->base, COMMAND_FRAME_SIZE_MAX, it->arena, &frame, &size), BB_OK);
    return reader_ask(it->reader, &it->route, member, frame, size);
}

static enum bb_code ask_query(struct fixture *it, uint64_t member, uint32_t correlation, Wire__Query *query)
{
    Wire__FromClient message = WIRE__FROM_CLIENT__INIT;
    message.correlation = correlation;
    message.body_case = WIRE__FROM_CLIENT__BODY_QUERY;
    message.query = query;
    return ask(it, member, &message);
}

static enum bb_code ask_status(struct fixture *it, uint64_t member, uint32_t correlation)
{
    Wire__Query query = WIRE__QUERY__INIT;
    Wire__AskStatus status = WIRE__ASK_STATUS__INIT;
    query.what_case = WIRE__QUERY__WHAT_STATUS;
    query.status = &status;
    return ask_query(it, member, correlation, &query);
}

static enum bb_code ask_members(struct fixture *it, uint64_t member, uint32_t correlation)
{
    Wire__Query query = WIRE__QUERY__INIT;
    Wire__ListMembers list = WIRE__LIST_MEMBERS__INIT;
    query.what_case = WIRE__QUERY__WHAT_MEMBERS;
    query.members = &list;
    return ask_query(it, member, correlation, &query);
}

static enum bb_code ask_sync(struct fixture *it, uint64_t member, uint32_t correlation, uint64_t channel)
{
    Wire__FromClient message = WIRE__FROM_CLIENT__INIT;
    Wire__Sync sync = WIRE__SYNC__INIT;
    Wire__Cursor cursor = WIRE__CURSOR__INIT;
    cursor.channel = town_channel_id(it->town, channel);
    cursor.epoch = EPOCH;
    sync.cursor = &cursor;
    message.correlation = correlation;
    message.body_case = WIRE__FROM_CLIENT__BODY_SYNC;
    message.sync = &sync;
    return ask(it, member, &message);
}

static enum bb_code ask_garbage(struct fixture *it)
{
    static const uint8_t garbage[] = "\1this is no message";
    return reader_ask(it->reader, &it->route, it->town->anna.number, garbage, sizeof garbage);
}

// Waits for one answer, which must go where the question came from; NULL for an empty one.
static const Wire__FromBroker *take(struct fixture *it)
{
    struct routing_id route = {.size = 0};
    zmq_msg_t frame;
    zmq_pollitem_t item = {.socket = zsock_resolve(reader_socket(it->reader)), .events = ZMQ_POLLIN};
    Wire__FromBroker *message = NULL;
    assert_int_equal(zmq_poll(&item, 1, PATIENCE_MS), 1);
    assert_true(reader_take(it->reader, &route, &frame));
    assert_int_equal(route.size, it->route.size);
    assert_memory_equal(route.bytes, it->route.bytes, route.size);
    if (zmq_msg_size(&frame) > 0)
        assert_int_equal(frame_unpack(zmq_msg_data(&frame), zmq_msg_size(&frame), BROKER_FRAME_SIZE_MAX,
                                      &wire__from_broker__descriptor, it->arena, &message),
                         BB_OK);
    zmq_msg_close(&frame);
    return message;
}

static const Wire__FromBroker *take_for(struct fixture *it, uint32_t correlation, Wire__FromBroker__BodyCase kind)
{
    const Wire__FromBroker *message = take(it);
    assert_non_null(message);
    assert_int_equal(message->correlation, correlation);
    assert_int_equal(message->body_case, kind);
    return message;
}

static void take_refusal(struct fixture *it, uint32_t correlation, enum bb_code code)
{
    const Wire__Reply *reply = take_for(it, correlation, WIRE__FROM_BROKER__BODY_REPLY)->reply;
    assert_string_equal(bb_code_symbol(reply->code), bb_code_symbol(code));
    assert_int_equal(reply->command_bytes.len, 0);
    assert_true(text_is(reply->sentence, bb_code_sentence(code, BB_ENGLISH)));
}

static void a_query_is_answered_with_its_own_correlation(void **state)
{
    struct fixture *it = *state;
    assert_int_equal(ask_members(it, it->town->anna.number, 4711), BB_OK);
    assert_int_equal(ask_members(it, it->town->desk.number, UINT32_MAX), BB_OK);
    const Wire__FromBroker *message = take_for(it, 4711, WIRE__FROM_BROKER__BODY_ANSWER);
    assert_int_equal(message->answer->what_case, WIRE__ANSWER__WHAT_MEMBERS);
    assert_int_equal(message->answer->members->n_members, 1);
    assert_true(message->answer->members->members[0]->member == it->town->anna.member);
    message = take_for(it, UINT32_MAX, WIRE__FROM_BROKER__BODY_ANSWER);
    assert_true(message->answer->members->members[0]->member == it->town->desk.member);
    assert_int_equal(metric_get(&it->metrics, METRIC_QUERIES), 2);
}

static void a_sync_is_answered_with_a_page_of_that_channel(void **state)
{
    struct fixture *it = *state;
    uint64_t request = town_publish(it->town, "Fiets gezocht");
    uint64_t channel = channel_of_class(1, CLASS_RESIDENT);
    assert_int_equal(ask_sync(it, it->town->anna.number, 8, channel), BB_OK);
    const Wire__SyncPage *page = take_for(it, 8, WIRE__FROM_BROKER__BODY_PAGE)->page;
    assert_true(page->channel == town_channel_id(it->town, channel));
    assert_int_equal(page->mode, WIRE__SYNC_MODE__SYNC_SNAPSHOT);
    assert_int_equal(page->epoch, EPOCH);
    assert_int_equal(page->n_requests, 1);
    assert_true(page->requests[0]->request == request);
    assert_int_equal(metric_get(&it->metrics, METRIC_SYNCS_SNAPSHOT), 1);
    assert_int_equal(metric_get(&it->metrics, METRIC_SYNCS_REPLAY), 0);
}

static void what_a_member_may_not_ask_is_refused_and_counted(void **state)
{
    struct fixture *it = *state;
    assert_int_equal(ask_status(it, it->town->anna.number, 1), BB_OK);
    take_refusal(it, 1, BB_NOT_ALLOWED);
    assert_int_equal(ask_sync(it, it->town->anna.number, 2, channel_of_class(1, CLASS_MEDIA)), BB_OK);
    take_refusal(it, 2, BB_NOT_ALLOWED);
    assert_int_equal(ask_sync(it, it->town->anna.number, 3, channel_of_party(it->town->bert.party_number)), BB_OK);
    take_refusal(it, 3, BB_NOT_ALLOWED);
    assert_int_equal(metric_get(&it->metrics, METRIC_REFUSED_BY_RIGHTS), 3);
    assert_int_equal(metric_get(&it->metrics, METRIC_QUERIES), 0);
}

static void rights_are_those_of_the_moment_of_the_answer(void **state)
{
    struct fixture *it = *state;
    uint64_t channel = channel_of_class(1, CLASS_RESIDENT);
    assert_accepted(town_suspend_party(it->town, it->town->coordinator,
                                       (Wire__SuspendParty){.party = it->town->anna.party, .reason = text("Klacht")}));
    assert_int_equal(ask_sync(it, it->town->anna.number, 1, channel), BB_OK);
    take_refusal(it, 1, BB_PARTY_SUSPENDED);
    assert_accepted(town_revoke_member(it->town, it->town->coordinator,
                                       (Wire__RevokeMember){.member = it->town->bert.member, .reason = text("Weg")}));
    assert_int_equal(ask_members(it, it->town->bert.number, 2), BB_OK);
    take_refusal(it, 2, BB_MEMBER_REVOKED);
    assert_int_equal(ask_members(it, 999999, 3), BB_OK); // nobody
    take_refusal(it, 3, BB_MEMBER_REVOKED);
}

static void what_is_no_question_is_refused(void **state)
{
    struct fixture *it = *state;
    Wire__FromClient message = WIRE__FROM_CLIENT__INIT;
    Wire__Hello hello = WIRE__HELLO__INIT;
    message.correlation = 5;
    assert_int_equal(ask(it, it->town->anna.number, &message), BB_OK);
    take_refusal(it, 5, BB_UNKNOWN_COMMAND);
    message.body_case = WIRE__FROM_CLIENT__BODY_HELLO;
    message.hello = &hello;
    assert_int_equal(ask(it, it->town->anna.number, &message), BB_OK);
    take_refusal(it, 5, BB_UNKNOWN_COMMAND);
}

static void status_tells_versions_figures_and_counts(void **state)
{
    struct fixture *it = *state;
    town_publish(it->town, "Fiets gezocht");
    metric_set(&it->metrics, METRIC_JOURNAL_HEAD, 11);
    metric_set(&it->metrics, METRIC_STORE_USED_SIZE, 22);
    metric_set(&it->metrics, METRIC_STORE_MAP_SIZE, 33);
    metric_set(&it->metrics, METRIC_SESSIONS, 44);
    metric_set(&it->metrics, METRIC_COMMANDS_ACCEPTED, 55);
    metric_set(&it->metrics, METRIC_COMMANDS_REFUSED, 66);
    assert_int_equal(ask_status(it, it->town->operator.number, 7), BB_OK);
    const Wire__Answer *answer = take_for(it, 7, WIRE__FROM_BROKER__BODY_ANSWER)->answer;
    assert_int_equal(answer->what_case, WIRE__ANSWER__WHAT_STATUS);
    const Wire__Status *status = answer->status;
    assert_true(text_is(status->version, BUURTBEL_VERSION));
    assert_int_equal(status->started_at_ms, STARTED_AT_MS);
    assert_int_equal(status->epoch, EPOCH);
    assert_int_equal(status->journal_head, 11);
    assert_int_equal(status->store_used_size, 22);
    assert_int_equal(status->store_map_size, 33);
    assert_int_equal(status->sessions, 44);
    assert_int_equal(status->commands_accepted, 55);
    assert_int_equal(status->commands_refused, 66);
    assert_int_equal(status->givers_active, 4);
    assert_int_equal(status->givers_waiting, 0);
    assert_int_equal(status->requests_live, 1);
}

static void verify_goes_on_from_what_came_back_until_all_is_checked(void **state)
{
    struct fixture *it = *state;
    Wire__Query query = WIRE__QUERY__INIT;
    Wire__Verify first = WIRE__VERIFY__INIT;
    query.what_case = WIRE__QUERY__WHAT_VERIFY;
    query.verify = &first;
    uint64_t checked = 0;
    for (uint32_t slices = 1; slices < 1000; slices++) {
        assert_int_equal(ask_query(it, it->town->operator.number, slices, &query), BB_OK);
        const Wire__Answer *answer = take_for(it, slices, WIRE__FROM_BROKER__BODY_ANSWER)->answer;
        assert_int_equal(answer->what_case, WIRE__ANSWER__WHAT_VERIFY);
        assert_int_equal(answer->verify->n_problems, 0);
        checked += answer->verify->checked;
        if (answer->verify->done)
            break;
        query.verify = answer->verify->next;
        assert_non_null(query.verify);
    }
    assert_true(checked > turn_head(it->town->turn)); // the journal, and all tables
}

static void garbage_is_not_answered_but_its_place_is_free_again(void **state)
{
    struct fixture *it = *state;
    for (int i = 0; i < READER_QUEUE_MAX; i++)
        assert_int_equal(ask_garbage(it), BB_OK);
    assert_int_equal(ask_garbage(it), BB_BUSY);
    assert_null(take(it));
    assert_int_equal(ask_members(it, it->town->anna.number, 1), BB_OK);
    assert_int_equal(ask_garbage(it), BB_BUSY);
    for (int i = 1; i < READER_QUEUE_MAX; i++)
        assert_null(take(it));
    take_for(it, 1, WIRE__FROM_BROKER__BODY_ANSWER);
}

// Nobody takes an answer meanwhile: neither the loop nor the thread may wait for the other.
static void a_full_queue_is_busy_and_nothing_blocks(void **state)
{
    struct fixture *it = *state;
    uint64_t anna = it->town->anna.number;
    for (uint32_t i = 1; i <= READER_QUEUE_MAX; i++)
        assert_int_equal(ask_members(it, anna, i), BB_OK);
    assert_int_equal(ask_members(it, anna, 9999), BB_BUSY);
    assert_int_equal(ask_members(it, anna, 9999), BB_BUSY);
    take_for(it, 1, WIRE__FROM_BROKER__BODY_ANSWER);
    assert_int_equal(ask_members(it, anna, READER_QUEUE_MAX + 1), BB_OK);
    assert_int_equal(ask_members(it, anna, 9999), BB_BUSY);
    for (uint32_t i = 2; i <= READER_QUEUE_MAX + 1; i++) { // in order, each once
        arena_reset(it->arena);
        take_for(it, i, WIRE__FROM_BROKER__BODY_ANSWER);
    }
    struct routing_id route;
    zmq_msg_t frame;
    assert_false(reader_take(it->reader, &route, &frame));
}

static void taking_when_there_is_nothing_does_not_wait(void **state)
{
    struct fixture *it = *state;
    struct routing_id route;
    zmq_msg_t frame;
    assert_false(reader_take(it->reader, &route, &frame));
    assert_int_equal(ask_members(it, it->town->anna.number, 1), BB_OK);
    take_for(it, 1, WIRE__FROM_BROKER__BODY_ANSWER);
    assert_false(reader_take(it->reader, &route, &frame));
}

static void it_ends_with_questions_and_answers_still_waiting(void **state)
{
    struct fixture *it = *state;
    for (uint32_t i = 1; i <= 100; i++)
        assert_int_equal(ask_members(it, it->town->anna.number, i), BB_OK);
    reader_destroy(&it->reader);
    assert_null(it->reader);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    process_prepare();
    const struct CMUnitTest tests[] = {
        TEST(a_query_is_answered_with_its_own_correlation),
        TEST(a_sync_is_answered_with_a_page_of_that_channel),
        TEST(what_a_member_may_not_ask_is_refused_and_counted),
        TEST(rights_are_those_of_the_moment_of_the_answer),
        TEST(what_is_no_question_is_refused),
        TEST(status_tells_versions_figures_and_counts),
        TEST(verify_goes_on_from_what_came_back_until_all_is_checked),
        TEST(garbage_is_not_answered_but_its_place_is_free_again),
        TEST(a_full_queue_is_busy_and_nothing_blocks),
        TEST(taking_when_there_is_nothing_does_not_wait),
        TEST(it_ends_with_questions_and_answers_still_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
