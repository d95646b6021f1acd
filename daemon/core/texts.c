// SPDX-License-Identifier: MPL-2.0
// Secret texts; see texts.h. The nonce is the turn's random bytes and a running number, so it never comes twice.
#include "texts.h"

#include <sodium.h>
#include <string.h>

enum {
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
};
_Static_assert(CORE_RANDOM_SIZE + sizeof(uint64_t) == NONCE_SIZE, "random bytes and a number make a nonce");

static void write_number(uint8_t out[8], uint64_t number)
{
    for (int i = 7; i >= 0; i--, number >>= 8)
        out[i] = (uint8_t)number;
}

static void make_nonce(struct core *core, uint8_t out[NONCE_SIZE])
{
    memcpy(out, core->random, CORE_RANDOM_SIZE);
    write_number(out + CORE_RANDOM_SIZE, ++core->nonces_used);
}

enum bb_code text_seal(struct core *core, uint64_t slot, ProtobufCBinaryData text, Stored__SecretText **out)
{
    *out = NULL;
    if (text.len == 0)
        return BB_OK;
    const uint8_t *key;
    enum bb_code code = keyring_key(core->keyring, slot, &key);
    if (code != BB_OK)
        return code;

    Stored__SecretText *sealed = core_alloc(core, sizeof *sealed);
    uint8_t *nonce = core_alloc(core, NONCE_SIZE);
    uint8_t *box = core_alloc(core, text.len + TAG_SIZE);
    if (!sealed || !nonce || !box)
        return BB_NO_MEMORY;
    make_nonce(core, nonce);
    uint8_t bound[8];
    write_number(bound, slot);
    crypto_aead_xchacha20poly1305_ietf_encrypt(box, NULL, text.data, text.len, bound, sizeof bound, NULL, nonce, key);

    stored__secret_text__init(sealed);
    sealed->nonce_bytes = (ProtobufCBinaryData){NONCE_SIZE, nonce};
    sealed->box_bytes = (ProtobufCBinaryData){text.len + TAG_SIZE, box};
    *out = sealed;
    return BB_OK;
}

enum bb_code text_open(const struct core *core, uint64_t slot, const Stored__SecretText *text, ProtobufCBinaryData *out)
{
    *out = (ProtobufCBinaryData){0, NULL};
    if (text == NULL)
        return BB_OK;
    const uint8_t *key;
    enum bb_code code = keyring_key(core->keyring, slot, &key);
    if (code == BB_ERASED)
        return BB_OK;
    if (code != BB_OK)
        return code;
    if (text->nonce_bytes.len != NONCE_SIZE || text->box_bytes.len < TAG_SIZE)
        return BB_STORE_DAMAGED;

    size_t size = text->box_bytes.len - TAG_SIZE;
    uint8_t *plain = core_alloc(core, size + 1);
    if (!plain)
        return BB_NO_MEMORY;
    uint8_t bound[8];
    write_number(bound, slot);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, text->box_bytes.data, text->box_bytes.len, bound,
                                                   sizeof bound, text->nonce_bytes.data, key) != 0)
        return BB_STORE_DAMAGED;
    *out = (ProtobufCBinaryData){size, plain};
    return BB_OK;
}
