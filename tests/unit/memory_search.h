// SPDX-License-Identifier: MPL-2.0
// Looks for a secret in all memory of this process: stacks, heap and what was freed, buffers of libraries. Included by
// test_wiped.c.
//
// What is looked for is kept only with all its bits turned, and memory is turned in the same way as soon as it is read,
// so that the search does not find itself.
#ifndef BUURTBEL_TESTS_MEMORY_SEARCH_H
#define BUURTBEL_TESTS_MEMORY_SEARCH_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Allocators write over the first bytes of what is freed, so only those behind them are looked for.
enum { PLANT_HEAD_SIZE = 16, PLANT_SIZE_MIN = PLANT_HEAD_SIZE + 12 };
enum { PLANT_SIZE_MAX = 96, SEARCH_CHUNK_SIZE = 1 << 20 };
// AddressSanitizer's shadow, which is terabytes of nothing.
#define SEARCH_MAPPING_SIZE_MAX ((uint64_t)1 << 30)

struct plant {
    uint8_t turned[PLANT_SIZE_MAX];
    size_t size;
};

static inline struct plant plant_of(const void *secret, size_t size)
{
    struct plant plant = {.size = size};
    if (size < PLANT_SIZE_MIN || size > PLANT_SIZE_MAX)
        abort();
    for (size_t i = 0; i < size; i++)
        plant.turned[i] = (uint8_t) ~((const uint8_t *)secret)[i];
    return plant;
}

// The secret itself, at `out`, which must be wiped before the next search. No NUL follows.
static inline void plant_take(const struct plant *plant, void *out)
{
    for (size_t i = 0; i < plant->size; i++)
        ((uint8_t *)out)[i] = (uint8_t)~plant->turned[i];
}

static inline size_t search_chunk(const struct plant *plant, const uint8_t *turned, size_t size)
{
    size_t found = 0;
    const uint8_t *at = turned;
    while ((at = memmem(at, size - (size_t)(at - turned), plant->turned + PLANT_HEAD_SIZE,
                        plant->size - PLANT_HEAD_SIZE)) != NULL) {
        found++;
        at++;
    }
    return found;
}

static inline bool is_touched(uint64_t from, size_t size)
{
    unsigned char pages[SEARCH_CHUNK_SIZE / 4096 + 1];
    return mincore((void *)(uintptr_t)from, size, pages) != 0 || memchr(pages, 1, (size + 4095) / 4096) != NULL;
}

static inline size_t search_mapping(int memory, const struct plant *plant, uint64_t from, uint64_t to, uint64_t *chunk)
{
    size_t found = 0;
    for (uint64_t at = from; at < to; at += SEARCH_CHUNK_SIZE - 4096) {
        size_t size = to - at < SEARCH_CHUNK_SIZE ? (size_t)(to - at) : SEARCH_CHUNK_SIZE;
        ssize_t got = is_touched(at, size) ? pread(memory, chunk, size, (off_t)at) : 0;
        for (ssize_t i = 0; i < got / 8; i++)
            chunk[i] = ~chunk[i];
        if (got > 0)
            found += search_chunk(plant, (const uint8_t *)chunk, (size_t)got);
    }
    return found;
}

// How often it stands in memory that can be written to. The kernel reads, so what is freed can be looked at too.
static inline size_t search_memory(const struct plant *plant)
{
    static uint64_t chunk[SEARCH_CHUNK_SIZE / 8];
    char line[512];
    size_t found = 0;
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    FILE *maps = fopen("/proc/self/maps", "re");
    if (memory < 0 || !maps)
        abort();
    while (fgets(line, sizeof line, maps)) {
        char *end, *rights;
        uint64_t from = strtoull(line, &end, 16), to = strtoull(end + 1, &rights, 16);
        if (rights[1] == 'r' && rights[2] == 'w' && to - from <= SEARCH_MAPPING_SIZE_MAX)
            found += search_mapping(memory, plant, from, to, chunk);
    }
    fclose(maps);
    close(memory);
    return found;
}

#endif
