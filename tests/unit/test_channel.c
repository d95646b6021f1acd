// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/core/channel.c, and a property test: whatever is asked in whatever order, channels have no holes and
// the domain's rules 1 and 3 hold after each turn.
#include "town.h"

#include "core/states.h"

#include <sodium.h>

enum { COMMANDS = 2000, TURN_COMMANDS = 12, KNOWN_MAX = 1000, CHANNELS_MAX = 64, GIVERS = 12 };

static void a_channel_number_tells_what_it_is(void **state)
{
    (void)state;
    for (uint64_t community = 1; community <= 70000; community += 69999) {
        for (uint32_t audience_class = 1; audience_class <= CLASSES_MAX; audience_class++) {
            uint64_t channel = channel_of_class(community, audience_class);
            assert_true(channel_is_class(channel));
            assert_int_equal(channel_class(channel), audience_class);
            assert_true(channel_community(channel) == community);
        }
        uint64_t mailbox = channel_of_party(community);
        assert_false(channel_is_class(mailbox));
        assert_true(channel_party(mailbox) == community);
    }
}

static void a_channel_that_was_never_written_to_ends_at_zero(void **state)
{
    struct town *it = *state;
    struct core core = town_read(it);
    Stored__ChannelHead *head;
    assert_int_equal(channel_head(&core, channel_of_class(1, CLASS_POLICE), &head), BB_OK);
    assert_int_equal(head->seq, 0);
    town_read_end(&core);
}

static void each_notice_chains_to_the_one_before(void **state)
{
    struct town *it = *state;
    uint8_t before[CHANNEL_HASH_SIZE] = {0};
    for (int i = 0; i < 5; i++) {
        town_publish(it, "Dezelfde tekst");
        const Wire__Notice *notice = last_of(town_class(it, CLASS_RESIDENT));
        assert_int_equal(notice->seq, i + 1);
        assert_int_equal(notice->hash_bytes.len, CHANNEL_HASH_SIZE);
        assert_memory_not_equal(notice->hash_bytes.data, before, sizeof before);
        memcpy(before, notice->hash_bytes.data, sizeof before);
    }
}

static void two_coordinators_are_both_told(void **state)
{
    struct town *it = *state;
    struct person second = town_join(it, it->operator, town_invitation(it, ROLE_COORDINATOR, 0), "Tweede");
    Wire__PublishRequest large = town_request(it, "Geldzaken op orde");
    large.size = WIRE__REQUEST_SIZE__SIZE_LARGE;
    assert_accepted(town_publish_request(it, it->desk, large));
    assert_non_null(town_mailbox(it, it->coordinator));
    assert_non_null(town_mailbox(it, second));
}

// ---------------------------------------------------------------- anything in any order

struct days {
    struct town *it;
    uint64_t dice;
    struct person givers[GIVERS];
    uint64_t requests[KNOWN_MAX], offers[KNOWN_MAX];
    size_t requests_count, offers_count;
    struct {
        uint64_t channel, seq;
    } heads[CHANNELS_MAX];
    size_t heads_count;
    size_t accepted;
};

static uint32_t throw(struct days * days, uint32_t sides) // splitmix64: the same days from the same seed
{
    uint64_t z = days->dice += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (uint32_t)((z ^ (z >> 31)) % sides);
}

// Mostly one of the last few, so that commands meet each other.
static uint64_t some(struct days *days, const uint64_t *ids, size_t count)
{
    if (count == 0)
        return 0;
    size_t near = count < 8 || throw(days, 8) == 0 ? count : 8;
    return ids[count - 1 - throw(days, (uint32_t)near)];
}

#define NEW(Type) ((Type *)arena_alloc(turn_arena(days->it->turn), sizeof(Type)))

static Wire__Command publish(struct days *days)
{
    Wire__PublishRequest *request = NEW(Wire__PublishRequest);
    *request = town_request(days->it, "Wie helpt mee?");
    request->needed = 1 + throw(days, 3);
    if (throw(days, 10) == 0)
        request->size = WIRE__REQUEST_SIZE__SIZE_LARGE;
    return command_publish_request(days->it, request);
}

static Wire__Command answer(struct days *days)
{
    Wire__GiveAnswer *message = NEW(Wire__GiveAnswer);
    message->request = some(days, days->requests, days->requests_count);
    message->kind = (Wire__AnswerKind)(throw(days, 3) ? ANSWER_OFFER : ANSWER_OFFER + throw(days, 5));
    message->text = text("een woord erbij");
    return command_give_answer(days->it, message);
}

