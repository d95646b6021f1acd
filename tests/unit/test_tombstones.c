// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/store/tombstones.c: what is kept, what a power failure may leave, and what is damage.
#include "folder.h"

#include "store/tombstones.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>

enum { FIRST_WRITE = 3, SECOND_WRITE = 8, RECORDS = FIRST_WRITE + SECOND_WRITE };

static const uint8_t mark[TOMBSTONES_MARK_SIZE] = "mark of a store",
                     other_mark[TOMBSTONES_MARK_SIZE] = "of another one";
static int sync_errno; // what the next fdatasync fails with

int fdatasync(int fd)
{
    if (sync_errno == 0)
        return fsync(fd);
    errno = sync_errno;
    sync_errno = 0;
    return -1;
}

static const char *path_in(const char *folder)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/tombstones", folder);
    return path;
}

static struct tombstone record_of(uint64_t number)
{
    struct tombstone record = {
        .kind = 1 + number % 5, .epoch = 7, .entry = 100 + number, .at_ms = -1, .number = number};
    memset(record.key, 0x10 + (int)number, sizeof record.key);
    memset(record.founder, 0x80 + (int)number, sizeof record.founder);
    return record;
}

// Opens; gives how many are read, or -1 when it is damaged.
static int count_of(const char *path)
{
    struct tombstones *it;
    const char *problem;
    size_t count;
    enum bb_code code = tombstones_open(path, mark, true, &it, &problem);
    if (code == BB_STORE_DAMAGED) {
        assert_non_null(problem);
        return -1;
    }
    assert_int_equal(code, BB_OK);
    const struct tombstone *all = tombstones_all(it, &count);
    for (size_t i = 0; i < count; i++) {
        struct tombstone expected = record_of(i);
        assert_int_equal(all[i].kind, expected.kind);
        assert_int_equal(all[i].epoch, expected.epoch);
        assert_int_equal(all[i].entry, expected.entry);
        assert_int_equal(all[i].at_ms, expected.at_ms);
        assert_int_equal(all[i].number, expected.number);
        assert_memory_equal(all[i].key, expected.key, sizeof expected.key);
        assert_memory_equal(all[i].founder, expected.founder, sizeof expected.founder);
    }
    tombstones_close(&it);
    return (int)count;
}

static void append(struct tombstones *it, uint64_t first, size_t count)
{
    struct tombstone records[RECORDS];
    for (size_t i = 0; i < count; i++)
        records[i] = record_of(first + i);
    assert_int_equal(tombstones_append(it, records, count), BB_OK);
}

// A file with two writes, of three and of eight records.
static const char *make_file(const char *folder)
{
    struct tombstones *it;
    const char *problem, *path = path_in(folder);
    assert_int_equal(tombstones_open(path, mark, false, &it, &problem), BB_NOT_FOUND);
    assert_int_equal(tombstones_create(path, mark), BB_OK);
    assert_int_equal(tombstones_open(path, mark, false, &it, &problem), BB_OK);
    append(it, 0, FIRST_WRITE);
    append(it, FIRST_WRITE, SECOND_WRITE);
    tombstones_close(&it);
    return path;
}

static long offset_of(int record)
{
    return (long)TOMBSTONE_SIZE * (record + 1);
}

static void flip(const char *path, long offset, int bit)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    fputc(byte ^ 1 << bit, file);
    assert_int_equal(fclose(file), 0);
}

static void set_zero(const char *path, int record, bool zero, const uint8_t *bytes)
{
    static const uint8_t zeros[TOMBSTONE_SIZE];
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, zero ? zeros : bytes, TOMBSTONE_SIZE, offset_of(record)), TOMBSTONE_SIZE);
    close(fd);
}

static void what_is_appended_is_read_in_its_order(void **state)
{
    const char *path = make_file(*state);
    assert_int_equal(count_of(path), RECORDS);
    struct tombstones *it;
    const char *problem;
    assert_int_equal(tombstones_open(path, mark, false, &it, &problem), BB_OK);
    assert_false(tombstones_was_torn(it));
    append(it, RECORDS, 1);
    tombstones_close(&it);
    assert_int_equal(count_of(path), RECORDS + 1);
    assert_int_equal(tombstones_create(path, mark), BB_IO); // nothing is written over
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void there_is_disk_space_for_what_may_come(void **state)
{
    const char *path = make_file(*state);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_size >= offset_of(TOMBSTONES_AHEAD));
    assert_true(info.st_blocks * 512 >= info.st_size);
}

// Each record of one write stands or does not, whatever the disk did first.
static void of_a_write_that_was_cut_short_what_came_first_is_kept(void **state)
{
    const char *path = make_file(*state);
    uint8_t blocks[SECOND_WRITE][TOMBSTONE_SIZE];
    int fd = open(path, O_RDONLY);
    assert_int_equal(pread(fd, blocks, sizeof blocks, offset_of(FIRST_WRITE)), sizeof blocks);
    close(fd);
    for (unsigned int reached = 0; reached < 1U << SECOND_WRITE; reached++) {
        int kept = 0;
        for (int i = 0; i < SECOND_WRITE; i++)
            set_zero(path, FIRST_WRITE + i, (reached >> i & 1) == 0, blocks[i]);
        while (kept < SECOND_WRITE && reached >> kept & 1)
            kept++;
        assert_int_equal(count_of(path), FIRST_WRITE + kept);
    }
}

