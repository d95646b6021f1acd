// SPDX-License-Identifier: MPL-2.0
// Failing allocations: of malloc and its like, of an arena, of protobuf-c's unpacking and of jansson's values. See nth.h.
// `__wrap_x` takes the place of x in every object of the program, `__real_x` is x.
#include "nth.h"

#include "message/arena.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool nth_is_told(enum bb_code code)
{
    return code == BB_NO_MEMORY;
}

#define WRAPPED(type, name, parameters, arguments) \
    type __real_##name parameters; \
    type __wrap_##name parameters; \
    type __wrap_##name parameters \
    { \
        return nth_fails() ? NULL : __real_##name arguments; \
    }
WRAPPED(void *, malloc, (size_t size), (size))
WRAPPED(void *, calloc, (size_t count, size_t size), (count, size))
WRAPPED(void *, realloc, (void *memory, size_t size), (memory, size))
WRAPPED(char *, strdup, (const char *text), (text))
WRAPPED(void *, arena_alloc, (struct arena * arena, size_t size), (arena, size))
WRAPPED(void *, arena_copy, (struct arena * arena, const void *bytes, size_t size), (arena, bytes, size))
WRAPPED(json_t *, json_object, (void), ())
WRAPPED(json_t *, json_array, (void), ())
WRAPPED(json_t *, json_integer, (json_int_t value), (value))
WRAPPED(json_t *, json_string, (const char *value), (value))
WRAPPED(json_t *, json_stringn, (const char *value, size_t size), (value, size))
WRAPPED(char *, json_dumps, (const json_t *json, size_t flags), (json, flags))
#undef WRAPPED

__attribute__((format(printf, 2, 3))) int __wrap_asprintf(char **out, const char *format, ...);
int __wrap_asprintf(char **out, const char *format, ...)
{
    va_list rest;
    if (nth_fails())
        return -1;
    va_start(rest, format);
    int size = vasprintf(out, format, rest);
    va_end(rest);
    return size;
}

// ---------------------------------------------------------------- what protobuf-c asks for

// An arena's own file calls it without us. Other allocators are our objects' and call malloc, which is counted.
static void *(*from_arena)(void *arena, size_t size);

__attribute__((constructor)) static void find_arena(void)
{
    struct arena *arena = arena_create(64);
    from_arena = arena ? arena_allocator(arena)->alloc : NULL;
    arena_destroy(&arena);
}

static void *take(void *given, size_t size)
{
    ProtobufCAllocator *allocator = given;
    if (allocator && allocator->alloc != from_arena)
        return allocator->alloc(allocator->allocator_data, size);
    if (nth_fails())
        return NULL;
    return allocator ? allocator->alloc(allocator->allocator_data, size) : __real_malloc(size);
}

static void leave(void *given, void *memory)
{
    ProtobufCAllocator *allocator = given;
    if (allocator)
        allocator->free(allocator->allocator_data, memory);
    else
        free(memory);
}

#define UNPACK_PARAMETERS \
    (const ProtobufCMessageDescriptor *type, ProtobufCAllocator *allocator, size_t size, const uint8_t *bytes)
ProtobufCMessage *__real_protobuf_c_message_unpack UNPACK_PARAMETERS;
ProtobufCMessage *__wrap_protobuf_c_message_unpack UNPACK_PARAMETERS;
ProtobufCMessage *__wrap_protobuf_c_message_unpack UNPACK_PARAMETERS
{
    ProtobufCAllocator counting = {.alloc = take, .free = leave, .allocator_data = allocator};
    return __real_protobuf_c_message_unpack(type, &counting, size, bytes);
}
