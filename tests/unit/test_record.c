// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/store/record.c.
#include "record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const struct record_place place = {.table = "party", .key = (const uint8_t *)"\0\0\0\0\0\0\0\7", .key_size = 8};

enum { VALUE_SIZE = 5, RECORD_SIZE = RECORD_HEADER_SIZE + VALUE_SIZE };

static void make(uint8_t record[RECORD_SIZE])
{
    memcpy(record + RECORD_HEADER_SIZE, "hello", VALUE_SIZE);
    record_stamp(&place, record, RECORD_SIZE);
}

static enum bb_code check_at(const struct record_place *where, const uint8_t *record, size_t size)
{
    const uint8_t *value;
    size_t value_size;
    return record_check(where, record, size, &value, &value_size);
}

static void a_stamped_record_gives_its_value(void **state)
{
    (void)state;
    uint8_t record[RECORD_SIZE];
    make(record);
    const uint8_t *value;
    size_t value_size;
    assert_int_equal(record_check(&place, record, sizeof record, &value, &value_size), BB_OK);
    assert_int_equal(value_size, VALUE_SIZE);
    assert_memory_equal(value, "hello", VALUE_SIZE);
}

static void an_empty_value_is_a_value(void **state)
{
    (void)state;
    uint8_t record[RECORD_HEADER_SIZE];
    record_stamp(&place, record, sizeof record);
    assert_int_equal(check_at(&place, record, sizeof record), BB_OK);
}

static void every_flipped_bit_is_seen(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 8 * RECORD_SIZE; bit++) {
        uint8_t record[RECORD_SIZE];
        make(record);
        record[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_not_equal(check_at(&place, record, sizeof record), BB_OK);
    }
}

static void every_cut_is_seen(void **state)
{
    (void)state;
    uint8_t record[RECORD_SIZE];
    make(record);
    for (size_t size = 0; size < RECORD_SIZE; size++)
        assert_int_equal(check_at(&place, record, size), BB_STORE_DAMAGED);
}

static void a_record_under_another_key_or_table_is_damaged(void **state)
{
    (void)state;
    uint8_t record[RECORD_SIZE];
    make(record);
    struct record_place other_key = place, other_table = place, shifted = place;
    other_key.key = (const uint8_t *)"\0\0\0\0\0\0\0\10";
    other_table.table = "asker";
    shifted.key_size = 7;
    assert_int_equal(check_at(&other_key, record, sizeof record), BB_STORE_DAMAGED);
    assert_int_equal(check_at(&other_table, record, sizeof record), BB_STORE_DAMAGED);
    assert_int_equal(check_at(&shifted, record, sizeof record), BB_STORE_DAMAGED);
}

static void a_newer_format_is_called_newer(void **state)
{
    (void)state;
    uint8_t record[RECORD_SIZE];
    make(record);
    record[0] = RECORD_VERSION + 1;
    assert_int_equal(check_at(&place, record, sizeof record), BB_STORE_NEWER);
}

// Written by the first release: it must stay readable for ever.
static void the_golden_record_of_version_1_is_read(void **state)
{
    (void)state;
    static const uint8_t golden[RECORD_SIZE] = {
        0x01, 0x00, 0x00, 0x00, 0x05, 0x0e, 0x70, 0xeb, 0x11, 0x87, 0x94, 0x81, 0x8e,
        0xa9, 0x7a, 0x48, 0x9b, 0x5e, 0xc1, 0x90, 0x5e, 0x68, 0x65, 0x6c, 0x6c, 0x6f,
    };
    uint8_t record[RECORD_SIZE];
    make(record);
    assert_int_equal(check_at(&place, golden, sizeof golden), BB_OK);
    assert_memory_equal(record, golden, sizeof golden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stamped_record_gives_its_value),
        cmocka_unit_test(an_empty_value_is_a_value),
        cmocka_unit_test(every_flipped_bit_is_seen),
        cmocka_unit_test(every_cut_is_seen),
        cmocka_unit_test(a_record_under_another_key_or_table_is_damaged),
        cmocka_unit_test(a_newer_format_is_called_newer),
        cmocka_unit_test(the_golden_record_of_version_1_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
