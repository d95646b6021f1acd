// SPDX-License-Identifier: MPL-2.0
// Tests of lib/client/client_seal.c: to whom is sealed, and that a key which changed stops everything. The client of a
// desk, in a home that was welcomed once and never meets a broker here.
#include "folder.h"

#include "client.pb-c.h"
#include "client/client_store.h"
#include "message/message_bytes.h"
#include "seal/seal.h"
#include "session/session.h"

#include <sodium.h>

enum { OWN_PARTY = 100, OWN_MEMBER = 101, ASKER = 7, REQUEST = 8, OFFER = 9 };

struct person {
    uint64_t member;
    uint8_t public_key[32], secret_key[32], signing_public[32], signing_secret[64];
};

struct world {
    void *home;
    struct bb_founder_keys own;
    struct person recovery;
    struct bb_client *client;
};

static const struct bb_contact contact = {
    .name = "Zo\u00eb \u00dcnal", .phone = "0612345678", .address = "Dorpsstraat 1"};

static struct person person_make(uint64_t member)
{
    struct person person = {.member = member};
    crypto_box_keypair(person.public_key, person.secret_key);
    crypto_sign_keypair(person.signing_public, person.signing_secret);
    return person;
}

static void save_welcome(struct world *it, bool with_recovery_key)
{
    Client__SessionState state = CLIENT__SESSION_STATE__INIT;
    Wire__Welcome welcome = WIRE__WELCOME__INIT;
    welcome.party = OWN_PARTY;
    welcome.member = OWN_MEMBER;
    welcome.role = WIRE__ROLE__ROLE_DESK;
    if (with_recovery_key)
        welcome.recovery_key_bytes = bytes_borrow(it->recovery.public_key, 32);
    state.welcome = &welcome;
    uint8_t packed[512];
    assert_true(client__session_state__get_packed_size(&state) <= sizeof packed);
    size_t size = client__session_state__pack(&state, packed);
    const uint8_t key = ROW_STATE;
    char path[128];
    struct client_store *store;
    snprintf(path, sizeof path, "%s/" CLIENT_STORE_FILE_NAME, (const char *)it->home);
    assert_int_equal(client_store_open(path, &store), BB_OK);
    assert_int_equal(client_store_put(store, &key, 1, packed, size), BB_OK);
    assert_int_equal(client_store_commit(store), BB_OK);
    client_store_close(&store);
}

static void open_client(struct world *it)
{
    const struct bb_options options = {.home = it->home};
    assert_int_equal(bb_client_open(&options, &it->client), BB_OK);
}

static void reopen(struct world *it)
{
    bb_client_close(&it->client);
    open_client(it);
}

static int set_up(void **state, bool welcomed, bool with_recovery_key)
{
    struct world *it = calloc(1, sizeof *it);
    const uint8_t server_key[32] = {1};
    assert_non_null(it);
    assert_true(sodium_init() >= 0);
    folder_setup(&it->home);
    it->recovery = person_make(0);
    assert_int_equal(
        bb_identity_found(it->home, "meppel", "tcp://127.0.0.1:1", "tcp://127.0.0.1:1", server_key, &it->own), BB_OK);
    if (welcomed)
        save_welcome(it, with_recovery_key);
    open_client(it);
    *state = it;
    return 0;
}

static int setup(void **state)
{
    return set_up(state, true, true);
}

static int setup_without_recovery_key(void **state)
{
    return set_up(state, true, false);
}

static int setup_never_welcomed(void **state)
{
    return set_up(state, false, false);
}

static int teardown(void **state)
{
    struct world *it = *state;
    bb_client_close(&it->client);
    int rc = folder_teardown(&it->home);
    free(it);
    return rc;
}

// ---------------------------------------------------------------- sealing an asker's contact

static Wire__MemberView view_of(const struct person *person)
{
    Wire__MemberView view = WIRE__MEMBER_VIEW__INIT;
    view.member = person->member;
    view.party = OWN_PARTY;
    view.sealing_key_bytes = bytes_borrow(person->public_key, 32);
    return view;
}

