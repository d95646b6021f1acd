// SPDX-License-Identifier: MPL-2.0
// Invitations: texts of any kind, and texts with a right checksum that hold any message.
//
// Input: which of the two, then the text or the packed message. What is taken is whole, and is written as a text that
// is taken as the same.
#include "fuzz.h"

#include "buurtbel.h"
#include "mutate.h"
#include "seal/identity.h"
#include "seal/invitation.h"

#include <sodium.h>

enum { PREFIX_SIZE = 1, CHECKSUM_SIZE = 4, OWN_KEYS = 2 };

// As a program that makes invitations would: the checksum is that of the message without it, over all that it holds.
static char *stamp(uint8_t what, const uint8_t *bytes, size_t size)
{
    static const char prefix[] = "buurtbel-invitation:";
    uint8_t secret[KEY_SIZE] = {1}, public_key[KEY_SIZE], hash[crypto_generichash_BYTES];
    Client__Invitation *message = client__invitation__unpack(NULL, size, bytes);
    if (!message)
        return NULL;
    Client__Invitation it = *message;
    it.checksum_bytes = (ProtobufCBinaryData){0};
    if (what & OWN_KEYS) { // a pair, which no change of bytes would ever find
        crypto_scalarmult_base(public_key, secret);
        it.admission_secret_bytes = (ProtobufCBinaryData){KEY_SIZE, secret};
        it.admission_public_bytes = (ProtobufCBinaryData){KEY_SIZE, public_key};
    }
    uint8_t *packed = malloc(client__invitation__get_packed_size(&it) + 2 + CHECKSUM_SIZE);
    insist(packed != NULL);
    crypto_generichash(hash, sizeof hash, packed, client__invitation__pack(&it, packed), NULL, 0);
    it.checksum_bytes = (ProtobufCBinaryData){CHECKSUM_SIZE, hash};
    size = client__invitation__pack(&it, packed);
    size_t room = sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = malloc(sizeof prefix + room);
    insist(text != NULL);
    memcpy(text, prefix, sizeof prefix);
    sodium_bin2base64(text + sizeof prefix - 1, room, packed, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    free(packed);
    client__invitation__free_unpacked(message, NULL);
    return text;
}

static void check(const Client__Invitation *invitation)
{
    Client__Invitation *again = NULL;
    char *text = NULL;
    insist(invitation->version == INVITATION_VERSION);
    insist(invitation->server_key_bytes.len == KEY_SIZE && invitation->admission_secret_bytes.len == KEY_SIZE);
    insist(invitation->community.len > 0 && invitation->community.len <= COMMUNITY_KEY_SIZE_MAX);
    insist(invitation->command_endpoint.len <= ENDPOINT_SIZE_MAX);
    insist(invitation_to_text(invitation, &text) == BB_OK);
    insist(invitation_from_text(text, &again) == BB_OK);
    insist(again->role == invitation->role && again->expires_at_ms == invitation->expires_at_ms);
    invitation_destroy(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct feed feed = {bytes, size};
    struct bb_invitation_facts facts;
    Client__Invitation *invitation = NULL;
    fuzz_random_from_start();
    uint8_t what = feed_byte(&feed);
    char *text = what & 1 ? stamp(what, feed.at, feed.left) : fuzz_text(feed.at, feed.left);
    if (!text)
        return 0;
    enum bb_code code = invitation_from_text(text, &invitation);
    insist((code == BB_OK) == (invitation != NULL));
    insist(bb_invitation_read(text, &facts) == code);
    if (invitation) {
        insist(strlen(facts.community) <= invitation->community.len);
        check(invitation);
    }
    invitation_destroy(&invitation);
    free(text);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t size_max, unsigned int seed)
{
    if (size == 0 || !(bytes[0] & 1))
        return LLVMFuzzerMutate(bytes, size, size_max);
    return mutate_behind(PREFIX_SIZE, &client__invitation__descriptor, bytes, size, size_max, seed);
}
