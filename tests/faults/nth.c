// SPDX-License-Identifier: MPL-2.0
// Counts calls until the one that is to fail; see nth.h. Which calls those are, nth_memory.c and nth_store.c say.
#include "nth.h"

#include <errno.h>
#include <stdio.h>

int nth_file_errno = EIO;

static _Atomic size_t left; // until one fails; 0: none will
static _Atomic bool failed, counts = true;
static size_t failures; // in the whole run
static _Atomic bool everywhere;
static _Thread_local bool here; // has this thread armed it?

void nth_arm(size_t n)
{
    here = true;
    failed = false;
    left = n;
}

bool nth_disarm(void)
{
    left = 0;
    return failed;
}

bool nth_count(bool new_counts)
{
    bool before = counts;
    counts = new_counts;
    return before;
}

void nth_everywhere(bool new_everywhere)
{
    everywhere = new_everywhere;
}

bool nth_failed(void)
{
    return failed;
}

bool nth_fails(void)
{
    if (!counts || !(here || everywhere) || left == 0 || --left > 0)
        return false;
    failures++;
    failed = true;
    return true;
}

// How much was tried is the test's figure.
__attribute__((destructor)) static void tell(void)
{
    fprintf(stderr, "calls that failed: %zu\n", failures);
}
