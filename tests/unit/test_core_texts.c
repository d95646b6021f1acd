// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/core/texts.c.
#include "town.h"

#include "core/texts.h"

static struct core core_with_random(struct town *it, uint8_t first)
{
    struct core core = town_read(it);
    memset(core.random, first, sizeof core.random);
    return core;
}

static void a_text_comes_back_under_its_own_slot_and_no_other(void **state)
{
    struct town *it = *state;
    struct core core = core_with_random(it, 1);
    const size_t sizes[] = {1, 15, 16, 17, 500};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        Stored__SecretText *sealed;
        ProtobufCBinaryData opened, plain = text_of_size(sizes[i]);
        assert_int_equal(text_seal(&core, 5, plain, &sealed), BB_OK);
        assert_false(bytes_hold(sealed->box_bytes.data, sealed->box_bytes.len, "aaaa"));
        assert_int_equal(text_open(&core, 5, sealed, &opened), BB_OK);
        assert_true(same_bytes(opened, plain));
        assert_int_equal(text_open(&core, 6, sealed, &opened), BB_STORE_DAMAGED);
        sealed->box_bytes.data[0] ^= 1;
        assert_int_equal(text_open(&core, 5, sealed, &opened), BB_STORE_DAMAGED);
        sealed->box_bytes.len = 3;
        assert_int_equal(text_open(&core, 5, sealed, &opened), BB_STORE_DAMAGED);
    }
    town_read_end(&core);
}

static void an_empty_text_is_left_out(void **state)
{
    struct town *it = *state;
    struct core core = core_with_random(it, 1);
    Stored__SecretText *sealed;
    ProtobufCBinaryData opened;
    assert_int_equal(text_seal(&core, 5, text(""), &sealed), BB_OK);
    assert_null(sealed);
    assert_int_equal(text_open(&core, 5, NULL, &opened), BB_OK);
    assert_int_equal(opened.len, 0);
    town_read_end(&core);
}

static void no_nonce_comes_twice(void **state)
{
    struct town *it = *state;
    enum { TEXTS = 300 };
    Stored__SecretText *sealed[TEXTS];
    struct core core = core_with_random(it, 1);
    for (int i = 0; i < TEXTS; i++) {
        if (i == TEXTS / 2)
            memset(core.random, 2, sizeof core.random); // the next turn
        if (i == TEXTS / 2)
            core.nonces_used = 0;
        assert_int_equal(text_seal(&core, 5, text("steeds hetzelfde"), &sealed[i]), BB_OK);
        for (int j = 0; j < i; j++)
            assert_false(same_bytes(sealed[i]->nonce_bytes, sealed[j]->nonce_bytes));
    }
    town_read_end(&core);
}

static void an_erased_text_is_empty_and_no_damage_and_nothing_new_is_written_there(void **state)
{
    struct town *it = *state;
    struct core core = core_with_random(it, 1);
    Stored__SecretText *sealed;
    ProtobufCBinaryData opened;
    assert_int_equal(text_seal(&core, 100, text("weg ermee"), &sealed), BB_OK);
    assert_int_equal(keyring_erase(it->keyring, 100), BB_OK);
    assert_int_equal(text_open(&core, 100, sealed, &opened), BB_OK);
    assert_int_equal(opened.len, 0);
    assert_int_equal(text_seal(&core, 100, text("nieuw"), &sealed), BB_ERASED);
    assert_int_equal(text_seal(&core, 1000000, text("nieuw"), &sealed), BB_NO_KEY_SLOT);
    town_read_end(&core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_text_comes_back_under_its_own_slot_and_no_other),
        IN_TOWN(an_empty_text_is_left_out),
        IN_TOWN(no_nonce_comes_twice),
        IN_TOWN(an_erased_text_is_empty_and_no_damage_and_nothing_new_is_written_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
