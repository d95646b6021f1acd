// SPDX-License-Identifier: MPL-2.0
// Changes a message by its descriptors; see mutate.h. All memory is one arena that is reset each time.
#include "mutate.h"

#include "fuzz.h"
#include "message/arena.h"
#include "message/fields.h"

enum { ARENA_SIZE_MAX = 8 * 1024 * 1024, BYTES_SIZE_MAX = 4096, ELEMENTS_MAX = 64 };

struct change {
    struct arena *arena;
    uint64_t dice;
};

static const uint64_t *known_ids;
static size_t known_ids_count;

void mutate_know_ids(const uint64_t *ids, size_t count)
{
    known_ids = ids;
    known_ids_count = count;
}

static uint64_t throw_dice(struct change *change, uint64_t sides)
{
    change->dice = change->dice * 6364136223846793005U + 1442695040888963407U;
    return (change->dice >> 33) % sides;
}

static void *get_room(struct change *change, size_t size)
{
    void *room = arena_alloc(change->arena, size);
    insist(room != NULL);
    return room;
}

// ---------------------------------------------------------------- one value

static uint64_t other_number(struct change *change, uint64_t before)
{
    static const uint64_t edges[] = {0,         1,         2,          3,         127,       128,       255,
                                     INT32_MAX, 1U << 31U, UINT32_MAX, INT64_MAX, 1LU << 63, UINT64_MAX};
    switch (throw_dice(change, 5)) {
    case 0:
        return before + 1;
    case 1:
        return before - 1;
    case 2:
        return edges[throw_dice(change, sizeof edges / sizeof *edges)];
    case 3:
        return before ^ 1LU << throw_dice(change, 64);
    default:
        return throw_dice(change, 20);
    }
}

// The sizes that our `bytes` fields must have, so that what is behind that check is reached.
static size_t other_size(struct change *change, size_t before)
{
    static const size_t sizes[] = {0, 1, 4, 8, 16, 24, 32, 64, 80, 500, 501};
    return throw_dice(change, 2) ? before : sizes[throw_dice(change, sizeof sizes / sizeof *sizes)];
}

static ProtobufCBinaryData other_bytes(struct change *change, ProtobufCBinaryData before)
{
    size_t kept = before.len < BYTES_SIZE_MAX ? before.len : BYTES_SIZE_MAX;
    uint8_t *room = get_room(change, BYTES_SIZE_MAX);
    if (kept > 0)
        memcpy(room, before.data, kept);
    size_t size = other_size(change, kept);
    if (size == kept)
        size = LLVMFuzzerMutate(room, kept, kept + 64 < BYTES_SIZE_MAX ? kept + 64 : BYTES_SIZE_MAX);
    for (size_t i = kept; i < size; i++)
        room[i] = room[i] ? room[i] : 'a';
    return (ProtobufCBinaryData){size, room};
}

static void change_message(struct change *change, ProtobufCMessage *message);

static void fill_value(struct change *change, const ProtobufCFieldDescriptor *field, void *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE: {
        ProtobufCMessage **place = value;
        const ProtobufCMessageDescriptor *type = field->descriptor;
        if (*place == NULL) {
            *place = get_room(change, type->sizeof_message);
            protobuf_c_message_init(type, *place);
        }
        change_message(change, *place);
        return;
    }
    case PROTOBUF_C_TYPE_BYTES: {
        ProtobufCBinaryData *place = value;
        *place = other_bytes(change, *place);
        return;
    }
    case PROTOBUF_C_TYPE_FIXED64: {
        uint64_t *place = value;
        bool known = known_ids_count > 0 && throw_dice(change, 2);
        *place = known ? known_ids[throw_dice(change, known_ids_count)] : other_number(change, *place);
        return;
    }
    case PROTOBUF_C_TYPE_BOOL: {
        protobuf_c_boolean *place = value;
        *place = !*place;
        return;
    }
    default: {
        uint64_t number = 0;
        size_t size = field_value_size(field);
        memcpy(&number, value, size);
        number = other_number(change, number);
        memcpy(value, &number, size);
    }
    }
}

// ---------------------------------------------------------------- one field

