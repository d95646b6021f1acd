// SPDX-License-Identifier: MPL-2.0
// What is wrong with a file that a person wrote, a line each: FILE:LINE: KEY: what was expected and what was found.
//
// Collects instead of stopping at the first, so that one start shows all there is to mend. For config and founding.
#ifndef BUURTBELD_PROBLEMS_H
#define BUURTBELD_PROBLEMS_H

#include "file/zpl.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { PROBLEMS_SHOWN_MAX = 20 };

struct problems {
    FILE *out;
    const char *file;
    size_t count; // those past PROBLEMS_SHOWN_MAX are counted only
};

// `line` 0: the file as a whole. `key` may be NULL.
void problem_add(struct problems *problems, size_t line, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// An unknown key, with that of `known` which was perhaps meant. `word`: the part of the key that compares with those.
void problem_add_unknown(struct problems *problems, size_t line, const char *key, const char *word,
                         const char *const *known, size_t known_count);

// Says how many were not shown. BB_OK when there was none, otherwise BB_BAD_CONFIG.
BB_CHECKED enum bb_code problems_end(struct problems *problems);

// Reads `path` as ZPL; tells what is wrong and gives NULL when it cannot be read. `secret`: others must not be able to
// read the file.
struct zpl *problems_read_zpl(struct problems *problems, const char *path, bool secret);

// Reads 40 characters of Z85 into a key; false when they are not that, or all zero.
bool key_from_z85(const char *text, uint8_t out[32]);

#endif
