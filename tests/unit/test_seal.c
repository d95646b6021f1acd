// SPDX-License-Identifier: MPL-2.0
// Tests of seal.c and release.c: who can open what, and that nothing can be swapped.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "seal/seal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct person {
    uint64_t member;
    uint8_t public_key[32], secret_key[32], signing_public[32], signing_secret[64];
};

static struct person person_make(uint64_t member)
{
    struct person person = {.member = member};
    crypto_box_keypair(person.public_key, person.secret_key);
    crypto_sign_keypair(person.signing_public, person.signing_secret);
    return person;
}

static const struct bb_contact contact = {
    .name = "Zoë Ünal", .phone = "0612345678", .email = "zoe@voorbeeld.nl", .address = "Dorpsstraat 1, 7941 AA Meppel"};

static void assert_same_contact(const struct bb_contact *a, const struct bb_contact *b)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->phone, b->phone);
    assert_string_equal(a->email, b->email);
    assert_string_equal(a->address, b->address);
}

static void assert_empty(const struct bb_contact *it)
{
    static const struct bb_contact empty;
    assert_memory_equal(it, &empty, sizeof empty);
}

static enum bb_code open_as(const Wire__SealedContact *sealed, const struct person *person, struct bb_contact *out)
{
    return contact_open(sealed, person->member, person->public_key, person->secret_key, out);
}

static Wire__SealedContact *seal_for(const struct person *people, size_t count)
{
    struct seal_recipient recipients[WRAPPED_KEYS_MAX];
    Wire__SealedContact *sealed = NULL;
    for (size_t i = 0; i < count; i++) {
        recipients[i].member = people[i].member;
        memcpy(recipients[i].sealing_key, people[i].public_key, 32);
    }
    assert_int_equal(contact_seal(&contact, recipients, count, &sealed), BB_OK);
    assert_non_null(sealed);
    return sealed;
}

static void a_contact_opens_for_each_recipient_and_the_recovery_key(void **state)
{
    (void)state;
    const struct person people[] = {person_make(11), person_make(12), person_make(0)};
    Wire__SealedContact *sealed = seal_for(people, 3);
    for (size_t i = 0; i < 3; i++) {
        struct bb_contact opened;
        assert_int_equal(open_as(sealed, &people[i], &opened), BB_OK);
        assert_same_contact(&opened, &contact);
    }
    wire__sealed_contact__free_unpacked(sealed, NULL);
}

static void a_contact_opens_for_nobody_else(void **state)
{
    (void)state;
    const struct person people[] = {person_make(11), person_make(12)};
    Wire__SealedContact *sealed = seal_for(people, 2);
    struct person stranger = person_make(11), impostor = people[1];
    impostor.member = 11;
    struct bb_contact opened = contact;
    assert_int_equal(open_as(sealed, &stranger, &opened), BB_CANNOT_OPEN);
    assert_empty(&opened);
    assert_int_equal(open_as(sealed, &impostor, &opened), BB_CANNOT_OPEN);
    wire__sealed_contact__free_unpacked(sealed, NULL);
}

static void each_changed_byte_is_noticed(void **state)
{
    (void)state;
    const struct person person = person_make(11);
    Wire__SealedContact *sealed = seal_for(&person, 1);
    ProtobufCBinaryData *parts[] = {&sealed->nonce_bytes, &sealed->box_bytes, &sealed->keys[0]->sealed_bytes};
    struct bb_contact opened;
    for (size_t part = 0; part < 3; part++) {
        for (size_t i = 0; i < parts[part]->len; i++) {
            parts[part]->data[i] ^= 1;
            assert_int_equal(open_as(sealed, &person, &opened), BB_CANNOT_OPEN);
            parts[part]->data[i] ^= 1;
        }
        parts[part]->len--;
        assert_int_equal(open_as(sealed, &person, &opened), BB_CANNOT_OPEN);
        parts[part]->len++;
    }
    assert_int_equal(open_as(sealed, &person, &opened), BB_OK);
    wire__sealed_contact__free_unpacked(sealed, NULL);
}

static void a_sealed_contact_without_anything_in_it_is_refused(void **state)
{
    (void)state;
    const struct person person = person_make(11);
    Wire__SealedContact sealed = WIRE__SEALED_CONTACT__INIT;
    struct bb_contact opened;
    assert_int_equal(open_as(&sealed, &person, &opened), BB_CANNOT_OPEN);
}

