// SPDX-License-Identifier: MPL-2.0
// Finds a Dutch postcode with a house number beside it. A postcode alone names a street and is left to the desk.
//
// Only the postcode gives an address away for sure; a street with a number cannot be told from other text without a
// list of streets.
#include "text_fold.h"

#include <string.h>

enum { POSTCODE_DIGITS = 4, HOUSE_DIGITS_MAX = 5, STREET_DISTANCE_MAX = 40 };

// Words and units of two letters that follow a number in ordinary text: "in 2024 en", "1500 km".
static const char not_letters[] = "en of in is om op te el we ik je ze er ex na al de do ma di wo vr za zo to at on by "
                                  "or if as so km kg cm mm dm ml cl "
                                  "dl cc gr mg kw mb gb tb pk ha hz nu na tm va nm st ";

static bool is_ordinary(const char *letters)
{
    for (const char *row = not_letters; *row; row += 3)
        if (row[0] == letters[0] && row[1] == letters[1])
            return true;
    return false;
}

// Where the postcode at `at` ends, or 0. The letters sa, sd and ss are never used.
static size_t postcode_end(const struct folded *folded, size_t at)
{
    const char *text = folded->text;
    bool inside =
        at > 0 && (is_word(text[at - 1]) || (at > 1 && strchr(".,:", text[at - 1]) && is_digit(text[at - 2])));
    if (inside || text[at] == '0' || digits_at(folded, at) != POSTCODE_DIGITS)
        return 0;
    size_t letters_at = at + POSTCODE_DIGITS;
    while (letters_at < at + POSTCODE_DIGITS + 2 && text[letters_at] && strchr(" -", text[letters_at]))
        letters_at++;
    const char *letters = text + letters_at;
    if (letters_at + 2 > folded->size || letters[0] < 'a' || letters[1] < 'a' || !is_letter(letters[0]) ||
        !is_letter(letters[1]) || is_letter(letters[2]))
        return 0;
    bool capitals = folded->capital[letters_at] && folded->capital[letters_at + 1];
    bool unused = letters[0] == 's' && (letters[1] == 'a' || letters[1] == 'd' || letters[1] == 's');
    return unused || (!capitals && is_ordinary(letters)) ? 0 : letters_at + 2;
}

// A whole number of 1-5 digits that is no part of a time, an amount or a date.
static bool house_number(const struct folded *folded, size_t at, size_t size)
{
    const char *text = folded->text;
    bool goes_on = strchr(".,:/", text[at + size]) && text[at + size] && is_digit(text[at + size + 1]);
    bool began = at > 1 && strchr(".,:/", text[at - 1]) && is_digit(text[at - 2]);
    return size >= 1 && size <= HOUSE_DIGITS_MAX && text[at] != '0' && !goes_on && !began && !date_at(folded, at);
}

static size_t filler_size(const struct folded *folded, size_t at)
{
    static const char *const fillers[] = {"nr", "nummer", "no", "huisnummer", "huisnr", "number", "en", "nrs", "nos"};
    for (size_t i = 0; i < sizeof fillers / sizeof fillers[0]; i++)
        if (word_at(folded, at, fillers[i]))
            return strlen(fillers[i]);
    return 0;
}

static bool is_loose(char c)
{
    return c && strchr(" ,;:.-/#()[]'\"", c);
}

// "7941 AB, huisnummer 12"
static bool number_after(const struct folded *folded, size_t at)
{
    for (;;) {
        size_t filler = filler_size(folded, at);
        if (!filler && !is_loose(folded->text[at]))
            break;
        at += filler ? filler : 1;
    }
    return house_number(folded, at, digits_at(folded, at));
}

// Where the word or number that ends before `end` begins.
static size_t word_begin(const struct folded *folded, size_t end)
{
    while (end > 0 && is_word(folded->text[end - 1]))
        end--;
    return end;
}

static bool is_link(const struct folded *folded, size_t at)
{
    static const char *const links[] = {"in", "te", "postcode", "pc", "op", "met", "bis", "hs", "a", "b", "c"};
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        if (word_at(folded, at, links[i]))
            return true;
    return false;
}

// Is the word [begin, end) a house number: "12", "12a", or the 12 of "12-2"?
static bool number_word(const struct folded *folded, size_t begin, size_t end)
{
    size_t digits = digits_at(folded, begin);
    return digits && end - begin - digits <= 1 && house_number(folded, begin, digits);
}

// "Dorpsstraat 12a, 7941 AB"
static bool number_before(const struct folded *folded, size_t at)
{
    for (;;) {
        while (at > 0 && is_loose(folded->text[at - 1]))
            at--;
        size_t begin = word_begin(folded, at);
        if (begin == at)
            return false;
        if (number_word(folded, begin, at))
            return true;
        if (!is_link(folded, begin))
            return false;
        at = begin;
    }
}

static bool is_street(const struct folded *folded, size_t end)
{
    static const char *const ends[] = {"straat", "str",    "laan",   "weg",   "plein", "hof",   "dijk",
                                       "kade",   "gracht", "singel", "steeg", "pad",   "dreef", "plantsoen",
                                       "park",   "markt",  "kamp",   "ring",  "wal",   "burg",  "boulevard",
                                       "brink",  "haven",  "vaart",  "erf",   "meent", "akker", "veld"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t size = strlen(ends[i]);
        if (end >= size && memcmp(folded->text + end - size, ends[i], size) == 0)
            return true;
    }
    return false;
}

// "Dorpsstraat 12 in het mooie Meppel (7941 AB)", or the other way round.
static bool street_near(const struct folded *folded, size_t begin, size_t end)
{
    size_t from = begin > STREET_DISTANCE_MAX ? begin - STREET_DISTANCE_MAX : 0;
    for (size_t at = from; at < folded->size && at < end + STREET_DISTANCE_MAX; at++) {
        bool ends = at > 0 && is_letter(folded->text[at - 1]) && !is_word(folded->text[at]);
        bool postcode = at >= begin && at <= end;
        if (!ends || postcode || !is_street(folded, at))
            continue;
        size_t number = at;
        while (is_loose(folded->text[number]))
            number++;
        if (number != begin && house_number(folded, number, digits_at(folded, number)))
            return true;
    }
    return false;
}

bool folded_has_address(const struct folded *folded)
{
    for (size_t at = 0; at < folded->size; at++) {
        size_t end = is_digit(folded->text[at]) ? postcode_end(folded, at) : 0;
        if (end && (number_after(folded, end) || number_before(folded, at) || street_near(folded, at, end)))
            return true;
    }
    return false;
}
