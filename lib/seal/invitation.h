// SPDX-License-Identifier: MPL-2.0
// The one text that is handed to somebody who may join: "buurtbel-invitation:" and a message in URL-safe base64.
//
// It holds a secret (the admission key), so it is wiped after use and never logged. Called by enrol.c to read one and by
// client.c to make one.
#ifndef BUURTBEL_INVITATION_H
#define BUURTBEL_INVITATION_H

#include "client.pb-c.h"
#include "codes.h"

enum { INVITATION_VERSION = 1 };

// Fills in version and checksum itself. `*text` is freed by the caller. BB_BAD_VALUE when a field is missing or wrong.
BB_CHECKED enum bb_code invitation_to_text(const Client__Invitation *invitation, char **text);

// White space in the text is skipped: people copy with line breaks. What comes out is whole: keys have their sizes, the
// admission keys are a pair, texts are valid. BB_BAD_INVITATION, BB_VERSION_UNKNOWN, BB_NO_MEMORY.
BB_CHECKED enum bb_code invitation_from_text(const char *text, Client__Invitation **out);

// Wipes the secret.
void invitation_destroy(Client__Invitation **invitation);

#endif
