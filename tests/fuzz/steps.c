// SPDX-License-Identifier: MPL-2.0
// Rows of steps; see steps.h.
#include "steps.h"

#include "mutate.h"

enum { STEPS_MAX = 64, LENGTH_SIZE = 2 };

// Where each step begins; places[count] is the end of the last one.
struct row {
    size_t head_size, places[STEPS_MAX + 1], count;
};

bool feed_step(struct feed *feed, size_t head_size, struct step *out)
{
    if (feed->left < head_size + LENGTH_SIZE)
        return false;
    *out = (struct step){.bytes = NULL};
    for (size_t i = 0; i < head_size; i++)
        out->head[i] = feed_byte(feed);
    out->size = feed_bytes(feed, feed_u16(feed), &out->bytes);
    return true;
}

static void read_row(struct row *row, const uint8_t *bytes, size_t size)
{
    struct feed feed = {bytes, size};
    struct step step;
    while (row->count < STEPS_MAX && feed_step(&feed, row->head_size, &step))
        row->places[++row->count] = (size_t)(feed.at - bytes);
}

static size_t replace(uint8_t *bytes, size_t size, size_t size_max, size_t at, size_t old_size, const uint8_t *by,
                      size_t by_size)
{
    if (size - old_size + by_size > size_max)
        return size;
    memmove(bytes + at + by_size, bytes + at + old_size, size - at - old_size);
    if (by_size > 0)
        memcpy(bytes + at, by, by_size);
    return size - old_size + by_size;
}

static size_t change_bytes(const struct row *row, size_t n, step_type *type_of, uint8_t *bytes, size_t size,
                           size_t size_max, unsigned int seed)
{
    static uint8_t changed[STEP_SIZE_MAX];
    size_t at = row->places[n], body = at + row->head_size + LENGTH_SIZE, skip = 0;
    size_t old_size = row->places[n + 1] - body;
    if (old_size > sizeof changed)
        return LLVMFuzzerMutate(bytes, size, size_max);
    const ProtobufCMessageDescriptor *type = type_of(bytes + at, &skip);
    memcpy(changed, bytes + body, old_size);
    size_t new_size = type ? mutate_behind(skip, type, changed, old_size, sizeof changed, seed)
                           : LLVMFuzzerMutate(changed, old_size, sizeof changed);
    size_t result = replace(bytes, size, size_max, body, old_size, changed, new_size);
    if (result != size || new_size == old_size) {
        bytes[body - 2] = (uint8_t)(new_size >> 8);
        bytes[body - 1] = (uint8_t)new_size;
    }
    return result;
}

static size_t copy_step(const struct row *row, size_t from, size_t to, uint8_t *bytes, size_t size, size_t size_max)
{
    static uint8_t copy[STEP_HEAD_SIZE_MAX + LENGTH_SIZE + UINT16_MAX];
    size_t step_size = row->places[from + 1] - row->places[from];
    memcpy(copy, bytes + row->places[from], step_size);
    return replace(bytes, size, size_max, row->places[to], 0, copy, step_size);
}

size_t mutate_steps(size_t head_size, step_type *type_of, uint8_t *bytes, size_t size, size_t size_max,
                    unsigned int seed)
{
    struct row row = {.head_size = head_size};
    read_row(&row, bytes, size);
    if (row.count == 0)
        return LLVMFuzzerMutate(bytes, size, size_max);
    unsigned int what = seed % 16, dice = seed / 16;
    size_t n = dice % row.count, other = dice / 64 % row.count;
    if (what == 0)
        return replace(bytes, size, size_max, row.places[n], row.places[n + 1] - row.places[n], NULL, 0);
    if (what <= 2)
        return copy_step(&row, n, other, bytes, size, size_max);
    if (what <= 4) {
        (void)LLVMFuzzerMutate(bytes + row.places[n], head_size, head_size);
        return size;
    }
    return change_bytes(&row, n, type_of, bytes, size, size_max, dice);
}
