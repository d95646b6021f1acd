// SPDX-License-Identifier: MPL-2.0
// Wipes and frees; see wiped.h. All that the allocator gave is wiped, not only what was asked for.
#include "wiped.h"

#include <malloc.h>
#include <string.h>

void wiped_free(void *memory)
{
    if (memory != NULL) {
        explicit_bzero(memory, malloc_usable_size(memory));
    }
    free(memory);
}
