// SPDX-License-Identifier: MPL-2.0
// Unpacking; see unpack.h. The allocator is the C library's; it notes that it could not give what was asked for, and wipes
// what it takes back, of a message that could not be read to its end too.
#include "unpack.h"

#include <malloc.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void *take(void *failed, size_t size)
{
    void *memory = malloc(size);
    if (!memory)
        *(bool *)failed = true;
    return memory;
}

static void leave(void *failed, void *memory)
{
    (void)failed;
    if (memory)
        sodium_memzero(memory, malloc_usable_size(memory));
    free(memory);
}

enum bb_code message_unpack(const ProtobufCMessageDescriptor *type, const void *bytes, size_t size, void *out)
{
    bool failed = false;
    ProtobufCAllocator allocator = {.alloc = take, .free = leave, .allocator_data = &failed};
    ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, size, bytes);
    memcpy(out, &message, sizeof message);
    if (message)
        return BB_OK;
    return failed ? BB_NO_MEMORY : BB_MALFORMED;
}

void message_wipe_free(void *message)
{
    ProtobufCAllocator allocator = {.alloc = take, .free = leave};
    if (message)
        protobuf_c_message_free_unpacked(message, &allocator);
}
