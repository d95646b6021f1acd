// SPDX-License-Identifier: MPL-2.0
// A member's home folder: where identity and the client's store lie.
//
// Called by enrol.c and client.c.
#ifndef BUURTBEL_HOME_H
#define BUURTBEL_HOME_H

#include "codes.h"

#define IDENTITY_FILE_NAME "identity.zpl"
#define PENDING_FILE_NAME "identity.pending.zpl" // an enrolment that was not answered yet

// Makes the folder (0700), with those above it that are missing.
BB_CHECKED enum bb_code home_create(const char *home);

// "`home`/`name`", freed by the caller; NULL when out of memory.
char *home_path(const char *home, const char *name);

#endif
