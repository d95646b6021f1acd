// SPDX-License-Identifier: MPL-2.0
// Inputs that are a row of steps, each with bytes of its own: a head, the size of what follows in two bytes, the bytes.
//
// For targets that take several messages one after the other. The mutator changes one of them by its schema, or lets a
// step come twice, go, or change its place.
#ifndef BUURTBEL_FUZZ_STEPS_H
#define BUURTBEL_FUZZ_STEPS_H

#include "fuzz.h"

#include <protobuf-c/protobuf-c.h>

enum { STEP_HEAD_SIZE_MAX = 4, STEP_SIZE_MAX = 3000 };

struct step {
    uint8_t head[STEP_HEAD_SIZE_MAX];
    const uint8_t *bytes;
    size_t size;
};

// The next step; false at the end of the input.
bool feed_step(struct feed *feed, size_t head_size, struct step *out);

// What stands in a step with this head, behind `*skip` bytes; NULL: bytes of no known kind.
typedef const ProtobufCMessageDescriptor *step_type(const uint8_t *head, size_t *skip);

size_t mutate_steps(size_t head_size, step_type *type_of, uint8_t *bytes, size_t size, size_t size_max,
                    unsigned int seed);

#endif
