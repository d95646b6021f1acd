// SPDX-License-Identifier: MPL-2.0
// Bytes fields of protobuf-c messages: borrowing them, copying them, and wiping what was secret.
//
// For the parts of the library that seal and open (seal.c, release.c, invitation.c).
#ifndef BUURTBEL_MESSAGE_BYTES_H
#define BUURTBEL_MESSAGE_BYTES_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

// Points to memory that the caller keeps; for packing only.
ProtobufCBinaryData bytes_borrow(const void *bytes, size_t size);
ProtobufCBinaryData bytes_borrow_text(const char *text);

// malloc'd, for messages that are freed whole. `bytes` NULL: room to be filled.
bool bytes_copy(ProtobufCBinaryData *out, const void *bytes, size_t size);

bool bytes_have_size(ProtobufCBinaryData bytes, size_t size);

// Ends `out` in NUL. False when it does not fit in `room` or is no valid text; then `out` is untouched.
bool bytes_take_text(ProtobufCBinaryData bytes, char *out, size_t room);

// Does a NUL stand in `room`, and a valid text before it?
bool text_is_valid(const char *text, size_t room);

void bytes_wipe(ProtobufCBinaryData bytes);

#endif
