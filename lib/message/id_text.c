// SPDX-License-Identifier: MPL-2.0
// Crockford's base32 of 64 bits: 13 characters of 5 bits, of which the first holds only 4.
//
// Owns the spelling of ids; what an id stands for is not known here.
#include "id_text.h"

#include <stddef.h>
#include <string.h>

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

void id_to_text(uint64_t id, char out[ID_TEXT_SIZE + 1])
{
    out[ID_TEXT_SIZE] = '\0';
    for (size_t i = ID_TEXT_SIZE; i-- > 0; id >>= 5)
        out[i] = alphabet[id & 31];
}

// 0 .. 31, or 32 for a character that stands for nothing.
static unsigned digit_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        c = (char)(c - 'A' + 'a');
    if (c == 'i' || c == 'l')
        c = '1';
    if (c == 'o')
        c = '0';
    const char *found = c ? strchr(alphabet, c) : NULL;
    return found ? (unsigned)(found - alphabet) : 32;
}

bool id_from_text(const char *text, uint64_t *out)
{
    uint64_t id = 0;
    unsigned count = 0;
    for (; *text; text++) {
        if (*text == '-' || *text == ' ')
            continue;
        unsigned value = digit_value(*text);
        if (value > 31 || count == ID_TEXT_SIZE || (count == 0 && value > 15))
            return false;
        id = id << 5 | value;
        count++;
    }
    if (count != ID_TEXT_SIZE)
        return false;
    *out = id;
    return true;
}
