// SPDX-License-Identifier: MPL-2.0
// Hashes the key and spells the hash as proquints.
//
// 64 bits: a forger needs 2^64 tries for one known key, and a person can still read four words aloud.
#include "check_words.h"

#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>

enum { HASH_SIZE = 8, WORD_BITS = 16 };

static const char context[] = "buurtbel check words 1";

static void spell(unsigned bits, char out[5])
{
    static const char consonants[] = "bdfghjklmnprstvz", vowels[] = "aiou";
    out[0] = consonants[bits >> 12 & 15];
    out[1] = vowels[bits >> 10 & 3];
    out[2] = consonants[bits >> 6 & 15];
    out[3] = vowels[bits >> 4 & 3];
    out[4] = consonants[bits & 15];
}

void check_words(const uint8_t sealing_key[32], char out[CHECK_WORDS_SIZE + 1])
{
    uint8_t hash[HASH_SIZE];
    crypto_generichash_state state;
    int failed = crypto_generichash_init(&state, NULL, 0, sizeof hash);
    failed |= crypto_generichash_update(&state, (const uint8_t *)context, sizeof context - 1);
    failed |= crypto_generichash_update(&state, sealing_key, 32);
    failed |= crypto_generichash_final(&state, hash, sizeof hash);
    if (failed)
        abort(); // only for sizes that BLAKE2b does not have: our own bug, and wrong words would be worse
    for (size_t i = 0; i < HASH_SIZE / 2; i++) {
        spell((unsigned)hash[2 * i] << 8 | hash[2 * i + 1], out + 6 * i);
        out[6 * i + 5] = '-';
    }
    out[CHECK_WORDS_SIZE] = '\0';
}
