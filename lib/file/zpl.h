// SPDX-License-Identifier: MPL-2.0
// Reads and writes ZPL, the ZeroMQ Property Language (RFC 4/ZPL): configuration, identity files, invitations.
//
//     name = value        # a comment
//         child = "value of a child, 4 spaces further in"
//
// czmq's zconfig reads the same files, but keeps no line numbers, asserts on configuration mistakes and logs what it
// read: an operator must hear which line to mend, and secrets must not be logged. Values are wiped at the end.
// Stricter than the RFC: texts must be valid UTF-8, and a name holds no '/', which is kept for paths.
#ifndef BUURTBEL_ZPL_H
#define BUURTBEL_ZPL_H

#include "codes.h"

#include <stddef.h>

enum { ZPL_DEPTH_MAX = 8 };

// A property and what is nested in it; to be read, not changed. The root has the name "" and line 0.
struct zpl {
    const char *name;
    const char *value;    // "" when there is none
    size_t line;          // 1 for the first line of the text; 0 when it was not read from one
    struct zpl *children; // in the order of the text
    struct zpl *next;     // the parent's next child
};

struct zpl_problem {
    size_t line;
    const char *what; // static, no sentence: "a quote is not closed"
};

// BB_TOO_LARGE past CONFIG_FILE_SIZE_MAX, BB_BAD_CONFIG with `*problem` filled, BB_NO_MEMORY.
BB_CHECKED enum bb_code zpl_read(const char *text, size_t size, struct zpl **out, struct zpl_problem *problem);

// `value` may be NULL. NULL when out of memory.
struct zpl *zpl_create(const char *name, const char *value);
struct zpl *zpl_add(struct zpl *parent, const char *name, const char *value); // the new last child, owned by the parent

void zpl_destroy(struct zpl **node); // and all that is in it, wiped

// The first property at a path like "curve/public-key", NULL when there is none. A name may stand more than once:
// walk `children` then.
const struct zpl *zpl_find(const struct zpl *node, const char *path);
const char *zpl_get(const struct zpl *node, const char *path); // its value, or NULL

// The text of the node's children, ending in NUL that `*out_size` does not count; the caller wipes and frees it.
// BB_BAD_VALUE for a name or value that ZPL cannot express (both kinds of quotes, a line's end), BB_NO_MEMORY.
BB_CHECKED enum bb_code zpl_write(const struct zpl *node, char **out, size_t *out_size);

#endif
