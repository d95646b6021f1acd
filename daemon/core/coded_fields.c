// SPDX-License-Identifier: MPL-2.0
// Areas and languages; see coded_fields.h. Only ASCII counts as letters and digits here, whatever the locale says.
#include "coded_fields.h"

#include <string.h>

enum { POSTCODE_DIGITS = 4, CODE_PREFIX_SIZE = 2, REGION_DIGITS = 3, SCRIPT_LETTERS = 4, LANGUAGE_PARTS_MAX = 3 };

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool all_digits(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!is_digit(bytes[i]))
            return false;
    }
    return true;
}

bool area_valid(ProtobufCBinaryData area)
{
    static const struct {
        const char *prefix;
        size_t digits;
    } codes[] = {{"GM", 4}, {"WK", 6}, {"BU", 8}}; // municipality, district, neighbourhood
    if (area.len == 0)
        return true;
    if (area.len == POSTCODE_DIGITS)
        return all_digits(area.data, area.len);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (area.len == CODE_PREFIX_SIZE + codes[i].digits && memcmp(area.data, codes[i].prefix, CODE_PREFIX_SIZE) == 0)
            return all_digits(area.data + CODE_PREFIX_SIZE, codes[i].digits);
    }
    return false;
}

static bool all_letters(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!is_letter(bytes[i]))
            return false;
    }
    return true;
}

// A language of 2 or 3 letters; after it a script of 4 letters or a region of 2 letters or 3 digits.
static bool part_valid(const uint8_t *part, size_t size, bool first)
{
    if (first)
        return (size == 2 || size == 3) && all_letters(part, size);
    if (size == REGION_DIGITS)
        return all_digits(part, size);
    return (size == 2 || size == SCRIPT_LETTERS) && all_letters(part, size);
}

bool language_valid(ProtobufCBinaryData language)
{
    size_t from = 0, parts = 0;
    if (language.len == 0)
        return true;
    for (size_t at = 0; at <= language.len; at++) {
        if (at < language.len && language.data[at] != '-')
            continue;
        if (!part_valid(language.data + from, at - from, from == 0) || ++parts > LANGUAGE_PARTS_MAX)
            return false;
        from = at + 1;
    }
    return true;
}
