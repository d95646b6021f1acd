// SPDX-License-Identifier: MPL-2.0
// Releases: one way of contact in a signed letter, padded to one size and sealed to one member.
//
// The letter names all that it is about and the key that it is sealed to, so that it cannot be shown to the wrong person
// as if it were meant for them (DOMAIN: Privacy). Whatever does not fit on opening has the one refusal BB_CANNOT_OPEN.
#include "seal.h"

#include "client.pb-c.h"
#include "message/message_bytes.h"
#include "message/unpack.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static_assert(SIGNING_PUBLIC_KEY_SIZE == crypto_sign_PUBLICKEYBYTES, "Ed25519");
static_assert(SIGNING_SECRET_KEY_SIZE == crypto_sign_SECRETKEYBYTES, "Ed25519");
static_assert(RELEASE_PLAIN_SIZE + crypto_box_SEALBYTES <= RELEASE_BOX_SIZE_MAX, "a release fits its box");

static const char RELEASE_DOMAIN[] = "buurtbel release 1"; // so that a signature for this can be used for nothing else

// The field of a contact that each channel stands for.
static const struct {
    size_t offset, room;
} channel_fields[] = {
    [CONTACT_PHONE] = {offsetof(struct bb_contact, phone), sizeof((struct bb_contact *)0)->phone},
    [CONTACT_EMAIL] = {offsetof(struct bb_contact, email), sizeof((struct bb_contact *)0)->email},
    [CONTACT_ADDRESS] = {offsetof(struct bb_contact, address), sizeof((struct bb_contact *)0)->address},
};

static bool channel_known(enum bb_contact_channel channel)
{
    return (size_t)channel < sizeof channel_fields / sizeof *channel_fields && channel_fields[channel].room > 0;
}

// Signs the letter in `letter` and packs both into `plain`, padded.
static void sign_letter(const uint8_t *letter, size_t letter_size, const uint8_t *signing_secret,
                        uint8_t plain[RELEASE_PLAIN_SIZE])
{
    uint8_t signature[crypto_sign_BYTES], signed_bytes[sizeof RELEASE_DOMAIN - 1 + RELEASE_PLAIN_SIZE];
    memcpy(signed_bytes, RELEASE_DOMAIN, sizeof RELEASE_DOMAIN - 1);
    memcpy(signed_bytes + sizeof RELEASE_DOMAIN - 1, letter, letter_size);
    crypto_sign_detached(signature, NULL, signed_bytes, sizeof RELEASE_DOMAIN - 1 + letter_size, signing_secret);
    sodium_memzero(signed_bytes, sizeof signed_bytes);

    Client__SignedLetter both = CLIENT__SIGNED_LETTER__INIT;
    both.letter_bytes = bytes_borrow(letter, letter_size);
    both.signature_bytes = bytes_borrow(signature, sizeof signature);
    assert(client__signed_letter__get_packed_size(&both) < RELEASE_PLAIN_SIZE);
    size_t padded;
    int rc =
        sodium_pad(&padded, plain, client__signed_letter__pack(&both, plain), RELEASE_PLAIN_SIZE, RELEASE_PLAIN_SIZE);
    assert(rc == 0 && padded == RELEASE_PLAIN_SIZE);
    (void)rc;
}

static enum bb_code seal_letter(const Client__ReleaseLetter *letter, const uint8_t *signing_secret,
                                const uint8_t *recipient_key, uint8_t **box, size_t *box_size)
{
    uint8_t packed[RELEASE_PLAIN_SIZE], plain[RELEASE_PLAIN_SIZE];
    assert(client__release_letter__get_packed_size(letter) <= sizeof packed);
    size_t packed_size = client__release_letter__pack(letter, packed);
    sign_letter(packed, packed_size, signing_secret, plain);
    sodium_memzero(packed, sizeof packed);

    enum bb_code code = BB_NO_MEMORY;
    uint8_t *sealed = malloc(RELEASE_PLAIN_SIZE + crypto_box_SEALBYTES);
    if (sealed) {
        code = crypto_box_seal(sealed, plain, sizeof plain, recipient_key) == 0 ? BB_OK : BB_BAD_VALUE;
    }
    sodium_memzero(plain, sizeof plain);
    if (code != BB_OK) {
        free(sealed);
        return code;
    }
    *box = sealed;
    *box_size = RELEASE_PLAIN_SIZE + crypto_box_SEALBYTES;
    return BB_OK;
}

