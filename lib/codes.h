// SPDX-License-Identifier: MPL-2.0
// Every code that a function may return or a reply may carry, from codes.def.
//
// Number, sentence and whether trying again can help; nothing here knows what the code is about.
#ifndef BUURTBEL_CODES_H
#define BUURTBEL_CODES_H

#include <stdbool.h>
#include <stdint.h>

enum bb_code {
#define X(symbol, number, again, en, nl) BB_##symbol = (number),
#include "codes.def"
#undef X
};

// Marks functions whose code must be looked at.
#define BB_CHECKED __attribute__((warn_unused_result))

enum bb_language { BB_ENGLISH, BB_DUTCH };

// The symbol, such as "WRONG_STATE"; "UNKNOWN" for a number that is not in the list. Static memory.
const char *bb_code_symbol(uint32_t code);

// What happened and what to do, one sentence. For a number that is not in the list (a newer broker): NULL.
const char *bb_code_sentence(uint32_t code, enum bb_language language);

// May the same thing be tried again, unchanged?
bool bb_code_retryable(uint32_t code);

#endif
