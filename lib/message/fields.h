// SPDX-License-Identifier: MPL-2.0
// What the name and type of a field say about its content, by the conventions at the top of wire.proto.
//
// The only place that knows those conventions: frame.c and the JSON mapper ask here, test_schema.c holds the schema
// to them.
#ifndef BUURTBEL_FIELDS_H
#define BUURTBEL_FIELDS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

bool field_is_text(const ProtobufCFieldDescriptor *field);   // `bytes` that hold UTF-8
bool field_is_binary(const ProtobufCFieldDescriptor *field); // `bytes` with a name in _bytes
bool field_is_time(const ProtobufCFieldDescriptor *field);   // int64 with a name in _at_ms or _by_ms, or at_ms
bool field_is_one_of(const ProtobufCFieldDescriptor *field);

// Length of the prefix that all names of this enum begin with: "ROLE_" of ROLE_UNSET. 0 when there is none.
size_t enum_prefix_size(const ProtobufCEnumDescriptor *words);

// Bytes that one value of the field takes in its message or array.
size_t field_value_size(const ProtobufCFieldDescriptor *field);

#endif
