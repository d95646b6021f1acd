// SPDX-License-Identifier: MPL-2.0
// Checks the store in slices: the journal's hash chain, then the checksum of every record of every table.
//
// Runs in the reader on a read transaction of at most READ_SLICE_MS; the asker comes again with what it got.
#ifndef BUURTBELD_VERIFY_H
#define BUURTBELD_VERIFY_H

#include "core/core.h"

// `clock_us` is asked after each record. Problems are named, never more than fit into a frame.
BB_CHECKED enum bb_code verify_slice(struct core *core, const Wire__Verify *from, int64_t (*clock_us)(void),
                                     Wire__Verified **out);

#endif
