// SPDX-License-Identifier: MPL-2.0
// The bounded arena: a list of blocks that are filled one after the other and given back together.
//
// Owns the blocks and the sum of what was asked for, alignment counted in, so that many tiny allocations cannot get
// past the limit. What was in use is wiped before it is given back: texts about people and channel keys pass through.
#include "arena.h"

#include <sodium.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = alignof(max_align_t), FIRST_BLOCK_SIZE = 16 * 1024, GROWN_BLOCK_SIZE = 256 * 1024 };

struct block {
    struct block *next; // made before this one; the last in the list is the first that was made
    size_t size;
    size_t used_size;
    alignas(max_align_t) uint8_t bytes[];
};

struct arena {
    struct block *blocks;
    size_t size_max;
    size_t used_size;
    bool starved;
    ProtobufCAllocator allocator;
};

static struct block *block_create(size_t size)
{
    struct block *block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    *block = (struct block){.size = size};
    return block;
}

static void block_destroy(struct block *block)
{
    sodium_memzero(block->bytes, block->used_size);
    free(block);
}

static void *allocate(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void leave(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

struct arena *arena_create(size_t size_max)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        return NULL;
    arena->size_max = size_max;
    arena->allocator = (ProtobufCAllocator){.alloc = allocate, .free = leave, .allocator_data = arena};
    arena->blocks = block_create(size_max < FIRST_BLOCK_SIZE ? size_max : FIRST_BLOCK_SIZE);
    if (!arena->blocks)
        arena_destroy(&arena);
    return arena;
}

void arena_destroy(struct arena **arena)
{
    if (!*arena)
        return;
    for (struct block *block = (*arena)->blocks, *next; block; block = next) {
        next = block->next;
        block_destroy(block);
    }
    free(*arena);
    *arena = NULL;
}

void arena_reset(struct arena *arena)
{
    while (arena->blocks->next) {
        struct block *block = arena->blocks;
        arena->blocks = block->next;
        block_destroy(block);
    }
    sodium_memzero(arena->blocks->bytes, arena->blocks->used_size);
    arena->blocks->used_size = 0;
    arena->used_size = 0;
    arena->starved = false;
}

// The block that has room for `size`, or NULL. What is left in the block before stays unused until the reset.
static struct block *room_for(struct arena *arena, size_t size)
{
    struct block *block = arena->blocks;
    if (block->size - block->used_size >= size)
        return block;
    size_t left_size = arena->size_max - arena->used_size;
    size_t block_size = GROWN_BLOCK_SIZE < left_size ? GROWN_BLOCK_SIZE : left_size;
    block = block_create(size > block_size ? size : block_size);
    if (!block) {
        arena->starved = true;
        return NULL;
    }
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > arena->size_max)
        return NULL;
    size = size ? (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
    if (size > arena->size_max - arena->used_size)
        return NULL;
    struct block *block = room_for(arena, size);
    if (!block)
        return NULL;
    void *memory = block->bytes + block->used_size;
    block->used_size += size;
    arena->used_size += size;
    memset(memory, 0, size);
    return memory;
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    void *memory = arena_alloc(arena, size);
    if (memory && size)
        memcpy(memory, bytes, size);
    return memory;
}

size_t arena_used_size(const struct arena *arena)
{
    return arena->used_size;
}

bool arena_starved(const struct arena *arena)
{
    return arena->starved;
}

ProtobufCAllocator *arena_allocator(struct arena *arena)
{
    return &arena->allocator;
}
