// SPDX-License-Identifier: MPL-2.0
// Reads and writes invitations.
//
// The checksum finds a text that was cut or mistyped; it protects against nobody. Whom to trust is decided by who handed
// the text over, for it names the broker's key.
#include "invitation.h"

#include "bounds.h"
#include "buurtbel.h"
#include "identity.h"
#include "message/message_bytes.h"
#include "message/unpack.h"
#include "words.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const char PREFIX[] = "buurtbel-invitation:";
static const char WHITE_SPACE[] = " \t\r\n\v\f";

enum {
    CHECKSUM_SIZE = 4,
    PACKED_SIZE_MAX = INVITATION_TEXT_SIZE_MAX / 4 * 3,
    BASE64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING,
};

// Of the message as it is without its checksum; fields of a newer version are part of it.
static bool checksum(Client__Invitation *invitation, uint8_t out[CHECKSUM_SIZE])
{
    ProtobufCBinaryData kept = invitation->checksum_bytes;
    invitation->checksum_bytes = (ProtobufCBinaryData){0};
    uint8_t packed[PACKED_SIZE_MAX];
    bool fits = client__invitation__get_packed_size(invitation) <= sizeof packed - 2 - CHECKSUM_SIZE;
    if (fits) {
        uint8_t hash[crypto_generichash_BYTES];
        size_t size = client__invitation__pack(invitation, packed);
        crypto_generichash(hash, sizeof hash, packed, size, NULL, 0);
        memcpy(out, hash, CHECKSUM_SIZE);
        sodium_memzero(packed, sizeof packed);
    }
    invitation->checksum_bytes = kept;
    return fits;
}

static bool are_a_pair(ProtobufCBinaryData public_key, ProtobufCBinaryData secret_key)
{
    uint8_t made[KEY_SIZE];
    return bytes_have_size(public_key, KEY_SIZE) && bytes_have_size(secret_key, KEY_SIZE) &&
           crypto_scalarmult_base(made, secret_key.data) == 0 && memcmp(made, public_key.data, KEY_SIZE) == 0;
}

static bool is_filled_text(ProtobufCBinaryData bytes, size_t size_max)
{
    char text[ENDPOINT_SIZE_MAX + 1];
    return bytes.len > 0 && bytes.len <= size_max && bytes_take_text(bytes, text, sizeof text) &&
           !strpbrk(text, WHITE_SPACE);
}

static bool is_whole(const Client__Invitation *invitation)
{
    uint32_t role = (uint32_t)invitation->role, audience_class = (uint32_t)invitation->audience_class;
    return is_filled_text(invitation->command_endpoint, ENDPOINT_SIZE_MAX) &&
           is_filled_text(invitation->publish_endpoint, ENDPOINT_SIZE_MAX) &&
           is_filled_text(invitation->community, COMMUNITY_KEY_SIZE_MAX) &&
           bytes_have_size(invitation->server_key_bytes, KEY_SIZE) &&
           are_a_pair(invitation->admission_public_bytes, invitation->admission_secret_bytes) &&
           bb_word_known(&bb_roles, role) && (audience_class == 0 || bb_word_known(&bb_classes, audience_class));
}

enum bb_code invitation_to_text(const Client__Invitation *invitation, char **text)
{
    Client__Invitation whole = *invitation;
    uint8_t sum[CHECKSUM_SIZE], packed[PACKED_SIZE_MAX];
    whole.version = INVITATION_VERSION;
    if (!is_whole(&whole) || !checksum(&whole, sum)) {
        return BB_BAD_VALUE;
    }
    whole.checksum_bytes = bytes_borrow(sum, sizeof sum);
    size_t size = client__invitation__pack(&whole, packed);
    size_t text_size = sizeof PREFIX - 1 + sodium_base64_ENCODED_LEN(size, BASE64);
    char *made = malloc(text_size);
    if (made) {
        memcpy(made, PREFIX, sizeof PREFIX - 1);
        sodium_bin2base64(made + sizeof PREFIX - 1, text_size - (sizeof PREFIX - 1), packed, size, BASE64);
    }
    sodium_memzero(packed, sizeof packed);
    *text = made;
    return made ? BB_OK : BB_NO_MEMORY;
}

// Copies `text` without its white space. False when it is longer than any invitation.
static bool squeeze(const char *text, char out[INVITATION_TEXT_SIZE_MAX + 1])
{
    size_t used = 0;
    for (; *text != '\0'; text++) {
        if (strchr(WHITE_SPACE, *text)) {
            continue;
        }
        if (used == INVITATION_TEXT_SIZE_MAX) {
            return false;
        }
        out[used++] = *text;
    }
    out[used] = '\0';
    return true;
}

static bool decode(const char *text, uint8_t out[PACKED_SIZE_MAX], size_t *out_size)
{
    char squeezed[INVITATION_TEXT_SIZE_MAX + 1];
    bool whole = squeeze(text, squeezed) && strncmp(squeezed, PREFIX, sizeof PREFIX - 1) == 0;
    if (whole) {
        const char *encoded = squeezed + sizeof PREFIX - 1;
        whole = sodium_base642bin(out, PACKED_SIZE_MAX, encoded, strlen(encoded), NULL, out_size, NULL, BASE64) == 0;
    }
    sodium_memzero(squeezed, sizeof squeezed);
    return whole;
}

static enum bb_code check(Client__Invitation *invitation)
{
    uint8_t sum[CHECKSUM_SIZE];
    if (!bytes_have_size(invitation->checksum_bytes, CHECKSUM_SIZE) || !checksum(invitation, sum) ||
        memcmp(sum, invitation->checksum_bytes.data, CHECKSUM_SIZE) != 0) {
        return BB_BAD_INVITATION;
    }
    // The checksum is the same in all versions, so that a mistyped text is not taken for a newer one.
    if (invitation->version > INVITATION_VERSION) {
        return BB_VERSION_UNKNOWN;
    }
    return invitation->version == INVITATION_VERSION && is_whole(invitation) ? BB_OK : BB_BAD_INVITATION;
}

enum bb_code invitation_from_text(const char *text, Client__Invitation **out)
{
    uint8_t packed[PACKED_SIZE_MAX];
    size_t size;
    Client__Invitation *invitation = NULL;
    *out = NULL;
    enum bb_code code = BB_BAD_INVITATION;
    if (decode(text, packed, &size)) {
        code = message_unpack(&client__invitation__descriptor, packed, size, &invitation);
    }
    sodium_memzero(packed, sizeof packed);
    if (!invitation) {
        return code == BB_NO_MEMORY ? code : BB_BAD_INVITATION;
    }
    code = check(invitation);
    if (code != BB_OK) {
        invitation_destroy(&invitation);
        return code;
    }
    *out = invitation;
    return BB_OK;
}

void invitation_destroy(Client__Invitation **invitation)
{
    message_wipe_free(*invitation);
    *invitation = NULL;
}

enum bb_code bb_invitation_read(const char *text, struct bb_invitation_facts *out)
{
    Client__Invitation *invitation;
    if (sodium_init() < 0) {
        return BB_IO;
    }
    enum bb_code code = invitation_from_text(text, &invitation);
    if (code != BB_OK) {
        return code;
    }
    memset(out, 0, sizeof *out);
    memcpy(out->community, invitation->community.data, invitation->community.len);
    out->role = (enum bb_role)invitation->role;
    out->audience_class = (uint32_t)invitation->audience_class;
    out->expires_at_ms = invitation->expires_at_ms;
    invitation_destroy(&invitation);
    return BB_OK;
}
