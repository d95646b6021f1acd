// SPDX-License-Identifier: MPL-2.0
// Command ids: UUID version 7 (RFC 9562), 48 bits of time and 74 random bits.
//
// Ordered by time, so that the broker's deduplication table grows at its right edge and is dropped by range. Time and
// randomness are handed in. Made by clients from the broker's time, checked by the daemon.
#ifndef BUURTBEL_COMMAND_ID_H
#define BUURTBEL_COMMAND_ID_H

#include "bounds.h"

#include <stdbool.h>
#include <stdint.h>

enum { COMMAND_ID_RANDOM_SIZE = 10, COMMAND_ID_TEXT_SIZE = 36 };

// A time before 1970 counts as 1970; six of the random bits give way to version and variant.
void command_id_make(int64_t now_ms, const uint8_t random[COMMAND_ID_RANDOM_SIZE], uint8_t out[COMMAND_ID_SIZE]);

int64_t command_id_time_ms(const uint8_t id[COMMAND_ID_SIZE]);

// Are version and variant those of a UUID version 7?
bool command_id_valid(const uint8_t id[COMMAND_ID_SIZE]);

// "018f6c1e-7a3b-7c4d-9e5f-0123456789ab".
void command_id_to_text(const uint8_t id[COMMAND_ID_SIZE], char out[COMMAND_ID_TEXT_SIZE + 1]);

// False for anything that is not the text of a valid command id.
bool command_id_from_text(const char *text, uint8_t out[COMMAND_ID_SIZE]);

#endif
