// SPDX-License-Identifier: MPL-2.0
// What a test's driver (driver.py) and the shims in a program share: one page, a file that both map ($FAULT_CONTROL).
//
// The driver says which calls count and which of those fail; the shim counts. The order of the fields is driver.py's too.
#ifndef BUURTBEL_TESTS_FAULTS_CONTROL_H
#define BUURTBEL_TESTS_FAULTS_CONTROL_H

#include <stdatomic.h>
#include <stdint.h>

enum fault_call {
    FAULT_OPEN,
    FAULT_WRITE, // write, pwrite and writev
    FAULT_SYNC,  // fsync, fdatasync
    FAULT_READ,  // read and pread
    FAULT_TRUNCATE,
    FAULT_ALLOCATE, // posix_fallocate
    FAULT_RENAME,
    FAULT_MMAP, // of a file
    FAULT_MALLOC,
};

struct fault_control {
    uint32_t calls; // bits of enum fault_call: which ones count
    _Atomic uint32_t seen;
    _Atomic uint32_t first, last; // counted calls from the first to the last fail; first 0: none does
    uint32_t error;               // errno; 0: a write is cut in half
    _Atomic uint32_t hits;
    _Atomic uint32_t hit_call; // of the last one that failed
    uint32_t growing;          // 1: only writes beyond the end of a file count, as on a full disk
    _Atomic int64_t clock_ms;  // added to the wall clock
};

// Counts a call; true when it has to fail.
static inline _Bool fault_counts(struct fault_control *control, enum fault_call call)
{
    if (!control || !(control->calls & 1u << call))
        return 0;
    uint32_t seen = atomic_fetch_add(&control->seen, 1) + 1, first = atomic_load(&control->first);
    if (first == 0 || seen < first || seen > atomic_load(&control->last))
        return 0;
    atomic_fetch_add(&control->hits, 1);
    atomic_store(&control->hit_call, call);
    return 1;
}

#endif