static enum bb_code seal_for(struct world *it, Wire__MemberView *views, size_t count, Wire__SealedContact **out)
{
    Wire__MemberList list = WIRE__MEMBER_LIST__INIT;
    Wire__MemberView *members[WRAPPED_KEYS_MAX + 1];
    for (size_t i = 0; i < count; i++)
        members[i] = &views[i];
    list.members = members;
    list.n_members = count;
    return bb_contact_seal(it->client, &contact, &list, out);
}

static enum bb_code seal_for_one(struct world *it, const struct person *person)
{
    Wire__MemberView view = view_of(person);
    Wire__SealedContact *sealed;
    enum bb_code code = seal_for(it, &view, 1, &sealed);
    assert_int_equal(sealed != NULL, code == BB_OK);
    if (sealed)
        wire__sealed_contact__free_unpacked(sealed, NULL);
    return code;
}

static enum bb_code open_as(const Wire__SealedContact *sealed, const struct person *person)
{
    struct bb_contact opened;
    enum bb_code code = contact_open(sealed, person->member, person->public_key, person->secret_key, &opened);
    if (code == BB_OK)
        assert_memory_equal(&opened, &contact, sizeof contact);
    return code;
}

static void a_contact_is_for_all_members_and_the_recovery_key_but_not_for_revoked_ones(void **state)
{
    struct world *it = *state;
    struct person own = person_make(OWN_MEMBER), colleague = person_make(2), gone = person_make(3);
    Wire__MemberView views[] = {view_of(&own), view_of(&gone), view_of(&colleague)};
    Wire__SealedContact *sealed;
    struct bb_contact opened;
    views[1].revoked = true;
    assert_int_equal(seal_for(it, views, 3, &sealed), BB_OK);
    assert_int_equal(sealed->n_keys, 3);
    assert_int_equal(open_as(sealed, &it->recovery), BB_OK);
    assert_int_equal(open_as(sealed, &colleague), BB_OK);
    assert_int_equal(open_as(sealed, &gone), BB_CANNOT_OPEN);
    // Its own key a client takes from its identity, whatever the broker says of it.
    assert_int_equal(open_as(sealed, &own), BB_CANNOT_OPEN);
    assert_int_equal(bb_contact_open(it->client, sealed, &opened), BB_OK);
    assert_memory_equal(&opened, &contact, sizeof contact);
    wire__sealed_contact__free_unpacked(sealed, NULL);
}

static void a_contact_that_is_not_for_this_member_stays_closed(void **state)
{
    struct world *it = *state;
    struct person colleague = person_make(2);
    Wire__MemberView view = view_of(&colleague);
    Wire__SealedContact *sealed;
    struct bb_contact opened = contact;
    assert_int_equal(seal_for(it, &view, 1, &sealed), BB_OK);
    assert_int_equal(bb_contact_open(it->client, sealed, &opened), BB_CANNOT_OPEN);
    assert_string_equal(opened.phone, "");
    wire__sealed_contact__free_unpacked(sealed, NULL);
}

static void nothing_is_sealed_to_a_member_whose_key_changed(void **state)
{
    struct world *it = *state;
    struct person colleague = person_make(2), impostor = person_make(2);
    assert_int_equal(seal_for_one(it, &colleague), BB_OK);
    assert_int_equal(seal_for_one(it, &colleague), BB_OK);
    assert_int_equal(seal_for_one(it, &impostor), BB_KEY_CHANGED);
    assert_int_equal(seal_for_one(it, &colleague), BB_OK); // the first key is still the known one
}

static void a_member_without_a_whole_key_is_refused(void **state)
{
    struct world *it = *state;
    struct person colleague = person_make(2);
    Wire__MemberView view = view_of(&colleague);
    Wire__SealedContact *sealed;
    view.sealing_key_bytes.len = 31;
    assert_int_equal(seal_for(it, &view, 1, &sealed), BB_BAD_VALUE);
    view.sealing_key_bytes = (ProtobufCBinaryData){0, NULL};
    assert_int_equal(seal_for(it, &view, 1, &sealed), BB_BAD_VALUE);
    assert_null(sealed);
}

