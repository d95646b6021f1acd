// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/turn/burial.c, and of the turn that calls it: what becomes a tombstone, when, and what the start does
// when file and store do not fit together.
#include "town.h"

#include "store/journal.h"

#include <errno.h>
#include <sys/stat.h>

static const char *path_of(const struct town *it)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/tombstones", it->scratch->folder);
    return path;
}

// What the file holds now, of this kind.
static size_t count_kind(const struct town *it, enum tombstone_kind kind, struct tombstone *last)
{
    struct tombstones *file;
    const char *problem;
    uint8_t mark[TOMBSTONES_MARK_SIZE];
    size_t count, found = 0;
    tombstones_mark(turn_ids_key(it->turn), mark);
    assert_int_equal(tombstones_open(path_of(it), mark, true, &file, &problem), BB_OK);
    const struct tombstone *all = tombstones_all(file, &count);
    for (size_t i = 0; i < count; i++) {
        if (all[i].kind != kind)
            continue;
        *last = all[i];
        found++;
    }
    tombstones_close(&file);
    return found;
}

static void key_of(struct town *it, uint64_t member, uint8_t out[32])
{
    struct core core = town_read(it);
    Stored__Member *record;
    assert_int_equal(store_get_number(core.txn, TABLE_MEMBER, member, &record), BB_OK);
    memcpy(out, record->curve_key_bytes.data, 32);
    town_read_end(&core);
}

static struct turn_answer suspend(struct town *it, struct person who)
{
    return town_suspend_party(it, it->coordinator,
                              (Wire__SuspendParty){.party = who.party, .reason = text("Klachten")});
}

static struct turn_answer send_away(struct town *it, struct person who)
{
    return town_revoke_member(it, it->operator,(Wire__RevokeMember){.member = who.member, .reason = text("Weg")});
}

// A turn that forgets the file, as if the daemon was killed between commit and append.
static void forget_tombstones(struct town *it)
{
    struct turn_options options = {.store = it->scratch->store, .keyring = it->keyring, .node = 1};
    turn_destroy(&it->turn);
    assert_int_equal(turn_create(&options, &it->turn), BB_OK);
}

static enum bb_code start(struct town *it, const char **problem)
{
    struct tombstones *file;
    uint64_t damaged;
    tombstones_close(&it->tombstones);
    enum bb_code code = burial_open(it->scratch->store, path_of(it), &file, &damaged, problem);
    tombstones_close(&file);
    return code;
}

static void a_revoked_member_is_in_the_file_before_anybody_is_answered(void **state)
{
    struct town *it = *state;
    struct tombstone last;
    uint8_t key[32];
    key_of(it, it->anna.number, key);
    assert_accepted(send_away(it, it->anna));
    assert_int_equal(count_kind(it, TOMBSTONE_MEMBER_REVOKED, &last), 1);
    assert_memory_equal(last.key, key, sizeof key);
    assert_int_equal(last.entry, turn_head(it->turn));
    assert_int_equal(last.epoch, 1);
    assert_int_equal(last.number, it->anna.number);
}

static void a_suspended_party_is_in_it_with_the_key_of_each_member(void **state)
{
    struct town *it = *state;
    struct tombstone last;
    uint8_t founder[32], key[32];
    Wire__MakeInvitation colleague = town_invitation(it, ROLE_GIVER, 0);
    colleague.party = it->anna.party;
    struct person second = town_join(it, it->anna, colleague, "Tweede");
    key_of(it, it->anna.number, founder);
    key_of(it, second.number, key);
    assert_accepted(suspend(it, it->anna));
    assert_int_equal(count_kind(it, TOMBSTONE_PARTY_SUSPENDED, &last), 2);
    assert_memory_equal(last.founder, founder, sizeof founder);
    assert_memory_equal(last.key, founder, sizeof founder); // the chain ends with its first member
    assert_accepted(town_reinstate_party(it, it->coordinator, (Wire__ReinstateParty){.party = it->anna.party}));
    assert_int_equal(count_kind(it, TOMBSTONE_PARTY_ACTIVE, &last), 1);
    assert_memory_equal(last.founder, founder, sizeof founder);
}

static void a_revoked_invitation_is_in_it(void **state)
{
    struct town *it = *state;
    struct tombstone last;
    Wire__MakeInvitation make = town_invitation(it, ROLE_GIVER, CLASS_RESIDENT);
    struct turn_answer made = town_make_invitation(it, it->coordinator, make);
    assert_accepted(made);
    assert_accepted(town_revoke_invitation(it, it->coordinator, (Wire__RevokeInvitation){.invitation = made.made}));
    assert_int_equal(count_kind(it, TOMBSTONE_INVITATION_REVOKED, &last), 1);
    assert_memory_equal(last.key, make.admission_key_bytes.data, 32);
}

