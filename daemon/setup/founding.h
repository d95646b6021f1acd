// SPDX-License-Identifier: MPL-2.0
// founding.zpl: the community and its first operator, as `buurtbel-ctl init` wrote them. Public keys only.
//
// Read once, when the store is empty; the first fact is made from it, and the file says nothing afterwards.
#ifndef BUURTBELD_FOUNDING_H
#define BUURTBELD_FOUNDING_H

#include "bounds.h"
#include "codes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct founding_category {
    char key[CATEGORY_KEY_SIZE_MAX + 1];
    char name[NAME_SIZE_MAX + 1];
    char icon[CATEGORY_KEY_SIZE_MAX + 1]; // the key where none is given
    bool coordinators_only;
};

// Texts end in NUL and are valid UTF-8. Keys are the bytes behind their Z85.
struct founding {
    char community_key[COMMUNITY_KEY_SIZE_MAX + 1];
    char community_name[NAME_SIZE_MAX + 1];
    char emergency_line[REASON_TEXT_SIZE_MAX + 1];
    bool tips_confirmed_at_once;
    uint8_t recovery_key[32];
    struct founding_category categories[CATEGORIES_MAX];
    size_t categories_count;
    char party_name[NAME_SIZE_MAX + 1];
    char member_name[NAME_SIZE_MAX + 1];
    uint8_t curve_key[32], sealing_key[32], signing_key[32];
};

// Every problem goes to `problems` as a line of its own. BB_BAD_CONFIG when there is one, BB_NO_MEMORY.
BB_CHECKED enum bb_code founding_load(const char *path, struct founding **out, FILE *problems);
void founding_destroy(struct founding **founding);

#endif
