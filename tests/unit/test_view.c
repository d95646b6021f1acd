// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/core/view.c and view_offer.c: who sees what, and that nobody is exposed (DOMAIN: rule 2, Privacy).
#include "town.h"

#include "bounds.h"
#include "core/view.h"

static void a_broadcast_has_no_field_for_a_name_or_contact(void **state)
{
    (void)state;
    // DOMAIN: "an opaque id, category, screened text, area, needed-by, number needed, language. Nothing else." With the
    // number of the change and what became of it.
    static const char *const allowed[] = {"request", "category", "text",     "area", "needed_by_ms",
                                          "needed",  "language", "revision", "state"};
    const ProtobufCMessageDescriptor *type = &wire__public_request__descriptor;
    assert_int_equal(type->n_fields, sizeof allowed / sizeof *allowed);
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(type, allowed[i]);
        assert_non_null(field);
        assert_int_not_equal(field->type, PROTOBUF_C_TYPE_MESSAGE); // nothing can hide inside
        assert_int_not_equal(field->label, PROTOBUF_C_LABEL_REPEATED);
    }
}

// Everything around a request bears a planted word; of all that went out on class channels nothing may hold one.
static void expect_clean(const struct town *it)
{
    static const char *const planted[] = {"Geverboom", "Wiekslag", "Balie",     "Kwartiermaker", "PLANT",
                                          "sealed",    "wrapped",  "geheimref", "rij-PLANT"};
    for (uint32_t c = CLASS_RESIDENT; c <= CLASSES_MAX; c++) {
        const Wire__Batch *batch = town_class(it, c);
        if (batch == NULL)
            continue;
        uint8_t packed[4096];
        assert_true(wire__batch__get_packed_size(batch) <= sizeof packed);
        size_t size = wire__batch__pack(batch, packed);
        for (size_t i = 0; i < sizeof planted / sizeof *planted; i++)
            assert_false(bytes_hold(packed, size, planted[i]));
    }
}

static void planted_names_never_stand_in_a_broadcast(void **state)
{
    struct town *it = *state;
    Wire__PublishRequest request = town_request(it, "Wie repareert een fiets?");
    request.ref = text("rij-PLANT");
    uint64_t made = town_publish_request(it, it->desk, request).made;
    expect_clean(it);
    Wire__GiveAnswer answer = {.request = made, .kind = WIRE__ANSWER_KIND__ANSWER_OFFER, .text = text("PLANT 1")};
    uint64_t offer = town_give_answer(it, it->anna, answer).made;
    assert_accepted(town_choose(it, offer));
    assert_non_null(town_class(it, CLASS_RESIDENT));
    expect_clean(it);
    Wire__Release release = {.offer = offer,
                             .recipient = it->anna.member,
                             .channel = WIRE__CONTACT_CHANNEL__CONTACT_PHONE,
                             .box_bytes = text("PLANT 2"),
                             .asker_agreed = true};
    assert_accepted(town_release(it, it->desk, release));
    expect_clean(it);
    Wire__CancelOffer cancel = {.offer = offer, .reason = text("PLANT 3")};
    assert_accepted(town_cancel_offer(it, it->anna, cancel));
    assert_non_null(town_class(it, CLASS_RESIDENT));
    expect_clean(it);
    assert_accepted(town_close(it, made, CLOSE_NO_LONGER_NEEDED));
    expect_clean(it);
}

static bool file_holds(const char *folder, const char *name, const char *word)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    static uint8_t bytes[8 * 1024 * 1024];
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(size > 4096);
    return bytes_hold(bytes, size, word);
}

