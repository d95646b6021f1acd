// SPDX-License-Identifier: MPL-2.0
// Pages; see page.h.
#include "page.h"

enum { FIELD_SIZE = 8 }; // an item's tag and length

bool page_takes(struct page *page, const ProtobufCMessage *item)
{
    size_t size = protobuf_c_message_get_packed_size(item) + FIELD_SIZE;
    if (page->items > 0 && (page->items >= PAGE_ITEMS_MAX || page->size + size > PAGE_SIZE_MAX))
        return false;
    page->items++;
    page->size += size;
    return true;
}

uint64_t page_token(const struct core *core, enum id_kind kind, uint64_t number)
{
    return id_make(core->ids_key, kind, number);
}

enum bb_code page_start(const struct core *core, enum id_kind kind, uint64_t token, uint64_t *number)
{
    *number = 0;
    return token == 0 || id_open(core->ids_key, kind, token, number) ? BB_OK : BB_BAD_VALUE;
}
