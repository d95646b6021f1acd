// SPDX-License-Identifier: MPL-2.0
// Tests of invitation.c: what people do to a text when they copy it, and what a text must hold.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "buurtbel.h"
#include "message/message_bytes.h"
#include "seal/invitation.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

// Made in Python from the secret key 1, 2, 3 ... 32 with another implementation of protobuf, X25519 and base64.
static const char KNOWN[] =
    "buurtbel-invitation:CAESGXRjcDovL2Jyb2tlci5leGFtcGxlOjc0MDAaGXRjcDovL2Jyb2tlci5leGFtcGxlOjc0MDEiIKqqqqqqqqqqqqqqqq"
    "qqqqqqqqqqqqqqqqqqqqqqqqqqKiAHo3y8FCCTyLdV3BsQ6Gy0JjdK0WqoU-"
    "0L38CyuG0cfDIgAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHy"
    "A6Bm1lcHBlbEABSAJQgOiW1o03WgTQ3xAq";

static uint8_t server_key[32], admission_public[32], admission_secret[32];

static Client__Invitation invitation_make(void)
{
    Client__Invitation it = CLIENT__INVITATION__INIT;
    memset(server_key, 0xaa, sizeof server_key);
    for (uint8_t i = 0; i < 32; i++) {
        admission_secret[i] = (uint8_t)(i + 1);
    }
    crypto_scalarmult_base(admission_public, admission_secret);
    it.command_endpoint = bytes_borrow_text("tcp://broker.example:7400");
    it.publish_endpoint = bytes_borrow_text("tcp://broker.example:7401");
    it.server_key_bytes = bytes_borrow(server_key, 32);
    it.admission_public_bytes = bytes_borrow(admission_public, 32);
    it.admission_secret_bytes = bytes_borrow(admission_secret, 32);
    it.community = bytes_borrow_text("meppel");
    it.role = WIRE__ROLE__ROLE_GIVER;
    it.audience_class = WIRE__AUDIENCE_CLASS__CLASS_ORGANISATION;
    it.expires_at_ms = 1893456000000;
    return it;
}

static enum bb_code try_text(const char *text)
{
    Client__Invitation *read = NULL;
    enum bb_code code = invitation_from_text(text, &read);
    assert_true((code == BB_OK) == (read != NULL));
    invitation_destroy(&read);
    assert_null(read);
    return code;
}

static void an_invitation_has_the_known_text(void **state)
{
    (void)state;
    Client__Invitation invitation = invitation_make();
    char *text;
    assert_int_equal(invitation_to_text(&invitation, &text), BB_OK);
    assert_string_equal(text, KNOWN);
    free(text);
}

static void the_known_text_holds_the_invitation(void **state)
{
    (void)state;
    Client__Invitation *read, made = invitation_make();
    assert_int_equal(invitation_from_text(KNOWN, &read), BB_OK);
    assert_int_equal(read->version, 1);
    assert_memory_equal(read->command_endpoint.data, "tcp://broker.example:7400", 25);
    assert_memory_equal(read->publish_endpoint.data, "tcp://broker.example:7401", 25);
    assert_memory_equal(read->server_key_bytes.data, server_key, 32);
    assert_memory_equal(read->admission_public_bytes.data, admission_public, 32);
    assert_memory_equal(read->admission_secret_bytes.data, admission_secret, 32);
    assert_int_equal(read->role, made.role);
    assert_int_equal(read->audience_class, made.audience_class);
    assert_int_equal(read->expires_at_ms, made.expires_at_ms);
    invitation_destroy(&read);
}

static void what_it_says_can_be_read_without_its_secrets(void **state)
{
    (void)state;
    struct bb_invitation_facts facts;
    assert_int_equal(bb_invitation_read(KNOWN, &facts), BB_OK);
    assert_string_equal(facts.community, "meppel");
    assert_int_equal(facts.role, ROLE_GIVER);
    assert_int_equal(facts.audience_class, CLASS_ORGANISATION);
    assert_int_equal(facts.expires_at_ms, 1893456000000);
    assert_int_equal(bb_invitation_read("hello", &facts), BB_BAD_INVITATION);
}

static void white_space_is_skipped(void **state)
{
    (void)state;
    char text[3 * sizeof KNOWN] = " \r\n", *end = text + 3;
    for (const char *at = KNOWN; *at; at++) {
        *end++ = *at;
        *end++ = (at - KNOWN) % 3 == 0 ? '\n' : (at - KNOWN) % 3 == 1 ? ' ' : '\t';
    }
    *end = '\0';
    assert_int_equal(try_text(text), BB_OK);
}

