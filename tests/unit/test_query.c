// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/core/query.c, query_people.c and query_journal.c: who may ask what, and lists in pages.
#include "town.h"

#include "bounds.h"

enum {
    G = 1 << ROLE_GIVER,
    D = 1 << ROLE_DESK,
    C = 1 << ROLE_COORDINATOR,
    R = 1 << ROLE_REPORTER,
    O = 1 << ROLE_OPERATOR
};

// As PROTOCOL.md's table says ("Queries").
static const struct {
    Wire__Query__WhatCase what;
    int roles;
    bool while_not_active;
} rights[] = {
    {WIRE__QUERY__WHAT_AUDIENCE, D | C, false},    {WIRE__QUERY__WHAT_REQUESTS, D | C | G, false},
    {WIRE__QUERY__WHAT_REQUEST, D | C | G, false}, {WIRE__QUERY__WHAT_ASKERS, D, false},
    {WIRE__QUERY__WHAT_PARTIES, C | O, false},     {WIRE__QUERY__WHAT_MEMBERS, G | D | C | R | O, true},
    {WIRE__QUERY__WHAT_OFFERS, G, true},           {WIRE__QUERY__WHAT_JOURNAL, O, false},
    {WIRE__QUERY__WHAT_VERIFY, O, false},          {WIRE__QUERY__WHAT_STATUS, O | C, false},
    {WIRE__QUERY__WHAT_INVITATIONS, C | O, false},
};
enum { QUERIES_COUNT = sizeof rights / sizeof *rights };

static enum bb_code may(struct town *it, struct person who, Wire__Query__WhatCase what)
{
    struct core core = town_read(it);
    struct actor actor;
    assert_int_equal(actor_find(&core, who.invitee, who.number, &actor), BB_OK);
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = what;
    enum bb_code code = query_may(&actor, &query);
    town_read_end(&core);
    return code;
}

static void each_role_may_ask_what_the_protocol_says_and_nothing_else(void **state)
{
    struct town *it = *state;
    struct person reporter = town_join(it, it->operator, town_invitation(it, ROLE_REPORTER, 0), "Gemeente");
    const struct {
        int role;
        struct person who;
    } people[] = {{G, it->anna}, {D, it->desk}, {C, it->coordinator}, {R, reporter}, {O, it->operator} };
    assert_int_equal(wire__query__descriptor.n_fields, QUERIES_COUNT);
    for (size_t i = 0; i < QUERIES_COUNT; i++) {
        for (size_t j = 0; j < sizeof people / sizeof *people; j++)
            assert_int_equal(may(it, people[j].who, rights[i].what),
                             rights[i].roles & people[j].role ? BB_OK : BB_NOT_ALLOWED);
    }
    assert_int_equal(may(it, it->operator, WIRE__QUERY__WHAT__NOT_SET), BB_UNKNOWN_COMMAND);
    assert_int_equal(may(it, it->operator,(Wire__Query__WhatCase) 12), BB_UNKNOWN_COMMAND);
    assert_int_equal(may(it, (struct person){.invitee = true, .number = 1}, WIRE__QUERY__WHAT_MEMBERS), BB_NOT_ALLOWED);
}

static void a_giver_that_is_not_active_asks_about_itself_only(void **state)
{
    struct town *it = *state;
    assert_accepted(town_suspend_party(it, it->coordinator,
                                       (Wire__SuspendParty){.party = it->anna.party, .reason = text("Klacht")}));
    for (size_t i = 0; i < QUERIES_COUNT; i++) {
        enum bb_code code = may(it, it->anna, rights[i].what);
        if (rights[i].roles & G)
            assert_int_equal(code, rights[i].while_not_active ? BB_OK : BB_PARTY_SUSPENDED);
    }
}

// ---------------------------------------------------------------- lists

