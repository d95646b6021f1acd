// SPDX-License-Identifier: MPL-2.0
// Check words: the fingerprint of a member's public sealing key, to be compared by voice before contact is released.
//
// Four proquints (arXiv:0901.4016), words that can be said in Dutch and English: "lusab-babad-gutih-tugad".
#ifndef BUURTBEL_CHECK_WORDS_H
#define BUURTBEL_CHECK_WORDS_H

#include <stdint.h>

enum { CHECK_WORDS_SIZE = 4 * 5 + 3 };

void check_words(const uint8_t sealing_key[32], char out[CHECK_WORDS_SIZE + 1]);

#endif
