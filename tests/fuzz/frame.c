// SPDX-License-Identifier: MPL-2.0
// Frames of each kind: what is taken is whole, within its limits, and says the same when it is packed again.
//
// Input: which message, how large the arena is, how large a frame may be, then the frame.
#include "message/frame.h"
#include "fuzz.h"
#include "mutate.h"
#include "wire.pb-c.h"

#include "bounds.h"

enum { PREFIX_SIZE = 3, VERSION_SIZE = 1 };

static const ProtobufCMessageDescriptor *const types[] = {
    &wire__from_client__descriptor,
    &wire__from_broker__descriptor,
    &wire__published__descriptor,
};

static const ProtobufCMessageDescriptor *type_of(uint8_t byte)
{
    return types[byte % (sizeof types / sizeof *types)];
}

// Packed in the order of the schema and without what is unknown, so compared with itself and not with the input.
static void expect_the_same_again(const ProtobufCMessage *message, struct arena *arena)
{
    uint8_t *frame, *again;
    size_t size, again_size;
    ProtobufCMessage *copy = NULL;
    if (frame_pack(message, BROKER_FRAME_SIZE_MAX, arena, &frame, &size) != BB_OK)
        return;
    if (frame_unpack(frame, size, BROKER_FRAME_SIZE_MAX, message->descriptor, arena, &copy) != BB_OK)
        return; // an arena that is full; the last expectation tells
    if (frame_pack(copy, BROKER_FRAME_SIZE_MAX, arena, &again, &again_size) != BB_OK)
        return;
    insist(again_size == size && memcmp(again, frame, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct feed feed = {bytes, size};
    const ProtobufCMessageDescriptor *type = type_of(feed_byte(&feed));
    size_t arena_size_max = (size_t)512 << feed_byte(&feed) % 10;
    size_t size_max = 16 + (size_t)feed_byte(&feed) * 64;
    struct arena *arena = arena_create(arena_size_max);
    ProtobufCMessage *message = NULL;

    enum bb_code code = frame_unpack(feed.at, feed.left, size_max, type, arena, &message);
    insist(code == BB_TOO_LARGE || feed.left <= size_max);
    insist(code == BB_TOO_LARGE || feed.left >= VERSION_SIZE || code == BB_MALFORMED);
    insist(code != BB_OK || feed.at[0] == PROTOCOL_VERSION);
    insist((message != NULL) == (code == BB_OK || code == BB_BAD_TEXT));
    insist(arena_used_size(arena) <= arena_size_max);
    if (code == BB_OK) {
        insist(message->descriptor == type);
        expect_the_same_again(message, arena);
        insist(arena_used_size(arena) <= arena_size_max);
    }
    arena_destroy(&arena);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t size_max, unsigned int seed)
{
    const ProtobufCMessageDescriptor *type = type_of(size > 0 ? bytes[0] : 0);
    return mutate_behind(PREFIX_SIZE + VERSION_SIZE, type, bytes, size, size_max, seed);
}
