// SPDX-License-Identifier: MPL-2.0
// A bounded arena: memory for one message, one query or one turn, given back all at once.
//
// Protobuf turns 64 KiB of hostile bytes into megabytes of small allocations; here the sum is bounded, and asking
// for more gives NULL, which unpacking reports as a failure. Not for threads to share.
#ifndef BUURTBEL_ARENA_H
#define BUURTBEL_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

// `size_max`: bytes that all allocations between two resets may take. NULL when out of memory.
struct arena *arena_create(size_t size_max);
void arena_destroy(struct arena **arena);

// Forgets all allocations and wipes them; keeps one block for the next use.
void arena_reset(struct arena *arena);

// Zeroed, aligned for any type, valid until the reset. NULL past the limit or out of memory.
void *arena_alloc(struct arena *arena, size_t size);
void *arena_copy(struct arena *arena, const void *bytes, size_t size);

// Since the last reset the system had no memory to give (and not only the limit was reached).
bool arena_starved(const struct arena *arena);

size_t arena_used_size(const struct arena *arena);

// For protobuf-c's unpack functions; freeing does nothing. Belongs to the arena.
ProtobufCAllocator *arena_allocator(struct arena *arena);

#endif
