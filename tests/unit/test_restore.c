// SPDX-License-Identifier: MPL-2.0
// Tests of a restore: daemon/core/restore.c, apply_restore.c and daemon/turn/restoring.c. A copy of the town's store is
// made, life goes on, and the copy is put back.
#include "town.h"

#include "store/journal.h"
#include "turn/restoring.h"
#include "turn/verify.h"

#include <sys/stat.h>

static void folder_of(const struct town *it, char out[128])
{
    snprintf(out, 128, "%s/backup", it->scratch->folder);
}

static void back_up(struct town *it)
{
    char folder[128];
    folder_of(it, folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(store_copy(it->scratch->store, folder), BB_OK);
}

// As `cp` would: the store is what it was, and nobody was told.
static void copy_back(struct town *it)
{
    char from[200], to[200], lock[200], command[512];
    turn_destroy(&it->turn);
    tombstones_close(&it->tombstones);
    store_close(&it->scratch->store);
    snprintf(from, sizeof from, "%s/backup/data.mdb", it->scratch->folder);
    snprintf(to, sizeof to, "%s/data.mdb", it->scratch->folder);
    snprintf(lock, sizeof lock, "%s/lock.mdb", it->scratch->folder);
    snprintf(command, sizeof command, "cp %s %s", from, to);
    assert_int_equal(system(command), 0);
    assert_int_equal(unlink(lock), 0);
    scratch_open_store(it->scratch);
}

static void open_again(struct town *it)
{
    town_restart(it);
}

static struct restored restore(struct town *it)
{
    char path[128];
    const char *problem;
    uint8_t mark[TOMBSTONES_MARK_SIZE];
    struct restored restored;
    struct restoring options = {.keyring_last = keyring_last(it->keyring), .clock_ms = it->now_ms, .node = 1};
    tombstones_mark(turn_ids_key(it->turn), mark);
    copy_back(it);
    snprintf(path, sizeof path, "%s/tombstones", it->scratch->folder);
    assert_int_equal(tombstones_open(path, mark, true, &it->tombstones, &problem), BB_OK);
    options.store = it->scratch->store;
    options.tombstones = tombstones_all(it->tombstones, &options.tombstones_count);
    assert_int_equal(restoring_run(&options, &restored), BB_OK);
    open_again(it);
    return restored;
}

static int64_t still_us(void)
{
    return 0;
}

static void assert_verifies(struct town *it)
{
    struct core core = town_read(it);
    Wire__Verify from = WIRE__VERIFY__INIT;
    Wire__Verified *verified;
    assert_int_equal(verify_slice(&core, &from, still_us, &verified), BB_OK);
    for (size_t i = 0; i < verified->n_problems; i++)
        print_error("%.*s\n", (int)verified->problems[i].len, (const char *)verified->problems[i].data);
    assert_int_equal(verified->n_problems, 0);
    assert_true(verified->done);
    town_read_end(&core);
}

static void suspend(struct town *it, struct person who)
{
    assert_accepted(
        town_suspend_party(it, it->coordinator, (Wire__SuspendParty){.party = who.party, .reason = text("Klachten")}));
}

static void reinstate(struct town *it, struct person who)
{
    assert_accepted(town_reinstate_party(it, it->coordinator, (Wire__ReinstateParty){.party = who.party}));
}

static void send_away(struct town *it, struct person who)
{
    assert_accepted(
        town_revoke_member(it, it->operator,(Wire__RevokeMember){.member = who.member, .reason = text("Weg")}));
}

static uint32_t state_of(struct town *it, struct person who)
{
    struct core core = town_read(it);
    Stored__Party *party;
    assert_int_equal(store_get_number(core.txn, TABLE_PARTY, who.party_number, &party), BB_OK);
    uint32_t state = party->state;
    town_read_end(&core);
    return state;
}

static enum bb_code can_speak(struct town *it, struct person who)
{
    struct core core = town_read(it);
    struct actor actor;
    enum bb_code code = actor_find(&core, who.invitee, who.number, &actor);
    town_read_end(&core);
    return code;
}

static Stored__StoreIdentity *identity_of(struct core *core)
{
    Stored__StoreIdentity *identity;
    assert_int_equal(store_identity(core->txn, &identity), BB_OK);
    return identity;
}

// ---------------------------------------------------------------- what must stay so

static void what_was_revoked_and_suspended_after_the_backup_stays_so(void **state)
{
    struct town *it = *state;
    back_up(it);
    suspend(it, it->anna);
    send_away(it, it->bert);
    assert_int_equal(restore(it).epoch, 2);
    assert_int_equal(state_of(it, it->anna), PARTY_SUSPENDED);
    assert_int_equal(can_speak(it, it->bert), BB_MEMBER_REVOKED);
    assert_refused(town_offers(it, it->anna, town_publish(it, "Een vraag")), BB_PARTY_SUSPENDED);
    assert_int_equal(state_of(it, it->school), PARTY_ACTIVE);
    assert_int_equal(can_speak(it, it->school), BB_OK);
    assert_verifies(it);
}

static void the_last_word_on_a_party_counts(void **state)
{
    struct town *it = *state;
    suspend(it, it->anna);
    back_up(it);
    reinstate(it, it->anna); // suspended in the backup, active since
    suspend(it, it->bert);
    reinstate(it, it->bert);
    suspend(it, it->school);
    reinstate(it, it->school);
    suspend(it, it->school);
    struct restored restored = restore(it);
    assert_int_equal(state_of(it, it->anna), PARTY_ACTIVE);
    assert_int_equal(state_of(it, it->bert), PARTY_ACTIVE);
    assert_int_equal(state_of(it, it->school), PARTY_SUSPENDED);
    assert_int_equal(restored.parties_changed, 2);
    assert_verifies(it);
}

static void a_yes_that_was_given_after_the_backup_is_to_be_given_again(void **state)
{
    struct town *it = *state;
    Wire__MakeInvitation standing = town_invitation(it, ROLE_GIVER, CLASS_RESIDENT);
    standing.standing = true;
    struct person waiting = town_join(it, it->coordinator, standing, "Wachtende");
    back_up(it);
    assert_accepted(town_approve_party(it, it->coordinator, (Wire__ApproveParty){.party = waiting.party}));
    restore(it);
    assert_int_equal(state_of(it, waiting), PARTY_WAITING);
}

// With the key that it had, through an invitation that anybody may use.
static struct turn_answer enrol_again(struct town *it, ProtobufCBinaryData key)
{
    Wire__MakeInvitation standing = town_invitation(it, ROLE_GIVER, CLASS_RESIDENT);
    standing.standing = true;
    standing.uses = 10;
    struct turn_answer made = town_make_invitation(it, it->coordinator, standing);
    assert_accepted(made);
    Wire__Enrol enrol = town_enrolment(it, "Terug", "Terug");
    if (key.len > 0)
        enrol.curve_key_bytes = key;
    return town_enrol(it, town_invitee(it, made.made), enrol);
}

static ProtobufCBinaryData key_of(struct town *it, struct person who)
{
    static uint8_t keys[8][32];
    static int next;
    uint8_t *key = keys[next++ % 8];
    struct core core = town_read(it);
    Stored__Member *member;
    assert_int_equal(store_get_number(core.txn, TABLE_MEMBER, who.number, &member), BB_OK);
    memcpy(key, member->curve_key_bytes.data, 32);
    town_read_end(&core);
    return (ProtobufCBinaryData){32, key};
}

static void keys_that_the_backup_does_not_know_cannot_be_enrolled_again(void **state)
{
    struct town *it = *state;
    back_up(it);
    struct person suspended = town_giver(it, CLASS_RESIDENT, "Geschorst");
    Wire__MakeInvitation make = town_invitation(it, ROLE_GIVER, 0);
    make.party = suspended.party;
    struct person colleague = town_join(it, suspended, make, "Collega");
    struct person revoked = town_giver(it, CLASS_RESIDENT, "Weggestuurd");
    struct person good = town_giver(it, CLASS_RESIDENT, "Gewoon");
    struct person forgiven = town_giver(it, CLASS_RESIDENT, "Vergeven");
    ProtobufCBinaryData barred[] = {key_of(it, suspended), key_of(it, colleague), key_of(it, revoked)};
    ProtobufCBinaryData free_keys[] = {key_of(it, good), key_of(it, forgiven)};
    suspend(it, suspended);
    suspend(it, forgiven);
    reinstate(it, forgiven);
    send_away(it, revoked);
    assert_int_equal(restore(it).keys_barred, 3);
    for (size_t i = 0; i < 3; i++)
        assert_refused(enrol_again(it, barred[i]), BB_KEY_KNOWN);
    for (size_t i = 0; i < 2; i++)
        assert_accepted(enrol_again(it, free_keys[i]));
    assert_verifies(it);
}

static void personal_invitations_are_revoked_and_standing_ones_stay(void **state)
{
    struct town *it = *state;
    struct turn_answer made[4];
    Wire__MakeInvitation standing = town_invitation(it, ROLE_GIVER, CLASS_RESIDENT), lost, revoked;
    Wire__MakeInvitation personal = town_invitation(it, ROLE_GIVER, CLASS_RESIDENT);
    standing.standing = true;
    standing.uses = 10;
    made[0] = town_make_invitation(it, it->coordinator, personal);
    made[1] = town_make_invitation(it, it->coordinator, standing);
    Wire__MakeInvitation second = town_invitation(it, ROLE_GIVER, CLASS_RESIDENT);
    second.standing = true;
    made[2] = town_make_invitation(it, it->coordinator, second);
    back_up(it);
    // The personal one is used, and whoever used it is suspended: it must not let that person in with another key.
    struct turn_answer used = town_enrol(it, town_invitee(it, made[0].made), town_enrolment(it, "Nieuw", "Nieuw"));
    assert_accepted(used);
    assert_accepted(town_revoke_invitation(it, it->coordinator, (Wire__RevokeInvitation){.invitation = made[2].made}));
    lost = town_invitation(it, ROLE_GIVER, CLASS_RESIDENT);
    made[3] = town_make_invitation(it, it->coordinator, lost);
    assert_accepted(town_revoke_invitation(it, it->coordinator, (Wire__RevokeInvitation){.invitation = made[3].made}));
    revoked = lost;
    restore(it);
    assert_refused(town_enrol(it, town_invitee(it, made[0].made), town_enrolment(it, "Weer", "Weer")),
                   BB_INVITATION_REVOKED);
    assert_accepted(town_enrol(it, town_invitee(it, made[1].made), town_enrolment(it, "Poster", "Poster")));
    assert_refused(town_enrol(it, town_invitee(it, made[2].made), town_enrolment(it, "Poster", "Poster")),
                   BB_INVITATION_REVOKED);
    // Its maker's client may ask for it once more.
    assert_refused(town_make_invitation(it, it->coordinator, revoked), BB_KEY_KNOWN);
    assert_verifies(it);
}

// ---------------------------------------------------------------- a new history

enum { IDS_EACH = 7 };

// One of each thing that has a public id.
static void make_one_of_each(struct town *it, uint64_t ids[IDS_EACH], uint64_t *slot)
{
    struct turn_answer invitation =
        town_make_invitation(it, it->coordinator, town_invitation(it, ROLE_GIVER, CLASS_RESIDENT));
    struct person giver = town_giver(it, CLASS_RESIDENT, "Nieuwe gever");
    ids[0] = invitation.made;
    ids[1] = giver.member;
    ids[2] = giver.party;
    ids[3] = it->asker = town_add_asker_of(it, it->desk);
    ids[4] = town_publish(it, "Een vraag");
    ids[5] = town_match(it, giver, ids[4]);
    struct turn_answer release = town_release(it, it->desk,
                                              (Wire__Release){.offer = ids[5],
                                                              .recipient = giver.member,
                                                              .channel = CONTACT_PHONE,
                                                              .box_bytes = text_of_size(1072),
                                                              .asker_agreed = true});
    assert_accepted(release);
    ids[6] = release.made;
    *slot = turn_slots_used(it->turn);
}

static void no_id_is_ever_given_twice(void **state)
{
    struct town *it = *state;
    uint64_t ids[3][IDS_EACH], slots[3];
    back_up(it);
    make_one_of_each(it, ids[0], &slots[0]);
    for (int i = 1; i < 3; i++) { // the same backup, twice
        assert_int_equal(restore(it).epoch, i + 1);
        make_one_of_each(it, ids[i], &slots[i]);
        assert_true(slots[i] > slots[i - 1]);
        for (int before = 0; before < i; before++)
            for (int a = 0; a < IDS_EACH; a++)
                for (int b = 0; b < IDS_EACH; b++)
                    assert_true(ids[i][a] != ids[before][b]);
        assert_verifies(it);
        town_restart(it);
    }
}

static void the_epochs_of_this_history_are_told(void **state)
{
    struct town *it = *state;
    back_up(it);
    uint64_t head = turn_head(it->turn);
    town_publish(it, "Verloren");
    restore(it);
    town_publish(it, "Ook verloren");
    assert_int_equal(restore(it).last_entry, head);
    struct core core = town_read(it);
    Stored__StoreIdentity *identity = identity_of(&core);
    assert_int_equal(identity->epoch, 3);
    assert_int_equal(identity->n_past_epochs, 1); // epoch 2 wrote nothing that is still here
    assert_int_equal(identity->past_epochs[0]->epoch, 1);
    assert_int_equal(identity->past_epochs[0]->last_entry, head);
    town_read_end(&core);
}

static void a_backup_of_a_restored_store_tells_of_both_epochs(void **state)
{
    struct town *it = *state;
    char path[200];
    back_up(it);
    restore(it);
    snprintf(path, sizeof path, "%s/backup/data.mdb", it->scratch->folder);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "%s/backup", it->scratch->folder);
    assert_int_equal(rmdir(path), 0);
    back_up(it);
    uint64_t head = turn_head(it->turn);
    restore(it);
    struct core core = town_read(it);
    Stored__StoreIdentity *identity = identity_of(&core);
    assert_int_equal(identity->epoch, 3);
    assert_int_equal(identity->n_past_epochs, 2);
    assert_int_equal(identity->past_epochs[1]->epoch, 2);
    assert_int_equal(identity->past_epochs[1]->last_entry, head);
    town_read_end(&core);
}

