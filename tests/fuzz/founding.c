// SPDX-License-Identifier: MPL-2.0
// The founding file of a community: what is taken fits its fields; what is not taken is told by line.
//
// Input: the text of founding.zpl.
#include "fuzz.h"

#include "message/utf8.h"
#include "setup/founding.h"

#include <sys/stat.h>

static bool is_text(const char *field, size_t room)
{
    size_t size = strnlen(field, room);
    return size > 0 && size < room && utf8_valid((const uint8_t *)field, size);
}

static void check(const struct founding *founding)
{
    insist(is_text(founding->community_key, sizeof founding->community_key));
    insist(is_text(founding->community_name, sizeof founding->community_name));
    insist(is_text(founding->emergency_line, sizeof founding->emergency_line));
    insist(is_text(founding->party_name, sizeof founding->party_name));
    insist(is_text(founding->member_name, sizeof founding->member_name));
    insist(founding->categories_count > 0 && founding->categories_count <= CATEGORIES_MAX);
    for (size_t i = 0; i < founding->categories_count; i++) {
        const struct founding_category *category = &founding->categories[i];
        insist(is_text(category->key, sizeof category->key) && is_text(category->name, sizeof category->name) &&
               is_text(category->icon, sizeof category->icon));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *path;
    struct founding *founding = NULL;
    char *told = NULL;
    size_t told_size = 0;
    if (!path) {
        fuzz_random_from_start();
        path = fuzz_path("founding.zpl");
    }
    fuzz_write(path, bytes, size, S_IRUSR | S_IWUSR);
    FILE *problems = open_memstream(&told, &told_size);
    insist(problems != NULL);
    enum bb_code code = founding_load(path, &founding, problems);
    fclose(problems);
    insist(code == BB_OK || code == BB_BAD_CONFIG);
    insist((code == BB_OK) == (founding != NULL));
    insist(code == BB_OK ? told_size == 0 : told_size > 0 && told[told_size - 1] == '\n');
    if (founding)
        check(founding);
    founding_destroy(&founding);
    free(told);
    return 0;
}
