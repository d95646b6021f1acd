// SPDX-License-Identifier: MPL-2.0
// Batches; see batch.h.
#include "batch.h"

#include "bounds.h"

// Room for the header around a box and for the batch's own fields.
enum { BATCH_SIZE_MAX = BROKER_FRAME_SIZE_MAX - 1024, FIELD_SIZE = 8 };

size_t batch_fitting(const Wire__Batch *batch, size_t first)
{
    size_t size = 0;
    for (size_t i = first; i < batch->n_notices; i++) {
        size += wire__notice__get_packed_size(batch->notices[i]) + FIELD_SIZE;
        if (size > BATCH_SIZE_MAX && i > first)
            return i - first;
    }
    return batch->n_notices - first;
}

Wire__Batch batch_part(const Wire__Batch *batch, size_t first, size_t count, uint32_t epoch)
{
    Wire__Batch part = *batch;
    part.epoch = epoch;
    part.notices = batch->notices + first;
    part.n_notices = count;
    return part;
}
