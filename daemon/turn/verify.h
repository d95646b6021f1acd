// SPDX-License-Identifier: MPL-2.0
// Checks the store in slices: the journal's hash chain and that what its entries made is there; then, in every table,
// the checksum of every record and what records say of each other (verify_links.h).
//
// Runs in the reader on a read transaction of at most READ_SLICE_MS; the asker comes again with what it got. Also called
// by daemon/maintenance, for a backup or a store at rest.
#ifndef BUURTBELD_VERIFY_H
#define BUURTBELD_VERIFY_H

#include "core/core.h"

// `clock_us` is asked after each record. Problems are named, never more than fit into a frame.
BB_CHECKED enum bb_code verify_slice(struct core *core, const Wire__Verify *from, int64_t (*clock_us)(void),
                                     Wire__Verified **out);

#endif
