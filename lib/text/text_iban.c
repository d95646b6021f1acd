// SPDX-License-Identifier: MPL-2.0
// Finds bank account numbers (IBAN, ISO 13616) of any country that has them, by length and check digits.
//
// The length of each country is needed: with blanks allowed and no known end, one in five texts with "de 12 ..." in it
// would pass the check digits at some length.
#include "text_fold.h"

#include <string.h>

enum { IBAN_SIZE_MAX = 33, IBAN_DIGITS_MIN = 10, IBAN_GAP_SIZE_MAX = 2 };

// Two letters of the country and the length of its numbers.
static const char countries[] =
    "ad24 ae23 al28 at20 az28 ba20 be16 bg22 bh22 bi27 br29 by28 ch21 cr22 cy28 cz24 de22 dj27 dk18 do28 ee20 eg29 "
    "es24 "
    "fi18 fk18 fo18 fr27 gb22 ge22 gi23 gl18 gr27 gt28 hn28 hr21 hu28 ie22 il23 iq23 is26 it27 jo30 kw30 kz20 lb28 "
    "lc32 "
    "li21 lt20 lu20 lv21 ly25 mc27 md24 me22 mk19 mn20 mr27 mt31 mu30 ni28 nl18 no15 om23 pk24 pl28 ps29 pt25 qa29 "
    "ro24 "
    "rs22 ru33 sa24 sc31 sd18 se24 si19 sk24 sm27 so23 st25 sv28 tl23 tn24 tr26 ua29 va22 vg24 xk20 ye30";

static size_t size_in(const char *country)
{
    for (const char *row = countries; *row; row += row[4] ? 5 : 4)
        if (row[0] == country[0] && row[1] == country[1])
            return (size_t)(row[2] - '0') * 10 + (size_t)(row[3] - '0');
    return 0;
}

static bool is_separator(char c)
{
    return c && strchr(" -./", c);
}

// Collects `size` letters and digits from `at`, over single separators. False when something else stands between.
static bool collect(const struct folded *folded, size_t at, size_t size, char *out)
{
    size_t gap = 0;
    for (size_t count = 0; count < size; at++) {
        char c = folded->text[at];
        if (is_separator(c)) {
            if (++gap > IBAN_GAP_SIZE_MAX)
                return false;
            continue;
        }
        if (!is_word(c) || c == OTHER_LETTER)
            return false;
        out[count++] = c;
        gap = 0;
    }
    return true;
}

static unsigned append(unsigned rest, char c)
{
    if (is_digit(c))
        return (rest * 10 + (unsigned)(c - '0')) % 97;
    return (rest * 100 + (unsigned)(c - 'a') + 10) % 97;
}

static bool checks_out(const char *iban, size_t size)
{
    unsigned rest = 0;
    size_t digits = 0;
    for (size_t i = 0; i < size; i++) {
        char c = iban[(i + 4) % size];
        rest = append(rest, c);
        digits += is_digit(c);
    }
    return rest == 1 && digits >= IBAN_DIGITS_MIN && is_digit(iban[2]) && is_digit(iban[3]);
}

static bool begins_word(const struct folded *folded, size_t at)
{
    if (at == 0 || !is_word(folded->text[at - 1]))
        return true;
    return at >= 4 && memcmp(folded->text + at - 4, "iban", 4) == 0;
}

bool folded_has_iban(const struct folded *folded)
{
    char iban[IBAN_SIZE_MAX] = {0};
    for (size_t at = 0; at + 1 < folded->size; at++) {
        if (!is_letter(folded->text[at]) || !begins_word(folded, at))
            continue;
        size_t size = size_in(folded->text + at);
        if (size && collect(folded, at, size, iban) && checks_out(iban, size))
            return true;
    }
    return false;
}
