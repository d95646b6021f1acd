// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/store/journal.c.
#include "journal.h"
#include "scratch.h"

#include <sys/wait.h>

static enum bb_code append(struct txn *txn, uint64_t seq)
{
    Stored__MemberRevoked revoked = STORED__MEMBER_REVOKED__INIT;
    revoked.member = seq * 10;
    Stored__Fact fact = STORED__FACT__INIT, *facts[] = {&fact};
    fact.member = 3;
    fact.what_case = STORED__FACT__WHAT_MEMBER_REVOKED;
    fact.member_revoked = &revoked;
    Stored__Entry entry = STORED__ENTRY__INIT;
    entry.seq = seq;
    entry.n_facts = 1;
    entry.facts = facts;
    return journal_append(txn, &entry);
}

static void commit_entries(struct scratch *it, uint64_t first, uint64_t last)
{
    struct txn *txn = scratch_write(it);
    for (uint64_t seq = first; seq <= last; seq++)
        assert_int_equal(append(txn, seq), BB_OK);
    assert_int_equal(txn_commit(&txn), BB_OK);
}

static void an_empty_journal_has_head_zero(void **state)
{
    struct txn *txn = scratch_read(*state);
    struct journal_head head;
    const uint8_t zeros[JOURNAL_HASH_SIZE] = {0};
    assert_int_equal(journal_head(txn, &head), BB_OK);
    assert_int_equal(head.seq, 0);
    assert_memory_equal(head.hash, zeros, sizeof zeros);
    txn_abort(&txn);
}

static void entries_are_read_as_they_were_appended(void **state)
{
    struct scratch *it = *state;
    commit_entries(it, 1, 300);
    struct txn *txn = scratch_read(it);
    for (uint64_t seq = 1; seq <= 300; seq++) {
        Stored__Entry *entry;
        assert_int_equal(journal_read(txn, seq, &entry), BB_OK);
        assert_int_equal(entry->seq, seq);
        assert_int_equal(entry->facts[0]->member_revoked->member, seq * 10);
    }
    Stored__Entry *entry;
    assert_int_equal(journal_read(txn, 301, &entry), BB_NOT_FOUND);
    assert_int_equal(journal_read(txn, 0, &entry), BB_NOT_FOUND);
    txn_abort(&txn);
}

static void the_chain_is_verified_up_to_the_head(void **state)
{
    struct scratch *it = *state;
    commit_entries(it, 1, 5);
    struct txn *txn = scratch_read(it);
    uint8_t hash[JOURNAL_HASH_SIZE] = {0};
    for (uint64_t seq = 1; seq <= 5; seq++)
        assert_int_equal(journal_verify(txn, seq, hash), BB_OK);
    assert_int_equal(journal_verify(txn, 6, hash), BB_NOT_FOUND);
    struct journal_head head;
    assert_int_equal(journal_head(txn, &head), BB_OK);
    assert_int_equal(head.seq, 5);
    assert_memory_equal(head.hash, hash, sizeof hash);
    txn_abort(&txn);
}

// Somebody who rewrites an entry together with its checksum and its own hash is caught at the next one.
static void a_rewritten_entry_breaks_the_chain(void **state)
{
    struct scratch *it = *state;
    commit_entries(it, 1, 3);
    struct txn *txn = scratch_write(it);
    uint8_t *row;
    size_t size;
    assert_int_equal(store_get_bytes(txn, TABLE_JOURNAL, 2, &row, &size), BB_OK);
    row[0] ^= 1;
    assert_int_equal(store_put_bytes(txn, TABLE_JOURNAL, 2, row, size), BB_OK);
    assert_int_equal(txn_commit(&txn), BB_OK);

    txn = scratch_read(it);
    uint8_t hash[JOURNAL_HASH_SIZE] = {0}, before[JOURNAL_HASH_SIZE];
    assert_int_equal(journal_verify(txn, 1, hash), BB_OK);
    memcpy(before, hash, sizeof before);
    assert_int_equal(journal_verify(txn, 2, hash), BB_STORE_DAMAGED);
    assert_memory_equal(hash, before, sizeof hash); // not moved on
    memcpy(hash, row, sizeof hash);                 // as if entry 2 were believed
    assert_int_equal(journal_verify(txn, 3, hash), BB_STORE_DAMAGED);
    txn_abort(&txn);
}

static void an_entry_in_the_wrong_place_is_damaged(void **state)
{
    struct scratch *it = *state;
    commit_entries(it, 1, 1);
    struct txn *txn = scratch_write(it);
    uint8_t *row;
    size_t size;
    Stored__Entry *entry;
    assert_int_equal(store_get_bytes(txn, TABLE_JOURNAL, 1, &row, &size), BB_OK);
    assert_int_equal(store_put_bytes(txn, TABLE_JOURNAL, 2, row, size), BB_OK);
    assert_int_equal(journal_read(txn, 2, &entry), BB_STORE_DAMAGED);
    assert_int_equal(store_put_bytes(txn, TABLE_JOURNAL, 3, row, JOURNAL_HASH_SIZE - 1), BB_OK);
    assert_int_equal(journal_read(txn, 3, &entry), BB_STORE_DAMAGED);
    txn_abort(&txn);
}

static void an_aborted_entry_leaves_the_head_where_it_was(void **state)
{
    struct scratch *it = *state;
    commit_entries(it, 1, 2);
    struct txn *txn = scratch_write(it);
    assert_int_equal(append(txn, 3), BB_OK);
    struct journal_head head;
    assert_int_equal(journal_head(txn, &head), BB_OK);
    assert_int_equal(head.seq, 3);
    txn_abort(&txn);
    txn = scratch_read(it);
    assert_int_equal(journal_head(txn, &head), BB_OK);
    assert_int_equal(head.seq, 2);
    txn_abort(&txn);
}

static void a_hole_in_the_numbers_ends_the_process(void **state)
{
    struct scratch *it = *state;
    store_close(&it->store);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        scratch_open_store(it);
        struct txn *txn = scratch_write(it);
        enum bb_code code = append(txn, 2);
        _exit((int)code);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, scratch_setup_store, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(an_empty_journal_has_head_zero),         WITH_STORE(entries_are_read_as_they_were_appended),
        WITH_STORE(the_chain_is_verified_up_to_the_head),   WITH_STORE(a_rewritten_entry_breaks_the_chain),
        WITH_STORE(an_entry_in_the_wrong_place_is_damaged), WITH_STORE(an_aborted_entry_leaves_the_head_where_it_was),
        WITH_STORE(a_hole_in_the_numbers_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
