// SPDX-License-Identifier: MPL-2.0
// Looks up what codes.def says about a code.
//
// Owns no state. Numbers that the list does not have come from a newer broker and are no mistake. Called by the edges
// (clients, replies, logs), which alone turn codes into sentences.
#include "codes.h"

#include <stddef.h>

struct code_row {
    uint32_t number;
    bool retryable;
    const char *symbol;
    const char *sentence[2]; // by enum bb_language
};

static const struct code_row code_rows[] = {
#define X(symbol, number, again, en, nl) {(number), (again), #symbol, {[BB_ENGLISH] = (en), [BB_DUTCH] = (nl)}},
#include "codes.def"
#undef X
};

static const struct code_row *find(uint32_t code)
{
    for (size_t i = 0; i < sizeof code_rows / sizeof code_rows[0]; i++)
        if (code_rows[i].number == code)
            return &code_rows[i];
    return NULL;
}

const char *bb_code_symbol(uint32_t code)
{
    const struct code_row *row = find(code);
    return row ? row->symbol : "UNKNOWN";
}

const char *bb_code_sentence(uint32_t code, enum bb_language language)
{
    const struct code_row *row = find(code);
    return row ? row->sentence[language == BB_DUTCH ? BB_DUTCH : BB_ENGLISH] : NULL;
}

bool bb_code_retryable(uint32_t code)
{
    const struct code_row *row = find(code);
    return row && row->retryable;
}
