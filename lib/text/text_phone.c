// SPDX-License-Identifier: MPL-2.0
// Finds phone numbers: Dutch ones in all usual spellings, and international ones.
//
// A number is a run of digit groups with a few separators between them whose digits, taken together, end at a group's
// end with the length that their beginning asks for. So years, amounts, sizes, times and dates stay ordinary numbers.
#include "text_fold.h"

#include <string.h>

enum { DIGITS_MAX = 16, GAP_SIZE_MAX = 3 };

struct digits {
    char text[DIGITS_MAX + 1];
    size_t count;
};

// "O6": the letter for the digit, as somebody writes who wants to get past.
static bool letter_zero(const struct folded *folded, size_t at)
{
    if (folded->text[at] != 'o' || (at > 0 && is_word(folded->text[at - 1])))
        return false;
    return folded->text[at + 1] == '6' || (folded->text[at + 1] == ' ' && folded->text[at + 2] == '6');
}

static size_t group_size(const struct folded *folded, size_t at)
{
    if (letter_zero(folded, at))
        return 1 + digits_at(folded, at + 1);
    return digits_at(folded, at);
}

// "19:30" is a time; in "06: 12345678" the colon only separates.
static bool colon_separates(const struct folded *folded, size_t colon_at)
{
    size_t next_at = skip_blanks(folded, colon_at + 1);
    return digits_at(folded, next_at) > 2 || next_at != colon_at + 1;
}

// "12,50" is an amount; in "06,12345678" the comma only separates.
static bool comma_separates(const struct folded *folded, size_t comma_at)
{
    return digits_at(folded, skip_blanks(folded, comma_at + 1)) >= 4;
}

static bool separates(const struct folded *folded, size_t at)
{
    char c = folded->text[at];
    if (c == ':')
        return colon_separates(folded, at);
    if (c == ',')
        return comma_separates(folded, at);
    return c && strchr(" -./()_'*", c);
}

// Where the next group of the same number could begin, or 0: too far away, something else between, or a date.
static size_t next_group(const struct folded *folded, size_t end)
{
    size_t at = end;
    while (at - end <= GAP_SIZE_MAX && separates(folded, at))
        at++;
    if (at == end || at - end > GAP_SIZE_MAX || !digits_at(folded, at) || date_at(folded, at))
        return 0;
    return at;
}

static bool starts(const struct digits *digits, const char *with)
{
    return strncmp(digits->text, with, strlen(with)) == 0;
}

// Are these digits a whole number? `plus`: a '+' stands before them.
static bool is_phone(const struct digits *digits, bool plus)
{
    size_t count = digits->count;
    if (plus)
        return count >= 9 && count <= 15 && digits->text[0] != '0';
    if (starts(digits, "0800") || starts(digits, "090"))
        return count == 8 || count == 10 || count == 11;
    if (starts(digits, "00"))
        return count >= 11 && digits->text[2] != '0';
    if (digits->text[0] == '0')
        return count == 10;
    return starts(digits, "316") && count == 11;
}

static void take(const struct folded *folded, size_t at, size_t size, struct digits *digits)
{
    for (size_t i = 0; i < size && digits->count < DIGITS_MAX; i++) {
        char c = folded->text[at + i];
        digits->text[digits->count++] = c == 'o' ? '0' : c;
    }
    digits->text[digits->count] = '\0';
}

static bool has_plus(const struct folded *folded, size_t at)
{
    while (at > 0 && folded->text[at - 1] == '(')
        at--;
    if (at > 0 && folded->text[at - 1] == '+')
        return true;
    return at > 1 && folded->text[at - 1] == ' ' && folded->text[at - 2] == '+' && word_at(folded, at, "31");
}

// One unbroken group that can be nothing else: "0612345678" with digits too many, "612345678", "6 12345678".
static bool lone_mobile(const struct folded *folded, size_t at, size_t size)
{
    const char *text = folded->text + at;
    if (size >= 10 && text[0] == '0' && text[1] == '6')
        return true;
    if (size == 9 && text[0] == '6')
        return true;
    size_t next_at = next_group(folded, at + size);
    return size == 1 && text[0] == '6' && next_at && digits_at(folded, next_at) == 8;
}

// "mijn 06 is 12345678": one short word between.
static bool mobile_with_word(const struct folded *folded, size_t at, size_t size)
{
    if (size != 2 || (folded->text[at] != '0' && folded->text[at] != 'o') || folded->text[at + 1] != '6')
        return false;
    size_t end = skip_blanks(folded, at + size), word_end = end;
    while (is_letter(folded->text[word_end]) && word_end - end < 8)
        word_end++;
    return word_end > end && digits_at(folded, skip_blanks(folded, word_end)) == 8;
}

static bool phone_at(const struct folded *folded, size_t at)
{
    struct digits digits = {.count = 0};
    bool plus = has_plus(folded, at);
    size_t size = group_size(folded, at);
    if (lone_mobile(folded, at, size) || mobile_with_word(folded, at, size))
        return true;
    do {
        size = group_size(folded, at);
        take(folded, at, size, &digits);
        if (is_phone(&digits, plus))
            return true;
        at = next_group(folded, at + size);
    } while (at && digits.count < DIGITS_MAX);
    return false;
}

// "tel. 252525": without an area code, so only where the text says that it is a phone.
static bool announced_at(const struct folded *folded, size_t at)
{
    static const char *const words[] = {"tel",    "telefoon", "telefoonnummer", "telnr",      "bel", "bellen",
                                        "mobiel", "mob",      "whatsapp",       "whatsappen", "app", "appen",
                                        "sms",    "phone",    "call",           "nummer"};
    size_t word_size = 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0] && !word_size; i++)
        if (word_at(folded, at, words[i]))
            word_size = strlen(words[i]);
    if (!word_size)
        return false;
    at += word_size;
    while (folded->text[at] && strchr(" .:;,-(", folded->text[at]))
        at++;
    size_t count = 0;
    if (date_at(folded, at))
        return false;
    for (size_t group_at = at; group_at && digits_at(folded, group_at);) {
        size_t size = digits_at(folded, group_at);
        count += size;
        group_at = next_group(folded, group_at + size);
    }
    return count >= 6;
}

bool folded_has_phone(const struct folded *folded)
{
    for (size_t at = 0; at < folded->size; at++) {
        if (announced_at(folded, at))
            return true;
        size_t date_size = at > 0 && is_digit(folded->text[at - 1]) ? 0 : date_at(folded, at);
        if (date_size) {
            at += date_size - 1;
            continue;
        }
        size_t size = group_size(folded, at);
        if (size && phone_at(folded, at))
            return true;
        at += size ? size - 1 : 0;
    }
    return false;
}
