// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/core/ids.c.
#include "scratch.h"

#include "core/ids.h"

#include <sodium.h>

static const uint8_t key[IDS_KEY_SIZE] = "0123456789abcde";
static const enum id_kind kinds[] = {ID_REQUEST, ID_OFFER,      ID_ASKER,   ID_PARTY,
                                     ID_MEMBER,  ID_INVITATION, ID_RELEASE, ID_CHANNEL};
enum { KINDS_COUNT = sizeof kinds / sizeof *kinds };
static const uint64_t numbers[] = {
    1, 2, 255, 256, 65537, (uint64_t)1 << 32, (uint64_t)1 << 48, ((uint64_t)1 << 56) - 1};
enum { NUMBERS_COUNT = sizeof numbers / sizeof *numbers };

static void an_id_gives_its_number_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS_COUNT * NUMBERS_COUNT; i++) {
        enum id_kind kind = kinds[i % KINDS_COUNT];
        uint64_t number = numbers[i / KINDS_COUNT], opened = 0;
        uint64_t id = id_make(key, kind, number);
        assert_true(id != 0 && id != number);
        assert_true(id_open(key, kind, id, &opened));
        assert_true(opened == number);
    }
}

static void an_id_of_one_kind_is_none_of_another(void **state)
{
    (void)state;
    for (size_t made = 0; made < KINDS_COUNT; made++) {
        for (size_t asked = 0; asked < KINDS_COUNT; asked++) {
            uint64_t number;
            bool opens = id_open(key, kinds[asked], id_make(key, kinds[made], 7), &number);
            assert_int_equal(opens, made == asked);
        }
    }
}

static void none_stays_none(void **state)
{
    (void)state;
    uint8_t any[IDS_KEY_SIZE];
    for (uint32_t i = 0; i < 4000; i++) { // under one key in 256, 0 would look like an id of some kind
        crypto_generichash(any, sizeof any, (const uint8_t *)&i, sizeof i, NULL, 0);
        uint64_t number;
        assert_true(id_make(any, kinds[i % KINDS_COUNT], 0) == 0);
        assert_false(id_open(any, kinds[i % KINDS_COUNT], 0, &number));
    }
}

static void another_key_does_not_open_the_same_thing(void **state)
{
    (void)state;
    uint8_t other[IDS_KEY_SIZE] = "0123456789abcdf";
    for (uint64_t number = 1; number <= 1000; number++) {
        uint64_t opened = 0, id = id_make(key, ID_OFFER, number);
        assert_true(id != id_make(other, ID_OFFER, number));
        assert_false(id_open(other, ID_OFFER, id, &opened) && opened == number);
    }
}

static void ids_of_neighbours_tell_nothing_of_their_order(void **state)
{
    (void)state;
    int rising = 0;
    for (uint64_t number = 1; number <= 1000; number++) {
        uint64_t id = id_make(key, ID_REQUEST, number), next = id_make(key, ID_REQUEST, number + 1);
        assert_true(id != next);
        rising += next > id;
    }
    assert_in_range(rising, 400, 600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_gives_its_number_back),
        cmocka_unit_test(an_id_of_one_kind_is_none_of_another),
        cmocka_unit_test(none_stays_none),
        cmocka_unit_test(another_key_does_not_open_the_same_thing),
        cmocka_unit_test(ids_of_neighbours_tell_nothing_of_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