static void the_size_tells_nothing(void **state)
{
    (void)state;
    struct bb_contact shortest = {0}, longest = {0}, opened;
    memset(longest.name, 'n', NAME_SIZE_MAX);
    memset(longest.phone, '1', NAME_SIZE_MAX);
    memset(longest.email, 'e', NAME_SIZE_MAX);
    memset(longest.address, 'a', sizeof longest.address - 1);
    const struct bb_contact *contacts[] = {&shortest, &contact, &longest};
    struct person person = person_make(11);
    struct seal_recipient recipient = {.member = 11};
    memcpy(recipient.sealing_key, person.public_key, 32);
    for (size_t i = 0; i < 3; i++) {
        Wire__SealedContact *sealed;
        assert_int_equal(contact_seal(contacts[i], &recipient, 1, &sealed), BB_OK);
        assert_int_equal(sealed->box_bytes.len, 512 + 16);
        assert_int_equal(open_as(sealed, &person, &opened), BB_OK);
        assert_same_contact(&opened, contacts[i]);
        wire__sealed_contact__free_unpacked(sealed, NULL);
    }
}

static void two_seals_of_the_same_contact_differ(void **state)
{
    (void)state;
    const struct person person = person_make(11);
    Wire__SealedContact *one = seal_for(&person, 1), *other = seal_for(&person, 1);
    assert_memory_not_equal(one->nonce_bytes.data, other->nonce_bytes.data, 24);
    assert_memory_not_equal(one->box_bytes.data, other->box_bytes.data, one->box_bytes.len);
    wire__sealed_contact__free_unpacked(one, NULL);
    wire__sealed_contact__free_unpacked(other, NULL);
}

static void the_number_of_recipients_has_its_limits(void **state)
{
    (void)state;
    struct person person = person_make(11);
    struct seal_recipient recipients[WRAPPED_KEYS_MAX + 1];
    for (size_t i = 0; i <= WRAPPED_KEYS_MAX; i++) {
        recipients[i].member = i;
        memcpy(recipients[i].sealing_key, person.public_key, 32);
    }
    Wire__SealedContact *sealed = NULL;
    assert_int_equal(contact_seal(&contact, recipients, 0, &sealed), BB_MISSING);
    assert_int_equal(contact_seal(&contact, recipients, WRAPPED_KEYS_MAX + 1, &sealed), BB_TOO_LARGE);
    assert_null(sealed);
    assert_int_equal(contact_seal(&contact, recipients, WRAPPED_KEYS_MAX, &sealed), BB_OK);
    assert_int_equal(sealed->n_keys, WRAPPED_KEYS_MAX);
    wire__sealed_contact__free_unpacked(sealed, NULL);
}

static void a_key_that_is_none_is_refused(void **state)
{
    (void)state;
    struct person person = person_make(11);
    struct seal_recipient recipients[2] = {{.member = 1}, {.member = 2}}; // the second one's key is all zeros
    memcpy(recipients[0].sealing_key, person.public_key, 32);
    Wire__SealedContact *sealed = NULL;
    assert_int_equal(contact_seal(&contact, recipients, 2, &sealed), BB_BAD_VALUE);
    assert_null(sealed);
}

static void a_contact_that_is_no_text_is_refused(void **state)
{
    (void)state;
    struct seal_recipient recipient = {.member = 1};
    struct bb_contact broken = contact, endless = contact;
    Wire__SealedContact *sealed = NULL;
    strcpy(broken.email, "\xff");
    memset(endless.phone, '1', sizeof endless.phone);
    assert_int_equal(contact_seal(&broken, &recipient, 1, &sealed), BB_BAD_TEXT);
    assert_int_equal(contact_seal(&endless, &recipient, 1, &sealed), BB_BAD_TEXT);
}

static const struct release_letter_facts facts = {
    .asker = 1, .request = 2, .offer = 3, .recipient = 4, .sender = 5, .channel = CONTACT_PHONE};

struct sealed_release {
    uint8_t *box;
    size_t size;
};

static struct sealed_release release_make(const struct release_letter_facts *about, const struct person *sender,
                                          const struct person *recipient)
{
    struct sealed_release it;
    assert_int_equal(
        release_seal(about, &contact, 1700000000000, sender->signing_secret, recipient->public_key, &it.box, &it.size),
        BB_OK);
    return it;
}

static enum bb_code release_try(struct sealed_release it, const struct release_letter_facts *about,
                                const struct person *sender, const struct person *recipient, struct bb_contact *out)
{
    return release_open(it.box, it.size, about, recipient->public_key, recipient->secret_key, sender->signing_public,
                        out);
}