#define OF_OFFER(name, Type, more) \
    { \
        Wire__##Type *message = NEW(Wire__##Type); \
        message->offer = some(days, days->offers, days->offers_count); \
        more; \
        return command_##name(days->it, message); \
    }

static Wire__Command by_giver(struct days *days)
{
    switch (throw(days, 10)) {
    case 0:
        OF_OFFER(withdraw_offer, WithdrawOffer, )
    case 1:
        OF_OFFER(report_done, ReportDone, )
    case 2:
        OF_OFFER(cancel_offer, CancelOffer, message->reason = text("lukt niet"))
    case 3:
        return throw(days, 2) ? command_pause(days->it, NEW(Wire__Pause)) : command_resume(days->it, NEW(Wire__Resume));
    default:
        return answer(days);
    }
}

static Wire__Command close_or_open(struct days *days)
{
    if (throw(days, 2) == 0) {
        Wire__OpenReferred *open = NEW(Wire__OpenReferred);
        open->request = some(days, days->requests, days->requests_count);
        return command_open_referred(days->it, open);
    }
    Wire__CloseRequest *close = NEW(Wire__CloseRequest);
    close->request = some(days, days->requests, days->requests_count);
    close->reason = (Wire__CloseReason)(1 + throw(days, CLOSE_UNSAFE));
    close->asker_agreed = true;
    return command_close_request(days->it, close);
}

static Wire__Command by_staff(struct days *days)
{
    switch (throw(days, 12)) {
    case 0:
    case 1:
        return publish(days);
    case 2:
        OF_OFFER(decline_offer, DeclineOffer, message->asker_agreed = true)
    case 3:
        OF_OFFER(cancel_offer, CancelOffer, message->reason = text("lukt niet"))
    case 4:
        OF_OFFER(confirm_help, ConfirmHelp, message->given = throw(days, 2) != 0)
    case 5:
        return close_or_open(days);
    default:
        OF_OFFER(choose_offer, ChooseOffer, message->asker_agreed = true)
    }
}

static Wire__Command by_coordinator(struct days *days)
{
    struct person giver = days->givers[throw(days, GIVERS)];
    if (throw(days, 3) != 0)
        return by_staff(days);
    if (throw(days, 2) == 0) {
        Wire__SuspendParty *suspend = NEW(Wire__SuspendParty);
        suspend->party = giver.party;
        suspend->reason = text("klacht");
        return command_suspend_party(days->it, suspend);
    }
    Wire__ReinstateParty *reinstate = NEW(Wire__ReinstateParty);
    reinstate->party = giver.party;
    return command_reinstate_party(days->it, reinstate);
}

static void run_some(struct days *days, size_t count)
{
    static Wire__Command commands[TURN_COMMANDS];
    struct turn_input inputs[TURN_COMMANDS];
    turn_begin(days->it->turn);
    for (size_t i = 0; i < count; i++) {
        uint32_t who = throw(days, 20);
        inputs[i] = (struct turn_input){.command = &commands[i]};
        inputs[i].number = who < 9    ? days->givers[throw(days, GIVERS)].number
                           : who < 18 ? days->it->desk.number
                                      : days->it->coordinator.number;
        commands[i] = who < 9 ? by_giver(days) : who < 18 ? by_staff(days) : by_coordinator(days);
    }
    town_run_together(days->it, inputs, count);
    assert_int_equal(days->it->code, BB_OK);
    for (size_t i = 0; i < count; i++) {
        const struct turn_answer *answered = &days->it->result->answers[i];
        if (answered->code != BB_OK)
            continue;
        days->accepted++;
        if (commands[i].what_case == WIRE__COMMAND__WHAT_PUBLISH_REQUEST)
            days->requests[days->requests_count++] = answered->made;
        if (commands[i].what_case == WIRE__COMMAND__WHAT_GIVE_ANSWER)
            days->offers[days->offers_count++] = answered->made;
    }
}

static uint64_t *head_of(struct days *days, uint64_t channel, uint64_t first)
{
    for (size_t i = 0; i < days->heads_count; i++) {
        if (days->heads[i].channel == channel)
            return &days->heads[i].seq;
    }
    assert_true(days->heads_count < CHANNELS_MAX);
    days->heads[days->heads_count].channel = channel;
    days->heads[days->heads_count].seq = first - 1;
    return &days->heads[days->heads_count++].seq;
}

