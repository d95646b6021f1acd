// SPDX-License-Identifier: MPL-2.0
// Copying a keyring, also one that a daemon is filling. Called by daemon/maintenance.
#ifndef BUURTBEL_KEYRING_COPY_H
#define BUURTBEL_KEYRING_COPY_H

#include "codes.h"

#include <stdint.h>

// Copies all promised slots to `to` (0600), which must not be there, reads the copy back, and syncs file and folder. A slot
// that is damaged is BB_STORE_DAMAGED, and no copy is left. BB_NOT_FOUND when there is no keyring.
BB_CHECKED enum bb_code keyring_copy(const char *from, const char *to, uint64_t *slots, const char **problem);

#endif
