// SPDX-License-Identifier: MPL-2.0
// Sealing: contact details for the members of a desk, and one way of contact for one chosen giver.
//
// Pure: bytes in, bytes out. Whom to seal to, and whether a key may be trusted (pins, check words), is the caller's to
// decide (client.c). The broker has none of this; it stores what comes out. What is secret is wiped here after use.
#ifndef BUURTBEL_SEAL_H
#define BUURTBEL_SEAL_H

#include "buurtbel.h"

enum {
    SEALING_KEY_SIZE = 32,        // X25519, public or secret
    SIGNING_PUBLIC_KEY_SIZE = 32, // Ed25519
    SIGNING_SECRET_KEY_SIZE = 64, // Ed25519 as libsodium keeps it: seed and public key
    CONTACT_PADDING_SIZE = 512,   // a contact is padded to a multiple of this, so that its size tells nothing
    STACK_WIPED_SIZE = 4096,      // libsodium 1.0.18 leaves the first 32 bytes that it opens on the stack
};

struct seal_recipient {
    uint64_t member; // public id; 0 is the recovery key on paper
    uint8_t sealing_key[SEALING_KEY_SIZE];
};

// `*out` is freed with wire__sealed_contact__free_unpacked(x, NULL). BB_MISSING without recipients, BB_TOO_LARGE past
// WRAPPED_KEYS_MAX, BB_BAD_TEXT, BB_BAD_VALUE when one of the keys is none.
BB_CHECKED enum bb_code contact_seal(const struct bb_contact *contact, const struct seal_recipient *recipients,
                                     size_t count, Wire__SealedContact **out);

// With the key pair of `member`. BB_CANNOT_OPEN when it is not wrapped for it or was changed; then `out` is all empty.
BB_CHECKED enum bb_code contact_open(const Wire__SealedContact *sealed, uint64_t member,
                                     const uint8_t sealing_public[SEALING_KEY_SIZE],
                                     const uint8_t sealing_secret[SEALING_KEY_SIZE], struct bb_contact *out);

// What a release is about. All of it stands inside the seal and is compared on opening, so that nothing can be swapped.
struct release_letter_facts {
    uint64_t asker, request, offer; // public ids
    uint64_t recipient, sender;     // members
    enum bb_contact_channel channel;
};

// Seals the name and the one channel of `contact`. `*box` is freed by the caller. BB_MISSING when the contact lacks that
// channel, BB_BAD_VALUE when channel or key is none, BB_BAD_TEXT.
BB_CHECKED enum bb_code release_seal(const struct release_letter_facts *facts, const struct bb_contact *contact,
                                     int64_t now_ms, const uint8_t signing_secret[SIGNING_SECRET_KEY_SIZE],
                                     const uint8_t recipient_key[SEALING_KEY_SIZE], uint8_t **box, size_t *box_size);

// `facts` is what the reader expects; `out` gets the name and the one channel. BB_CANNOT_OPEN whatever does not fit,
// and then `out` is all empty.
BB_CHECKED enum bb_code release_open(const uint8_t *box, size_t box_size, const struct release_letter_facts *facts,
                                     const uint8_t sealing_public[SEALING_KEY_SIZE],
                                     const uint8_t sealing_secret[SEALING_KEY_SIZE],
                                     const uint8_t signing_public[SIGNING_PUBLIC_KEY_SIZE], struct bb_contact *out);

#endif
