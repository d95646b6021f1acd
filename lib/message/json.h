// SPDX-License-Identifier: MPL-2.0
// One mapper between messages and JSON, over protobuf-c's descriptors: no JSON is written by hand anywhere.
//
// Conventions (those of wire.proto): an id is its 13 characters; an enum its word in small letters, UNSET left out; a
// time an ISO 8601 text; `_bytes` base64; text a string; a number an integer (past 2^63 - 1 its decimal text). What is
// 0, false or empty is left out, but the numbers seq, revision, code and state. A oneof is the one member that is set.
// Called by clients (--json), by the web gateway and by tests.
#ifndef BUURTBEL_JSON_H
#define BUURTBEL_JSON_H

#include "arena.h"
#include "codes.h"

#include <jansson.h>

// NULL when out of memory, or when a text in it is not valid UTF-8. The caller's to json_decref.
json_t *json_from_message(const ProtobufCMessage *message);

// `out` is a T ** for the message type T of `type`; the message lies in the arena. Times may also be "2026-11-23" or an
// integer, null is taken as left out. BB_BAD_VALUE (also for a key that the message does not have, or two members of a
// oneof), BB_BAD_TEXT, BB_TOO_LARGE when the arena is full. `*problem_field` then names the key; it lives as long as
// `json` and the schema. It is NULL when `json` itself is no object.
BB_CHECKED enum bb_code json_to_message(const json_t *json, const ProtobufCMessageDescriptor *type, struct arena *arena,
                                        void *out, const char **problem_field);

#endif
