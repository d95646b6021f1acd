// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/store/keyring.c and keyring_file.c.
#include "keyring.h"
#include "keyring_file.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static int sync_errno; // what the next fdatasync fails with; 0: it works

int fdatasync(int fd)
{
    if (sync_errno == 0)
        return fsync(fd);
    errno = sync_errno;
    sync_errno = 0;
    return -1;
}

static const char *path_in(struct scratch *it)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/keyring", it->folder);
    return path;
}

static enum bb_code try_open(struct scratch *it, struct keyring **out)
{
    const char *problem;
    return keyring_open(path_in(it), out, &problem);
}

static struct keyring *open_filled(struct scratch *it, uint64_t slot_last)
{
    struct keyring *keyring;
    assert_int_equal(try_open(it, &keyring), BB_OK);
    assert_int_equal(keyring_fill(keyring, slot_last), BB_OK);
    assert_int_equal(keyring_last(keyring), slot_last);
    return keyring;
}

static void copy_key(struct keyring *keyring, uint64_t slot, uint8_t out[KEYRING_KEY_SIZE])
{
    const uint8_t *key;
    assert_int_equal(keyring_key(keyring, slot, &key), BB_OK);
    memcpy(out, key, KEYRING_KEY_SIZE);
}

static enum bb_code ask(struct keyring *keyring, uint64_t slot)
{
    const uint8_t *key;
    return keyring_key(keyring, slot, &key);
}

static void write_byte(struct scratch *it, off_t offset, uint8_t byte)
{
    int fd = open(path_in(it), O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
    close(fd);
}

static bool file_holds(struct scratch *it, const uint8_t key[KEYRING_KEY_SIZE])
{
    static uint8_t bytes[1 << 20];
    FILE *file = fopen(path_in(it), "r");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return memmem(bytes, size, key, KEYRING_KEY_SIZE) != NULL;
}

static void a_new_keyring_is_empty_and_private(void **state)
{
    struct scratch *it = *state;
    struct keyring *keyring;
    assert_int_equal(try_open(it, &keyring), BB_OK);
    assert_int_equal(keyring_last(keyring), 0);
    assert_int_equal(ask(keyring, 0), BB_NO_KEY_SLOT);
    assert_int_equal(ask(keyring, 1), BB_NO_KEY_SLOT);
    keyring_close(&keyring);
    assert_null(keyring);
    keyring_close(&keyring);
    struct stat stat_now;
    assert_int_equal(stat(path_in(it), &stat_now), 0);
    assert_int_equal(stat_now.st_mode & 07777, 0600);
}

static void keys_differ_and_stay_after_opening_again(void **state)
{
    struct scratch *it = *state;
    struct keyring *keyring = open_filled(it, 10);
    uint8_t first[KEYRING_KEY_SIZE], tenth[KEYRING_KEY_SIZE], again[KEYRING_KEY_SIZE];
    copy_key(keyring, 1, first);
    copy_key(keyring, 10, tenth);
    assert_memory_not_equal(first, tenth, sizeof first);
    assert_int_equal(ask(keyring, 11), BB_NO_KEY_SLOT);
    keyring_close(&keyring);

    assert_int_equal(try_open(it, &keyring), BB_OK);
    assert_int_equal(keyring_last(keyring), 10);
    copy_key(keyring, 10, again);
    assert_memory_equal(tenth, again, sizeof again);
    keyring_close(&keyring);
}

static void filling_on_keeps_the_old_keys_over_many_chunks(void **state)
{
    struct scratch *it = *state;
    struct keyring *keyring = open_filled(it, 4095);
    uint8_t before[KEYRING_KEY_SIZE], after[KEYRING_KEY_SIZE], last[KEYRING_KEY_SIZE];
    copy_key(keyring, 4095, before);
    assert_int_equal(keyring_fill(keyring, 9000), BB_OK);
    assert_int_equal(keyring_fill(keyring, 3), BB_OK); // nothing to do
    assert_int_equal(keyring_last(keyring), 9000);
    copy_key(keyring, 9000, last);
    keyring_close(&keyring);
    assert_int_equal(try_open(it, &keyring), BB_OK);
    copy_key(keyring, 4095, after);
    assert_memory_equal(before, after, sizeof after);
    copy_key(keyring, 9000, after);
    assert_memory_equal(last, after, sizeof after);
    for (uint64_t slot = 1; slot <= 9000; slot++)
        assert_int_equal(ask(keyring, slot), BB_OK);
    keyring_close(&keyring);
}

static void an_erased_key_is_gone_from_memory_and_file(void **state)
{
    struct scratch *it = *state;
    struct keyring *keyring = open_filled(it, 3);
    uint8_t key[KEYRING_KEY_SIZE];
    copy_key(keyring, 2, key);
    assert_true(file_holds(it, key));
    assert_int_equal(keyring_erase(keyring, 2), BB_OK);
    assert_int_equal(keyring_erase(keyring, 2), BB_OK);
    assert_int_equal(keyring_erase(keyring, 4), BB_NO_KEY_SLOT);
    assert_int_equal(keyring_erase(keyring, 0), BB_NO_KEY_SLOT);
    assert_int_equal(ask(keyring, 2), BB_ERASED);
    assert_false(file_holds(it, key));
    keyring_close(&keyring);

    assert_int_equal(try_open(it, &keyring), BB_OK);
    assert_int_equal(ask(keyring, 1), BB_OK);
    assert_int_equal(ask(keyring, 2), BB_ERASED);
    assert_int_equal(ask(keyring, 3), BB_OK);
    assert_int_equal(keyring_fill(keyring, 5), BB_OK);
    assert_int_equal(ask(keyring, 2), BB_ERASED); // never given out again
    keyring_close(&keyring);
}

static void a_keyring_that_others_can_read_is_refused(void **state)
{
    struct scratch *it = *state;
    struct keyring *keyring = open_filled(it, 1);
    keyring_close(&keyring);
    const mode_t modes[] = {0640, 0604, 0620, 0601};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(chmod(path_in(it), modes[i]), 0);
        assert_int_equal(try_open(it, &keyring), BB_OPEN_PERMISSIONS);
        assert_null(keyring);
    }
    assert_int_equal(chmod(path_in(it), 0600), 0);
    assert_int_equal(try_open(it, &keyring), BB_OK);
    keyring_close(&keyring);
}