static void other_turns_do_not_touch_the_file(void **state)
{
    struct town *it = *state;
    struct stat before, after;
    assert_int_equal(stat(path_of(it), &before), 0);
    town_match(it, it->anna, town_publish(it, "Een vraag"));
    assert_int_equal(stat(path_of(it), &after), 0);
    assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

// It is committed; the next start finds it in the journal.
static void a_turn_whose_tombstone_is_not_on_disk_answers_nobody(void **state)
{
    struct town *it = *state;
    struct tombstone last;
    town_sync_errno = EIO;
    town_syncs_before_failure = 1; // the commit's works, the file's does not
    suspend(it, it->anna);
    assert_int_equal(it->code, BB_STORE_IO);
    town_restart(it);
    assert_refused(suspend(it, it->anna), BB_WRONG_STATE);
    assert_int_equal(count_kind(it, TOMBSTONE_PARTY_SUSPENDED, &last), 1);
}

static void a_start_appends_what_a_kill_kept_out_of_the_file(void **state)
{
    struct town *it = *state;
    struct tombstone last;
    assert_accepted(send_away(it, it->anna));
    forget_tombstones(it);
    assert_accepted(send_away(it, it->bert));
    assert_accepted(suspend(it, it->school));
    assert_int_equal(count_kind(it, TOMBSTONE_MEMBER_REVOKED, &last), 1);
    town_restart(it);
    assert_int_equal(count_kind(it, TOMBSTONE_MEMBER_REVOKED, &last), 2);
    assert_int_equal(last.number, it->bert.number);
    assert_int_equal(count_kind(it, TOMBSTONE_PARTY_SUSPENDED, &last), 1);
    town_restart(it); // and once only
    assert_int_equal(count_kind(it, TOMBSTONE_MEMBER_REVOKED, &last), 2);
    assert_int_equal(count_kind(it, TOMBSTONE_PARTY_SUSPENDED, &last), 1);
}

static void half_of_an_entrys_tombstones_are_completed(void **state)
{
    struct town *it = *state;
    struct tombstone last;
    Wire__MakeInvitation colleague = town_invitation(it, ROLE_GIVER, 0);
    colleague.party = it->anna.party;
    town_join(it, it->anna, colleague, "Tweede");
    assert_accepted(suspend(it, it->anna));
    assert_int_equal(count_kind(it, TOMBSTONE_PARTY_SUSPENDED, &last), 2);
    struct stat info;
    assert_int_equal(stat(path_of(it), &info), 0);
    size_t records = count_kind(it, TOMBSTONE_PARTY_ACTIVE, &last) + 2;
    assert_int_equal(truncate(path_of(it), (off_t)(records * TOMBSTONE_SIZE)), 0); // the last one is gone
    assert_int_equal(count_kind(it, TOMBSTONE_PARTY_SUSPENDED, &last), 1);
    town_restart(it);
    assert_int_equal(count_kind(it, TOMBSTONE_PARTY_SUSPENDED, &last), 2);
}

static void a_file_that_is_missing_is_told_and_refuses_the_start(void **state)
{
    struct town *it = *state;
    const char *problem;
    assert_int_equal(unlink(path_of(it)), 0);
    assert_int_equal(start(it, &problem), BB_STORE_DAMAGED);
    assert_non_null(strstr(problem, "not there"));
    assert_int_not_equal(access(path_of(it), F_OK), 0); // and none is made in its place
}

static void put_record(struct town *it, uint32_t epoch, uint64_t entry)
{
    const struct tombstone record = {.kind = TOMBSTONE_COMPLETE, .epoch = epoch, .entry = entry};
    assert_int_equal(tombstones_append(it->tombstones, &record, 1), BB_OK);
}

static void a_store_that_is_an_older_copy_is_told_and_refuses_the_start(void **state)
{
    struct town *it = *state;
    const char *problem;
    put_record(it, 1, turn_head(it->turn));
    assert_int_equal(start(it, &problem), BB_OK);
    town_restart(it);
    put_record(it, 1, turn_head(it->turn) + 1);
    assert_int_equal(start(it, &problem), BB_STORE_DAMAGED);
    assert_non_null(strstr(problem, "--restore"));
}

static void a_store_from_before_a_restore_is_told_and_refuses_the_start(void **state)
{
    struct town *it = *state;
    const char *problem;
    put_record(it, 2, 1);
    assert_int_equal(start(it, &problem), BB_STORE_DAMAGED);
    assert_non_null(strstr(problem, "older than the last restore"));
}

static void after_many_entries_a_start_need_not_look_through_them_again(void **state)
{
    struct town *it = *state;
    struct tombstone last;
    for (int i = 0; i < 5010; i++) {
        assert_accepted(town_pause(it, it->anna, (Wire__Pause){0}));
        assert_accepted(town_resume(it, it->anna, (Wire__Resume){0}));
    }
    town_restart(it);
    assert_int_equal(count_kind(it, TOMBSTONE_COMPLETE, &last), 1);
    assert_int_equal(last.entry, turn_head(it->turn));
    town_restart(it);
    assert_int_equal(count_kind(it, TOMBSTONE_COMPLETE, &last), 1);
    assert_accepted(send_away(it, it->bert));
    town_restart(it);
    assert_int_equal(count_kind(it, TOMBSTONE_MEMBER_REVOKED, &last), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_revoked_member_is_in_the_file_before_anybody_is_answered),
        IN_TOWN(a_suspended_party_is_in_it_with_the_key_of_each_member),
        IN_TOWN(a_revoked_invitation_is_in_it),
        IN_TOWN(other_turns_do_not_touch_the_file),
        IN_TOWN(a_turn_whose_tombstone_is_not_on_disk_answers_nobody),
        IN_TOWN(a_start_appends_what_a_kill_kept_out_of_the_file),
        IN_TOWN(half_of_an_entrys_tombstones_are_completed),
        IN_TOWN(a_file_that_is_missing_is_told_and_refuses_the_start),
        IN_TOWN(a_store_that_is_an_older_copy_is_told_and_refuses_the_start),
        IN_TOWN(a_store_from_before_a_restore_is_told_and_refuses_the_start),
        IN_TOWN(after_many_entries_a_start_need_not_look_through_them_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