static void the_largest_desk_fits_and_one_member_more_does_not(void **state)
{
    struct world *it = *state;
    struct person people[WRAPPED_KEYS_MAX];
    Wire__MemberView views[WRAPPED_KEYS_MAX];
    Wire__SealedContact *sealed;
    for (size_t i = 0; i < WRAPPED_KEYS_MAX; i++) {
        people[i] = person_make(1000 + i);
        views[i] = view_of(&people[i]);
    }
    assert_int_equal(seal_for(it, views, WRAPPED_KEYS_MAX - 1, &sealed), BB_OK);
    assert_int_equal(sealed->n_keys, WRAPPED_KEYS_MAX); // with the recovery key
    wire__sealed_contact__free_unpacked(sealed, NULL);
    assert_int_equal(seal_for(it, views, WRAPPED_KEYS_MAX, &sealed), BB_TOO_LARGE);
    assert_null(sealed);
    views[0].revoked = true;
    assert_int_equal(seal_for(it, views, WRAPPED_KEYS_MAX, &sealed), BB_OK);
    wire__sealed_contact__free_unpacked(sealed, NULL);
}

static void without_a_recovery_key_nothing_is_sealed(void **state)
{
    struct world *it = *state;
    struct person colleague = person_make(2);
    assert_int_equal(seal_for_one(it, &colleague), BB_MISSING);
}

// ---------------------------------------------------------------- releases

static Wire__OfferView offer_of(const struct person *giver)
{
    Wire__OfferView offer = WIRE__OFFER_VIEW__INIT;
    offer.offer = OFFER;
    offer.request = REQUEST;
    offer.member = giver->member;
    offer.sealing_key_bytes = bytes_borrow(giver->public_key, 32);
    return offer;
}

static enum bb_code release_to(struct world *it, const struct person *giver, enum bb_contact_channel channel)
{
    Wire__OfferView offer = offer_of(giver);
    uint8_t *box;
    size_t size;
    enum bb_code code = bb_release_seal(it->client, &offer, ASKER, &contact, channel, &box, &size);
    assert_int_equal(box != NULL, code == BB_OK);
    free(box);
    return code;
}

static void a_release_opens_for_the_giver_and_holds_the_one_channel(void **state)
{
    struct world *it = *state;
    struct person giver = person_make(50), other = person_make(50);
    Wire__OfferView offer = offer_of(&giver);
    const struct release_letter_facts facts = {ASKER, REQUEST, OFFER, giver.member, OWN_MEMBER, CONTACT_PHONE};
    struct bb_contact opened;
    uint8_t *box;
    size_t size;
    assert_int_equal(bb_release_seal(it->client, &offer, ASKER, &contact, CONTACT_PHONE, &box, &size), BB_OK);
    assert_int_equal(release_open(box, size, &facts, giver.public_key, giver.secret_key, it->own.signing, &opened),
                     BB_OK);
    assert_string_equal(opened.name, contact.name);
    assert_string_equal(opened.phone, contact.phone);
    assert_string_equal(opened.address, "");
    assert_int_equal(release_open(box, size, &facts, other.public_key, other.secret_key, it->own.signing, &opened),
                     BB_CANNOT_OPEN);
    free(box);
}

static void nothing_is_released_to_a_giver_whose_key_changed(void **state)
{
    struct world *it = *state;
    struct person giver = person_make(50), impostor = person_make(50), neighbour = person_make(51);
    assert_int_equal(release_to(it, &giver, CONTACT_PHONE), BB_OK);
    assert_int_equal(release_to(it, &giver, CONTACT_ADDRESS), BB_OK);
    assert_int_equal(release_to(it, &impostor, CONTACT_PHONE), BB_KEY_CHANGED);
    assert_int_equal(release_to(it, &neighbour, CONTACT_PHONE), BB_OK); // everybody has a pin of their own
}