static void a_newer_version_is_refused(void **state)
{
    struct scratch *it = *state;
    struct keyring *keyring = open_filled(it, 1);
    keyring_close(&keyring);
    write_byte(it, 11, KEYRING_VERSION + 1);
    assert_int_equal(try_open(it, &keyring), BB_STORE_NEWER);
}

static void a_damaged_header_is_refused(void **state)
{
    struct scratch *it = *state;
    struct keyring *keyring = open_filled(it, 1);
    keyring_close(&keyring);
    write_byte(it, 23, 9); // the promised number
    assert_int_equal(try_open(it, &keyring), BB_STORE_DAMAGED);
}

static void an_emptied_file_is_not_taken_for_a_new_one(void **state)
{
    struct scratch *it = *state;
    struct keyring *keyring = open_filled(it, 1);
    keyring_close(&keyring);
    assert_int_equal(truncate(path_in(it), 0), 0);
    assert_int_equal(try_open(it, &keyring), BB_STORE_DAMAGED);
}

static void a_damaged_slot_is_said_and_the_others_still_work(void **state)
{
    struct scratch *it = *state;
    struct keyring *keyring = open_filled(it, 5);
    keyring_close(&keyring);
    write_byte(it, 3 * SLOT_SIZE + 1, 1);
    assert_int_equal(truncate(path_in(it), 5 * SLOT_SIZE + 20), 0); // and the last one, although promised, is cut
    assert_int_equal(try_open(it, &keyring), BB_OK);
    assert_int_equal(keyring_last(keyring), 5);
    assert_int_equal(ask(keyring, 2), BB_OK);
    assert_int_equal(ask(keyring, 3), BB_STORE_DAMAGED);
    assert_int_equal(ask(keyring, 4), BB_OK);
    assert_int_equal(ask(keyring, 5), BB_STORE_DAMAGED);
    assert_int_equal(keyring_fill(keyring, 7), BB_OK);
    assert_int_equal(ask(keyring, 5), BB_STORE_DAMAGED); // damage is not papered over with a new key
    assert_int_equal(keyring_erase(keyring, 3), BB_OK);
    assert_int_equal(ask(keyring, 3), BB_ERASED);
    keyring_close(&keyring);
}

