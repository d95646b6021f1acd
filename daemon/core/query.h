// SPDX-License-Identifier: MPL-2.0
// Answers questions: lists and views for one actor, from a read transaction, with the rights checked in the same one.
//
// Reads only. Pages hold at most PAGE_ITEMS_MAX items and about PAGE_SIZE_MAX bytes; a page token is the number at which
// the next page goes on, 0 when there is none.
#ifndef BUURTBEL_CORE_QUERY_H
#define BUURTBEL_CORE_QUERY_H

#include "core.h"

// All questions but `status` and `verify`, which are not about the core's records: BB_UNKNOWN_COMMAND for those.
BB_CHECKED enum bb_code query_answer(struct core *core, const struct actor *actor, const Wire__Query *query,
                                     Wire__Answer **out);

// May this role ask this at all? Also for `status` and `verify`.
BB_CHECKED enum bb_code query_may(const struct actor *actor, const Wire__Query *query);

// Givers (active, waiting) and open requests over all communities, for `status`.
BB_CHECKED enum bb_code query_counts(struct core *core, Wire__Status *status);

// Catch-up of one channel: replay after the cursor, or a snapshot where the cursor is of no use. BB_NOT_ALLOWED when the
// actor may not read the channel, BB_PARTY_WAITING / BB_PARTY_SUSPENDED for class channels.
BB_CHECKED enum bb_code sync_answer(struct core *core, const struct actor *actor, const Wire__Sync *sync,
                                    uint32_t epoch, Wire__SyncPage **out);

#endif
