// SPDX-License-Identifier: MPL-2.0
// Tests of file.c in a folder of their own.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "file/file.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/test_file.XXXXXX";
static char path[PATH_MAX];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/identity", folder);
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder); // fails when a temporary file was left behind
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(file_write_durably(path, "a\0b", 3, 0600), BB_OK);
    assert_int_equal(file_read(path, 3, &bytes, &size), BB_OK);
    assert_int_equal(size, 3);
    assert_memory_equal(bytes, "a\0b\0", 4);
    free(bytes);
    assert_int_equal(file_write_durably(path, "", 0, 0600), BB_OK);
    assert_int_equal(file_read(path, 0, &bytes, &size), BB_OK);
    assert_int_equal(size, 0);
    free(bytes);
}

static void one_byte_past_the_limit_is_refused(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(file_write_durably(path, "1234", 4, 0600), BB_OK);
    assert_int_equal(file_read(path, 3, &bytes, &size), BB_TOO_LARGE);
    assert_null(bytes);
}

static void what_is_no_file_is_not_read(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(file_read(path, 10, &bytes, &size), BB_NOT_FOUND);
    assert_int_equal(file_is_private(path), BB_NOT_FOUND);
    assert_int_equal(file_read(folder, 10, &bytes, &size), BB_IO);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(file_read(path, 10, &bytes, &size), BB_IO);
}

static void a_file_with_secrets_must_be_private(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t size = 0;
    static const mode_t open_modes[] = {0640, 0604, 0620, 0601};
    for (size_t i = 0; i < sizeof open_modes / sizeof open_modes[0]; i++) {
        assert_int_equal(file_write_durably(path, "x", 1, open_modes[i]), BB_OK);
        assert_int_equal(file_is_private(path), BB_OPEN_PERMISSIONS);
        assert_int_equal(file_read_private(path, 10, &bytes, &size), BB_OPEN_PERMISSIONS);
    }
    assert_int_equal(file_write_durably(path, "x", 1, 0600), BB_OK);
    assert_int_equal(file_is_private(path), BB_OK);
    assert_int_equal(file_read_private(path, 10, &bytes, &size), BB_OK);
    free(bytes);
}

static void the_file_of_another_user_is_not_private(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(file_write_durably(path, "x", 1, 0600), BB_OK);
    assert_int_equal(chown(path, 12345, 12345), 0);
    assert_int_equal(file_is_private(path), BB_OPEN_PERMISSIONS);
}

static void a_write_that_fails_leaves_the_old_file_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path, 0700), 0); // a file cannot be renamed over a folder
    assert_int_equal(file_write_durably(path, "new", 3, 0600), BB_IO);
    DIR *dir = opendir(folder);
    int entries = 0;
    while (readdir(dir))
        entries++;
    closedir(dir);
    assert_int_equal(entries, 3); // ".", ".." and the folder
    assert_int_equal(rmdir(path), 0);
    char nowhere[PATH_MAX + 16];
    snprintf(nowhere, sizeof nowhere, "%s/none/identity", folder);
    assert_int_equal(file_write_durably(nowhere, "new", 3, 0600), BB_IO);
}

static void a_name_without_a_folder_is_written_here(void **state)
{
    (void)state;
    char before[PATH_MAX];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(folder), 0);
    enum bb_code code = file_write_durably("identity", "x", 1, 0600);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(code, BB_OK);
    assert_int_equal(file_is_private(path), BB_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read_again, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(one_byte_past_the_limit_is_refused, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_not_read, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(a_file_with_secrets_must_be_private, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(the_file_of_another_user_is_not_private, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(a_write_that_fails_leaves_the_old_file_and_nothing_else, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(a_name_without_a_folder_is_written_here, make_folder, drop_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
