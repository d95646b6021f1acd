// SPDX-License-Identifier: MPL-2.0
// Screening of texts that many will read (DOMAIN: A request): phone numbers, e-mail addresses and bank accounts are
// refused, a postcode with a house number may be meant.
//
// The same check runs in the client, so that the desk hears at once, and again in the daemon, which trusts no client.
// It catches slips and easy evasions, not everything: reading the text back to the asker stays a person's task.
#ifndef BUURTBEL_TEXT_CHECK_H
#define BUURTBEL_TEXT_CHECK_H

#include "codes.h"

#include <stddef.h>

// BB_OK, or the first of BB_HAS_EMAIL, BB_HAS_IBAN, BB_HAS_PHONE, BB_HAS_ADDRESS that applies.
// BB_TOO_LONG past REQUEST_TEXT_SIZE_MAX, BB_BAD_TEXT when it is not valid UTF-8.
BB_CHECKED enum bb_code text_check(const char *text, size_t size);

#endif
