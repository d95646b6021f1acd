// SPDX-License-Identifier: MPL-2.0
// A temporary folder for one test, with cmocka. Included by tests of the library that write files.
#ifndef BUURTBEL_TESTS_FOLDER_H
#define BUURTBEL_TESTS_FOLDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static inline int folder_setup(void **state)
{
    char *folder = strdup("/tmp/buurtbel-test-XXXXXX");
    assert_non_null(folder);
    assert_non_null(mkdtemp(folder));
    *state = folder;
    return 0;
}

static inline int folder_remove_one(const char *path, const struct stat *stat, int type, struct FTW *place)
{
    (void)stat, (void)type, (void)place;
    return remove(path);
}

static inline int folder_teardown(void **state)
{
    int rc = nftw(*state, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return rc;
}

#endif
