// SPDX-License-Identifier: MPL-2.0
// Known vectors of all that is sealed: seal_vectors.py computed them apart from our code. What opens here opens in a
// client of any other make, and in our own of later years; no changed byte does.
#include "town.h"

#include "core/texts.h"
#include "seal/seal.h"
#include "seal_vectors.h"
#include "store/keyring.h"

#include <fcntl.h>
#include <unistd.h>

static const uint64_t member = 0x1122334455667788;
static const struct release_letter_facts facts = {
    .asker = 21, .request = 22, .offer = 23, .recipient = 0x1122334455667788, .sender = 24, .channel = CONTACT_PHONE};

static enum bb_code open_contact(uint8_t *nonce, uint8_t *box, uint8_t *key, struct bb_contact *out)
{
    Wire__WrappedKey wrapped = WIRE__WRAPPED_KEY__INIT, *keys[] = {&wrapped};
    Wire__SealedContact sealed = WIRE__SEALED_CONTACT__INIT;
    wrapped.member = member;
    wrapped.sealed_bytes = (ProtobufCBinaryData){sizeof wrapped_key, key};
    sealed.nonce_bytes = (ProtobufCBinaryData){sizeof contact_nonce, nonce};
    sealed.box_bytes = (ProtobufCBinaryData){sizeof contact_box, box};
    sealed.keys = keys;
    sealed.n_keys = 1;
    return contact_open(&sealed, member, sealing_public, sealing_secret, out);
}

static void a_contact_that_was_sealed_elsewhere_opens_and_no_changed_byte_does(void **state)
{
    (void)state;
    uint8_t nonce[sizeof contact_nonce], box[sizeof contact_box], key[sizeof wrapped_key];
    memcpy(nonce, contact_nonce, sizeof nonce);
    memcpy(box, contact_box, sizeof box);
    memcpy(key, wrapped_key, sizeof key);
    struct bb_contact contact;
    assert_int_equal(open_contact(nonce, box, key, &contact), BB_OK);
    assert_string_equal(contact.name, "Zoë Vraagaldóór");
    assert_string_equal(contact.phone, "06-98765401");
    assert_string_equal(contact.email, "zoe@voorbeeld.invalid");
    assert_string_equal(contact.address, "Nergensplantsoen 4711, 9999 ZZ Nergenshuizen");
    uint8_t *const parts[] = {nonce, box, key};
    const size_t sizes[] = {sizeof nonce, sizeof box, sizeof key};
    for (size_t part = 0; part < 3; part++) {
        for (size_t i = 0; i < sizes[part]; i++) {
            parts[part][i] ^= 1;
            assert_int_equal(open_contact(nonce, box, key, &contact), BB_CANNOT_OPEN);
            assert_int_equal(contact.name[0] | contact.phone[0] | contact.email[0] | contact.address[0], 0);
            parts[part][i] ^= 1;
        }
    }
}

static void a_release_that_was_sealed_elsewhere_opens_and_no_changed_byte_does(void **state)
{
    (void)state;
    uint8_t box[sizeof release_box], sender[sizeof signing_public];
    memcpy(box, release_box, sizeof box);
    memcpy(sender, signing_public, sizeof sender);
    struct bb_contact contact;
    assert_int_equal(release_open(box, sizeof box, &facts, sealing_public, sealing_secret, sender, &contact), BB_OK);
    assert_string_equal(contact.name, "Zoë Vraagaldóór");
    assert_string_equal(contact.phone, "06-98765401");
    assert_string_equal(contact.email, "");
    for (size_t i = 0; i < sizeof box; i++) {
        box[i] ^= 1;
        assert_int_equal(release_open(box, sizeof box, &facts, sealing_public, sealing_secret, sender, &contact),
                         BB_CANNOT_OPEN);
        box[i] ^= 1;
    }
    for (size_t i = 0; i < sizeof sender; i++) {
        sender[i] ^= 1;
        assert_int_equal(release_open(box, sizeof box, &facts, sealing_public, sealing_secret, sender, &contact),
                         BB_CANNOT_OPEN);
        sender[i] ^= 1;
    }
}

// A contact is one padded block and a release has one size, whatever stands inside.
static void what_is_sealed_here_has_the_size_of_what_was_sealed_elsewhere(void **state)
{
    (void)state;
    struct bb_contact contact = {.name = "A", .phone = "1"};
    struct seal_recipient recipient = {.member = member};
    memcpy(recipient.sealing_key, sealing_public, SEALING_KEY_SIZE);
    uint8_t signing_secret[SIGNING_SECRET_KEY_SIZE] = {0}, *box;
    size_t size;
    Wire__SealedContact *sealed;
    assert_int_equal(contact_seal(&contact, &recipient, 1, &sealed), BB_OK);
    assert_int_equal(sealed->box_bytes.len, sizeof contact_box);
    assert_int_equal(sealed->nonce_bytes.len, sizeof contact_nonce);
    assert_int_equal(sealed->keys[0]->sealed_bytes.len, sizeof wrapped_key);
    wire__sealed_contact__free_unpacked(sealed, NULL);
    assert_int_equal(release_seal(&facts, &contact, 1, signing_secret, sealing_public, &box, &size), BB_OK);
    assert_int_equal(size, sizeof release_box);
    free(box);
}

static void a_keyring_and_a_text_that_were_made_elsewhere_open_and_no_changed_byte_does(void **state)
{
    struct town *it = *state;
    char path[PATH_MAX];
    const char *problem;
    snprintf(path, sizeof path, "%s/vectors", it->scratch->folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_int_equal(write(fd, keyring_file, sizeof keyring_file), sizeof keyring_file);
    close(fd);
    struct keyring *keyring;
    assert_int_equal(keyring_open(path, &keyring, &problem), BB_OK);
    assert_int_equal(keyring_last(keyring), 2);

    struct core core = town_read(it);
    uint8_t nonce[sizeof text_nonce], box[sizeof text_box];
    memcpy(nonce, text_nonce, sizeof nonce);
    memcpy(box, text_box, sizeof box);
    Stored__SecretText secret = STORED__SECRET_TEXT__INIT;
    secret.nonce_bytes = (ProtobufCBinaryData){sizeof nonce, nonce};
    secret.box_bytes = (ProtobufCBinaryData){sizeof box, box};
    core.keyring = keyring;
    ProtobufCBinaryData opened;
    assert_int_equal(text_open(&core, 2, &secret, &opened), BB_OK);
    assert_true(same_bytes(opened, text("Wie helpt één middag?")));
    assert_int_equal(text_open(&core, 1, &secret, &opened), BB_STORE_DAMAGED);
    for (size_t i = 0; i < sizeof nonce + sizeof box; i++) {
        uint8_t *byte = i < sizeof nonce ? &nonce[i] : &box[i - sizeof nonce];
        *byte ^= 1;
        assert_int_equal(text_open(&core, 2, &secret, &opened), BB_STORE_DAMAGED);
        *byte ^= 1;
    }
    town_read_end(&core);
    keyring_close(&keyring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_contact_that_was_sealed_elsewhere_opens_and_no_changed_byte_does),
        cmocka_unit_test(a_release_that_was_sealed_elsewhere_opens_and_no_changed_byte_does),
        cmocka_unit_test(what_is_sealed_here_has_the_size_of_what_was_sealed_elsewhere),
        IN_TOWN(a_keyring_and_a_text_that_were_made_elsewhere_open_and_no_changed_byte_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
