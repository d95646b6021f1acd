// SPDX-License-Identifier: MPL-2.0
// Values as they stand on screen; see shown.h.
#include "shown.h"

#include <string.h>
#include <time.h>

static char *next_slot(struct ui *ui)
{
    char *slot = ui->shown[ui->shown_next % SHOWN_SLOTS];
    ui->shown_next++;
    return slot;
}

// Reads one character; 0 stands for bytes that are no UTF-8. `*length` is what to step over.
static uint32_t read_character(const uint8_t *bytes, size_t size, size_t *length)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = bytes[0];
    size_t count = first < 0x80 ? 1 : first >= 0xF0 && first < 0xF8 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 0;
    *length = 1;
    if (count == 1) {
        return first;
    }
    if (count == 0 || count > size || first >= 0xF8) {
        return 0;
    }
    uint32_t character = first & (0x7Fu >> count);
    for (size_t i = 1; i < count; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return 0;
        }
        character = character << 6 | (bytes[i] & 0x3Fu);
    }
    bool wrong = character < smallest[count] || character > 0x10FFFF || (character >= 0xD800 && character < 0xE000);
    *length = wrong ? 1 : count;
    return wrong ? 0 : character;
}

static bool is_harmful(uint32_t character)
{
    return character < 0x20 || (character >= 0x7F && character < 0xA0) || // C0, DEL, C1
           (character >= 0x200B && character <= 0x200F) ||                // of no width, or turning direction
           (character >= 0x2028 && character <= 0x202E) || (character >= 0x2066 && character <= 0x2069) ||
           character == 0xFEFF;
}

static const char replacement[] = "\xEF\xBF\xBD";

size_t shown_filter(const uint8_t *bytes, size_t size, char *out, size_t out_size)
{
    size_t used = 0;
    for (size_t at = 0, length; at < size; at += length) {
        uint32_t character = read_character(bytes + at, size - at, &length);
        bool space = character == '\n' || character == '\t';
        bool harmful = !space && is_harmful(character);
        size_t needed = space ? 1 : harmful ? sizeof replacement - 1 : length;
        if (used + needed >= out_size) {
            break;
        }
        memcpy(out + used, space ? " " : harmful ? replacement : (const char *)bytes + at, needed);
        used += needed;
    }
    out[used] = '\0';
    return used;
}

const char *shown_text(struct ui *ui, ProtobufCBinaryData text)
{
    char *slot = next_slot(ui);
    shown_filter(text.data, text.len, slot, SHOWN_SIZE);
    return slot;
}

const char *shown_string(struct ui *ui, const char *text)
{
    return shown_text(ui, text_field(text));
}

const char *shown_id(struct ui *ui, uint64_t id)
{
    char *slot = next_slot(ui);
    if (id == 0) {
        strcpy(slot, "-");
    } else {
        bb_id_text(id, slot);
    }
    return slot;
}

static const char *show_local(struct ui *ui, int64_t at_ms, bool with_clock)
{
    char *slot = next_slot(ui);
    strcpy(slot, "-");
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm local;
    if (at_ms == 0 || localtime_r(&seconds, &local) == NULL) {
        return slot;
    }
    size_t used = ui->language == BB_DUTCH ? strftime(slot, SHOWN_SIZE, "%d-%m-%Y", &local)
                                           : strftime(slot, SHOWN_SIZE, "%Y-%m-%d", &local);
    if (with_clock) {
        strftime(slot + used, SHOWN_SIZE - used, " %H:%M", &local);
    }
    return slot;
}

const char *shown_time(struct ui *ui, int64_t at_ms)
{
    return show_local(ui, at_ms, true);
}

const char *shown_date(struct ui *ui, int64_t at_ms)
{
    return show_local(ui, at_ms, false);
}

const char *shown_category(struct ui *ui, const struct bb_client *client, ProtobufCBinaryData key)
{
    const Wire__Welcome *welcome = bb_client_welcome(client);
    for (size_t i = 0; welcome != NULL && i < welcome->n_categories; i++) {
        const Wire__Category *category = welcome->categories[i];
        if (category->key.len == key.len && memcmp(category->key.data, key.data, key.len) == 0) {
            return shown_text(ui, category->name);
        }
    }
    return shown_text(ui, key);
}

bool day_end_parse(const char *text, int64_t *at_ms)
{
    struct tm asked = {.tm_hour = 23, .tm_min = 59, .tm_sec = 59, .tm_isdst = -1};
    const char *end = strptime(text, "%Y-%m-%d", &asked);
    if (end == NULL || *end != '\0') {
        return false;
    }
    struct tm real = asked;
    time_t seconds = mktime(&real);
    // mktime turns 31 June into 1 July; that is no date anybody meant.
    if (seconds == (time_t)-1 || real.tm_mday != asked.tm_mday || real.tm_mon != asked.tm_mon) {
        return false;
    }
    *at_ms = (int64_t)seconds * 1000;
    return true;
}

ProtobufCBinaryData text_field(const char *text)
{
    return (ProtobufCBinaryData){.len = text == NULL ? 0 : strlen(text), .data = (uint8_t *)text};
}
