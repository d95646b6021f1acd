// SPDX-License-Identifier: MPL-2.0
// Batches of notices cut to the size of a frame. Used for publications and for mailbox pushes alike.
#ifndef BUURTBELD_BATCH_H
#define BUURTBELD_BATCH_H

#include "wire.pb-c.h"

#include <stddef.h>

// How many notices from `first` on fit into one frame; 0 only when there is none.
size_t batch_fitting(const Wire__Batch *batch, size_t first);

// A view of `count` notices from `first` on; borrows them.
Wire__Batch batch_part(const Wire__Batch *batch, size_t first, size_t count, uint32_t epoch);

#endif
