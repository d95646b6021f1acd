// SPDX-License-Identifier: MPL-2.0
// The core over records and facts that no command of today makes: another community's, a later version's, and such as
// do not fit each other.
#include "town.h"

#include "core/decide.h"
#include "core/restore.h"

enum { ELSEWHERE = 2 };

static void write_begin(struct town *it, struct core *core)
{
    *core = (struct core){.keyring = it->keyring, .now_ms = it->now_ms};
    memcpy(core->ids_key, turn_ids_key(it->turn), IDS_KEY_SIZE);
    arena_reset(it->reading);
    assert_int_equal(txn_begin_write(it->scratch->store, it->reading, &core->txn), BB_OK);
}

static enum bb_code apply(struct town *it, Stored__Fact__WhatCase what, ProtobufCMessage *body)
{
    struct core core;
    Stored__Fact fact = STORED__FACT__INIT;
    fact.what_case = what;
    fact.party_joined = (Stored__PartyJoined *)body; // one place for all of the union
    write_begin(it, &core);
    enum bb_code code = core_apply(&core, &fact);
    txn_abort(&core.txn);
    return code;
}

static void a_fact_of_a_later_version_stops_the_daemon(void **state)
{
    assert_int_equal(apply(*state, STORED__FACT__WHAT__NOT_SET, NULL), BB_STORE_NEWER);
    assert_int_equal(apply(*state, (Stored__Fact__WhatCase)9999, NULL), BB_STORE_NEWER);
}

static void a_number_that_was_given_before_is_damage(void **state)
{
    Stored__PartyJoined joined = STORED__PARTY_JOINED__INIT;
    joined.party = 1;
    joined.community = 1;
    joined.role = ROLE_GIVER;
    assert_int_equal(apply(*state, STORED__FACT__WHAT_PARTY_JOINED, &joined.base), BB_STORE_DAMAGED);
}

static void an_epoch_that_was_begun_before_or_is_no_epoch_is_damage(void **state)
{
    Stored__Restored restored = STORED__RESTORED__INIT;
    restored.epoch = 1;
    assert_int_equal(apply(*state, STORED__FACT__WHAT_RESTORED, &restored.base), BB_STORE_DAMAGED);
    restored.epoch = EPOCHS_MAX + 1;
    assert_int_equal(apply(*state, STORED__FACT__WHAT_RESTORED, &restored.base), BB_STORE_DAMAGED);
    restored.epoch = 2;
    assert_int_equal(apply(*state, STORED__FACT__WHAT_RESTORED, &restored.base), BB_OK);
}

// ---------------------------------------------------------------- another community

static void move_away(struct town *it, struct person who)
{
    struct core core;
    Stored__Party *party;
    Stored__Community *community;
    write_begin(it, &core);
    assert_int_equal(store_get_number(core.txn, TABLE_COMMUNITY, 1, &community), BB_OK);
    community->community = ELSEWHERE;
    assert_int_equal(store_put_number(core.txn, TABLE_COMMUNITY, ELSEWHERE, &community->base), BB_OK);
    assert_int_equal(store_get_number(core.txn, TABLE_PARTY, who.party_number, &party), BB_OK);
    party->community = ELSEWHERE;
    assert_int_equal(store_put_number(core.txn, TABLE_PARTY, who.party_number, &party->base), BB_OK);
    assert_int_equal(txn_commit(&core.txn), BB_OK);
}

static void what_another_community_has_is_unknown_to_a_desk_and_a_giver(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish(it, "Wie heeft een fiets?");
    uint64_t offer = town_offer(it, it->anna, request);
    move_away(it, it->desk);
    move_away(it, it->bert);
    assert_refused(town_choose(it, offer), BB_UNKNOWN_ID);
    assert_refused(town_close(it, request, CLOSE_NO_LONGER_NEEDED), BB_UNKNOWN_ID);
    assert_refused(town_offers(it, it->bert, request), BB_UNKNOWN_ID);
    assert_null(town_show(it, it->desk, request));
    assert_null(town_show(it, it->bert, request));
    assert_int_equal(town_request_state(it, request), REQUEST_OPEN);
}

