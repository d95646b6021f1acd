// SPDX-License-Identifier: MPL-2.0
// Makes the n-th allocation of our own objects fail: of malloc and its like, of an arena, of protobuf-c's unpacking and
// of jansson's values. By the linker (--wrap, see CMakeLists.txt), so that it works under AddressSanitizer and leaves
// other libraries alone. The tests' own code is compiled with plain.h and is left alone too.
#ifndef BUURTBEL_TESTS_FAULTS_NTH_H
#define BUURTBEL_TESTS_FAULTS_NTH_H

#include <stdbool.h>
#include <stddef.h>

// From now on the n-th allocation fails, once. 0: none does.
void nth_arm(size_t n);
// No allocation fails any more. Did one since nth_arm?
bool nth_disarm(void);
// false: what is allocated now does not count, until true. Gives what was before.
bool nth_count(bool counts);
// Has one failed since nth_arm?
bool nth_failed(void);

#endif
