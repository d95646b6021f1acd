// SPDX-License-Identifier: MPL-2.0
// Makes the n-th call of our own objects fail: an allocation (nth_memory.c), or a call of LMDB, of a file or of libzmq
// (nth_store.c, nth_file.c, nth_socket.c). By the linker (--wrap, see CMakeLists.txt), so that it works under
// AddressSanitizer and leaves other libraries alone. The tests' own code is compiled with plain.h where it would be hit
// too.
#ifndef BUURTBEL_TESTS_FAULTS_NTH_H
#define BUURTBEL_TESTS_FAULTS_NTH_H

#include "codes.h"

#include <stdbool.h>
#include <stddef.h>

// From now on the n-th call fails, once. 0: none does.
void nth_arm(size_t n);
// No call fails any more. Did one since nth_arm?
bool nth_disarm(void);
// false: what is called now does not count, until true. Gives what was before.
bool nth_count(bool counts);
// true: calls of other threads than the one that armed it count too.
void nth_everywhere(bool everywhere);
// Has one failed since nth_arm?
bool nth_failed(void);
// Asked by each call that may fail: is it this one?
bool nth_fails(void);
// What failing calls on files say, with nth_file.c: EIO at first.
extern int nth_file_errno;
// Does this code say what kind of call failed?
bool nth_is_told(enum bb_code code);

#endif
