// SPDX-License-Identifier: MPL-2.0
// Tests that secrets do not outlive their use: after each operation they are looked for in all memory of the process.
#include "keyring.h"
#include "memory_search.h"
#include "message/message_bytes.h"
#include "message/unpack.h"
#include "scratch.h"
#include "seal/identity.h"
#include "seal/invitation.h"
#include "seal/seal.h"
#include "turn/publisher.h"

#include <sodium.h>
#include <zmq.h>

enum { Z85_SIZE = 40 };

// Letters that nothing else in memory is made of.
static struct plant new_text(size_t size)
{
    uint8_t text[PLANT_SIZE_MAX];
    for (size_t i = 0; i < size; i++)
        text[i] = (uint8_t)('a' + randombytes_uniform(26));
    struct plant plant = plant_of(text, size);
    sodium_memzero(text, sizeof text);
    return plant;
}

static struct plant z85_of(const uint8_t secret[32])
{
    char text[Z85_SIZE + 1];
    zmq_z85_encode(text, secret, 32);
    struct plant plant = plant_of(text, Z85_SIZE);
    sodium_memzero(text, sizeof text);
    return plant;
}

#define assert_gone(plant) assert_int_equal(search_memory(plant), 0)

static void what_was_not_wiped_is_found(void **state)
{
    (void)state;
    struct plant plant = new_text(32);
    char *volatile freed = malloc(128);
    assert_non_null(freed);
    assert_gone(&plant);
    plant_take(&plant, freed + 64); // the allocator writes its own things to the beginning
    assert_int_equal(search_memory(&plant), 1);
    free(freed);
    assert_int_equal(search_memory(&plant), 1);
}

// ---------------------------------------------------------------- contact details

struct person {
    uint8_t public_key[32], secret_key[32], signing_public[32], signing_secret[64];
};

static struct person new_person(void)
{
    struct person person;
    crypto_box_keypair(person.public_key, person.secret_key);
    crypto_sign_keypair(person.signing_public, person.signing_secret);
    return person;
}

static void fill_contact(const struct plant *name, const struct plant *phone, struct bb_contact *out)
{
    memset(out, 0, sizeof *out);
    plant_take(name, out->name);
    plant_take(phone, out->phone);
}

static void a_contact_is_gone_after_sealing_and_after_opening(void **state)
{
    (void)state;
    struct plant name = new_text(30), phone = new_text(30);
    const struct person person = new_person();
    struct seal_recipient recipient = {.member = 7};
    memcpy(recipient.sealing_key, person.public_key, 32);
    struct bb_contact contact;
    fill_contact(&name, &phone, &contact);
    Wire__SealedContact *sealed;
    assert_int_equal(contact_seal(&contact, &recipient, 1, &sealed), BB_OK);
    bb_contact_wipe(&contact);
    assert_gone(&name);
    assert_gone(&phone);

    assert_int_equal(contact_open(sealed, 7, person.public_key, person.secret_key, &contact), BB_OK);
    assert_true(search_memory(&phone) > 0);
    bb_contact_wipe(&contact);
    assert_gone(&name);
    assert_gone(&phone);
    wire__sealed_contact__free_unpacked(sealed, NULL);
}

static void a_release_is_gone_after_sealing_and_after_opening(void **state)
{
    (void)state;
    struct plant name = new_text(30), phone = new_text(30);
    const struct person desk = new_person(), giver = new_person();
    const struct release_letter_facts facts = {1, 2, 3, 4, 5, CONTACT_PHONE};
    struct bb_contact contact;
    fill_contact(&name, &phone, &contact);
    uint8_t *box;
    size_t size;
    assert_int_equal(release_seal(&facts, &contact, 9, desk.signing_secret, giver.public_key, &box, &size), BB_OK);
    bb_contact_wipe(&contact);
    assert_gone(&name);
    assert_gone(&phone);

    assert_int_equal(release_open(box, size, &facts, giver.public_key, giver.secret_key, desk.signing_public, &contact),
                     BB_OK);
    bb_contact_wipe(&contact);
    assert_gone(&name);
    assert_gone(&phone);
    free(box);
}

