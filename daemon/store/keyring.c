// SPDX-License-Identifier: MPL-2.0
// The keyring in memory, which is locked, and what is done with it. Knows nothing of whose key stands in which slot,
// and leaves the layout of the file to keyring_file.c. Called by the loop (fill, erase); keys may also be asked by
// another thread: memory never moves, and a slot is seen only once `last` says so.
#include "keyring.h"

#include "keyring_file.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    CHUNK_SLOTS = 4096,
    CHUNKS_MAX = 65536, // 268 million slots; the table of their addresses takes memory only where it is used
    BATCH_SLOTS = 128,  // read or written at a time
};

struct chunk {
    uint8_t keys[CHUNK_SLOTS][KEYRING_KEY_SIZE];
    _Atomic uint8_t states[CHUNK_SLOTS];
};

struct keyring {
    int fd;
    _Atomic uint64_t last;
    struct chunk **chunks; // CHUNKS_MAX of them, NULL where there are none yet
};

// Kept out of swap and core dumps where the system allows it; without that right (RLIMIT_MEMLOCK) the daemon runs on.
static enum bb_code make_chunks(struct keyring *keyring, uint64_t slot_last)
{
    if (slot_last >= (uint64_t)CHUNKS_MAX * CHUNK_SLOTS)
        return BB_NO_MEMORY;
    for (size_t i = 0; i <= slot_last / CHUNK_SLOTS; i++) {
        if (keyring->chunks[i])
            continue;
        void *memory = mmap(NULL, sizeof(struct chunk), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            return BB_NO_MEMORY;
        (void)mlock(memory, sizeof(struct chunk));
        (void)madvise(memory, sizeof(struct chunk), MADV_DONTDUMP);
        keyring->chunks[i] = memory;
    }
    return BB_OK;
}

static uint8_t *key_at(const struct keyring *keyring, uint64_t slot)
{
    return keyring->chunks[slot / CHUNK_SLOTS]->keys[slot % CHUNK_SLOTS];
}

static _Atomic uint8_t *state_at(const struct keyring *keyring, uint64_t slot)
{
    return &keyring->chunks[slot / CHUNK_SLOTS]->states[slot % CHUNK_SLOTS];
}

static void keep_slot(struct keyring *keyring, uint64_t slot, const uint8_t block[SLOT_SIZE])
{
    const uint8_t *key;
    enum slot_state state = slot_read(block, slot, &key);
    if (state == SLOT_FILLED)
        memcpy(key_at(keyring, slot), key, KEYRING_KEY_SIZE);
    atomic_store(state_at(keyring, slot), (uint8_t)state);
}

static enum bb_code read_slots(struct keyring *keyring, uint64_t last)
{
    enum bb_code code = make_chunks(keyring, last);
    uint8_t blocks[BATCH_SLOTS][SLOT_SIZE];
    for (uint64_t first = 1; code == BB_OK && first <= last; first += BATCH_SLOTS) {
        code = keyring_file_read(keyring->fd, first, blocks, BATCH_SLOTS);
        for (uint64_t i = 0; code == BB_OK && i < BATCH_SLOTS && first + i <= last; i++)
            keep_slot(keyring, first + i, blocks[i]);
    }
    sodium_memzero(blocks, sizeof blocks);
    if (code == BB_OK)
        atomic_store(&keyring->last, last);
    return code;
}

enum bb_code keyring_open(const char *path, struct keyring **out, const char **problem)
{
    *problem = NULL;
    *out = NULL;
    if (sodium_init() < 0)
        return BB_NO_MEMORY;
    struct keyring *keyring = calloc(1, sizeof *keyring);
    if (!keyring)
        return BB_NO_MEMORY;
    keyring->fd = -1;
    keyring->chunks = calloc(CHUNKS_MAX, sizeof(struct chunk *));

    uint64_t last = 0;
    enum bb_code code = keyring->chunks ? keyring_file_open(path, &keyring->fd, &last, problem) : BB_NO_MEMORY;
    if (code == BB_OK)
        code = read_slots(keyring, last);
    if (code == BB_OK)
        *out = keyring;
    else
        keyring_close(&keyring);
    return code;
}

void keyring_close(struct keyring **keyring)
{
    struct keyring *it = *keyring;
    *keyring = NULL;
    if (!it)
        return;
    for (size_t i = 0; it->chunks && i < CHUNKS_MAX && it->chunks[i]; i++) {
        sodium_memzero(it->chunks[i], sizeof(struct chunk));
        munmap(it->chunks[i], sizeof(struct chunk));
    }
    free(it->chunks);
    if (it->fd >= 0)
        close(it->fd);
    free(it);
}

static enum bb_code fill_batch(struct keyring *keyring, uint64_t first, uint64_t count)
{
    uint8_t blocks[BATCH_SLOTS][SLOT_SIZE];
    for (uint64_t i = 0; i < count; i++) {
        uint8_t *key = key_at(keyring, first + i);
        randombytes_buf(key, KEYRING_KEY_SIZE);
        slot_make(blocks[i], first + i, SLOT_FILLED, key);
        atomic_store(state_at(keyring, first + i), SLOT_FILLED);
    }
    enum bb_code code = keyring_file_write(keyring->fd, first, blocks, (size_t)count);
    sodium_memzero(blocks, sizeof blocks);
    return code;
}

enum bb_code keyring_fill(struct keyring *keyring, uint64_t slot_last)
{
    uint64_t last = keyring_last(keyring);
    if (slot_last <= last)
        return BB_OK;
    enum bb_code code = make_chunks(keyring, slot_last);
    for (uint64_t first = last + 1; code == BB_OK && first <= slot_last; first += BATCH_SLOTS) {
        uint64_t left = slot_last - first + 1;
        code = fill_batch(keyring, first, left < BATCH_SLOTS ? left : BATCH_SLOTS);
    }
    if (code != BB_OK)
        return code;

    code = keyring_file_promise(keyring->fd, slot_last);
    if (code == BB_OK)
        atomic_store(&keyring->last, slot_last);
    return code;
}

uint64_t keyring_last(const struct keyring *keyring)
{
    return atomic_load(&keyring->last);
}

enum bb_code keyring_key(const struct keyring *keyring, uint64_t slot, const uint8_t **out)
{
    if (slot == 0 || slot > keyring_last(keyring))
        return BB_NO_KEY_SLOT;
    switch (atomic_load(state_at(keyring, slot))) {
    case SLOT_FILLED:
        *out = key_at(keyring, slot);
        return BB_OK;
    case SLOT_ERASED:
        return BB_ERASED;
    default:
        return BB_STORE_DAMAGED;
    }
}

enum bb_code keyring_erase(struct keyring *keyring, uint64_t slot)
{
    if (slot == 0 || slot > keyring_last(keyring))
        return BB_NO_KEY_SLOT;
    uint8_t block[1][SLOT_SIZE];
    slot_make(block[0], slot, SLOT_ERASED, NULL);
    enum bb_code code = keyring_file_write(keyring->fd, slot, block, 1);
    if (code == BB_OK)
        code = keyring_file_sync(keyring->fd);
    if (code != BB_OK)
        return code;
    atomic_store(state_at(keyring, slot), SLOT_ERASED);
    sodium_memzero(key_at(keyring, slot), KEYRING_KEY_SIZE);
    return BB_OK;
}