enum bb_code release_seal(const struct release_letter_facts *facts, const struct bb_contact *contact, int64_t now_ms,
                          const uint8_t signing_secret[SIGNING_SECRET_KEY_SIZE],
                          const uint8_t recipient_key[SEALING_KEY_SIZE], uint8_t **box, size_t *box_size)
{
    if (!channel_known(facts->channel)) {
        return BB_BAD_VALUE;
    }
    const char *value = (const char *)contact + channel_fields[facts->channel].offset;
    if (value[0] == '\0') {
        return BB_MISSING;
    }
    if (!text_is_valid(value, channel_fields[facts->channel].room) ||
        !text_is_valid(contact->name, sizeof contact->name)) {
        return BB_BAD_TEXT;
    }
    Client__ReleaseLetter letter = CLIENT__RELEASE_LETTER__INIT;
    letter.asker = facts->asker;
    letter.request = facts->request;
    letter.offer = facts->offer;
    letter.recipient = facts->recipient;
    letter.recipient_key_bytes = bytes_borrow(recipient_key, SEALING_KEY_SIZE);
    letter.sender = facts->sender;
    letter.channel = (Wire__ContactChannel)facts->channel;
    letter.name = bytes_borrow_text(contact->name);
    letter.value = bytes_borrow_text(value);
    letter.written_at_ms = now_ms;
    return seal_letter(&letter, signing_secret, recipient_key, box, box_size);
}

static bool signature_fits(const Client__SignedLetter *both, const uint8_t *signing_public)
{
    uint8_t signed_bytes[sizeof RELEASE_DOMAIN - 1 + RELEASE_PLAIN_SIZE];
    size_t letter_size = both->letter_bytes.len;
    if (letter_size == 0 || letter_size > RELEASE_PLAIN_SIZE ||
        !bytes_have_size(both->signature_bytes, crypto_sign_BYTES)) {
        return false;
    }
    memcpy(signed_bytes, RELEASE_DOMAIN, sizeof RELEASE_DOMAIN - 1);
    memcpy(signed_bytes + sizeof RELEASE_DOMAIN - 1, both->letter_bytes.data, letter_size);
    bool fits = crypto_sign_verify_detached(both->signature_bytes.data, signed_bytes,
                                            sizeof RELEASE_DOMAIN - 1 + letter_size, signing_public) == 0;
    sodium_memzero(signed_bytes, sizeof signed_bytes);
    return fits;
}

static bool facts_fit(const Client__ReleaseLetter *letter, const struct release_letter_facts *facts,
                      const uint8_t *sealing_public)
{
    return letter->asker == facts->asker && letter->request == facts->request && letter->offer == facts->offer &&
           letter->recipient == facts->recipient && letter->sender == facts->sender &&
           (uint32_t)letter->channel == (uint32_t)facts->channel &&
           bytes_have_size(letter->recipient_key_bytes, SEALING_KEY_SIZE) &&
           sodium_memcmp(letter->recipient_key_bytes.data, sealing_public, SEALING_KEY_SIZE) == 0;
}

static enum bb_code read_letter(ProtobufCBinaryData packed, const struct release_letter_facts *facts,
                                const uint8_t *sealing_public, struct bb_contact *out)
{
    Client__ReleaseLetter *letter;
    enum bb_code code = message_unpack(&client__release_letter__descriptor, packed.data, packed.len, &letter);
    if (code != BB_OK) {
        return code == BB_NO_MEMORY ? code : BB_CANNOT_OPEN;
    }
    char *field = (char *)out + channel_fields[facts->channel].offset;
    bool whole = facts_fit(letter, facts, sealing_public) && letter->value.len > 0 &&
                 bytes_take_text(letter->value, field, channel_fields[facts->channel].room) &&
                 bytes_take_text(letter->name, out->name, sizeof out->name);
    message_wipe_free(letter);
    return whole ? BB_OK : BB_CANNOT_OPEN;
}

static enum bb_code read_signed(const uint8_t *plain, size_t size, const struct release_letter_facts *facts,
                                const uint8_t *sealing_public, const uint8_t *signing_public, struct bb_contact *out)
{
    Client__SignedLetter *both;
    enum bb_code code = message_unpack(&client__signed_letter__descriptor, plain, size, &both);
    if (code != BB_OK) {
        return code == BB_NO_MEMORY ? code : BB_CANNOT_OPEN;
    }
    code = BB_CANNOT_OPEN;
    if (signature_fits(both, signing_public)) {
        code = read_letter(both->letter_bytes, facts, sealing_public, out);
    }
    message_wipe_free(both);
    return code;
}

enum bb_code release_open(const uint8_t *box, size_t box_size, const struct release_letter_facts *facts,
                          const uint8_t sealing_public[SEALING_KEY_SIZE],
                          const uint8_t sealing_secret[SEALING_KEY_SIZE],
                          const uint8_t signing_public[SIGNING_PUBLIC_KEY_SIZE], struct bb_contact *out)
{
    memset(out, 0, sizeof *out);
    uint8_t plain[RELEASE_PLAIN_SIZE];
    size_t size;
    enum bb_code code = BB_CANNOT_OPEN;
    if (channel_known(facts->channel) && box_size == RELEASE_PLAIN_SIZE + crypto_box_SEALBYTES &&
        crypto_box_seal_open(plain, box, box_size, sealing_public, sealing_secret) == 0 &&
        sodium_unpad(&size, plain, sizeof plain, RELEASE_PLAIN_SIZE) == 0) {
        code = read_signed(plain, size, facts, sealing_public, signing_public, out);
    }
    sodium_memzero(plain, sizeof plain);
    sodium_stackzero(STACK_WIPED_SIZE);
    if (code != BB_OK) {
        bb_contact_wipe(out);
    }
    return code;
}