static void what_another_community_has_is_unknown_to_a_coordinator(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish(it, "Wie heeft een fiets?");
    struct turn_answer invited =
        town_make_invitation(it, it->coordinator, town_invitation(it, ROLE_GIVER, CLASS_RESIDENT));
    assert_accepted(invited);
    move_away(it, it->coordinator);
    assert_refused(
        town_suspend_party(it, it->coordinator, (Wire__SuspendParty){.party = it->anna.party, .reason = text("nep")}),
        BB_UNKNOWN_ID);
    assert_refused(
        town_revoke_member(it, it->coordinator, (Wire__RevokeMember){.member = it->anna.member, .reason = text("nep")}),
        BB_UNKNOWN_ID);
    assert_refused(town_revoke_invitation(it, it->coordinator, (Wire__RevokeInvitation){.invitation = invited.made}),
                   BB_UNKNOWN_ID);
    assert_null(town_show(it, it->coordinator, request));

    Wire__Query query = WIRE__QUERY__INIT;
    Wire__ListParties parties = WIRE__LIST_PARTIES__INIT;
    Wire__Answer *answer;
    query.what_case = WIRE__QUERY__WHAT_PARTIES;
    query.parties = &parties;
    assert_int_equal(town_query(it, it->coordinator, &query, &answer), BB_OK);
    assert_int_equal(answer->parties->n_parties, 1);
    assert_int_equal(answer->parties->parties[0]->party, it->coordinator.party);
}

// ---------------------------------------------------------------- queries

static void a_query_of_no_kind_or_of_a_later_version_is_told_so(void **state)
{
    struct town *it = *state;
    Wire__Query query = WIRE__QUERY__INIT;
    Wire__Answer *answer;
    assert_int_equal(town_query(it, it->operator, & query, &answer), BB_UNKNOWN_COMMAND);
    query.what_case = (Wire__Query__WhatCase)9999;
    assert_int_equal(town_query(it, it->operator, & query, &answer), BB_UNKNOWN_COMMAND);
}

static void who_waits_for_a_yes_is_told_so(void **state)
{
    struct town *it = *state;
    Wire__MakeInvitation poster = town_invitation(it, ROLE_GIVER, CLASS_RESIDENT);
    poster.standing = true;
    struct person waiting = town_join(it, it->coordinator, poster, "Cor");
    Wire__Query query = WIRE__QUERY__INIT;
    Wire__ListRequests requests = WIRE__LIST_REQUESTS__INIT;
    Wire__Answer *answer;
    query.what_case = WIRE__QUERY__WHAT_REQUESTS;
    query.requests = &requests;
    assert_int_equal(town_query(it, waiting, &query, &answer), BB_PARTY_WAITING);
}

// The journal's lines name whom a fact is about.
static void assert_last_line(struct town *it, const char *fact, uint64_t subject)
{
    Wire__Query query = WIRE__QUERY__INIT;
    Wire__ReadJournal ask = WIRE__READ_JOURNAL__INIT;
    Wire__Answer *answer;
    ask.from_entry = turn_head(it->turn);
    query.what_case = WIRE__QUERY__WHAT_JOURNAL;
    query.journal = &ask;
    assert_int_equal(town_query(it, it->operator, & query, &answer), BB_OK);
    assert_int_equal(answer->journal->n_lines, 1);
    assert_true(text_is(answer->journal->lines[0]->fact, fact));
    assert_true(answer->journal->lines[0]->subject == subject);
}

static void the_journal_names_who_and_what_was_revoked(void **state)
{
    struct town *it = *state;
    struct turn_answer invited =
        town_make_invitation(it, it->coordinator, town_invitation(it, ROLE_GIVER, CLASS_RESIDENT));
    assert_accepted(invited);
    assert_accepted(town_revoke_invitation(it, it->coordinator, (Wire__RevokeInvitation){.invitation = invited.made}));
    assert_last_line(it, "invitation_revoked", invited.made);
    assert_accepted(town_revoke_member(it, it->coordinator,
                                       (Wire__RevokeMember){.member = it->anna.member, .reason = text("Verhuisd")}));
    assert_last_line(it, "member_revoked", it->anna.member);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_fact_of_a_later_version_stops_the_daemon),
        IN_TOWN(a_number_that_was_given_before_is_damage),
        IN_TOWN(an_epoch_that_was_begun_before_or_is_no_epoch_is_damage),
        IN_TOWN(what_another_community_has_is_unknown_to_a_desk_and_a_giver),
        IN_TOWN(what_another_community_has_is_unknown_to_a_coordinator),
        IN_TOWN(a_query_of_no_kind_or_of_a_later_version_is_told_so),
        IN_TOWN(who_waits_for_a_yes_is_told_so),
        IN_TOWN(the_journal_names_who_and_what_was_revoked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
