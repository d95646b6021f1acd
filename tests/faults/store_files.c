// SPDX-License-Identifier: MPL-2.0
// Opening, filling and copying the daemon's files while each n-th call on them fails: the store's, the keyring's and the
// tombstones'. Each failure is told, and what was there before is there afterwards.
#include "nth.h"
#include "scratch.h"

#include "file/file.h"
#include "store/journal.h"
#include "store/keyring.h"
#include "store/keyring_copy.h"
#include "store/tombstones.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum { CALLS_MAX = 1000, SLOTS = 300, KEYRING_SIZE_MAX = 1 << 20 };

static bool may_go_on; // not every failure is a reason to stop

// Runs it with its first call failing, then its second, and at last without a failure.
static void walk(struct scratch *it, enum bb_code (*what)(struct scratch *it), void (*after)(struct scratch *it))
{
    for (size_t n = 1; n < CALLS_MAX; n++) {
        nth_arm(n);
        enum bb_code code = what(it);
        bool failed = nth_disarm();
        bool right = failed ? nth_is_told(code) || (may_go_on && code == BB_OK) : code == BB_OK;
        if (!right)
            fail_msg("call %zu %s, and it said %s", n, failed ? "failed" : "did not fail", bb_code_symbol(code));
        if (after)
            after(it);
        if (!failed)
            return;
    }
    fail_msg("it never ends");
}

static const char *in(const struct scratch *it, const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", it->folder, name);
    return path;
}

static void forget(const struct scratch *it, const char *name)
{
    (void)unlink(in(it, name));
}

// ---------------------------------------------------------------- the store

static enum bb_code open_store(struct scratch *it)
{
    enum bb_code code = scratch_try_open(it, &it->store);
    if (code != BB_OK)
        assert_null(it->store);
    store_close(&it->store);
    return code;
}

static void new_again(struct scratch *it)
{
    forget(it, "data.mdb");
    forget(it, "lock.mdb");
}

static void a_store_is_made_or_it_is_told_why_not(void **state)
{
    struct scratch *it = *state;
    it->preallocate = true;
    walk(it, open_store, new_again);
}

static void put_entry(struct scratch *it)
{
    struct txn *txn = scratch_write(it);
    Stored__Entry entry = STORED__ENTRY__INIT;
    entry.seq = 1;
    assert_int_equal(journal_append(txn, &entry), BB_OK);
    assert_int_equal(txn_commit(&txn), BB_OK);
}

static void assert_entry(struct scratch *it)
{
    struct journal_head head;
    struct txn *txn = scratch_read(it);
    assert_int_equal(journal_head(txn, &head), BB_OK);
    assert_int_equal(head.seq, 1);
    txn_abort(&txn);
}

static void assert_kept(struct scratch *it)
{
    scratch_open_store(it);
    assert_entry(it);
    store_close(&it->store);
}

static void a_store_that_did_not_open_is_as_it_was(void **state)
{
    struct scratch *it = *state;
    scratch_open_store(it);
    put_entry(it);
    store_close(&it->store);
    it->preallocate = true;
    walk(it, open_store, assert_kept);
}

static enum bb_code lock_store(struct scratch *it)
{
    int fd;
    const char *problem;
    enum bb_code code = store_lock(it->folder, &fd, &problem);
    if (code == BB_OK)
        close(fd);
    else
        assert_int_equal(fd, -1);
    return code;
}

static void a_lock_is_held_or_it_is_told_why_not(void **state)
{
    walk(*state, lock_store, NULL);
}

static enum bb_code copy_store(struct scratch *it)
{
    const char *problem;
    struct store *store;
    enum bb_code code = store_open_to_read(it->folder, &store, &problem);
    if (code != BB_OK)
        return code;
    code = store_copy(store, in(it, "copy"));
    store_close(&store);
    return code;
}

static void no_copy_again(struct scratch *it)
{
    forget(it, "copy/data.mdb");
    assert_kept(it);
}

static void a_copy_is_whole_or_it_is_told_why_not(void **state)
{
    struct scratch *it = *state;
    assert_int_equal(mkdir(in(it, "copy"), 0700), 0);
    scratch_open_store(it);
    put_entry(it);
    store_close(&it->store);
    walk(it, copy_store, no_copy_again);
}

static enum bb_code measure_store(struct scratch *it)
{
    struct store_usage usage;
    return store_usage(it->store, &usage);
}

static void a_store_is_measured_or_it_is_told_why_not(void **state)
{
    struct scratch *it = *state;
    scratch_open_store(it);
    walk(it, measure_store, NULL);
    store_close(&it->store);
}

// ---------------------------------------------------------------- the keyring

static uint8_t known_key[KEYRING_KEY_SIZE];

static enum bb_code use_keyring(struct scratch *it)
{
    struct keyring *keyring;
    const char *problem;
    enum bb_code code = keyring_open(in(it, "keyring"), &keyring, &problem);
    if (code != BB_OK) {
        assert_null(keyring);
        return code;
    }
    uint64_t last = keyring_last(keyring);
    code = keyring_fill(keyring, last + SLOTS);
    if (code == BB_OK)
        code = keyring_erase(keyring, last + 2);
    keyring_close(&keyring);
    return code;
}

static void no_keyring_again(struct scratch *it)
{
    forget(it, "keyring");
}

static void copy_file(const char *from, const char *to)
{
    uint8_t *bytes;
    size_t size;
    assert_int_equal(file_read(from, KEYRING_SIZE_MAX, &bytes, &size), BB_OK);
    assert_int_equal(file_write_durably(to, bytes, size, 0600), BB_OK);
    free(bytes);
}

