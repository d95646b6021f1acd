// SPDX-License-Identifier: MPL-2.0
// Values as they stand on screen: texts of others made harmless, ids, times.
//
// Texts that arrived can hold escape sequences that would drive the reader's terminal; nothing received is printed
// without passing here. Each function gives a buffer of `ui` that stays until SHOWN_SLOTS later calls.
#ifndef TERMINAL_SHOWN_H
#define TERMINAL_SHOWN_H

#include "ui.h"

// Control characters, direction overrides and bytes that are no UTF-8 become U+FFFD; line ends become spaces.
const char *shown_text(struct ui *ui, ProtobufCBinaryData text);
const char *shown_string(struct ui *ui, const char *text);

// The same for a text of any length: filters from `bytes` into `out`, which ends in NUL. Gives the length.
size_t shown_filter(const uint8_t *bytes, size_t size, char *out, size_t out_size);

const char *shown_id(struct ui *ui, uint64_t id);
const char *shown_time(struct ui *ui, int64_t at_ms); // local date and time, "-" for none
const char *shown_date(struct ui *ui, int64_t at_ms); // local date, "-" for none

// The name of a category, as the broker told it; its key where no broker was heard yet.
const char *shown_category(struct ui *ui, const struct bb_client *client, ProtobufCBinaryData key);

// The last moment of a local day, written as 2026-12-31. False when it is no date.
bool day_end_parse(const char *text, int64_t *at_ms);

// A C string as a field of a message; borrowed. NULL is the empty text.
ProtobufCBinaryData text_field(const char *text);

#endif
