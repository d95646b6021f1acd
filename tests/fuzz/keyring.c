// SPDX-License-Identifier: MPL-2.0
// Keyring files: any bytes, and bytes whose checksums are right; a slot gives its key or says what is wrong with it.
//
// Input: what is stamped (bits), how many slots the header promises, then blocks of SLOT_SIZE bytes.
#include "fuzz.h"

#include "store/keyring.h"
#include "store/keyring_file.h"

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STAMP_HEADER = 1, STAMP_SLOTS = 2, GOOD_HEADER = 4, FILE_SIZE_MAX = 4096, CHECKSUM_OFFSET = 48 };

static void stamp(uint8_t *block)
{
    crypto_generichash(block + CHECKSUM_OFFSET, SLOT_SIZE - CHECKSUM_OFFSET, block, CHECKSUM_OFFSET, NULL, 0);
}

static void put_number(uint8_t *at, size_t size, uint64_t number)
{
    for (size_t i = size; i-- > 0; number >>= 8)
        at[i] = (uint8_t)number;
}

// The header as keyring_file.h describes it. A promise of millions of slots is true work, not a fault.
static void make_header(uint8_t *file, uint8_t what, uint16_t promised)
{
    if (what & GOOD_HEADER) {
        memset(file, 0, SLOT_SIZE);
        memcpy(file, "BBKEYRNG", 8);
        put_number(file + 8, 4, KEYRING_VERSION);
        put_number(file + 12, 4, SLOT_SIZE);
    }
    put_number(file + 16, 8, promised % 300);
    if (what & (GOOD_HEADER | STAMP_HEADER))
        stamp(file);
}

static void stamp_slots(uint8_t *file, size_t size)
{
    for (size_t at = SLOT_SIZE; at + SLOT_SIZE <= size; at += SLOT_SIZE) {
        put_number(file + at + 8, 8, at / SLOT_SIZE);
        stamp(file + at);
    }
}

static void ask_slots(const struct keyring *keyring, const uint8_t *file, size_t size)
{
    const uint8_t *key;
    for (uint64_t slot = 0; slot <= keyring_last(keyring) + 1; slot++) {
        enum bb_code code = keyring_key(keyring, slot, &key);
        bool promised = slot > 0 && slot <= keyring_last(keyring);
        insist(promised == (code != BB_NO_KEY_SLOT));
        if (code == BB_OK) // it stands in the file, whole and at its place
            insist((slot + 1) * SLOT_SIZE <= size && memcmp(file + slot * SLOT_SIZE + 16, key, KEYRING_KEY_SIZE) == 0);
    }
}

// What a keyring was opened from can be filled, erased in, and opened again.
static void use(struct keyring *keyring, const char *path)
{
    uint64_t last = keyring_last(keyring);
    const uint8_t *key;
    const char *problem;
    insist(keyring_fill(keyring, last + 3) == BB_OK && keyring_last(keyring) == last + 3);
    insist(keyring_erase(keyring, last + 2) == BB_OK);
    struct keyring *again;
    insist(keyring_open(path, &again, &problem) == BB_OK && keyring_last(again) == last + 3);
    insist(keyring_key(again, last + 1, &key) == BB_OK && keyring_key(again, last + 2, &key) == BB_ERASED);
    keyring_close(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *path;
    uint8_t file[FILE_SIZE_MAX] = {0};
    struct feed feed = {bytes, size};
    fuzz_random_from_start();
    if (!path)
        path = fuzz_path("keyring");
    uint8_t what = feed_byte(&feed);
    uint16_t promised = feed_u16(&feed);
    const uint8_t *content;
    size_t file_size = feed_bytes(&feed, sizeof file, &content);
    memcpy(file, content, file_size);
    if (file_size >= SLOT_SIZE)
        make_header(file, what, promised);
    if (what & STAMP_SLOTS)
        stamp_slots(file, file_size);
    fuzz_write(path, file, file_size, S_IRUSR | S_IWUSR);

    struct keyring *keyring;
    const char *problem = NULL;
    enum bb_code code = keyring_open(path, &keyring, &problem);
    insist((code == BB_OK) == (keyring != NULL));
    insist(code == BB_OK || code == BB_STORE_DAMAGED || code == BB_STORE_NEWER);
    insist(code != BB_OK || file_size >= SLOT_SIZE);
    if (keyring) {
        ask_slots(keyring, file, file_size);
        use(keyring, path);
    }
    keyring_close(&keyring);
    return 0;
}
