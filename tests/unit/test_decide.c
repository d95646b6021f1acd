// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/core/decide.c: every role against every command. The table was written from DOMAIN's ("Who may do
// what"), not from the code.
#include "town.h"

enum { COMMANDS_COUNT = 21 };

enum {
    G = 1 << ROLE_GIVER,
    D = 1 << ROLE_DESK,
    C = 1 << ROLE_COORDINATOR,
    R = 1 << ROLE_REPORTER,
    O = 1 << ROLE_OPERATOR
};
enum { INVITEE = 1, ENDS = 2 }; // only for invitees; also for a party that waits or is suspended

static const struct {
    Wire__Command__WhatCase what;
    int roles;
    int special;
} rights[] = {
    {WIRE__COMMAND__WHAT_ENROL, 0, INVITEE},
    {WIRE__COMMAND__WHAT_MAKE_INVITATION, G | D | C | R | O, 0}, // at least for colleagues
    {WIRE__COMMAND__WHAT_REVOKE_INVITATION, C | O, 0},
    {WIRE__COMMAND__WHAT_APPROVE_PARTY, C, 0},
    {WIRE__COMMAND__WHAT_SUSPEND_PARTY, C, 0},
    {WIRE__COMMAND__WHAT_REINSTATE_PARTY, C, 0},
    {WIRE__COMMAND__WHAT_REVOKE_MEMBER, C | O, 0},
    {WIRE__COMMAND__WHAT_ADD_ASKER, D | C, 0},
    {WIRE__COMMAND__WHAT_PUBLISH_REQUEST, D | C, 0},
    {WIRE__COMMAND__WHAT_CHOOSE_OFFER, D | C, 0},
    {WIRE__COMMAND__WHAT_DECLINE_OFFER, D | C, 0},
    {WIRE__COMMAND__WHAT_RELEASE, D, 0},
    {WIRE__COMMAND__WHAT_CONFIRM_HELP, D | C, 0},
    {WIRE__COMMAND__WHAT_CLOSE_REQUEST, D | C, 0},
    {WIRE__COMMAND__WHAT_CANCEL_OFFER, D | C | G, 0},
    {WIRE__COMMAND__WHAT_OPEN_REFERRED, C, 0},
    {WIRE__COMMAND__WHAT_GIVE_ANSWER, G, 0},
    {WIRE__COMMAND__WHAT_WITHDRAW_OFFER, G, ENDS},
    {WIRE__COMMAND__WHAT_REPORT_DONE, G, 0},
    {WIRE__COMMAND__WHAT_PAUSE, G, 0},
    {WIRE__COMMAND__WHAT_RESUME, G, 0},
};
_Static_assert(sizeof rights / sizeof *rights == COMMANDS_COUNT, "a row for each command");

// With nothing in it: allowed or not shows all the same, for what is inside is looked at later.
static enum bb_code give_empty(struct town *it, struct person who, Wire__Command__WhatCase what)
{
    switch (what) {
#define X(name, NAME, Type) \
    case WIRE__COMMAND__WHAT_##NAME: \
        return town_##name(it, who, (Wire__##Type){0}).code;
        TOWN_COMMANDS(X)
#undef X
    default:
        fail_msg("no such command");
        return BB_UNKNOWN_COMMAND;
    }
}

static void the_table_has_every_command_of_the_schema(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *command = &wire__command__descriptor;
    assert_int_equal(command->n_fields, COMMANDS_COUNT + 1); // and the id
    for (size_t i = 0; i < COMMANDS_COUNT; i++)
        assert_non_null(protobuf_c_message_descriptor_get_field(command, (unsigned)rights[i].what));
}

static void each_role_may_what_the_domain_says_and_nothing_else(void **state)
{
    struct town *it = *state;
    struct person reporter = town_join(it, it->operator, town_invitation(it, ROLE_REPORTER, 0), "Gemeente");
    const struct {
        int role;
        struct person who;
    } people[] = {{G, it->anna}, {D, it->desk}, {C, it->coordinator}, {R, reporter}, {O, it->operator} };
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        for (size_t j = 0; j < sizeof people / sizeof *people; j++) {
            enum bb_code code = give_empty(it, people[j].who, rights[i].what);
            bool may = (rights[i].roles & people[j].role) != 0;
            if (may == (code == BB_NOT_ALLOWED))
                fail_msg("command %d, role %d: %s", (int)rights[i].what, people[j].role, bb_code_symbol(code));
        }
    }
}

static void an_invitee_may_only_enrol(void **state)
{
    struct town *it = *state;
    struct turn_answer made = town_make_invitation(it, it->operator, town_invitation(it, ROLE_COORDINATOR, 0));
    struct person invitee = town_invitee(it, made.made);
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        enum bb_code code = give_empty(it, invitee, rights[i].what);
        assert_int_equal(code, rights[i].special == INVITEE ? BB_MISSING : BB_NOT_ALLOWED);
    }
}