// No slot that was promised is ever lost, nor a key changed, and what was erased stays so. Then as at first.
static void assert_keys(struct scratch *it)
{
    struct keyring *keyring;
    const char *problem;
    const uint8_t *key;
    assert_int_equal(keyring_open(in(it, "keyring"), &keyring, &problem), BB_OK);
    assert_true(keyring_last(keyring) >= SLOTS);
    assert_int_equal(keyring_key(keyring, 1, &key), BB_OK);
    assert_memory_equal(key, known_key, sizeof known_key);
    assert_int_equal(keyring_key(keyring, 2, &key), BB_ERASED);
    keyring_close(&keyring);
    copy_file(in(it, "keyring.first"), in(it, "keyring"));
}

static void a_keyring_keeps_what_it_promised(void **state)
{
    struct scratch *it = *state;
    struct keyring *keyring;
    const char *problem;
    const uint8_t *key;
    walk(it, use_keyring, no_keyring_again);
    assert_int_equal(use_keyring(it), BB_OK);
    assert_int_equal(keyring_open(in(it, "keyring"), &keyring, &problem), BB_OK);
    assert_int_equal(keyring_key(keyring, 1, &key), BB_OK);
    memcpy(known_key, key, sizeof known_key);
    keyring_close(&keyring);
    copy_file(in(it, "keyring"), in(it, "keyring.first"));
    walk(it, use_keyring, assert_keys);
    nth_file_errno = ENOSPC;
    walk(it, use_keyring, assert_keys);
    nth_file_errno = EINTR;
    may_go_on = true; // an interrupted call is made again
    walk(it, use_keyring, assert_keys);
    may_go_on = false;
    nth_file_errno = EIO;
}

static enum bb_code copy_keyring(struct scratch *it)
{
    uint64_t slots;
    const char *problem;
    return keyring_copy(in(it, "keyring"), in(it, "keyring.copy"), &slots, &problem);
}

static void no_keyring_copy_again(struct scratch *it)
{
    assert_int_not_equal(access(in(it, "keyring.copy.new"), F_OK), 0);
    forget(it, "keyring.copy");
}

static void a_keyrings_copy_is_whole_or_it_is_told_why_not(void **state)
{
    struct scratch *it = *state;
    assert_int_equal(use_keyring(it), BB_OK);
    walk(it, copy_keyring, no_keyring_copy_again);
}

// ---------------------------------------------------------------- the tombstones

static const uint8_t mark[TOMBSTONES_MARK_SIZE] = "mark of a store";
static uint64_t buried;

static enum bb_code bury(struct scratch *it)
{
    struct tombstones *tombstones;
    const char *problem;
    size_t count;
    enum bb_code code = access(in(it, "tombstones"), F_OK) == 0 ? BB_OK : tombstones_create(in(it, "tombstones"), mark);
    if (code == BB_OK)
        code = tombstones_open(in(it, "tombstones"), mark, false, &tombstones, &problem);
    if (code != BB_OK)
        return code;
    tombstones_all(tombstones, &count);
    struct tombstone record = {.kind = TOMBSTONE_SLOT_ERASED, .epoch = 1, .number = count};
    code = tombstones_append(tombstones, &record, 1);
    buried = code == BB_OK ? count + 1 : buried;
    tombstones_close(&tombstones);
    return code;
}

static void assert_buried(struct scratch *it)
{
    struct tombstones *tombstones;
    const char *problem;
    size_t count;
    if (buried == 0)
        return;
    assert_int_equal(tombstones_open(in(it, "tombstones"), mark, true, &tombstones, &problem), BB_OK);
    const struct tombstone *all = tombstones_all(tombstones, &count);
    assert_true(count >= buried);
    for (size_t i = 0; i < buried; i++)
        assert_int_equal(all[i].number, i);
    tombstones_close(&tombstones);
}

// As a power cut leaves a write that was under way.
static void tear(struct scratch *it)
{
    struct tombstones *tombstones;
    const char *problem;
    size_t count;
    assert_buried(it);
    assert_int_equal(tombstones_open(in(it, "tombstones"), mark, true, &tombstones, &problem), BB_OK);
    tombstones_all(tombstones, &count);
    tombstones_close(&tombstones);
    int fd = open(in(it, "tombstones"), O_WRONLY);
    assert_int_equal(pwrite(fd, "torn", 4, (off_t)((count + 1) * TOMBSTONE_SIZE)), 4);
    close(fd);
}

static void what_was_buried_stays_so(void **state)
{
    struct scratch *it = *state;
    buried = 0;
    may_go_on = true; // without disk space for what may come
    for (size_t i = 0; i < 4; i++)
        walk(it, bury, assert_buried);
    tear(it);
    walk(it, bury, tear);
    nth_file_errno = EINTR;
    walk(it, bury, tear);
    nth_file_errno = EIO;
    may_go_on = false;
    assert_true(buried >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_store_is_made_or_it_is_told_why_not, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_store_that_did_not_open_is_as_it_was, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_lock_is_held_or_it_is_told_why_not, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_copy_is_whole_or_it_is_told_why_not, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_store_is_measured_or_it_is_told_why_not, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_keyring_keeps_what_it_promised, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_keyrings_copy_is_whole_or_it_is_told_why_not, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(what_was_buried_stays_so, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests_name("files that fail", tests, NULL, NULL);
}
