// SPDX-License-Identifier: MPL-2.0
// Pages of lists and catch-ups: how much fits into one frame, and where the next one goes on.
#ifndef BUURTBEL_CORE_PAGE_H
#define BUURTBEL_CORE_PAGE_H

#include "core.h"

// How much of a page is taken.
struct page {
    size_t items;
    size_t size;
};

// Counts one more item in; false when the page is full: PAGE_ITEMS_MAX items, or about PAGE_SIZE_MAX bytes. The first
// item always fits.
bool page_takes(struct page *page, const ProtobufCMessage *item);

// A token is a public id, so that it tells as little as one: how many offers there are is nobody's business.
uint64_t page_token(const struct core *core, enum id_kind kind, uint64_t number);

// 0 for the first page. BB_BAD_VALUE for a token that was not given out for this kind of list.
BB_CHECKED enum bb_code page_start(const struct core *core, enum id_kind kind, uint64_t token, uint64_t *number);

#endif