#define ASK(name, NAME, Type, descriptor) \
    static const Wire__Answer *ask_##name(struct town *it, struct person who, Wire__##Type message, \
                                          enum bb_code *code) \
    { \
        Wire__Query query = WIRE__QUERY__INIT; \
        Wire__Answer *answer = NULL; \
        message.base = (ProtobufCMessage)PROTOBUF_C_MESSAGE_INIT(&wire__##descriptor##__descriptor); \
        query.what_case = WIRE__QUERY__WHAT_##NAME; \
        query.name = &message; \
        *code = town_query(it, who, &query, &answer); \
        return *code == BB_OK ? answer : NULL; \
    }
ASK(requests, REQUESTS, ListRequests, list_requests)
ASK(offers, OFFERS, ListOffers, list_offers)
ASK(members, MEMBERS, ListMembers, list_members)
ASK(parties, PARTIES, ListParties, list_parties)
ASK(askers, ASKERS, ListAskers, list_askers)
ASK(invitations, INVITATIONS, ListInvitations, list_invitations)
ASK(journal, JOURNAL, ReadJournal, read_journal)

static void requests_come_in_pages_newest_first_and_each_once(void **state)
{
    struct town *it = *state;
    enum { REQUESTS = 250 };
    uint64_t made[REQUESTS];
    for (int i = 0; i < REQUESTS; i++)
        made[i] = town_publish(it, "Een vraag");
    Wire__ListRequests list = {0};
    size_t got = 0;
    do {
        enum bb_code code;
        const Wire__Answer *answer = ask_requests(it, it->anna, list, &code);
        assert_int_equal(code, BB_OK);
        assert_in_range(answer->requests->n_requests, 1, PAGE_ITEMS_MAX);
        for (size_t i = 0; i < answer->requests->n_requests; i++, got++)
            assert_true(answer->requests->requests[i]->request == made[REQUESTS - 1 - got]);
        list.page_token = answer->requests->page_token;
    } while (list.page_token != 0);
    assert_int_equal(got, REQUESTS);
}

static void requests_are_picked_by_state_and_by_whose_they_are(void **state)
{
    struct town *it = *state;
    uint64_t closed = town_publish(it, "Gesloten"), open = town_publish(it, "Open");
    assert_accepted(town_close(it, closed, CLOSE_DUPLICATE));
    Wire__PublishRequest theirs = town_request(it, "Van de andere balie");
    theirs.asker = town_add_asker_of(it, it->other_desk);
    assert_accepted(town_publish_request(it, it->other_desk, theirs));
    enum bb_code code;
    const Wire__Answer *answer = ask_requests(it, it->desk, (Wire__ListRequests){0}, &code);
    assert_int_equal(answer->requests->n_requests, 2);
    answer = ask_requests(it, it->desk, (Wire__ListRequests){.own = true}, &code);
    assert_int_equal(answer->requests->n_requests, 1);
    assert_true(answer->requests->requests[0]->request == open);
    Wire__ListRequests of_closed = {.state = WIRE__REQUEST_STATE__REQUEST_CLOSED};
    answer = ask_requests(it, it->desk, of_closed, &code);
    assert_int_equal(answer->requests->n_requests, 1);
    assert_true(answer->requests->requests[0]->request == closed);
    answer = ask_requests(it, it->anna, of_closed, &code);
    assert_int_equal(answer->requests->n_requests, 0);
}

static void a_giver_lists_its_own_offers_and_nobody_elses(void **state)
{
    struct town *it = *state;
    enum { OFFERS = 130 };
    for (int i = 0; i < OFFERS; i++) {
        uint64_t request = town_publish_for(it, 1);
        town_offer(it, it->anna, request);
        town_offer(it, it->bert, request);
    }
    Wire__ListOffers list = {0};
    size_t got = 0;
    do {
        enum bb_code code;
        const Wire__Answer *answer = ask_offers(it, it->anna, list, &code);
        assert_int_equal(code, BB_OK);
        for (size_t i = 0; i < answer->offers->n_offers; i++, got++)
            assert_true(answer->offers->offers[i]->party == it->anna.party);
        list.page_token = answer->offers->page_token;
    } while (list.page_token != 0);
    assert_int_equal(got, OFFERS);
}

static void members_are_known_to_their_party_and_to_those_who_watch(void **state)
{
    struct town *it = *state;
    enum bb_code code;
    assert_int_equal(ask_members(it, it->anna, (Wire__ListMembers){0}, &code)->members->n_members, 1);
    ask_members(it, it->anna, (Wire__ListMembers){.party = it->bert.party}, &code);
    assert_int_equal(code, BB_NOT_ALLOWED);
    ask_members(it, it->desk, (Wire__ListMembers){.party = it->bert.party}, &code);
    assert_int_equal(code, BB_NOT_ALLOWED);
    ask_members(it, it->operator,(Wire__ListMembers){.party = it->asker}, &code);
    assert_int_equal(code, BB_UNKNOWN_ID);
    const Wire__Answer *answer = ask_members(it, it->coordinator, (Wire__ListMembers){.party = it->bert.party}, &code);
    assert_int_equal(code, BB_OK);
    assert_true(answer->members->members[0]->member == it->bert.member);
    assert_true(text_is(answer->members->members[0]->name, "Bert Geverboom"));
    assert_int_equal(answer->members->members[0]->sealing_key_bytes.len, 32);
}

static void parties_are_picked_by_state_or_by_id(void **state)
{
    struct town *it = *state;
    assert_accepted(town_suspend_party(it, it->coordinator,
                                       (Wire__SuspendParty){.party = it->anna.party, .reason = text("Klacht")}));
    enum bb_code code;
    Wire__ListParties of_suspended = {.state = WIRE__PARTY_STATE__PARTY_SUSPENDED};
    const Wire__Answer *answer = ask_parties(it, it->coordinator, of_suspended, &code);
    assert_int_equal(answer->parties->n_parties, 1);
    assert_true(answer->parties->parties[0]->party == it->anna.party);
    answer = ask_parties(it, it->coordinator, (Wire__ListParties){.party = it->school.party}, &code);
    assert_int_equal(answer->parties->n_parties, 1);
    assert_true(text_is(answer->parties->parties[0]->name, "De Wiekslag"));
    answer = ask_parties(it, it->operator,(Wire__ListParties){0}, &code);
    assert_int_equal(answer->parties->n_parties, 8);
    ask_parties(it, it->operator,(Wire__ListParties){.party = it->asker}, &code);
    assert_int_equal(code, BB_UNKNOWN_ID);
}

static void invitations_are_listed_without_their_keys(void **state)
{
    struct town *it = *state;
    Wire__MakeInvitation poster = town_invitation(it, ROLE_GIVER, CLASS_RESIDENT);
    poster.standing = true;
    poster.uses = 30;
    uint64_t made = town_make_invitation(it, it->coordinator, poster).made;
    enum bb_code code;
    const Wire__Answer *answer = ask_invitations(it, it->operator,(Wire__ListInvitations){0}, &code);
    assert_int_equal(answer->invitations->n_invitations, 8); // seven joined, and the poster
    assert_true(answer->invitations->invitations[0]->invitation == made);
    assert_int_equal(answer->invitations->invitations[0]->uses_left, 30);
    assert_int_equal(answer->invitations->invitations[1]->uses_left, 0);
}

static void the_journal_tells_who_and_what_and_never_a_text(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish(it, "Een herkenbare PLANT-tekst");
    assert_accepted(town_close(it, request, CLOSE_UNREACHABLE));
    enum bb_code code;
    const Wire__Answer *answer = ask_journal(it, it->operator,(Wire__ReadJournal){.limit = 2}, &code);
    assert_int_equal(code, BB_OK);
    assert_int_equal(answer->journal->n_lines, 2);
    const Wire__JournalLine *entered = answer->journal->lines[0], *closed = answer->journal->lines[1];
    assert_true(text_is(entered->fact, "request_entered") && text_is(closed->fact, "request_state_changed"));
    assert_true(text_is(closed->detail, "unreachable"));
    assert_true(entered->subject == request && closed->subject == request);
    assert_true(entered->member == it->desk.member && entered->asker == it->asker && closed->asker == it->asker);
    assert_int_equal(answer->journal->head, turn_head(it->turn));

    answer = ask_journal(it, it->operator,(Wire__ReadJournal){.from_entry = 1, .limit = PAGE_ITEMS_MAX}, &code);
    uint8_t packed[32768];
    assert_true(wire__answer__get_packed_size(answer) <= sizeof packed);
    size_t size = wire__answer__pack(answer, packed);
    assert_false(bytes_hold(packed, size, "PLANT"));
    assert_false(bytes_hold(packed, size, "Geverboom"));
    answer = ask_journal(it, it->operator,(Wire__ReadJournal){.from_entry = UINT64_MAX}, &code);
    assert_int_equal(answer->journal->n_lines, 0);
}

enum { MANY = TURN_COMMANDS_MAX };

static void run_many(struct town *it, struct person who, Wire__Command (*make)(struct town *it, size_t i))
{
    static struct turn_input inputs[MANY];
    static Wire__Command commands[MANY];
    for (size_t i = 0; i < MANY; i++) {
        commands[i] = make(it, i);
        inputs[i] = (struct turn_input){.number = who.number, .command = &commands[i]};
    }
    town_run_together(it, inputs, MANY);
    for (size_t i = 0; i < MANY; i++)
        assert_accepted(it->result->answers[i]);
}

static uint64_t made_before[MANY]; // by the turn before

static void note_made(const struct town *it)
{
    for (size_t i = 0; i < MANY; i++)
        made_before[i] = it->result->answers[i].made;
}

static Wire__Command one_publication(struct town *it, size_t i)
{
    static Wire__PublishRequest requests[MANY];
    requests[i] = town_request(it, "Fiets gezocht");
    return command_publish_request(it, &requests[i]);
}

static Wire__Command one_offer(struct town *it, size_t i)
{
    static Wire__GiveAnswer answers[MANY];
    answers[i] = (Wire__GiveAnswer){.request = made_before[i], .kind = ANSWER_OFFER, .offer_kind = KIND_DO};
    return command_give_answer(it, &answers[i]);
}

static Wire__Command one_choice(struct town *it, size_t i)
{
    static Wire__ChooseOffer choices[MANY];
    choices[i] = (Wire__ChooseOffer){.offer = made_before[i], .asker_agreed = true};
    return command_choose_offer(it, &choices[i]);
}

// Each choice confirms an offer and fills a request: 512 facts in one entry.
static void a_long_entry_of_the_journal_goes_on_over_the_next_page(void **state)
{
    struct town *it = *state;
    run_many(it, it->desk, one_publication);
    note_made(it);
    run_many(it, it->anna, one_offer);
    note_made(it);
    run_many(it, it->desk, one_choice);
    Wire__ReadJournal ask = {.from_entry = turn_head(it->turn), .limit = 1};
    size_t confirmed = 0, lines = 0, pages = 0;
    for (; ask.from_entry != 0; pages++) {
        enum bb_code code;
        const Wire__Answer *answer = ask_journal(it, it->operator, ask, &code);
        assert_int_equal(code, BB_OK);
        lines += answer->journal->n_lines;
        for (size_t i = 0; i < answer->journal->n_lines; i++)
            confirmed += text_is(answer->journal->lines[i]->detail, "confirmed");
        ask.from_entry = answer->journal->next_entry;
        ask.from_fact = answer->journal->next_fact;
    }
    assert_int_equal(pages, 2);
    assert_int_equal(lines, 2 * MANY);
    assert_int_equal(confirmed, MANY);
}

static void page_tokens_that_nobody_gave_out_break_nothing_and_show_nothing_of_others(void **state)
{
    struct town *it = *state;
    for (int i = 0; i < 6; i++)
        town_offer(it, i % 2 ? it->anna : it->bert, town_publish_for(it, 1));
    town_add_asker_of(it, it->other_desk);
    for (uint64_t i = 0; i < 40; i++) {
        uint64_t token = i < 30 ? i : UINT64_MAX - (i - 30);
        enum bb_code code;
        const Wire__Answer *answer = ask_offers(it, it->anna, (Wire__ListOffers){.page_token = token}, &code);
        assert_true(code == BB_OK || code == BB_BAD_VALUE);
        for (size_t j = 0; answer && j < answer->offers->n_offers; j++)
            assert_true(answer->offers->offers[j]->party == it->anna.party);
        answer = ask_members(it, it->anna, (Wire__ListMembers){.page_token = token}, &code);
        assert_true(code == BB_OK || code == BB_BAD_VALUE);
        for (size_t j = 0; answer && j < answer->members->n_members; j++)
            assert_true(answer->members->members[j]->party == it->anna.party);
        answer = ask_askers(it, it->desk, (Wire__ListAskers){.page_token = token}, &code);
        assert_true(code == BB_OK || code == BB_BAD_VALUE);
        for (size_t j = 0; answer && j < answer->askers->n_askers; j++)
            assert_true(answer->askers->askers[j]->asker == it->asker);
        ask_requests(it, it->anna, (Wire__ListRequests){.page_token = token}, &code);
        assert_true(code == BB_OK || code == BB_BAD_VALUE);
        ask_parties(it, it->operator,(Wire__ListParties){.page_token = token}, &code);
        assert_true(code == BB_OK || code == BB_BAD_VALUE);
        ask_invitations(it, it->operator,(Wire__ListInvitations){.page_token = token}, &code);
        assert_true(code == BB_OK || code == BB_BAD_VALUE);
    }
}

// ---------------------------------------------------------------- counts

static void the_audience_is_told_by_class_before_publishing(void **state)
{
    struct town *it = *state;
    Wire__AudienceClass excluded[] = {WIRE__AUDIENCE_CLASS__CLASS_MEDIA};
    Wire__AskAudience ask = WIRE__ASK_AUDIENCE__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    Wire__Answer *answer;
    ask.n_excluded_classes = 1;
    ask.excluded_classes = excluded;
    ask.category = text("unknown");
    query.what_case = WIRE__QUERY__WHAT_AUDIENCE;
    query.audience = &ask;
    town_pass(it, 8 * day_ms);
    town_giver(it, CLASS_BUSINESS, "Fietsenmaker");
    assert_int_equal(town_query(it, it->desk, &query, &answer), BB_OK);
    const Wire__Audience *audience = answer->audience;
    assert_int_equal(audience->n_counts, CLASSES_MAX);
    assert_int_equal(audience->counts[CLASS_RESIDENT - 1]->givers, 2);
    assert_true(audience->counts[CLASS_MEDIA - 1]->excluded);
    assert_int_equal(audience->total, 4);
    assert_int_equal(audience->joined_this_week, 1);
    assert_true(audience->coordinators_only);
}

static void the_status_counts_givers_and_live_requests(void **state)
{
    struct town *it = *state;
    town_publish(it, "Een vraag");
    assert_accepted(town_close(it, town_publish(it, "Nog een"), CLOSE_DUPLICATE));
    struct core core = town_read(it);
    Wire__Status status = WIRE__STATUS__INIT;
    assert_int_equal(query_counts(&core, &status), BB_OK);
    assert_int_equal(status.givers_active, 4);
    assert_int_equal(status.givers_waiting, 0);
    assert_int_equal(status.requests_live, 1);
    town_read_end(&core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(each_role_may_ask_what_the_protocol_says_and_nothing_else),
        IN_TOWN(a_giver_that_is_not_active_asks_about_itself_only),
        IN_TOWN(requests_come_in_pages_newest_first_and_each_once),
        IN_TOWN(requests_are_picked_by_state_and_by_whose_they_are),
        IN_TOWN(a_giver_lists_its_own_offers_and_nobody_elses),
        IN_TOWN(members_are_known_to_their_party_and_to_those_who_watch),
        IN_TOWN(parties_are_picked_by_state_or_by_id),
        IN_TOWN(invitations_are_listed_without_their_keys),
        IN_TOWN(the_journal_tells_who_and_what_and_never_a_text),
        IN_TOWN(a_long_entry_of_the_journal_goes_on_over_the_next_page),
        IN_TOWN(page_tokens_that_nobody_gave_out_break_nothing_and_show_nothing_of_others),
        IN_TOWN(the_audience_is_told_by_class_before_publishing),
        IN_TOWN(the_status_counts_givers_and_live_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
