// SPDX-License-Identifier: MPL-2.0
// Names and free texts, encrypted under their subject's key in the keyring (DOMAIN: Privacy).
//
// So erasing one slot makes them unreadable everywhere: in records, journal, old pages and backups.
#ifndef BUURTBEL_CORE_TEXTS_H
#define BUURTBEL_CORE_TEXTS_H

#include "core.h"

// Encrypts `text` into the turn's arena. An empty text gives NULL, which a message leaves out.
BB_CHECKED enum bb_code text_seal(struct core *core, uint64_t slot, ProtobufCBinaryData text, Stored__SecretText **out);

// Decrypts into the arena. NULL gives an empty text. An erased text gives an empty one and BB_OK: what is gone is
// no damage. BB_STORE_DAMAGED when the bytes or the keyring were changed.
BB_CHECKED enum bb_code text_open(const struct core *core, uint64_t slot, const Stored__SecretText *text,
                                  ProtobufCBinaryData *out);

#endif