static void expect_no_holes(struct days *days)
{
    for (size_t i = 0; i < days->it->result->batches_count; i++) {
        const struct turn_batch *place = &days->it->result->batches[i];
        uint64_t *seq = head_of(days, place->channel, place->batch->notices[0]->seq);
        for (size_t j = 0; j < place->batch->n_notices; j++)
            assert_int_equal(place->batch->notices[j]->seq, ++*seq);
    }
}

static bool is_live(uint32_t state)
{
    return state == OFFER_OFFERED || state == OFFER_CONDITIONAL || state == OFFER_CONFIRMED ||
           state == OFFER_REPORTED_DONE || state == OFFER_WAITING || state == OFFER_ASKING_INTERNALLY;
}

static void expect_rules(struct core *core, const Stored__Request *request)
{
    uint32_t taken = 0, done = 0;
    uint64_t live[GIVERS];
    size_t live_count = 0;
    for (uint64_t number = request->last_offer; number != 0;) {
        Stored__Offer *offer;
        assert_int_equal(store_get_number(core->txn, TABLE_OFFER, number, &offer), BB_OK);
        taken += offer_is_taken(offer->state);
        done += offer->state == OFFER_DONE;
        for (size_t i = 0; is_live(offer->state) && i < live_count; i++)
            assert_true(live[i] != offer->party); // rule 3
        if (is_live(offer->state))
            live[live_count++] = offer->party;
        if (request->state == REQUEST_OPEN)
            assert_int_not_equal(offer->state, OFFER_WAITING);
        if (request->state == REQUEST_CLOSED)
            assert_false(is_live(offer->state) && !offer_is_taken(offer->state));
        number = offer->previous_of_request;
    }
    assert_int_equal(request->taken, taken);
    assert_int_equal(request->done, done);
    assert_true(taken <= request->needed); // rule 1
    if (request->state == REQUEST_OPEN)
        assert_true(taken < request->needed);
    if (request->state == REQUEST_FILLED)
        assert_int_equal(taken, request->needed);
    struct store_key key = key_number(request->request);
    Stored__Counter *row;
    assert_int_equal(store_get(core->txn, TABLE_LIVE, &key, &row),
                     request->state == REQUEST_CLOSED ? BB_NOT_FOUND : BB_OK);
}

static void check_everything(struct days *days)
{
    struct core core = town_read(days->it);
    for (size_t i = 0; i < days->requests_count; i++) {
        Stored__Request *request;
        uint64_t number = town_number(days->it, ID_REQUEST, days->requests[i]);
        assert_int_equal(store_get_number(core.txn, TABLE_REQUEST, number, &request), BB_OK);
        expect_rules(&core, request);
        if (i % 50 == 49) { // the arena for reading is bounded
            town_read_end(&core);
            core = town_read(days->it);
        }
    }
    town_read_end(&core);
}

static void check_heads(struct days *days)
{
    struct core core = town_read(days->it);
    for (size_t i = 0; i < days->heads_count; i++) {
        Stored__ChannelHead *head;
        assert_int_equal(channel_head(&core, days->heads[i].channel, &head), BB_OK);
        assert_int_equal(head->seq, days->heads[i].seq);
    }
    town_read_end(&core);
}

static void whatever_is_asked_channels_have_no_holes_and_the_rules_hold(void **state)
{
    struct days *days = calloc(1, sizeof *days);
    assert_non_null(days);
    days->it = *state;
    days->dice = 20261123;
    for (int i = 0; i < GIVERS; i++)
        days->givers[i] = town_giver(days->it, i % 4 ? CLASS_RESIDENT : CLASS_INSTITUTION, "Gever");
    for (size_t given = 0; given < COMMANDS;) {
        size_t count = 1 + throw(days, TURN_COMMANDS);
        run_some(days, count);
        expect_no_holes(days);
        check_everything(days);
        town_pass(days->it, throw(days, 2) ? minute_ms : -minute_ms);
        given += count;
    }
    check_heads(days);
    assert_true(days->requests_count > 50 && days->offers_count > 100); // it did meet something
    assert_true(days->accepted > COMMANDS / 4);
    free(days);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_channel_number_tells_what_it_is),
        IN_TOWN(a_channel_that_was_never_written_to_ends_at_zero),
        IN_TOWN(each_notice_chains_to_the_one_before),
        IN_TOWN(two_coordinators_are_both_told),
        IN_TOWN(whatever_is_asked_channels_have_no_holes_and_the_rules_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