static void a_card_that_is_cut_is_gone_too(void **state)
{
    (void)state;
    struct plant name = new_text(30);
    uint8_t packed[64], text[30];
    Client__ContactCard card = CLIENT__CONTACT_CARD__INIT, *read;
    plant_take(&name, text);
    card.name = bytes_borrow(text, sizeof text);
    card.phone = bytes_borrow("0", 1);
    size_t size = client__contact_card__pack(&card, packed);
    assert_int_equal(message_unpack(&client__contact_card__descriptor, packed, size - 1, &read), BB_MALFORMED);
    sodium_memzero(text, sizeof text);
    sodium_memzero(packed, sizeof packed);
    assert_gone(&name);
}

// ---------------------------------------------------------------- keys

static void an_identity_is_gone_once_it_is_wiped(void **state)
{
    struct scratch *it = *state;
    char path[128];
    struct identity identity = {.community = "meppel",
                                .role = ROLE_GIVER,
                                .command_endpoint = "tcp://127.0.0.1:1",
                                .publish_endpoint = "tcp://127.0.0.1:2"};
    snprintf(path, sizeof path, "%s/identity.zpl", it->folder);
    identity_make_keys(&identity);
    const uint8_t *const secrets[] = {identity.curve.secret_key, identity.sealing.secret_key, identity.signing_secret};
    struct plant raw[3], z85[3];
    for (size_t i = 0; i < 3; i++) {
        raw[i] = plant_of(secrets[i], 32);
        z85[i] = z85_of(secrets[i]);
    }
    assert_int_equal(identity_save(&identity, path), BB_OK);
    for (size_t i = 0; i < 3; i++)
        assert_gone(&z85[i]);
    identity_wipe(&identity);
    assert_int_equal(identity_load(path, &identity), BB_OK);
    identity_wipe(&identity);
    for (size_t i = 0; i < 3; i++) {
        assert_gone(&z85[i]);
        assert_gone(&raw[i]);
    }
}

static void an_invitations_secret_is_gone_after_writing_and_after_reading(void **state)
{
    (void)state;
    uint8_t public_key[32], secret_key[32], server_key[32] = {1};
    Client__Invitation invitation = CLIENT__INVITATION__INIT, *read;
    crypto_box_keypair(public_key, secret_key);
    struct plant raw = plant_of(secret_key, 32);
    invitation.command_endpoint = bytes_borrow_text("tcp://broker.example:7400");
    invitation.publish_endpoint = bytes_borrow_text("tcp://broker.example:7401");
    invitation.community = bytes_borrow_text("meppel");
    invitation.role = WIRE__ROLE__ROLE_GIVER;
    invitation.server_key_bytes = bytes_borrow(server_key, 32);
    invitation.admission_public_bytes = bytes_borrow(public_key, 32);
    invitation.admission_secret_bytes = bytes_borrow(secret_key, 32);
    char *text;
    assert_int_equal(invitation_to_text(&invitation, &text), BB_OK);
    sodium_memzero(secret_key, sizeof secret_key);
    assert_gone(&raw);

    size_t size = strlen(text);
    struct plant ending = plant_of(text + size - 60, 60); // the secret's base64, and what stands behind it
    assert_int_equal(invitation_from_text(text, &read), BB_OK);
    sodium_memzero(text, size);
    invitation_destroy(&read);
    assert_gone(&raw);
    assert_gone(&ending);
    free(text);
}

