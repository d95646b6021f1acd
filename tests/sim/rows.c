// SPDX-License-Identifier: MPL-2.0
// A client's store in memory; see rows.h.
#include "rows.h"

#include "sim.h"

#include <stdlib.h>
#include <string.h>

static int compare(const struct session_row *row, const uint8_t *key, size_t key_size)
{
    size_t size = row->key_size < key_size ? row->key_size : key_size;
    int order = memcmp(row->key, key, size);
    return order != 0 ? order : (row->key_size > key_size) - (row->key_size < key_size);
}

// The first row whose key is not before this one.
static size_t place_of(const struct rows *rows, const uint8_t *key, size_t key_size)
{
    size_t low = 0, high = rows->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare(&rows->list[middle], key, key_size) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void make_room(struct session_row **list, size_t count, size_t *capacity)
{
    if (count < *capacity)
        return;
    *capacity = *capacity ? 2 * *capacity : 64;
    *list = realloc(*list, *capacity * sizeof **list);
    sim_insist(*list != NULL);
}

static void row_fini(struct session_row *row)
{
    free((void *)(uintptr_t)row->key);
    free((void *)(uintptr_t)row->value);
}

static uint8_t *copy_of(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    sim_insist(copy != NULL);
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

void rows_put(struct rows *rows, const uint8_t *key, size_t key_size, const uint8_t *value, size_t value_size)
{
    make_room(&rows->pending, rows->pending_count, &rows->pending_capacity);
    rows->pending[rows->pending_count++] =
        (struct session_row){copy_of(key, key_size), key_size, value ? copy_of(value, value_size) : NULL, value_size};
}

static void commit_one(struct rows *rows, struct session_row *row)
{
    size_t at = place_of(rows, row->key, row->key_size);
    bool there = at < rows->count && compare(&rows->list[at], row->key, row->key_size) == 0;
    if (there)
        row_fini(&rows->list[at]);
    if (there && row->value == NULL) {
        memmove(&rows->list[at], &rows->list[at + 1], (--rows->count - at) * sizeof *rows->list);
    } else if (row->value != NULL && !there) {
        make_room(&rows->list, rows->count, &rows->capacity);
        memmove(&rows->list[at + 1], &rows->list[at], (rows->count++ - at) * sizeof *rows->list);
    }
    if (row->value != NULL)
        rows->list[at] = *row;
    else
        row_fini(row);
}

void rows_commit(struct rows *rows)
{
    for (size_t i = 0; i < rows->pending_count; i++)
        commit_one(rows, &rows->pending[i]);
    rows->pending_count = 0;
}

void rows_crash(struct rows *rows)
{
    while (rows->pending_count > 0)
        row_fini(&rows->pending[--rows->pending_count]);
}

void rows_fini(struct rows *rows)
{
    rows_crash(rows);
    while (rows->count > 0)
        row_fini(&rows->list[--rows->count]);
    free(rows->list);
    free(rows->pending);
    *rows = (struct rows){0};
}

const struct session_row *rows_of(const struct rows *rows, uint8_t kind, size_t *count)
{
    uint8_t after = (uint8_t)(kind + 1);
    size_t first = kind ? place_of(rows, &kind, 1) : 0;
    size_t last = kind ? place_of(rows, &after, 1) : rows->count;
    *count = last - first;
    return rows->list + first;
}