static void a_pin_outlives_the_client(void **state)
{
    struct world *it = *state;
    struct person giver = person_make(50), impostor = person_make(50);
    assert_int_equal(release_to(it, &giver, CONTACT_PHONE), BB_OK);
    reopen(it);
    assert_int_equal(release_to(it, &impostor, CONTACT_PHONE), BB_KEY_CHANGED);
    assert_int_equal(release_to(it, &giver, CONTACT_PHONE), BB_OK);
}

static void a_channel_that_the_contact_lacks_is_not_released(void **state)
{
    struct world *it = *state;
    struct person giver = person_make(50);
    assert_int_equal(release_to(it, &giver, CONTACT_EMAIL), BB_MISSING);
    assert_int_equal(release_to(it, &giver, 0), BB_BAD_VALUE);
    assert_int_equal(release_to(it, &giver, 4), BB_BAD_VALUE);
}

static void an_offer_without_a_member_or_key_is_refused(void **state)
{
    struct world *it = *state;
    struct person giver = person_make(50), nobody = person_make(0);
    Wire__OfferView offer = offer_of(&giver);
    uint8_t *box;
    size_t size;
    offer.sealing_key_bytes = (ProtobufCBinaryData){0, NULL};
    assert_int_equal(bb_release_seal(it->client, &offer, ASKER, &contact, CONTACT_PHONE, &box, &size), BB_BAD_VALUE);
    assert_int_equal(release_to(it, &nobody, CONTACT_PHONE), BB_BAD_VALUE);
}

// ---------------------------------------------------------------- opening a release

// What the mailbox of this client would hold: sealed and signed by `sender`, told to be from `told`.
static enum bb_code open_from(struct world *it, const struct person *sender, const struct person *told,
                              struct bb_contact *opened)
{
    const struct release_letter_facts facts = {ASKER, REQUEST, OFFER, OWN_MEMBER, sender->member, CONTACT_PHONE};
    Wire__ReleaseView view = WIRE__RELEASE_VIEW__INIT;
    uint8_t *box;
    size_t size;
    assert_int_equal(release_seal(&facts, &contact, 1, sender->signing_secret, it->own.sealing, &box, &size), BB_OK);
    view.asker = ASKER;
    view.request = REQUEST;
    view.offer = OFFER;
    view.recipient = OWN_MEMBER;
    view.sender = told->member;
    view.sender_key_bytes = bytes_borrow(told->signing_public, 32);
    view.channel = WIRE__CONTACT_CHANNEL__CONTACT_PHONE;
    view.box_bytes = bytes_borrow(box, size);
    *opened = contact;
    enum bb_code code = bb_release_open(it->client, &view, opened);
    assert_string_equal(opened->phone, code == BB_OK ? contact.phone : "");
    free(box);
    return code;
}

static void a_release_that_came_opens_with_its_name_and_one_channel(void **state)
{
    struct world *it = *state;
    struct person desk = person_make(60);
    struct bb_contact opened;
    assert_int_equal(open_from(it, &desk, &desk, &opened), BB_OK);
    assert_string_equal(opened.name, contact.name);
    assert_string_equal(opened.address, "");
    assert_int_equal(open_from(it, &desk, &desk, &opened), BB_OK); // again, as a list does
}

static void nothing_is_opened_from_a_sender_whose_key_changed(void **state)
{
    struct world *it = *state;
    struct person desk = person_make(60), impostor = person_make(60);
    struct bb_contact opened;
    assert_int_equal(open_from(it, &desk, &desk, &opened), BB_OK);
    assert_int_equal(open_from(it, &impostor, &impostor, &opened), BB_KEY_CHANGED);
    reopen(it);
    assert_int_equal(open_from(it, &impostor, &impostor, &opened), BB_KEY_CHANGED);
    assert_int_equal(open_from(it, &desk, &desk, &opened), BB_OK);
}

static void a_sender_whose_letter_did_not_open_is_not_pinned(void **state)
{
    struct world *it = *state;
    struct person desk = person_make(60), impostor = person_make(60);
    struct bb_contact opened;
    // The broker names another key than that which signed.
    assert_int_equal(open_from(it, &desk, &impostor, &opened), BB_CANNOT_OPEN);
    assert_int_equal(open_from(it, &desk, &desk, &opened), BB_OK);
}

