// SPDX-License-Identifier: MPL-2.0
// A small town for tests of the core: a store, a keyring and the daemon's real turn, with a clock that the test moves.
//
// Its people joined through real commands: an operator, a coordinator, two desks, and givers of three classes. Each
// helper runs one command in a turn of its own and gives the answer, so that a test reads like a story.
#ifndef BUURTBEL_TESTS_TOWN_H
#define BUURTBEL_TESTS_TOWN_H

#include "scratch.h"

#include "core/channel.h"
#include "core/core.h"
#include "core/query.h"
#include "store/keyring.h"
#include "turn/burial.h"
#include "turn/turn.h"
#include "words.h"

extern const int64_t minute_ms, hour_ms, day_ms;

struct person {
    bool invitee;
    uint64_t number; // of the member or the invitation
    uint64_t member; // public ids
    uint64_t party;
    uint64_t party_number;
};

struct town {
    struct scratch *scratch;
    struct keyring *keyring;
    struct tombstones *tombstones;
    struct turn *turn;
    struct arena *reading; // answers to queries lie here until the next one
    int64_t now_ms;
    uint64_t made_ids;          // for command ids, keys and nonces that differ
    struct turn_result *result; // of the last turn
    enum bb_code code;          // what the last turn itself gave
    struct person operator, coordinator, desk, other_desk;
    struct person anna, bert, school, paper; // residents, an institution, media
    uint64_t asker;                          // of `desk`
};

// For cmocka. The state is the struct town.
int town_setup(void **state);
int town_setup_small(void **state); // with a store that is soon full
int town_teardown(void **state);

void town_pass(struct town *town, int64_t ms);
// As after a restart of the daemon: store and tombstones closed and opened, turn made anew.
void town_restart(struct town *town);

// What the next sync of a file fails with; 0: it works. Syncs do nothing else here.
extern int town_sync_errno;
extern int town_syncs_before_failure; // so many still work

// Runs it in a turn of its own, with a fresh id unless it has one. A turn that fails gives its code as the answer's.
struct turn_answer town_run(struct town *town, struct person who, Wire__Command *command);

// One helper a command; messages are handed over by value, their bases need not be set.
#define TOWN_COMMANDS(X) \
    X(enrol, ENROL, Enrol) \
    X(make_invitation, MAKE_INVITATION, MakeInvitation) \
    X(revoke_invitation, REVOKE_INVITATION, RevokeInvitation) \
    X(approve_party, APPROVE_PARTY, ApproveParty) \
    X(suspend_party, SUSPEND_PARTY, SuspendParty) \
    X(reinstate_party, REINSTATE_PARTY, ReinstateParty) \
    X(revoke_member, REVOKE_MEMBER, RevokeMember) \
    X(add_asker, ADD_ASKER, AddAsker) \
    X(publish_request, PUBLISH_REQUEST, PublishRequest) \
    X(choose_offer, CHOOSE_OFFER, ChooseOffer) \
    X(decline_offer, DECLINE_OFFER, DeclineOffer) \
    X(release, RELEASE, Release) \
    X(confirm_help, CONFIRM_HELP, ConfirmHelp) \
    X(close_request, CLOSE_REQUEST, CloseRequest) \
    X(cancel_offer, CANCEL_OFFER, CancelOffer) \
    X(open_referred, OPEN_REFERRED, OpenReferred) \
    X(give_answer, GIVE_ANSWER, GiveAnswer) \
    X(withdraw_offer, WITHDRAW_OFFER, WithdrawOffer) \
    X(report_done, REPORT_DONE, ReportDone) \
    X(pause, PAUSE, Pause) \
    X(resume, RESUME, Resume)
#define X(name, NAME, Type) \
    struct turn_answer town_##name(struct town *town, struct person who, Wire__##Type message); \
    Wire__Command command_##name(struct town *town, Wire__##Type *message);
TOWN_COMMANDS(X)
#undef X

// Several commands in one turn; answers are in town->result.
void town_run_together(struct town *town, const struct turn_input *inputs, size_t count);

// Short forms, by the desk or by the giver that is named. Those that give an id must succeed.
uint64_t town_publish(struct town *town, const char *text);
uint64_t town_publish_for(struct town *town, uint32_t needed);
uint64_t town_offer(struct town *town, struct person giver, uint64_t request);
uint64_t town_add_asker_of(struct town *town, struct person desk);
struct turn_answer town_offers(struct town *town, struct person giver, uint64_t request);
struct turn_answer town_choose(struct town *town, uint64_t offer);
struct turn_answer town_close(struct town *town, uint64_t request, enum bb_close_reason reason);
void town_confirm_tips_at_once(struct town *town);                             // changes the community's record
uint64_t town_match(struct town *town, struct person giver, uint64_t request); // offers and is chosen: the offer

// A request as the desk would fill it in, for the test to change.
Wire__PublishRequest town_request(const struct town *town, const char *text);
Wire__MakeInvitation town_invitation(struct town *town, enum bb_role role, uint32_t audience_class);
// Keys that nobody else has. The texts are borrowed.
Wire__Enrol town_enrolment(struct town *town, const char *party_name, const char *member_name);

// Invited by `host` and enrolled.
struct person town_join(struct town *town, struct person host, Wire__MakeInvitation invitation, const char *name);
struct person town_invitee(const struct town *town, uint64_t invitation);
struct person town_giver(struct town *town, uint32_t audience_class, const char *name);

ProtobufCBinaryData text(const char *string);  // borrowed
ProtobufCBinaryData text_of_size(size_t size); // letters; valid until the end of the program
ProtobufCBinaryData fresh_key(struct town *town);
bool text_is(ProtobufCBinaryData bytes, const char *string);
// Do these bytes hold that text anywhere?
bool bytes_hold(const void *bytes, size_t size, const char *string);

// Notices of the last turn; NULL when there were none.
const Wire__Batch *town_mailbox(const struct town *town, struct person owner);
const Wire__Batch *town_class(const struct town *town, uint32_t audience_class);
const Wire__Notice *last_of(const Wire__Batch *batch);

// As the present records say.
uint32_t town_request_state(struct town *town, uint64_t request);
uint32_t town_offer_state(struct town *town, uint64_t offer);
uint64_t town_number(const struct town *town, enum id_kind kind, uint64_t id);
uint64_t town_channel_id(const struct town *town, uint64_t channel);

// A core on a read transaction, for what is below the queries. End it with town_read_end.
struct core town_read(struct town *town);
void town_read_end(struct core *core);

enum bb_code town_query(struct town *town, struct person who, Wire__Query *query, Wire__Answer **out);
// NULL when `who` may not see it.
const Wire__RequestView *town_show(struct town *town, struct person who, uint64_t request);
enum bb_code town_sync(struct town *town, struct person who, uint64_t channel, Wire__Sync sync, Wire__Cursor cursor,
                       Wire__SyncPage **out);

#define assert_accepted(answer) assert_int_equal((answer).code, BB_OK)
#define assert_refused(answer, expected) assert_string_equal(bb_code_symbol((answer).code), bb_code_symbol(expected))
#define IN_SMALL_TOWN(test) cmocka_unit_test_setup_teardown(test, town_setup_small, town_teardown)
#define IN_TOWN(test) cmocka_unit_test_setup_teardown(test, town_setup, town_teardown)

#endif