static void expect_of_an_inactive_giver(struct town *it, struct person giver, enum bb_code refusal)
{
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        enum bb_code code = give_empty(it, giver, rights[i].what);
        if (!(rights[i].roles & G))
            assert_int_equal(code, BB_NOT_ALLOWED);
        else
            assert_int_equal(code, rights[i].special == ENDS ? BB_UNKNOWN_ID : refusal);
    }
}

static void a_giver_that_waits_or_is_suspended_may_only_withdraw(void **state)
{
    struct town *it = *state;
    Wire__MakeInvitation poster = town_invitation(it, ROLE_GIVER, CLASS_RESIDENT);
    poster.standing = true;
    struct person waiting = town_join(it, it->coordinator, poster, "Cor");
    expect_of_an_inactive_giver(it, waiting, BB_PARTY_WAITING);
    Wire__SuspendParty suspend = {.party = it->anna.party, .reason = text("Klacht")};
    assert_accepted(town_suspend_party(it, it->coordinator, suspend));
    expect_of_an_inactive_giver(it, it->anna, BB_PARTY_SUSPENDED);
}

static void a_revoked_member_may_nothing(void **state)
{
    struct town *it = *state;
    Wire__RevokeMember revoke = {.member = it->desk.member, .reason = text("Uit dienst")};
    assert_accepted(town_revoke_member(it, it->coordinator, revoke));
    for (size_t i = 0; i < COMMANDS_COUNT; i++)
        assert_int_equal(give_empty(it, it->desk, rights[i].what), BB_MEMBER_REVOKED);
    struct person nobody = {.number = 4711};
    assert_int_equal(give_empty(it, nobody, WIRE__COMMAND__WHAT_PAUSE), BB_MEMBER_REVOKED);
    struct person no_invitation = {.number = 4711, .invitee = true};
    assert_int_equal(give_empty(it, no_invitation, WIRE__COMMAND__WHAT_ENROL), BB_INVITATION_REVOKED);
}

static void a_command_of_a_later_version_is_unknown(void **state)
{
    struct town *it = *state;
    Wire__Command command = WIRE__COMMAND__INIT; // unpacked from one, its field is among the unknown ones
    assert_refused(town_run(it, it->anna, &command), BB_UNKNOWN_COMMAND);
    command.what_case = (Wire__Command__WhatCase)(WIRE__COMMAND__WHAT_RESUME + 1);
    assert_false(core_uses_reserve(&command));
}

// What ends something works when the store is nearly full, all else waits for room.
static void only_what_ends_something_uses_the_reserve(void **state)
{
    (void)state;
    static const Wire__Command__WhatCase ending[] = {WIRE__COMMAND__WHAT_REVOKE_INVITATION,
                                                     WIRE__COMMAND__WHAT_SUSPEND_PARTY,
                                                     WIRE__COMMAND__WHAT_REVOKE_MEMBER,
                                                     WIRE__COMMAND__WHAT_CLOSE_REQUEST,
                                                     WIRE__COMMAND__WHAT_CANCEL_OFFER,
                                                     WIRE__COMMAND__WHAT_WITHDRAW_OFFER,
                                                     WIRE__COMMAND__WHAT_PAUSE};
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        Wire__Command command = WIRE__COMMAND__INIT;
        command.what_case = rights[i].what;
        bool ends = false;
        for (size_t j = 0; j < sizeof ending / sizeof *ending; j++)
            ends = ends || ending[j] == rights[i].what;
        assert_int_equal(core_uses_reserve(&command), ends);
    }
}

static void a_role_that_nobody_knows_may_do_nothing(void **state)
{
    struct town *it = *state;
    struct txn *txn;
    Stored__Party *party;
    arena_reset(it->reading);
    assert_int_equal(txn_begin_write(it->scratch->store, it->reading, &txn), BB_OK);
    assert_int_equal(store_get_number(txn, TABLE_PARTY, it->desk.party_number, &party), BB_OK);
    party->role = 48;
    assert_int_equal(store_put_number(txn, TABLE_PARTY, it->desk.party_number, &party->base), BB_OK);
    assert_int_equal(txn_commit(&txn), BB_OK);
    assert_refused(town_publish_request(it, it->desk, town_request(it, "Fiets gezocht")), BB_STORE_DAMAGED);
    Wire__ListRequests list = WIRE__LIST_REQUESTS__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    Wire__Answer *answer;
    query.what_case = WIRE__QUERY__WHAT_REQUESTS;
    query.requests = &list;
    assert_int_equal(town_query(it, it->desk, &query, &answer), BB_STORE_DAMAGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_has_every_command_of_the_schema),
        IN_TOWN(each_role_may_what_the_domain_says_and_nothing_else),
        IN_TOWN(an_invitee_may_only_enrol),
        IN_TOWN(a_giver_that_waits_or_is_suspended_may_only_withdraw),
        IN_TOWN(a_revoked_member_may_nothing),
        IN_TOWN(a_command_of_a_later_version_is_unknown),
        cmocka_unit_test(only_what_ends_something_uses_the_reserve),
        IN_TOWN(a_role_that_nobody_knows_may_do_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
