// SPDX-License-Identifier: MPL-2.0
// Makes, reads and spells UUIDs of version 7.
//
// Pure: no clock and no random numbers of its own. How old an id may be is the daemon's business (bounds.h).
#include "command_id.h"

#include <sodium.h>
#include <string.h>

enum { VERSION_AT = 6, VARIANT_AT = 8 };

void command_id_make(int64_t now_ms, const uint8_t random[COMMAND_ID_RANDOM_SIZE], uint8_t out[COMMAND_ID_SIZE])
{
    uint64_t time = now_ms > 0 ? (uint64_t)now_ms : 0;
    for (int i = 0; i < VERSION_AT; i++)
        out[i] = (uint8_t)(time >> (40 - 8 * i));
    memcpy(out + VERSION_AT, random, COMMAND_ID_RANDOM_SIZE);
    out[VERSION_AT] = (uint8_t)(0x70 | (out[VERSION_AT] & 0x0F));
    out[VARIANT_AT] = (uint8_t)(0x80 | (out[VARIANT_AT] & 0x3F));
}

int64_t command_id_time_ms(const uint8_t id[COMMAND_ID_SIZE])
{
    int64_t time = 0;
    for (int i = 0; i < VERSION_AT; i++)
        time = time << 8 | id[i];
    return time;
}

bool command_id_valid(const uint8_t id[COMMAND_ID_SIZE])
{
    return (id[VERSION_AT] & 0xF0) == 0x70 && (id[VARIANT_AT] & 0xC0) == 0x80;
}

static bool dash_before(int byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void command_id_to_text(const uint8_t id[COMMAND_ID_SIZE], char out[COMMAND_ID_TEXT_SIZE + 1])
{
    for (int i = 0; i < COMMAND_ID_SIZE; i++) {
        if (dash_before(i))
            *out++ = '-';
        sodium_bin2hex(out, 3, id + i, 1);
        out += 2;
    }
}

bool command_id_from_text(const char *text, uint8_t out[COMMAND_ID_SIZE])
{
    uint8_t id[COMMAND_ID_SIZE];
    if (strlen(text) != COMMAND_ID_TEXT_SIZE)
        return false;
    for (int i = 0; i < COMMAND_ID_SIZE; i++, text += 2) {
        if (dash_before(i) && *text++ != '-')
            return false;
        size_t size = 0;
        if (sodium_hex2bin(id + i, 1, text, 2, NULL, &size, NULL) != 0 || size != 1)
            return false;
    }
    if (!command_id_valid(id))
        return false;
    memcpy(out, id, sizeof id);
    return true;
}
