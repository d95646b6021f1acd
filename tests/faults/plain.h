// SPDX-License-Identifier: MPL-2.0
// Put before the code of a test: its own allocations do not count and do not fail. See nth.h.
#ifndef BUURTBEL_TESTS_FAULTS_PLAIN_H
#define BUURTBEL_TESTS_FAULTS_PLAIN_H

#define malloc __real_malloc
#define calloc __real_calloc
#define realloc __real_realloc
#define strdup __real_strdup
#define arena_alloc __real_arena_alloc
#define arena_copy __real_arena_copy

#endif