static void change_list(struct change *change, const ProtobufCFieldDescriptor *field, uint8_t *base)
{
    size_t *count = (size_t *)(void *)(base + field->quantifier_offset), size = field_value_size(field);
    void *place = base + field->offset;
    uint8_t *old;
    memcpy(&old, place, sizeof old);
    if (*count > 0 && throw_dice(change, 3) > 0) {
        size_t at = throw_dice(change, *count);
        if (throw_dice(change, 4) > 0) {
            fill_value(change, field, old + at * size);
            return;
        }
        memmove(old + at * size, old + (at + 1) * size, (*count - at - 1) * size);
        --*count;
        return;
    }
    if (*count >= ELEMENTS_MAX)
        return;
    uint8_t *longer = get_room(change, (*count + 1) * size);
    if (*count > 0)
        memcpy(longer, old, *count * size);
    if (*count > 0 && field->type != PROTOBUF_C_TYPE_MESSAGE)
        memcpy(longer + *count * size, longer + throw_dice(change, *count) * size, size);
    fill_value(change, field, longer + *count * size);
    memcpy(place, &longer, sizeof longer);
    ++*count;
}

static void change_field(struct change *change, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    uint8_t *base = (uint8_t *)message;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        change_list(change, field, base);
        return;
    }
    if (field_is_one_of(field)) {
        uint32_t *what = (uint32_t *)(void *)(base + field->quantifier_offset);
        if (*what != field->id)
            memset(base + field->offset, 0, field_value_size(field));
        *what = field->id;
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE && throw_dice(change, 8) == 0) {
        memset(base + field->offset, 0, sizeof(void *));
        return;
    }
    fill_value(change, field, base + field->offset);
}

// Of a oneof, mostly the member that is set: else its content would never be looked into.
static const ProtobufCFieldDescriptor *choose_field(struct change *change, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const ProtobufCFieldDescriptor *field = &type->fields[throw_dice(change, type->n_fields)];
    if (!field_is_one_of(field) || throw_dice(change, 4) == 0)
        return field;
    uint32_t what = *(const uint32_t *)(const void *)((const uint8_t *)message + field->quantifier_offset);
    const ProtobufCFieldDescriptor *set = what ? protobuf_c_message_descriptor_get_field(type, what) : NULL;
    return set ? set : field;
}

static void change_message(struct change *change, ProtobufCMessage *message)
{
    if (message->descriptor->n_fields > 0)
        change_field(change, message, choose_field(change, message));
}

// ---------------------------------------------------------------- the whole

size_t mutate_message(const ProtobufCMessageDescriptor *type, uint8_t *bytes, size_t size, size_t size_max,
                      unsigned int seed)
{
    static struct arena *arena;
    if (!arena)
        arena = arena_create(ARENA_SIZE_MAX);
    arena_reset(arena);
    struct change change = {.arena = arena, .dice = seed};
    ProtobufCMessage *message = protobuf_c_message_unpack(type, arena_allocator(arena), size, bytes);
    if (!message || throw_dice(&change, 8) == 0)
        return LLVMFuzzerMutate(bytes, size, size_max);
    for (uint64_t more = 1 + throw_dice(&change, 3); more > 0; more--)
        change_message(&change, message);
    if (protobuf_c_message_get_packed_size(message) > size_max)
        return LLVMFuzzerMutate(bytes, size, size_max);
    return protobuf_c_message_pack(message, bytes);
}

size_t mutate_behind(size_t prefix_size, const ProtobufCMessageDescriptor *type, uint8_t *bytes, size_t size,
                     size_t size_max, unsigned int seed)
{
    if (size < prefix_size || size_max <= prefix_size || seed % 8 == 0)
        return LLVMFuzzerMutate(bytes, size, size_max);
    return prefix_size +
           mutate_message(type, bytes + prefix_size, size - prefix_size, size_max - prefix_size, seed / 8);
}

// ---------------------------------------------------------------- ids by their places

static void name_value(const ProtobufCFieldDescriptor *field, void *value, const uint64_t *ids, size_t count)
{
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        ProtobufCMessage *inner = *(ProtobufCMessage **)value;
        if (inner)
            message_name_ids(inner, ids, count);
        return;
    }
    uint64_t *id = value;
    if (*id > 0 && *id <= count)
        *id = ids[*id - 1];
}

void message_name_ids(ProtobufCMessage *message, const uint64_t *ids, size_t count)
{
    uint8_t *base = (uint8_t *)message;
    for (unsigned int i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        uint8_t *value = base + field->offset;
        if (field->type != PROTOBUF_C_TYPE_MESSAGE && field->type != PROTOBUF_C_TYPE_FIXED64)
            continue;
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            uint32_t what = *(uint32_t *)(void *)(base + field->quantifier_offset);
            if (!field_is_one_of(field) || what == field->id)
                name_value(field, value, ids, count);
            continue;
        }
        size_t elements = *(size_t *)(void *)(base + field->quantifier_offset);
        uint8_t *list = *(uint8_t **)(void *)value;
        for (size_t n = 0; n < elements; n++)
            name_value(field, list + n * field_value_size(field), ids, count);
    }
}
