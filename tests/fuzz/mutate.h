// SPDX-License-Identifier: MPL-2.0
// Changes a packed message by its schema: one field, somewhere inside, gets another value, comes or goes.
//
// protobuf-c itself is not built for fuzzing, so libFuzzer gets no hint of how a message is put together; without this
// nearly every input would end in "malformed". Called by the targets' LLVMFuzzerCustomMutator.
#ifndef BUURTBEL_FUZZ_MUTATE_H
#define BUURTBEL_FUZZ_MUTATE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

// Public ids that mean something to the target; every second fixed64 becomes one of them.
void mutate_know_ids(const uint64_t *ids, size_t count); // borrowed

// In place, at most `size_max`; the new size. What is no message of this type is left to LLVMFuzzerMutate, and so is
// every eighth that is one.
size_t mutate_message(const ProtobufCMessageDescriptor *type, uint8_t *bytes, size_t size, size_t size_max,
                      unsigned int seed);

// The same behind `prefix_size` bytes, which are changed one time in eight.
size_t mutate_behind(size_t prefix_size, const ProtobufCMessageDescriptor *type, uint8_t *bytes, size_t size,
                     size_t size_max, unsigned int seed);

// In a message that a target takes for itself: each fixed64 from 1 to `count` becomes ids[that - 1]. So inputs need not
// know what the town calls its things.
void message_name_ids(ProtobufCMessage *message, const uint64_t *ids, size_t count);

#endif