static void a_slot_copied_to_another_place_is_damaged(void **state)
{
    struct scratch *it = *state;
    struct keyring *keyring = open_filled(it, 2);
    keyring_close(&keyring);
    int fd = open(path_in(it), O_RDWR);
    uint8_t block[SLOT_SIZE];
    assert_int_equal(pread(fd, block, sizeof block, SLOT_SIZE), sizeof block);
    assert_int_equal(pwrite(fd, block, sizeof block, 2 * SLOT_SIZE), sizeof block);
    close(fd);
    assert_int_equal(try_open(it, &keyring), BB_OK);
    assert_int_equal(ask(keyring, 2), BB_STORE_DAMAGED);
    keyring_close(&keyring);
}

static void what_a_cut_short_fill_left_is_written_over(void **state)
{
    struct scratch *it = *state;
    struct keyring *keyring = open_filled(it, 2);
    keyring_close(&keyring);
    write_byte(it, 3 * SLOT_SIZE + 10, 0xff); // half of slot 3, never promised
    assert_int_equal(try_open(it, &keyring), BB_OK);
    assert_int_equal(keyring_last(keyring), 2);
    assert_int_equal(ask(keyring, 3), BB_NO_KEY_SLOT);
    assert_int_equal(keyring_fill(keyring, 3), BB_OK);
    keyring_close(&keyring);
    assert_int_equal(try_open(it, &keyring), BB_OK);
    assert_int_equal(ask(keyring, 3), BB_OK);
    keyring_close(&keyring);
}

static void slots_that_could_not_be_synced_are_not_given_out(void **state)
{
    struct scratch *it = *state;
    struct keyring *keyring = open_filled(it, 2);
    sync_errno = EIO;
    assert_int_equal(keyring_fill(keyring, 4), BB_STORE_IO);
    assert_int_equal(keyring_last(keyring), 2);
    assert_int_equal(ask(keyring, 3), BB_NO_KEY_SLOT);
    sync_errno = EIO;
    assert_int_equal(keyring_erase(keyring, 1), BB_STORE_IO);
    keyring_close(&keyring);
}

static void a_keyring_works_without_the_right_to_lock_memory(void **state)
{
    struct scratch *it = *state;
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &none), 0);
    struct keyring *keyring = open_filled(it, 2);
    assert_int_equal(ask(keyring, 2), BB_OK);
    keyring_close(&keyring);
    assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &before), 0);
}

static void a_number_beyond_all_bounds_is_refused(void **state)
{
    struct scratch *it = *state;
    struct keyring *keyring = open_filled(it, 1);
    assert_int_equal(keyring_fill(keyring, UINT64_MAX), BB_NO_MEMORY);
    assert_int_equal(keyring_last(keyring), 1);
    keyring_close(&keyring);
}

static void a_folder_that_is_not_there_is_said_so(void **state)
{
    (void)state;
    struct keyring *keyring;
    const char *problem;
    assert_int_equal(keyring_open("/nowhere/at/all/keyring", &keyring, &problem), BB_IO);
    assert_string_equal(problem, "No such file or directory");
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_new_keyring_is_empty_and_private),
        WITH_FOLDER(keys_differ_and_stay_after_opening_again),
        WITH_FOLDER(filling_on_keeps_the_old_keys_over_many_chunks),
        WITH_FOLDER(an_erased_key_is_gone_from_memory_and_file),
        WITH_FOLDER(a_keyring_that_others_can_read_is_refused),
        WITH_FOLDER(a_newer_version_is_refused),
        WITH_FOLDER(a_damaged_header_is_refused),
        WITH_FOLDER(an_emptied_file_is_not_taken_for_a_new_one),
        WITH_FOLDER(a_damaged_slot_is_said_and_the_others_still_work),
        WITH_FOLDER(a_slot_copied_to_another_place_is_damaged),
        WITH_FOLDER(what_a_cut_short_fill_left_is_written_over),
        WITH_FOLDER(slots_that_could_not_be_synced_are_not_given_out),
        WITH_FOLDER(a_keyring_works_without_the_right_to_lock_memory),
        WITH_FOLDER(a_number_beyond_all_bounds_is_refused),
        WITH_FOLDER(a_folder_that_is_not_there_is_said_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
