// SPDX-License-Identifier: MPL-2.0
// Tests of check_words.c; the words were computed apart, with the BLAKE2b of Python's hashlib.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "seal/check_words.h"

static void fill(uint8_t key[32])
{
    for (int i = 0; i < 32; i++)
        key[i] = (uint8_t)i;
}

static void the_words_are_those_of_another_implementation(void **state)
{
    (void)state;
    uint8_t key[32];
    char words[CHECK_WORDS_SIZE + 1];
    fill(key);
    check_words(key, words);
    assert_string_equal(words, "bupag-lasar-vuhah-danuf");
}

static void each_bit_of_the_key_changes_the_words(void **state)
{
    (void)state;
    uint8_t key[32];
    char words[CHECK_WORDS_SIZE + 1], others[CHECK_WORDS_SIZE + 1];
    fill(key);
    check_words(key, words);
    for (int bit = 0; bit < 256; bit++) {
        key[bit / 8] ^= (uint8_t)(1 << bit % 8);
        check_words(key, others);
        assert_string_not_equal(words, others);
        key[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_words_are_those_of_another_implementation),
        cmocka_unit_test(each_bit_of_the_key_changes_the_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
