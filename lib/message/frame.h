// SPDX-License-Identifier: MPL-2.0
// Frames: one byte protocol version and one packed message. What comes out of frame_unpack is well-formed and its texts
// are valid; what the message means, and what it must hold, is for its receiver to check.
//
// Called by daemon and client library for each message of each socket.
#ifndef BUURTBEL_FRAME_H
#define BUURTBEL_FRAME_H

#include "arena.h"
#include "codes.h"

#include <stddef.h>
#include <stdint.h>

// `*out` lies in the arena. BB_TOO_LARGE past `size_max`, BB_NO_MEMORY when the arena is full.
BB_CHECKED enum bb_code frame_pack(const ProtobufCMessage *message, size_t size_max, struct arena *arena, uint8_t **out,
                                   size_t *out_size);

// `out` is a T ** for the message type T of `type`; the message lies in the arena and does not point into `bytes`.
// BB_TOO_LARGE, BB_VERSION_UNKNOWN (newer than PROTOCOL_VERSION), BB_MALFORMED (also when the arena is full),
// BB_BAD_TEXT; only then `*out` is there although the code is not BB_OK, so that a refusal can name what it is about.
BB_CHECKED enum bb_code frame_unpack(const uint8_t *bytes, size_t size, size_t size_max,
                                     const ProtobufCMessageDescriptor *type, struct arena *arena, void *out);

// BB_BAD_TEXT when a text field, however deep, is not utf8_valid.
BB_CHECKED enum bb_code message_check(const ProtobufCMessage *message);

#endif
