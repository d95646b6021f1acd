// SPDX-License-Identifier: MPL-2.0
// Strict UTF-8, decoded by hand: libc's decoder depends on the locale, and jansson's is not public.
//
// Owns what counts as a text; knows nothing of length limits or of what a text says (text_check.c).
#include "utf8.h"

enum { INVALID = -1 };

// How many bytes follow this first byte, or INVALID.
static int following(uint8_t first)
{
    if (first < 0x80)
        return 0;
    if (first >= 0xC2 && first <= 0xDF)
        return 1;
    if (first >= 0xE0 && first <= 0xEF)
        return 2;
    if (first >= 0xF0 && first <= 0xF4)
        return 3;
    return INVALID;
}

uint32_t utf8_next(const uint8_t *bytes, size_t size, size_t *at)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000}; // a smaller one is an overlong form
    static const uint8_t mask[] = {0x7F, 0x1F, 0x0F, 0x07};
    if (*at >= size)
        return UINT32_MAX;
    int count = following(bytes[*at]);
    if (count == INVALID || size - *at <= (size_t)count)
        return UINT32_MAX;
    uint32_t code_point = bytes[*at] & mask[count];
    for (int i = 1; i <= count; i++) {
        uint8_t byte = bytes[*at + (size_t)i];
        if ((byte & 0xC0) != 0x80)
            return UINT32_MAX;
        code_point = code_point << 6 | (byte & 0x3F);
    }
    bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    if (code_point < least[count] || code_point > 0x10FFFF || surrogate)
        return UINT32_MAX;
    *at += (size_t)count + 1;
    return code_point;
}

static bool is_control(uint32_t code_point)
{
    if (code_point == '\n' || code_point == '\t')
        return false;
    return code_point < 0x20 || (code_point >= 0x7F && code_point <= 0x9F);
}

bool utf8_valid(const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        uint32_t code_point = utf8_next(bytes, size, &at);
        if (code_point == UINT32_MAX || is_control(code_point))
            return false;
    }
    return true;
}
