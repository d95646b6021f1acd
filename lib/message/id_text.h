// SPDX-License-Identifier: MPL-2.0
// Public ids as people see, say and type them: 13 characters of Crockford's base32, in small letters.
//
// The alphabet has no i, l, o and u, so that an id survives the telephone. Called by clients and by the JSON mapper.
#ifndef BUURTBEL_ID_TEXT_H
#define BUURTBEL_ID_TEXT_H

#include <stdbool.h>
#include <stdint.h>

enum { ID_TEXT_SIZE = 13 };

void id_to_text(uint64_t id, char out[ID_TEXT_SIZE + 1]);

// Takes capitals, i and l for 1, o for 0; skips dashes and spaces. False, and `*out` untouched, for anything else.
bool id_from_text(const char *text, uint64_t *out);

#endif