static void a_torn_end_is_mended_and_written_over(void **state)
{
    for (int size = 4; size < TOMBSTONE_SIZE; size += 7) { // the first bytes are zeros, as what is not written yet
        struct tombstones *it;
        const char *problem, *path = make_file(*state);
        assert_int_equal(truncate(path, offset_of(RECORDS - 1) + size), 0);
        assert_int_equal(count_of(path), RECORDS - 1);
        assert_int_equal(tombstones_open(path, mark, false, &it, &problem), BB_OK);
        assert_true(tombstones_was_torn(it));
        append(it, RECORDS - 1, 2);
        tombstones_close(&it);
        assert_int_equal(count_of(path), RECORDS + 1);
        assert_int_equal(unlink(path), 0);
    }
}

// Also in the last record of the first write: another one was written and synced after it.
static void each_flipped_bit_before_the_last_write_is_damage(void **state)
{
    const char *path = make_file(*state);
    for (long offset = 0; offset < offset_of(FIRST_WRITE); offset++) {
        flip(path, offset, (int)(offset % 8));
        assert_int_equal(count_of(path), -1);
        flip(path, offset, (int)(offset % 8));
    }
    assert_int_equal(count_of(path), RECORDS);
}

static void a_record_that_was_taken_out_is_missed(void **state)
{
    const char *path = make_file(*state);
    set_zero(path, 1, true, NULL);
    assert_int_equal(count_of(path), -1);
}

static void records_that_changed_places_are_damage(void **state)
{
    const char *path = make_file(*state);
    uint8_t blocks[2][TOMBSTONE_SIZE];
    int fd = open(path, O_RDONLY);
    assert_int_equal(pread(fd, blocks, sizeof blocks, offset_of(0)), sizeof blocks);
    close(fd);
    set_zero(path, 0, false, blocks[1]);
    set_zero(path, 1, false, blocks[0]);
    assert_int_equal(count_of(path), -1);
}

static void another_stores_file_and_a_newer_one_are_refused(void **state)
{
    const char *problem, *path = make_file(*state);
    struct tombstones *it;
    assert_int_equal(tombstones_open(path, other_mark, true, &it, &problem), BB_STORE_DAMAGED);
    assert_non_null(strstr(problem, "another store"));
    uint8_t header[TOMBSTONE_SIZE];
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, header, sizeof header, 0), sizeof header);
    header[11]++;
    crypto_generichash(header + 112, 16, header, 112, NULL, 0);
    assert_int_equal(pwrite(fd, header, sizeof header, 0), sizeof header);
    close(fd);
    assert_int_equal(tombstones_open(path, mark, true, &it, &problem), BB_STORE_NEWER);
}

static void a_disk_error_while_syncing_is_not_taken_for_success(void **state)
{
    const char *problem, *path = make_file(*state);
    struct tombstones *it;
    struct tombstone record = record_of(RECORDS);
    assert_int_equal(tombstones_open(path, mark, false, &it, &problem), BB_OK);
    sync_errno = EIO;
    assert_int_equal(tombstones_append(it, &record, 1), BB_STORE_IO);
    tombstones_close(&it);
}

// The first record of version 1 as it stands on disk: later versions must read it.
static void the_golden_record_is_read(void **state)
{
    static const char golden[] = "0000000100000007"
                                 "0000000000000000"
                                 "0000000000000000"
                                 "0000000000000064"
                                 "ffffffffffffffff"
                                 "0000000000000000"
                                 "1010101010101010101010101010101010101010101010101010101010101010"
                                 "8080808080808080808080808080808080808080808080808080808080808080";
    const char *path = make_file(*state);
    uint8_t block[TOMBSTONE_SIZE];
    char hex[2 * TOMBSTONE_SIZE + 1];
    int fd = open(path, O_RDONLY);
    assert_int_equal(pread(fd, block, sizeof block, offset_of(0)), sizeof block);
    close(fd);
    sodium_bin2hex(hex, sizeof hex, block, sizeof block);
    hex[sizeof golden - 1] = '\0';
    assert_string_equal(hex, golden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
        IN_FOLDER(what_is_appended_is_read_in_its_order),
        IN_FOLDER(there_is_disk_space_for_what_may_come),
        IN_FOLDER(of_a_write_that_was_cut_short_what_came_first_is_kept),
        IN_FOLDER(a_torn_end_is_mended_and_written_over),
        IN_FOLDER(each_flipped_bit_before_the_last_write_is_damage),
        IN_FOLDER(a_record_that_was_taken_out_is_missed),
        IN_FOLDER(records_that_changed_places_are_damage),
        IN_FOLDER(another_stores_file_and_a_newer_one_are_refused),
        IN_FOLDER(a_disk_error_while_syncing_is_not_taken_for_success),
        IN_FOLDER(the_golden_record_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
