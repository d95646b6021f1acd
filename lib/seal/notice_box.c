// SPDX-License-Identifier: MPL-2.0
// Seals and opens notice boxes; pure, with libsodium's deterministic functions only.
//
// Owns the layout of the additional data: boot | epoch | channel | first | head | key id, numbers big-endian.
#include "notice_box.h"

#include <sodium.h>
#include <string.h>

_Static_assert((int)NOTICE_BOX_KEY_SIZE == (int)crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
_Static_assert((int)NOTICE_BOX_NONCE_SIZE == (int)crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert((int)NOTICE_BOX_OVERHEAD_SIZE == (int)crypto_aead_xchacha20poly1305_ietf_ABYTES, "overhead");

enum { BOUND_SIZE = BOOT_ID_SIZE + 4 + 8 + 8 + 8 + 4 };

static uint8_t *put(uint8_t *at, uint64_t number, int size)
{
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
        *at++ = (uint8_t)(number >> shift);
    return at;
}

static void bind(const struct notice_box_header *header, uint8_t out[BOUND_SIZE])
{
    memcpy(out, header->boot, BOOT_ID_SIZE);
    uint8_t *at = out + BOOT_ID_SIZE;
    at = put(at, header->epoch, 4);
    at = put(at, header->channel, 8);
    at = put(at, header->first, 8);
    at = put(at, header->head, 8);
    put(at, header->key_id, 4);
}

enum bb_code notice_box_seal(const struct notice_box_header *header, const uint8_t key[NOTICE_BOX_KEY_SIZE],
                             const uint8_t nonce[NOTICE_BOX_NONCE_SIZE], const uint8_t *plain, size_t plain_size,
                             struct arena *arena, uint8_t **out, size_t *out_size)
{
    uint8_t bound[BOUND_SIZE];
    bind(header, bound);
    if (plain_size > SIZE_MAX - NOTICE_BOX_OVERHEAD_SIZE)
        return BB_NO_MEMORY;
    uint8_t *box = arena_alloc(arena, plain_size + NOTICE_BOX_OVERHEAD_SIZE);
    if (!box)
        return BB_NO_MEMORY;
    crypto_aead_xchacha20poly1305_ietf_encrypt(box, NULL, plain, plain_size, bound, sizeof bound, NULL, nonce, key);
    *out = box;
    *out_size = plain_size + NOTICE_BOX_OVERHEAD_SIZE;
    return BB_OK;
}

enum bb_code notice_box_open(const struct notice_box_header *header, const uint8_t key[NOTICE_BOX_KEY_SIZE],
                             const uint8_t nonce[NOTICE_BOX_NONCE_SIZE], const uint8_t *box, size_t box_size,
                             struct arena *arena, uint8_t **out, size_t *out_size)
{
    uint8_t bound[BOUND_SIZE];
    bind(header, bound);
    if (box_size < NOTICE_BOX_OVERHEAD_SIZE)
        return BB_CANNOT_OPEN;
    uint8_t *plain = arena_alloc(arena, box_size - NOTICE_BOX_OVERHEAD_SIZE);
    if (!plain)
        return BB_NO_MEMORY;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, box, box_size, bound, sizeof bound, nonce, key))
        return BB_CANNOT_OPEN;
    *out = plain;
    *out_size = box_size - NOTICE_BOX_OVERHEAD_SIZE;
    return BB_OK;
}