// Scenario 3, as far as the store goes: names and texts lie there under keys of their own.
static void names_and_texts_do_not_stand_in_the_store_in_the_clear(void **state)
{
    struct town *it = *state;
    Wire__PublishRequest request = town_request(it, "Herkenbare PLANT-tekst");
    request.ref = text("rij-PLANT");
    assert_accepted(town_publish_request(it, it->desk, request));
    assert_true(file_holds(it->scratch->folder, "data.mdb", "goods")); // categories do
    static const char *const words[] = {"PLANT", "Geverboom", "Kwartiermaker", "Wiekslag", "a wrapped key"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_false(file_holds(it->scratch->folder, "data.mdb", words[i]));
}

static void an_erased_subject_leaves_empty_texts_and_no_damage(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish(it, "Iets om te wissen");
    town_offer(it, it->anna, request);
    struct core core = town_read(it);
    Stored__Request *record;
    Stored__Party *anna;
    assert_int_equal(store_get_number(core.txn, TABLE_REQUEST, town_number(it, ID_REQUEST, request), &record), BB_OK);
    assert_int_equal(store_get_number(core.txn, TABLE_PARTY, it->anna.party_number, &anna), BB_OK);
    uint64_t slots[] = {record->key_slot, anna->key_slot};
    town_read_end(&core);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(keyring_erase(it->keyring, slots[i]), BB_OK);
    const Wire__RequestView *view = town_show(it, it->desk, request);
    assert_non_null(view);
    assert_int_equal(view->text.len, 0);
    assert_int_equal(view->offers[0]->party_name.len, 0);
    assert_int_equal(view->offers[0]->member_name.len, 0);
    assert_accepted(town_close(it, request, CLOSE_UNREACHABLE)); // life goes on
}

// ---------------------------------------------------------------- who sees what

static void a_giver_sees_the_public_part_and_no_more(void **state)
{
    struct town *it = *state;
    Wire__PublishRequest message = town_request(it, "Fiets gezocht");
    message.ref = text("geheimref");
    uint64_t request = town_publish_request(it, it->desk, message).made;
    town_offer(it, it->bert, request);
    const Wire__RequestView *view = town_show(it, it->anna, request);
    assert_true(text_is(view->text, "Fiets gezocht"));
    assert_true(view->asker == 0 && view->ref.len == 0 && view->n_offers == 0 && view->n_releases == 0);
    assert_false(view->own);

    view = town_show(it, it->other_desk, request); // neither does another desk
    assert_true(view->asker == 0 && view->ref.len == 0 && view->n_offers == 0);
    view = town_show(it, it->desk, request);
    assert_true(view->asker == it->asker && text_is(view->ref, "geheimref") && view->n_offers == 1 && view->own);
    view = town_show(it, it->coordinator, request);
    assert_true(view->asker == it->asker && view->n_offers == 1 && !view->own);
}

static void what_is_not_broadcast_is_seen_by_its_desk_and_coordinators_only(void **state)
{
    struct town *it = *state;
    uint64_t closed = town_publish(it, "Fiets gezocht");
    assert_accepted(town_close(it, closed, CLOSE_DUPLICATE));
    Wire__PublishRequest large = town_request(it, "Geldzaken op orde");
    large.size = WIRE__REQUEST_SIZE__SIZE_LARGE;
    uint64_t requests[] = {closed, town_publish_request(it, it->desk, large).made};
    for (size_t i = 0; i < 2; i++) {
        assert_null(town_show(it, it->anna, requests[i]));
        assert_null(town_show(it, it->other_desk, requests[i]));
        assert_non_null(town_show(it, it->desk, requests[i]));
        assert_non_null(town_show(it, it->coordinator, requests[i]));
    }
}

// So many long answers would not fit into one frame: the newest ones that fit are shown.
static void a_request_with_many_long_answers_still_fits_into_a_frame(void **state)
{
    struct town *it = *state;
    uint64_t request = town_publish_for(it, NEEDED_MAX);
    for (int i = 0; i < OFFERS_SHOWN_MAX + 5; i++) {
        static const char name[] = "Iemand met een lange naam uit de wijk, zoals er wel meer zijn";
        struct person giver = town_giver(it, CLASS_RESIDENT, name);
        Wire__GiveAnswer answer = {
            .request = request, .kind = WIRE__ANSWER_KIND__ANSWER_OFFER, .text = text_of_size(ANSWER_TEXT_SIZE_MAX)};
        assert_accepted(town_give_answer(it, giver, answer));
    }
    const Wire__RequestView *view = town_show(it, it->desk, request);
    assert_in_range(view->n_offers, 40, OFFERS_SHOWN_MAX);
    assert_true(view->cut);
    assert_true(wire__request_view__get_packed_size(view) < BROKER_FRAME_SIZE_MAX - 1024);
}

static void each_member_of_a_desk_gets_its_own_wrapped_key_only(void **state)
{
    struct town *it = *state;
    Wire__MakeInvitation colleague = town_invitation(it, ROLE_DESK, 0);
    colleague.party = it->desk.party;
    struct person second = town_join(it, it->desk, colleague, "Collega");
    Wire__WrappedKey keys[] = {WIRE__WRAPPED_KEY__INIT, WIRE__WRAPPED_KEY__INIT, WIRE__WRAPPED_KEY__INIT};
    Wire__WrappedKey *pointers[] = {&keys[0], &keys[1], &keys[2]};
    keys[0].member = it->desk.member;
    uint8_t sealed[3][WRAPPED_KEY_SIZE] = {"for the first", "for the second", "for the paper"};
    keys[0].sealed_bytes = (ProtobufCBinaryData){WRAPPED_KEY_SIZE, sealed[0]};
    keys[1].member = second.member;
    keys[1].sealed_bytes = (ProtobufCBinaryData){WRAPPED_KEY_SIZE, sealed[1]};
    keys[2].sealed_bytes = (ProtobufCBinaryData){WRAPPED_KEY_SIZE, sealed[2]};
    Wire__SealedContact contact = WIRE__SEALED_CONTACT__INIT;
    contact.nonce_bytes = text("a nonce of twenty-four b");
    contact.box_bytes = text("sealed");
    contact.n_keys = 3;
    contact.keys = pointers;
    assert_accepted(
        town_add_asker(it, it->desk, (Wire__AddAsker){.contact = &contact, .heard_of = WIRE__HEARD_OF__HEARD_SCHOOL}));

    struct person members[] = {it->desk, second};
    static const char *const expected[] = {"for the first", "for the second"};
    for (size_t i = 0; i < 2; i++) {
        Wire__Query query = WIRE__QUERY__INIT;
        Wire__ListAskers list = WIRE__LIST_ASKERS__INIT;
        Wire__Answer *answer;
        query.what_case = WIRE__QUERY__WHAT_ASKERS;
        query.askers = &list;
        assert_int_equal(town_query(it, members[i], &query, &answer), BB_OK);
        const Wire__SealedContact *got = answer->askers->askers[0]->contact;
        assert_int_equal(got->n_keys, 1);
        assert_string_equal((const char *)got->keys[0]->sealed_bytes.data, expected[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broadcast_has_no_field_for_a_name_or_contact),
        IN_TOWN(planted_names_never_stand_in_a_broadcast),
        IN_TOWN(names_and_texts_do_not_stand_in_the_store_in_the_clear),
        IN_TOWN(an_erased_subject_leaves_empty_texts_and_no_damage),
        IN_TOWN(a_giver_sees_the_public_part_and_no_more),
        IN_TOWN(what_is_not_broadcast_is_seen_by_its_desk_and_coordinators_only),
        IN_TOWN(a_request_with_many_long_answers_still_fits_into_a_frame),
        IN_TOWN(each_member_of_a_desk_gets_its_own_wrapped_key_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
