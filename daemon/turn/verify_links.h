// SPDX-License-Identifier: MPL-2.0
// What records say of each other: that what one names is there, and that what is said twice is the same. Records whose
// checksum is right. Called by verify.c alone, so that a row that vanished is found where others name it.
#ifndef BUURTBELD_VERIFY_LINKS_H
#define BUURTBELD_VERIFY_LINKS_H

#include "core/core.h"

// `*problem` is static: what does not fit, or NULL. The code is that of the store when it could not be looked up.
BB_CHECKED enum bb_code verify_record(struct core *core, enum table table, const struct store_key *key,
                                      const ProtobufCMessage *record, const char **problem);

// The records that a journal entry made must be there.
BB_CHECKED enum bb_code verify_made(struct core *core, const Stored__Entry *entry, const char **problem);

#endif