static void a_release_gives_the_name_and_the_one_channel(void **state)
{
    (void)state;
    const struct person sender = person_make(5), recipient = person_make(4);
    const struct bb_contact expected[] = {
        [CONTACT_PHONE] = {.name = "Zoë Ünal", .phone = "0612345678"},
        [CONTACT_EMAIL] = {.name = "Zoë Ünal", .email = "zoe@voorbeeld.nl"},
        [CONTACT_ADDRESS] = {.name = "Zoë Ünal", .address = "Dorpsstraat 1, 7941 AA Meppel"},
    };
    for (int channel = CONTACT_PHONE; channel <= CONTACT_ADDRESS; channel++) {
        struct release_letter_facts about = facts;
        about.channel = (enum bb_contact_channel)channel;
        struct sealed_release release = release_make(&about, &sender, &recipient);
        struct bb_contact opened;
        assert_int_equal(release.size, RELEASE_PLAIN_SIZE + 48);
        assert_int_equal(release_try(release, &about, &sender, &recipient, &opened), BB_OK);
        assert_same_contact(&opened, &expected[channel]);
        free(release.box);
    }
}

static void a_release_about_anything_else_is_refused(void **state)
{
    (void)state;
    const struct person sender = person_make(5), recipient = person_make(4);
    struct release_letter_facts others[6] = {facts, facts, facts, facts, facts, facts};
    others[0].asker++;
    others[1].request++;
    others[2].offer++;
    others[3].recipient++;
    others[4].sender++;
    others[5].channel = CONTACT_EMAIL;
    struct sealed_release release = release_make(&facts, &sender, &recipient);
    for (size_t i = 0; i < 6; i++) {
        struct bb_contact opened = contact;
        assert_int_equal(release_try(release, &others[i], &sender, &recipient, &opened), BB_CANNOT_OPEN);
        assert_empty(&opened);
    }
    free(release.box);
}

static void a_release_of_another_sender_or_for_another_reader_is_refused(void **state)
{
    (void)state;
    const struct person sender = person_make(5), recipient = person_make(4), other = person_make(4);
    struct sealed_release release = release_make(&facts, &sender, &recipient);
    struct bb_contact opened;
    assert_int_equal(release_try(release, &facts, &other, &recipient, &opened), BB_CANNOT_OPEN);
    assert_int_equal(release_try(release, &facts, &sender, &other, &opened), BB_CANNOT_OPEN);
    free(release.box);
}

static void a_letter_that_its_reader_sealed_on_to_somebody_else_is_refused(void **state)
{
    (void)state;
    const struct person sender = person_make(5), recipient = person_make(4), third = person_make(4);
    struct sealed_release release = release_make(&facts, &sender, &recipient);
    uint8_t plain[RELEASE_PLAIN_SIZE];
    assert_int_equal(crypto_box_seal_open(plain, release.box, release.size, recipient.public_key, recipient.secret_key),
                     0);
    assert_int_equal(crypto_box_seal(release.box, plain, sizeof plain, third.public_key), 0);
    struct bb_contact opened;
    assert_int_equal(release_try(release, &facts, &sender, &third, &opened), BB_CANNOT_OPEN);
    assert_int_equal(crypto_box_seal(release.box, plain, sizeof plain, recipient.public_key), 0);
    assert_int_equal(release_try(release, &facts, &sender, &recipient, &opened), BB_OK);
    free(release.box);
}

static void each_changed_byte_of_a_release_is_noticed(void **state)
{
    (void)state;
    const struct person sender = person_make(5), recipient = person_make(4);
    struct sealed_release release = release_make(&facts, &sender, &recipient);
    struct bb_contact opened;
    for (size_t i = 0; i < release.size; i++) {
        release.box[i] ^= 0x10;
        assert_int_equal(release_try(release, &facts, &sender, &recipient, &opened), BB_CANNOT_OPEN);
        release.box[i] ^= 0x10;
    }
    release.size--;
    assert_int_equal(release_try(release, &facts, &sender, &recipient, &opened), BB_CANNOT_OPEN);
    release.size = 0;
    assert_int_equal(release_try(release, &facts, &sender, &recipient, &opened), BB_CANNOT_OPEN);
    free(release.box);
}