static void a_release_to_another_member_or_without_a_key_stays_closed(void **state)
{
    struct world *it = *state;
    struct bb_contact opened = contact;
    Wire__ReleaseView view = WIRE__RELEASE_VIEW__INIT;
    uint8_t key[32] = {1};
    view.recipient = OWN_MEMBER + 1;
    view.sender_key_bytes = bytes_borrow(key, 32);
    assert_int_equal(bb_release_open(it->client, &view, &opened), BB_CANNOT_OPEN);
    assert_string_equal(opened.phone, "");
    view.recipient = OWN_MEMBER;
    view.sender_key_bytes.len = 31;
    assert_int_equal(bb_release_open(it->client, &view, &opened), BB_CANNOT_OPEN);
}

static void the_two_keys_of_one_member_are_pinned_apart_and_both_stay(void **state)
{
    struct world *it = *state;
    struct person one = person_make(60), other = person_make(60);
    struct bb_contact opened;
    assert_int_equal(seal_for_one(it, &one), BB_OK);             // the sealing key is known
    assert_int_equal(open_from(it, &one, &one, &opened), BB_OK); // and now the signing key
    assert_int_equal(seal_for_one(it, &other), BB_KEY_CHANGED);
    assert_int_equal(open_from(it, &other, &other, &opened), BB_KEY_CHANGED);
    assert_int_equal(seal_for_one(it, &one), BB_OK);
}

// ---------------------------------------------------------------- beside those

static void who_was_never_welcomed_seals_and_opens_nothing(void **state)
{
    struct world *it = *state;
    struct person giver = person_make(50);
    struct bb_contact opened;
    const Wire__SealedContact sealed = WIRE__SEALED_CONTACT__INIT;
    assert_null(bb_client_welcome(it->client));
    assert_int_equal(seal_for_one(it, &giver), BB_AWAY);
    assert_int_equal(bb_contact_open(it->client, &sealed, &opened), BB_AWAY);
    assert_int_equal(release_to(it, &giver, CONTACT_PHONE), BB_AWAY);
    assert_int_equal(open_from(it, &giver, &giver, &opened), BB_AWAY);
}

static void the_check_words_are_those_of_the_own_sealing_key(void **state)
{
    struct world *it = *state;
    char own[BB_CHECK_WORDS_SIZE], expected[BB_CHECK_WORDS_SIZE];
    bb_client_check_words(it->client, own);
    bb_check_words(it->own.sealing, expected);
    assert_string_equal(own, expected);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_contact_is_for_all_members_and_the_recovery_key_but_not_for_revoked_ones),
        TEST(a_contact_that_is_not_for_this_member_stays_closed),
        TEST(nothing_is_sealed_to_a_member_whose_key_changed),
        TEST(a_member_without_a_whole_key_is_refused),
        TEST(the_largest_desk_fits_and_one_member_more_does_not),
        cmocka_unit_test_setup_teardown(without_a_recovery_key_nothing_is_sealed, setup_without_recovery_key, teardown),
        TEST(a_release_opens_for_the_giver_and_holds_the_one_channel),
        TEST(nothing_is_released_to_a_giver_whose_key_changed),
        TEST(a_pin_outlives_the_client),
        TEST(a_channel_that_the_contact_lacks_is_not_released),
        TEST(an_offer_without_a_member_or_key_is_refused),
        TEST(a_release_that_came_opens_with_its_name_and_one_channel),
        TEST(nothing_is_opened_from_a_sender_whose_key_changed),
        TEST(a_sender_whose_letter_did_not_open_is_not_pinned),
        TEST(a_release_to_another_member_or_without_a_key_stays_closed),
        TEST(the_two_keys_of_one_member_are_pinned_apart_and_both_stay),
        cmocka_unit_test_setup_teardown(who_was_never_welcomed_seals_and_opens_nothing, setup_never_welcomed, teardown),
        TEST(the_check_words_are_those_of_the_own_sealing_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
