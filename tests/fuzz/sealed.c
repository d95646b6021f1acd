// SPDX-License-Identifier: MPL-2.0
// Sealed blobs: releases and contacts of any bytes, and such as were sealed to us with anything inside.
//
// Input: which layer the bytes stand for, then the bytes. Sealing makes a box of them that opens, so that what is inside
// is reached; what comes out of it is a text in each field, and nothing is left of what was refused.
#include "fuzz.h"

#include "bounds.h"
#include "client.pb-c.h"
#include "mutate.h"
#include "seal/seal.h"

#include <sodium.h>

enum layer { RELEASE_BOX, SIGNED_LETTER, LETTER, CONTACT, CARD, LAYERS };
enum { PREFIX_SIZE = 1, DESK = 7 };

static const char domain[] = "buurtbel release 1";
static uint8_t sealing_public[SEALING_KEY_SIZE], sealing_secret[SEALING_KEY_SIZE];
static uint8_t signing_public[SIGNING_PUBLIC_KEY_SIZE], signing_secret[SIGNING_SECRET_KEY_SIZE];

static bool is_ended(const char *field, size_t room)
{
    return strnlen(field, room) < room;
}

static void check_opened(enum bb_code code, const struct bb_contact *contact)
{
    static const struct bb_contact empty;
    insist(code == BB_OK || code == BB_CANNOT_OPEN || code == BB_NO_MEMORY);
    insist(code == BB_OK || memcmp(contact, &empty, sizeof empty) == 0);
    insist(is_ended(contact->name, sizeof contact->name) && is_ended(contact->phone, sizeof contact->phone));
    insist(is_ended(contact->email, sizeof contact->email) && is_ended(contact->address, sizeof contact->address));
}

static void open_release(const uint8_t *box, size_t size)
{
    struct release_letter_facts facts = {1, 2, 3, 4, 5, CONTACT_EMAIL};
    struct bb_contact contact;
    enum bb_code code = release_open(box, size, &facts, sealing_public, sealing_secret, signing_public, &contact);
    check_opened(code, &contact);
    insist(code != BB_OK || contact.email[0] != '\0');
    insist(contact.phone[0] == '\0' && contact.address[0] == '\0');
}

static void seal_and_open(const uint8_t *plain, size_t size)
{
    uint8_t padded[RELEASE_PLAIN_SIZE], box[RELEASE_PLAIN_SIZE + crypto_box_SEALBYTES];
    size_t padded_size;
    if (size >= sizeof padded)
        return;
    if (size > 0)
        memcpy(padded, plain, size);
    insist(sodium_pad(&padded_size, padded, size, sizeof padded, sizeof padded) == 0);
    insist(crypto_box_seal(box, padded, sizeof padded, sealing_public) == 0);
    open_release(box, sizeof box);
}

// The letter is ours but for its content; the key that it names is always the right one.
static void sign_and_open(const uint8_t *letter, size_t size)
{
    uint8_t signed_bytes[sizeof domain + RELEASE_PLAIN_SIZE], signature[crypto_sign_BYTES], packed[RELEASE_PLAIN_SIZE];
    Client__ReleaseLetter *message = client__release_letter__unpack(NULL, size, letter);
    if (!message)
        return;
    Client__ReleaseLetter it = *message;
    it.recipient_key_bytes = (ProtobufCBinaryData){sizeof sealing_public, sealing_public};
    Client__SignedLetter both = CLIENT__SIGNED_LETTER__INIT;
    if (client__release_letter__get_packed_size(&it) < RELEASE_PLAIN_SIZE - 100) {
        memcpy(signed_bytes, domain, sizeof domain - 1);
        size = client__release_letter__pack(&it, signed_bytes + sizeof domain - 1);
        crypto_sign_detached(signature, NULL, signed_bytes, sizeof domain - 1 + size, signing_secret);
        both.letter_bytes = (ProtobufCBinaryData){size, signed_bytes + sizeof domain - 1};
        both.signature_bytes = (ProtobufCBinaryData){sizeof signature, signature};
        seal_and_open(packed, client__signed_letter__pack(&both, packed));
    }
    client__release_letter__free_unpacked(message, NULL);
}

static void open_contact(const Wire__SealedContact *sealed)
{
    struct bb_contact contact;
    check_opened(contact_open(sealed, DESK, sealing_public, sealing_secret, &contact), &contact);
}

static void open_any_contact(const uint8_t *bytes, size_t size)
{
    Wire__SealedContact *sealed = wire__sealed_contact__unpack(NULL, size, bytes);
    if (!sealed)
        return;
    open_contact(sealed);
    wire__sealed_contact__free_unpacked(sealed, NULL);
}

static void box_and_open(const uint8_t *card, size_t size)
{
    uint8_t key[crypto_secretbox_KEYBYTES] = {1}, nonce[CONTACT_NONCE_SIZE] = {2}, wrapped[WRAPPED_KEY_SIZE];
    uint8_t plain[CONTACT_BOX_SIZE_MAX], box[CONTACT_BOX_SIZE_MAX];
    size_t padded;
    if (size > sizeof plain - CONTACT_PADDING_SIZE - crypto_secretbox_MACBYTES)
        return;
    if (size > 0)
        memcpy(plain, card, size);
    insist(sodium_pad(&padded, plain, size, CONTACT_PADDING_SIZE, sizeof plain) == 0);
    crypto_secretbox_easy(box, plain, padded, nonce, key);
    insist(crypto_box_seal(wrapped, key, sizeof key, sealing_public) == 0);
    Wire__WrappedKey ours = WIRE__WRAPPED_KEY__INIT, *keys[] = {&ours};
    ours.member = DESK;
    ours.sealed_bytes = (ProtobufCBinaryData){sizeof wrapped, wrapped};
    Wire__SealedContact sealed = WIRE__SEALED_CONTACT__INIT;
    sealed.n_keys = 1;
    sealed.keys = keys;
    sealed.nonce_bytes = (ProtobufCBinaryData){sizeof nonce, nonce};
    sealed.box_bytes = (ProtobufCBinaryData){padded + crypto_secretbox_MACBYTES, box};
    open_contact(&sealed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const uint8_t seed[32] = {3};
    struct feed feed = {bytes, size};
    fuzz_random_from_start();
    if (sealing_public[0] == 0) {
        crypto_box_seed_keypair(sealing_public, sealing_secret, seed);
        crypto_sign_seed_keypair(signing_public, signing_secret, seed);
    }
    switch (feed_byte(&feed) % LAYERS) {
    case RELEASE_BOX:
        open_release(feed.at, feed.left);
        break;
    case SIGNED_LETTER:
        seal_and_open(feed.at, feed.left);
        break;
    case LETTER:
        sign_and_open(feed.at, feed.left);
        break;
    case CONTACT:
        open_any_contact(feed.at, feed.left);
        break;
    case CARD:
        box_and_open(feed.at, feed.left);
        break;
    }
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t size_max, unsigned int seed)
{
    static const ProtobufCMessageDescriptor *const types[LAYERS] = {
        [SIGNED_LETTER] = &client__signed_letter__descriptor,
        [LETTER] = &client__release_letter__descriptor,
        [CONTACT] = &wire__sealed_contact__descriptor,
        [CARD] = &client__contact_card__descriptor,
    };
    const ProtobufCMessageDescriptor *type = size > 0 ? types[bytes[0] % LAYERS] : NULL;
    return type ? mutate_behind(PREFIX_SIZE, type, bytes, size, size_max, seed)
                : LLVMFuzzerMutate(bytes, size, size_max);
}
