// SPDX-License-Identifier: MPL-2.0
// Sealed contact: a padded card under a random key, and that key sealed to each recipient.
//
// Every buffer that held something in clear is wiped before it is given back. Opening has one refusal for all that can
// be wrong, so that it tells an attacker nothing. Letters to a chosen giver are made in release.c.
#include "seal.h"

#include "client.pb-c.h"
#include "message/message_bytes.h"
#include "message/unpack.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static_assert(SEALING_KEY_SIZE == crypto_box_PUBLICKEYBYTES && SEALING_KEY_SIZE == crypto_box_SECRETKEYBYTES, "X25519");

// Field tags and lengths take at most 3 bytes each; the whole card fits one padding block, so all have one size.
static_assert(sizeof(struct bb_contact) + 4UL * 3 < CONTACT_PADDING_SIZE, "a card fits one block");
enum { CARD_SIZE = CONTACT_PADDING_SIZE };
static_assert(WRAPPED_KEY_SIZE == crypto_secretbox_KEYBYTES + crypto_box_SEALBYTES, "a key in a sealed box");
static_assert(CARD_SIZE + crypto_secretbox_MACBYTES <= CONTACT_BOX_SIZE_MAX, "a contact fits its box");

void bb_contact_wipe(struct bb_contact *contact)
{
    sodium_memzero(contact, sizeof *contact);
}

static bool contact_is_text(const struct bb_contact *contact)
{
    return text_is_valid(contact->name, sizeof contact->name) && text_is_valid(contact->phone, sizeof contact->phone) &&
           text_is_valid(contact->email, sizeof contact->email) &&
           text_is_valid(contact->address, sizeof contact->address);
}

static enum bb_code wrap_key(const uint8_t key[crypto_secretbox_KEYBYTES], const struct seal_recipient *recipient,
                             Wire__WrappedKey **out)
{
    Wire__WrappedKey *wrapped = malloc(sizeof *wrapped);
    if (!wrapped) {
        return BB_NO_MEMORY;
    }
    *out = wrapped;
    wire__wrapped_key__init(wrapped);
    wrapped->member = recipient->member;
    if (!bytes_copy(&wrapped->sealed_bytes, NULL, WRAPPED_KEY_SIZE)) {
        return BB_NO_MEMORY;
    }
    int sealed = crypto_box_seal(wrapped->sealed_bytes.data, key, crypto_secretbox_KEYBYTES, recipient->sealing_key);
    return sealed == 0 ? BB_OK : BB_BAD_VALUE; // a key of small order
}

static enum bb_code fill_box(Wire__SealedContact *sealed, const struct bb_contact *contact,
                             const uint8_t key[crypto_secretbox_KEYBYTES])
{
    Client__ContactCard card = CLIENT__CONTACT_CARD__INIT;
    card.name = bytes_borrow_text(contact->name);
    card.phone = bytes_borrow_text(contact->phone);
    card.email = bytes_borrow_text(contact->email);
    card.address = bytes_borrow_text(contact->address);

    uint8_t plain[CARD_SIZE];
    size_t padded;
    size_t packed = client__contact_card__pack(&card, plain);
    int rc = sodium_pad(&padded, plain, packed, CONTACT_PADDING_SIZE, sizeof plain);
    assert(rc == 0 && padded == sizeof plain);
    (void)rc;

    enum bb_code code = BB_NO_MEMORY;
    if (bytes_copy(&sealed->nonce_bytes, NULL, crypto_secretbox_NONCEBYTES) &&
        bytes_copy(&sealed->box_bytes, NULL, padded + crypto_secretbox_MACBYTES)) {
        randombytes_buf(sealed->nonce_bytes.data, crypto_secretbox_NONCEBYTES);
        crypto_secretbox_easy(sealed->box_bytes.data, plain, padded, sealed->nonce_bytes.data, key);
        code = BB_OK;
    }
    sodium_memzero(plain, sizeof plain);
    return code;
}

static enum bb_code wrap_keys(Wire__SealedContact *sealed, const uint8_t key[crypto_secretbox_KEYBYTES],
                              const struct seal_recipient *recipients, size_t count)
{
    sealed->keys = calloc(count, sizeof *sealed->keys);
    if (!sealed->keys) {
        return BB_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        enum bb_code code = wrap_key(key, &recipients[i], &sealed->keys[i]);
        sealed->n_keys = i + (sealed->keys[i] != NULL); // what was made is freed with the rest
        if (code != BB_OK) {
            return code;
        }
    }
    return BB_OK;
}