static void a_text_that_was_cut_is_refused(void **state)
{
    (void)state;
    char text[sizeof KNOWN];
    for (size_t size = 0; size < sizeof KNOWN - 1; size++) {
        memcpy(text, KNOWN, size);
        text[size] = '\0';
        assert_int_equal(try_text(text), BB_BAD_INVITATION);
    }
    for (size_t start = 1; start < sizeof KNOWN; start++) {
        assert_int_equal(try_text(KNOWN + start), BB_BAD_INVITATION);
    }
}

static void each_changed_character_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof KNOWN - 1; i++) {
        char text[sizeof KNOWN];
        memcpy(text, KNOWN, sizeof text);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        assert_int_equal(try_text(text), BB_BAD_INVITATION);
    }
}

static void a_newer_version_is_told_apart(void **state)
{
    (void)state;
    Client__Invitation invitation = invitation_make();
    uint8_t packed[1024], hash[32];
    char text[2048] = "buurtbel-invitation:";
    invitation.version = 2;
    crypto_generichash(hash, sizeof hash, packed, client__invitation__pack(&invitation, packed), NULL, 0);
    invitation.checksum_bytes = bytes_borrow(hash, 4);
    size_t size = client__invitation__pack(&invitation, packed);
    sodium_bin2base64(text + 20, sizeof text - 20, packed, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    assert_int_equal(try_text(text), BB_VERSION_UNKNOWN);
}

static enum bb_code try_to_write(const Client__Invitation *invitation)
{
    char *text = NULL;
    enum bb_code code = invitation_to_text(invitation, &text);
    if (code == BB_OK) {
        assert_int_equal(try_text(text), BB_OK);
    }
    free(text);
    return code;
}

static void what_is_missing_or_no_pair_is_refused(void **state)
{
    (void)state;
    const uint8_t other_key[32] = {9};
    for (int i = 0; i < 9; i++) {
        Client__Invitation it = invitation_make();
        ProtobufCBinaryData *parts[] = {&it.command_endpoint,       &it.publish_endpoint,       &it.server_key_bytes,
                                        &it.admission_public_bytes, &it.admission_secret_bytes, &it.community};
        if (i < 6) {
            *parts[i] = (ProtobufCBinaryData){0};
        } else if (i == 6) {
            it.admission_public_bytes = bytes_borrow(other_key, 32);
        } else if (i == 7) {
            it.role = WIRE__ROLE__ROLE_UNSET;
        } else {
            it.audience_class = (Wire__AudienceClass)8;
        }
        assert_int_equal(try_to_write(&it), BB_BAD_VALUE);
    }
}

static void the_longest_texts_fit_and_longer_ones_do_not(void **state)
{
    (void)state;
    char longest[257];
    memset(longest, 'x', 256);
    longest[256] = '\0';
    Client__Invitation it = invitation_make();
    it.command_endpoint = bytes_borrow(longest, 255);
    it.publish_endpoint = bytes_borrow(longest, 255);
    it.community = bytes_borrow(longest, COMMUNITY_KEY_SIZE_MAX);
    assert_int_equal(try_to_write(&it), BB_OK);
    it.community = bytes_borrow(longest, COMMUNITY_KEY_SIZE_MAX + 1);
    assert_int_equal(try_to_write(&it), BB_BAD_VALUE);
    it = invitation_make();
    it.command_endpoint = bytes_borrow(longest, 256);
    assert_int_equal(try_to_write(&it), BB_BAD_VALUE);
}

static void a_text_without_end_is_refused(void **state)
{
    (void)state;
    char *text = malloc(100001);
    assert_non_null(text);
    memset(text, 'A', 100000);
    text[100000] = '\0';
    memcpy(text, KNOWN, 20);
    assert_int_equal(try_text(text), BB_BAD_INVITATION);
    text[INVITATION_TEXT_SIZE_MAX] = '\0';
    assert_int_equal(try_text(text), BB_BAD_INVITATION);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invitation_has_the_known_text),
        cmocka_unit_test(the_known_text_holds_the_invitation),
        cmocka_unit_test(what_it_says_can_be_read_without_its_secrets),
        cmocka_unit_test(white_space_is_skipped),
        cmocka_unit_test(a_text_that_was_cut_is_refused),
        cmocka_unit_test(each_changed_character_is_noticed),
        cmocka_unit_test(a_newer_version_is_told_apart),
        cmocka_unit_test(what_is_missing_or_no_pair_is_refused),
        cmocka_unit_test(the_longest_texts_fit_and_longer_ones_do_not),
        cmocka_unit_test(a_text_without_end_is_refused),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
