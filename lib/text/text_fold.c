// SPDX-License-Identifier: MPL-2.0
// Folds a text, and the small questions about folded text that all scanners ask.
//
// Owns which characters look alike. No regular expressions and no locale, so it says the same on every machine.
#include "text_fold.h"

#include "message/utf8.h"

#include <string.h>

enum { GONE = '\0' };

struct range {
    uint32_t first, last;
};

static bool in(const struct range *ranges, size_t count, uint32_t code_point)
{
    for (size_t i = 0; i < count; i++)
        if (code_point >= ranges[i].first && code_point <= ranges[i].last)
            return true;
    return false;
}
#define IN(ranges, code_point) in((ranges), sizeof(ranges) / sizeof(ranges)[0], (code_point))

static const struct range blanks[] = {
    {'\t', '\n'},     {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
    {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000},
};
// Soft hyphen, combining marks, joiners, direction marks, variation selectors, the keycap of emoji digits.
static const struct range invisible[] = {
    {0xAD, 0xAD},     {0x0300, 0x036F}, {0x061C, 0x061C}, {0x180B, 0x180E}, {0x200B, 0x200F},   {0x202A, 0x202E},
    {0x2060, 0x206F}, {0x20D0, 0x20F0}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xE0000, 0xE01EF},
};
static const struct range dashes[] = {
    {0x058A, 0x058A}, {0x2010, 0x2015}, {0x2043, 0x2043}, {0x2212, 0x2212}, {0xFE58, 0xFE58}, {0xFE63, 0xFE63},
};
static const struct range dots[] = {
    {0xB7, 0xB7}, {0x2022, 0x2024}, {0x2219, 0x2219}, {0x3002, 0x3002}, {0xFE52, 0xFE52}};
static const struct range slashes[] = {{0x2044, 0x2044}, {0x2215, 0x2215}};
static const struct range symbols[] = {{0x80, 0xBF},     {0xD7, 0xD7},     {0xF7, 0xF7},     {0x2000, 0x2BFF},
                                       {0x2E00, 0x2E7F}, {0x3001, 0x303F}, {0xFE10, 0xFE6F}, {0x1F000, 0x1FAFF}};

// Zeros of the decimal digits that a keyboard or a fancy-text page can make; nine more follow each.
static const uint32_t zeros[] = {0x0660, 0x06F0,  0x07C0,  0x0966,  0x09E6,  0x0A66,  0x0AE6, 0x0B66, 0x0BE6,
                                 0x0C66, 0x0CE6,  0x0D66,  0x0E50,  0x0ED0,  0x0F20,  0x1040, 0x17E0, 0x1810,
                                 0x2080, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1FBF0};

static char foreign_digit(uint32_t code_point)
{
    for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++)
        if (code_point >= zeros[i] && code_point <= zeros[i] + 9)
            return (char)('0' + (code_point - zeros[i]));
    if (code_point == 0x2070 || code_point == 0x24EA)
        return '0';
    if (code_point == 0xB9)
        return '1';
    if (code_point == 0xB2 || code_point == 0xB3)
        return (char)('0' + (code_point - 0xB0));
    if (code_point >= 0x2074 && code_point <= 0x2079)
        return (char)('0' + (code_point - 0x2070));
    if (code_point >= 0x2460 && code_point <= 0x2468)
        return (char)('1' + (code_point - 0x2460));
    return GONE;
}

static char fold_one(uint32_t code_point)
{
    if (code_point >= 0xFF01 && code_point <= 0xFF5E) // full-width ASCII
        code_point -= 0xFEE0;
    if (IN(blanks, code_point))
        return ' ';
    if (code_point >= 'A' && code_point <= 'Z')
        return (char)(code_point - 'A' + 'a');
    if (code_point < 0x80)
        return (char)code_point;
    if (IN(invisible, code_point))
        return GONE;
    char digit = foreign_digit(code_point);
    if (digit != GONE)
        return digit;
    if (IN(dashes, code_point))
        return '-';
    if (IN(dots, code_point))
        return '.';
    if (IN(slashes, code_point))
        return '/';
    if (code_point == 0xFE6B)
        return '@';
    return IN(symbols, code_point) ? ';' : OTHER_LETTER;
}

static bool is_capital(uint32_t code_point)
{
    return (code_point >= 'A' && code_point <= 'Z') || (code_point >= 0xFF21 && code_point <= 0xFF3A);
}

void text_fold(const char *text, size_t size, struct folded *out)
{
    out->size = 0;
    for (size_t at = 0; at < size;) {
        uint32_t code_point = utf8_next((const uint8_t *)text, size, &at);
        if (code_point == UINT32_MAX)
            break;
        char c = fold_one(code_point);
        if (c == GONE)
            continue;
        out->text[out->size] = c;
        out->capital[out->size++] = is_capital(code_point);
    }
    out->text[out->size] = '\0';
    out->capital[out->size] = false;
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || c == OTHER_LETTER;
}

bool is_word(char c)
{
    return is_digit(c) || is_letter(c);
}

size_t skip_blanks(const struct folded *folded, size_t at)
{
    while (folded->text[at] == ' ')
        at++;
    return at;
}

bool word_at(const struct folded *folded, size_t at, const char *word)
{
    if (folded->text[at] != *word)
        return false;
    size_t size = strlen(word);
    if (at + size > folded->size || memcmp(folded->text + at, word, size) != 0)
        return false;
    return (at == 0 || !is_word(folded->text[at - 1])) && !is_word(folded->text[at + size]);
}

size_t digits_at(const struct folded *folded, size_t at)
{
    size_t count = 0;
    while (is_digit(folded->text[at + count]))
        count++;
    return count;
}

unsigned number_at(const struct folded *folded, size_t at, size_t count)
{
    unsigned number = 0;
    for (size_t i = 0; i < count; i++)
        number = number * 10 + (unsigned)(folded->text[at + i] - '0');
    return number;
}

size_t date_at(const struct folded *folded, size_t at)
{
    const char *text = folded->text;
    size_t day_size = digits_at(folded, at);
    size_t month_at = at + day_size + 1;
    char dash = text[at + day_size];
    if (day_size < 1 || day_size > 2 || !strchr("-/.", dash) || !dash)
        return 0;
    size_t month_size = digits_at(folded, month_at);
    size_t year_at = month_at + month_size + 1;
    if (month_size < 1 || month_size > 2 || text[month_at + month_size] != dash || digits_at(folded, year_at) != 4)
        return 0;
    unsigned day = number_at(folded, at, day_size), month = number_at(folded, month_at, month_size);
    unsigned century = number_at(folded, year_at, 2);
    bool real = day >= 1 && day <= 31 && month >= 1 && month <= 12 && (century == 19 || century == 20);
    return real ? year_at + 4 - at : 0;
}
