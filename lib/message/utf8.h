// SPDX-License-Identifier: MPL-2.0
// Which bytes are a text: strict UTF-8 that can be shown on a terminal and kept in a record.
//
// Every text from outside passes here once, at the edge (frame.c, json, zpl); inside, texts are taken as valid.
#ifndef BUURTBEL_UTF8_H
#define BUURTBEL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// No overlong form, surrogate, NUL, or control character (C0, DEL, C1) but newline and tab. Empty is valid.
bool utf8_valid(const uint8_t *bytes, size_t size);

// Decodes one code point and moves `*at` behind it; UINT32_MAX, and `*at` unmoved, where there is no whole one.
uint32_t utf8_next(const uint8_t *bytes, size_t size, size_t *at);

#endif