static void a_release_needs_a_channel_that_the_contact_has(void **state)
{
    (void)state;
    const struct person sender = person_make(5), recipient = person_make(4);
    struct bb_contact no_phone = contact;
    struct release_letter_facts no_channel = facts;
    no_phone.phone[0] = '\0';
    uint8_t *box = NULL;
    size_t size;
    assert_int_equal(release_seal(&facts, &no_phone, 1, sender.signing_secret, recipient.public_key, &box, &size),
                     BB_MISSING);
    for (int channel = 0; channel <= 4; channel += 4) {
        no_channel.channel = (enum bb_contact_channel)channel;
        assert_int_equal(
            release_seal(&no_channel, &contact, 1, sender.signing_secret, recipient.public_key, &box, &size),
            BB_BAD_VALUE);
    }
    const uint8_t no_key[32] = {0};
    assert_int_equal(release_seal(&facts, &contact, 1, sender.signing_secret, no_key, &box, &size), BB_BAD_VALUE);
    assert_null(box);
}

// The format written down a second time, byte by byte, so that no change of ours goes unnoticed.
static void a_letter_made_by_hand_opens(void **state)
{
    (void)state;
    static const char domain[] = "buurtbel release 1";
    const struct person sender = person_make(5), recipient = person_make(4);
    uint8_t letter[] = "\x09\1\0\0\0\0\0\0\0\x11\2\0\0\0\0\0\0\0\x19\3\0\0\0\0\0\0\0\x21\4\0\0\0\0\0\0\0"
                       "\x2a\x20................................\x31\5\0\0\0\0\0\0\0\x38\1\x42\3Zoe\x4a\4"
                       "1234\x50\1";
    memcpy(letter + 4 * 9 + 2, recipient.public_key, 32);
    size_t letter_size = sizeof letter - 1;
    uint8_t signed_bytes[200], plain[RELEASE_PLAIN_SIZE] = {0}, box[RELEASE_PLAIN_SIZE + crypto_box_SEALBYTES];
    memcpy(signed_bytes, domain, 18);
    memcpy(signed_bytes + 18, letter, letter_size);

    plain[0] = 0x0a; // letter_bytes
    plain[1] = (uint8_t)letter_size;
    memcpy(plain + 2, letter, letter_size);
    plain[2 + letter_size] = 0x12; // signature_bytes
    plain[3 + letter_size] = 64;
    crypto_sign_detached(plain + 4 + letter_size, NULL, signed_bytes, 18 + letter_size, sender.signing_secret);
    plain[4 + letter_size + 64] = 0x80; // ISO/IEC 7816-4, as sodium_pad does it
    crypto_box_seal(box, plain, sizeof plain, recipient.public_key);

    struct bb_contact opened;
    const struct sealed_release release = {box, sizeof box};
    assert_int_equal(release_try(release, &facts, &sender, &recipient, &opened), BB_OK);
    assert_string_equal(opened.name, "Zoe");
    assert_string_equal(opened.phone, "1234");
}

static void a_contact_is_wiped(void **state)
{
    (void)state;
    struct bb_contact wiped = contact;
    bb_contact_wipe(&wiped);
    assert_empty(&wiped);
}

static void check_words_are_those_of_the_documentation(void **state)
{
    (void)state;
    uint8_t key[32];
    char words[BB_CHECK_WORDS_SIZE];
    for (uint8_t i = 0; i < 32; i++) {
        key[i] = i;
    }
    bb_check_words(key, words);
    assert_string_equal(words, "bupag-lasar-vuhah-danuf"); // hashlib.blake2b and a proquint table in Python
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_contact_opens_for_each_recipient_and_the_recovery_key),
        cmocka_unit_test(a_contact_opens_for_nobody_else),
        cmocka_unit_test(each_changed_byte_is_noticed),
        cmocka_unit_test(a_sealed_contact_without_anything_in_it_is_refused),
        cmocka_unit_test(the_size_tells_nothing),
        cmocka_unit_test(two_seals_of_the_same_contact_differ),
        cmocka_unit_test(the_number_of_recipients_has_its_limits),
        cmocka_unit_test(a_key_that_is_none_is_refused),
        cmocka_unit_test(a_contact_that_is_no_text_is_refused),
        cmocka_unit_test(a_release_gives_the_name_and_the_one_channel),
        cmocka_unit_test(a_release_about_anything_else_is_refused),
        cmocka_unit_test(a_release_of_another_sender_or_for_another_reader_is_refused),
        cmocka_unit_test(a_letter_that_its_reader_sealed_on_to_somebody_else_is_refused),
        cmocka_unit_test(each_changed_byte_of_a_release_is_noticed),
        cmocka_unit_test(a_release_needs_a_channel_that_the_contact_has),
        cmocka_unit_test(a_letter_made_by_hand_opens),
        cmocka_unit_test(a_contact_is_wiped),
        cmocka_unit_test(check_words_are_those_of_the_documentation),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