static void the_journal_says_that_it_was_restored_and_what_followed(void **state)
{
    struct town *it = *state;
    back_up(it);
    uint64_t head = turn_head(it->turn);
    suspend(it, it->anna);
    restore(it);
    struct core core = town_read(it);
    Stored__Entry *entry;
    assert_int_equal(journal_read(core.txn, head + 1, &entry), BB_OK);
    assert_int_equal(entry->facts[0]->what_case, STORED__FACT__WHAT_RESTORED);
    assert_int_equal(entry->facts[0]->restored->last_entry, head);
    assert_int_equal(entry->n_facts, 2);
    assert_int_equal(entry->facts[1]->what_case, STORED__FACT__WHAT_PARTY_STATE_CHANGED);
    for (size_t i = 0; i < entry->n_facts; i++) {
        assert_true(entry->facts[i]->by_restore);
        assert_int_equal(entry->facts[i]->member, 0);
    }
    town_read_end(&core);
}

static void many_tombstones_come_in_entries_that_can_be_read(void **state)
{
    struct town *it = *state;
    struct person givers[100];
    for (int i = 0; i < 100; i++)
        givers[i] = town_giver(it, CLASS_RESIDENT, "Gever");
    back_up(it);
    uint64_t head = turn_head(it->turn);
    for (int i = 0; i < 100; i++)
        suspend(it, givers[i]);
    assert_int_equal(restore(it).parties_changed, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(state_of(it, givers[i]), PARTY_SUSPENDED);
    assert_true(turn_head(it->turn) > head + 1);
    assert_verifies(it);
}

static void operators_who_may_come_in_are_looked_for(void **state)
{
    struct town *it = *state;
    back_up(it);
    assert_true(restore(it).operators_left);
    struct person second = town_join(it, it->operator, town_invitation(it, ROLE_OPERATOR, 0), "Tweede beheerder");
    assert_accepted(town_revoke_member(
        it, second, (Wire__RevokeMember){.member = it->operator.member, .reason = text("Met pensioen")}));
    assert_false(restore(it).operators_left);
}

// ---------------------------------------------------------------- clients

static Wire__SyncPage *sync_in_epoch(struct town *it, struct core *core, struct person who, uint64_t channel,
                                     Wire__Cursor cursor, uint32_t epoch)
{
    struct actor actor;
    Wire__Sync sync = WIRE__SYNC__INIT;
    Wire__SyncPage *page;
    cursor.base = (ProtobufCMessage)PROTOBUF_C_MESSAGE_INIT(&wire__cursor__descriptor);
    cursor.channel = town_channel_id(it, channel);
    sync.cursor = &cursor;
    *core = town_read(it);
    assert_int_equal(actor_find(core, false, who.number, &actor), BB_OK);
    assert_int_equal(sync_answer(core, &actor, &sync, epoch, &page), BB_OK);
    return page;
}

static Wire__Cursor cursor_at(const Wire__Notice *notice, uint32_t epoch)
{
    static uint8_t hash[CHANNEL_HASH_SIZE];
    memcpy(hash, notice->hash_bytes.data, sizeof hash);
    return (Wire__Cursor){.epoch = epoch, .seq = notice->seq, .hash_bytes = {sizeof hash, hash}};
}

static void a_cursor_of_the_lost_history_leads_to_a_snapshot_without_what_is_gone(void **state)
{
    struct town *it = *state;
    struct core core;
    uint64_t kept = town_publish(it, "Blijft");
    back_up(it);
    town_publish(it, "Gaat verloren");
    Wire__Cursor cursor = cursor_at(last_of(town_class(it, CLASS_RESIDENT)), 1);
    uint32_t epoch = restore(it).epoch;
    uint64_t later = town_publish(it, "Daarna"); // has the same number in the channel as what is lost
    Wire__SyncPage *page = sync_in_epoch(it, &core, it->anna, channel_of_class(1, CLASS_RESIDENT), cursor, epoch);
    assert_int_equal(page->mode, WIRE__SYNC_MODE__SYNC_SNAPSHOT);
    assert_int_equal(page->epoch, 2);
    assert_int_equal(page->n_requests, 2);
    assert_true(page->requests[0]->request == kept && page->requests[1]->request == later);
    town_read_end(&core);
}

// Nobody raised the epoch: the hash in the cursor tells the histories apart, or its number that is beyond the end.
static void after_a_plain_copy_of_an_old_store_cursors_lead_to_a_snapshot_too(void **state)
{
    struct town *it = *state;
    struct core core;
    uint64_t residents = channel_of_class(1, CLASS_RESIDENT);
    uint64_t kept = town_publish(it, "Blijft");
    Wire__Cursor good = cursor_at(last_of(town_class(it, CLASS_RESIDENT)), 1);
    uint8_t hash[CHANNEL_HASH_SIZE];
    memcpy(hash, good.hash_bytes.data, sizeof hash);
    good.hash_bytes.data = hash;
    back_up(it);
    town_publish(it, "Gaat verloren");
    Wire__Cursor lost = cursor_at(last_of(town_class(it, CLASS_RESIDENT)), 1);
    copy_back(it);
    open_again(it);
    Wire__SyncPage *page = sync_in_epoch(it, &core, it->anna, residents, lost, 1);
    assert_int_equal(page->mode, WIRE__SYNC_MODE__SYNC_SNAPSHOT); // beyond the head
    assert_int_equal(page->n_requests, 1);
    assert_true(page->requests[0]->request == kept);
    town_read_end(&core);
    town_pass(it, 1);
    town_publish(it, "Daarna"); // the same number in the channel, another hash
    page = sync_in_epoch(it, &core, it->anna, residents, lost, 1);
    assert_int_equal(page->mode, WIRE__SYNC_MODE__SYNC_SNAPSHOT);
    assert_int_equal(page->n_requests, 2);
    town_read_end(&core);
    page = sync_in_epoch(it, &core, it->anna, residents, good, 1); // of before the copy: still good
    assert_int_equal(page->mode, WIRE__SYNC_MODE__SYNC_REPLAY);
    town_read_end(&core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(what_was_revoked_and_suspended_after_the_backup_stays_so),
        IN_TOWN(the_last_word_on_a_party_counts),
        IN_TOWN(a_yes_that_was_given_after_the_backup_is_to_be_given_again),
        IN_TOWN(keys_that_the_backup_does_not_know_cannot_be_enrolled_again),
        IN_TOWN(personal_invitations_are_revoked_and_standing_ones_stay),
        IN_TOWN(no_id_is_ever_given_twice),
        IN_TOWN(the_epochs_of_this_history_are_told),
        IN_TOWN(a_backup_of_a_restored_store_tells_of_both_epochs),
        IN_TOWN(the_journal_says_that_it_was_restored_and_what_followed),
        IN_TOWN(many_tombstones_come_in_entries_that_can_be_read),
        IN_TOWN(operators_who_may_come_in_are_looked_for),
        IN_TOWN(a_cursor_of_the_lost_history_leads_to_a_snapshot_without_what_is_gone),
        IN_TOWN(after_a_plain_copy_of_an_old_store_cursors_lead_to_a_snapshot_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
