// SPDX-License-Identifier: MPL-2.0
// Times as people and programs write them: ISO 8601 in UTC. No clock and no time zone in here.
//
// Called by the JSON mapper and by clients that take a date.
#ifndef BUURTBEL_ISO_TIME_H
#define BUURTBEL_ISO_TIME_H

#include <stdbool.h>
#include <stdint.h>

enum { ISO_TIME_SIZE = 24 };

// "2026-11-23T17:55:34.000Z". False when the year has no four digits.
bool iso_time_write(int64_t time_ms, char out[ISO_TIME_SIZE + 1]);

// Takes that form, with or without milliseconds, or "2026-11-23" (its midnight). Days that do not exist are refused.
bool iso_time_read(const char *text, int64_t *out);

#endif