static void a_key_of_the_keyring_is_gone_once_it_is_erased_or_the_ring_is_closed(void **state)
{
    struct scratch *it = *state;
    char path[128];
    const char *problem;
    struct keyring *keyring;
    const uint8_t *key;
    snprintf(path, sizeof path, "%s/keyring", it->folder);
    assert_int_equal(keyring_open(path, &keyring, &problem), BB_OK);
    assert_int_equal(keyring_fill(keyring, 8), BB_OK);
    assert_int_equal(keyring_key(keyring, 3, &key), BB_OK);
    struct plant erased = plant_of(key, 32);
    assert_int_equal(keyring_key(keyring, 4, &key), BB_OK);
    struct plant kept = plant_of(key, 32);
    assert_int_equal(search_memory(&kept), 1);
    assert_int_equal(keyring_erase(keyring, 3), BB_OK);
    assert_gone(&erased);
    keyring_close(&keyring);
    assert_int_equal(keyring_open(path, &keyring, &problem), BB_OK);
    assert_int_equal(search_memory(&kept), 1);
    keyring_close(&keyring);
    assert_gone(&kept);
    assert_gone(&erased);
}

static void a_channels_key_is_gone_once_it_is_renewed_or_the_publisher_ends(void **state)
{
    (void)state;
    uint8_t boot[BOOT_ID_SIZE] = {0}, key[NOTICE_BOX_KEY_SIZE];
    struct publisher *publisher;
    assert_int_equal(publisher_create(boot, 1, &publisher), BB_OK);
    randombytes_buf(key, sizeof key);
    struct plant first = plant_of(key, sizeof key);
    assert_int_equal(publisher_add(publisher, 1, 11, "c/resident", 0, key, 0), BB_OK);
    randombytes_buf(key, sizeof key);
    for (uint64_t channel = 2; channel < 20; channel++) // so that the table moves
        assert_int_equal(publisher_add(publisher, channel, channel, "c/other", 0, key, 0), BB_OK);
    assert_int_equal(search_memory(&first), 1);
    randombytes_buf(key, sizeof key);
    struct plant second = plant_of(key, sizeof key);
    publisher_rekey(publisher, 1, key, 0);
    sodium_memzero(key, sizeof key);
    assert_gone(&first);
    publisher_destroy(&publisher);
    assert_gone(&second);
}

static void an_arenas_memory_is_wiped_at_each_reset_and_at_the_end(void **state)
{
    (void)state;
    struct plant plant = new_text(40);
    struct arena *arena = arena_create(1024 * 1024);
    plant_take(&plant, arena_alloc(arena, 40));
    assert_non_null(arena_alloc(arena, 100 * 1024));
    plant_take(&plant, arena_alloc(arena, 40)); // in a further block
    arena_reset(arena);
    assert_gone(&plant);
    plant_take(&plant, arena_alloc(arena, 40));
    arena_destroy(&arena);
    assert_gone(&plant);
}

int main(int argc, char **argv)
{
    (void)argc;
    // Binding a function when it is first called leaves a copy of the registers on the stack; our programs bind all at
    // their start (-z now).
    if (!getenv("LD_BIND_NOW")) {
        setenv("LD_BIND_NOW", "1", 1);
        execv("/proc/self/exe", argv);
        return 1;
    }
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_not_wiped_is_found),
        cmocka_unit_test(a_contact_is_gone_after_sealing_and_after_opening),
        cmocka_unit_test(a_release_is_gone_after_sealing_and_after_opening),
        cmocka_unit_test(a_card_that_is_cut_is_gone_too),
        cmocka_unit_test_setup_teardown(an_identity_is_gone_once_it_is_wiped, scratch_setup, scratch_teardown),
        cmocka_unit_test(an_invitations_secret_is_gone_after_writing_and_after_reading),
        cmocka_unit_test_setup_teardown(a_key_of_the_keyring_is_gone_once_it_is_erased_or_the_ring_is_closed,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test(a_channels_key_is_gone_once_it_is_renewed_or_the_publisher_ends),
        cmocka_unit_test(an_arenas_memory_is_wiped_at_each_reset_and_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
