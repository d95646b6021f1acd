// SPDX-License-Identifier: MPL-2.0
// Tests of arena.c: the limit holds whatever the sizes, and a reset gives all of it back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "message/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <string.h>

static void memory_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct arena *arena = arena_create(1024 * 1024);
    uint8_t *before = NULL;
    for (size_t size = 0; size < 300; size++) {
        uint8_t *memory = arena_alloc(arena, size);
        assert_non_null(memory);
        assert_ptr_not_equal(memory, before);
        assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xAA, size);
        before = memory;
    }
    arena_destroy(&arena);
    assert_null(arena);
}

static void one_byte_past_the_limit_is_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_create(4096);
    assert_null(arena_alloc(arena, 4097));
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_non_null(arena_alloc(arena, 4096));
    assert_null(arena_alloc(arena, 1));
    arena_destroy(&arena);
}

static void tiny_allocations_cannot_get_past_the_limit(void **state)
{
    (void)state;
    struct arena *arena = arena_create(100 * 1024);
    size_t count = 0;
    while (arena_alloc(arena, 0))
        count++;
    assert_in_range(count, 1, 100 * 1024 / alignof(max_align_t));
    assert_int_equal(arena_used_size(arena), 100 * 1024);
    arena_destroy(&arena);
}

static void a_reset_gives_all_back_also_over_many_blocks(void **state)
{
    (void)state;
    struct arena *arena = arena_create(1024 * 1024);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 32; i++) {
            uint8_t *memory = arena_alloc(arena, 32 * 1024);
            assert_non_null(memory);
            assert_int_equal(memory[0] | memory[32 * 1024 - 1], 0);
            memset(memory, 0xAA, 32 * 1024);
        }
        assert_null(arena_alloc(arena, 1));
        arena_reset(arena);
        assert_int_equal(arena_used_size(arena), 0);
    }
    arena_destroy(&arena);
}

static void a_copy_holds_the_same_bytes(void **state)
{
    (void)state;
    struct arena *arena = arena_create(64);
    assert_memory_equal(arena_copy(arena, "buurt", 5), "buurt", 5);
    assert_non_null(arena_copy(arena, NULL, 0));
    assert_null(arena_copy(arena, "buurt", 64));
    arena_destroy(&arena);
    arena_destroy(&arena);
}

static void protobuf_gets_its_memory_from_the_arena(void **state)
{
    (void)state;
    struct arena *arena = arena_create(64);
    ProtobufCAllocator *allocator = arena_allocator(arena);
    void *memory = allocator->alloc(allocator->allocator_data, 48);
    assert_non_null(memory);
    allocator->free(allocator->allocator_data, memory);
    assert_int_equal(arena_used_size(arena), 48);
    assert_null(allocator->alloc(allocator->allocator_data, 48));
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(one_byte_past_the_limit_is_refused),
        cmocka_unit_test(tiny_allocations_cannot_get_past_the_limit),
        cmocka_unit_test(a_reset_gives_all_back_also_over_many_blocks),
        cmocka_unit_test(a_copy_holds_the_same_bytes),
        cmocka_unit_test(protobuf_gets_its_memory_from_the_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
