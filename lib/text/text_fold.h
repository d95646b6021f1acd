// SPDX-License-Identifier: MPL-2.0
// A text brought down to the few characters that the scanners of text_check.c know.
//
// One char per visible character: small ASCII letters and digits whatever script or width they were typed in, ' ' for
// any blank, '-' for any dash; other letters become OTHER_LETTER, all else ';'. Invisible characters are gone.
// Private to text_check.c and its scanners.
#ifndef BUURTBEL_TEXT_FOLD_H
#define BUURTBEL_TEXT_FOLD_H

#include "bounds.h"

#include <stdbool.h>
#include <stddef.h>

enum { OTHER_LETTER = '\x01' };

struct folded {
    size_t size;
    char text[REQUEST_TEXT_SIZE_MAX + 1]; // ends in NUL, so scanners may look one ahead
    bool capital[REQUEST_TEXT_SIZE_MAX + 1];
};

// `text` is valid UTF-8 of at most REQUEST_TEXT_SIZE_MAX bytes.
void text_fold(const char *text, size_t size, struct folded *out);

bool folded_has_phone(const struct folded *folded);
bool folded_has_email(const struct folded *folded);
bool folded_has_iban(const struct folded *folded);
bool folded_has_address(const struct folded *folded);

// Classes of folded characters. ctype.h depends on the locale.
bool is_digit(char c);
bool is_letter(char c); // OTHER_LETTER too
bool is_word(char c);   // letter or digit

// Behind the blanks that begin at `at`.
size_t skip_blanks(const struct folded *folded, size_t at);

// Does `word` stand at `at`, as a whole word?
bool word_at(const struct folded *folded, size_t at, const char *word);

// The value of the `count` digits at `at`.
unsigned number_at(const struct folded *folded, size_t at, size_t count);

// How many digits stand at `at` in a row.
size_t digits_at(const struct folded *folded, size_t at);

// Size of a date like 12-03-2026 or 1/2/2026 that begins at `at`, 0 when there is none.
size_t date_at(const struct folded *folded, size_t at);

#endif