enum bb_code contact_seal(const struct bb_contact *contact, const struct seal_recipient *recipients, size_t count,
                          Wire__SealedContact **out)
{
    if (count == 0) {
        return BB_MISSING;
    }
    if (count > WRAPPED_KEYS_MAX) {
        return BB_TOO_LARGE;
    }
    if (!contact_is_text(contact)) {
        return BB_BAD_TEXT;
    }
    Wire__SealedContact *sealed = malloc(sizeof *sealed);
    if (!sealed) {
        return BB_NO_MEMORY;
    }
    wire__sealed_contact__init(sealed);

    uint8_t key[crypto_secretbox_KEYBYTES];
    crypto_secretbox_keygen(key);
    enum bb_code code = fill_box(sealed, contact, key);
    if (code == BB_OK) {
        code = wrap_keys(sealed, key, recipients, count);
    }
    sodium_memzero(key, sizeof key);
    if (code != BB_OK) {
        wire__sealed_contact__free_unpacked(sealed, NULL);
        return code;
    }
    *out = sealed;
    return BB_OK;
}

static bool unwrap_key(const Wire__SealedContact *sealed, uint64_t member, const uint8_t *public_key,
                       const uint8_t *secret_key, uint8_t key[crypto_secretbox_KEYBYTES])
{
    for (size_t i = 0; i < sealed->n_keys && i < WRAPPED_KEYS_MAX; i++) {
        const Wire__WrappedKey *wrapped = sealed->keys[i];
        if (wrapped->member == member && bytes_have_size(wrapped->sealed_bytes, WRAPPED_KEY_SIZE) &&
            crypto_box_seal_open(key, wrapped->sealed_bytes.data, WRAPPED_KEY_SIZE, public_key, secret_key) == 0) {
            return true;
        }
    }
    return false;
}

static enum bb_code read_card(const uint8_t *plain, size_t size, struct bb_contact *out)
{
    Client__ContactCard *card;
    enum bb_code code = message_unpack(&client__contact_card__descriptor, plain, size, &card);
    if (code != BB_OK) {
        return code == BB_NO_MEMORY ? code : BB_CANNOT_OPEN;
    }
    bool whole = bytes_take_text(card->name, out->name, sizeof out->name) &&
                 bytes_take_text(card->phone, out->phone, sizeof out->phone) &&
                 bytes_take_text(card->email, out->email, sizeof out->email) &&
                 bytes_take_text(card->address, out->address, sizeof out->address);
    message_wipe_free(card);
    return whole ? BB_OK : BB_CANNOT_OPEN;
}

enum bb_code contact_open(const Wire__SealedContact *sealed, uint64_t member,
                          const uint8_t sealing_public[SEALING_KEY_SIZE],
                          const uint8_t sealing_secret[SEALING_KEY_SIZE], struct bb_contact *out)
{
    memset(out, 0, sizeof *out);
    const ProtobufCBinaryData *box = &sealed->box_bytes;
    if (box->len <= crypto_secretbox_MACBYTES || box->len > CONTACT_BOX_SIZE_MAX || !box->data ||
        !bytes_have_size(sealed->nonce_bytes, crypto_secretbox_NONCEBYTES)) {
        return BB_CANNOT_OPEN;
    }
    uint8_t key[crypto_secretbox_KEYBYTES];
    if (!unwrap_key(sealed, member, sealing_public, sealing_secret, key)) {
        return BB_CANNOT_OPEN;
    }
    uint8_t plain[CONTACT_BOX_SIZE_MAX];
    size_t padded = box->len - crypto_secretbox_MACBYTES, size;
    enum bb_code code = BB_CANNOT_OPEN;
    if (crypto_secretbox_open_easy(plain, box->data, box->len, sealed->nonce_bytes.data, key) == 0 &&
        sodium_unpad(&size, plain, padded, CONTACT_PADDING_SIZE) == 0) {
        code = read_card(plain, size, out);
    }
    sodium_memzero(key, sizeof key);
    sodium_memzero(plain, sizeof plain);
    sodium_stackzero(STACK_WIPED_SIZE);
    if (code != BB_OK) {
        bb_contact_wipe(out);
    }
    return code;
}
