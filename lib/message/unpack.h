// SPDX-License-Identifier: MPL-2.0
// Unpacks messages that came from a file or out of a seal. protobuf-c gives NULL for bytes that are no message and when
// there is no memory; who deletes or distrusts what it cannot read must know which of them it was.
#ifndef BUURTBEL_UNPACK_H
#define BUURTBEL_UNPACK_H

#include "codes.h"

#include <protobuf-c/protobuf-c.h>

// `out` is the address of a pointer to the message's own type, NULL unless BB_OK; it is freed with
// protobuf_c_message_free_unpacked(x, NULL). BB_MALFORMED, BB_NO_MEMORY.
BB_CHECKED enum bb_code message_unpack(const ProtobufCMessageDescriptor *type, const void *bytes, size_t size,
                                       void *out);

// Frees a message that came from message_unpack and wipes every byte of it, fields that we do not know among them. For
// messages that hold a secret. NULL does nothing.
void message_wipe_free(void *message);

#endif
