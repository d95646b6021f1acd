// SPDX-License-Identifier: MPL-2.0
// One record as it stands in a table: a header and the value. LMDB does not see flipped bits, so the header does.
//
//   offset 0   1 byte    format version, RECORD_VERSION
//   offset 1   4 bytes   size of the value, big-endian
//   offset 5  16 bytes   BLAKE2b-16 over the first five bytes, the table's name and the key (each after its size in
//                        one byte), and the value: a record that stands under another key or table is damaged too
//   offset 21            the value
//
// To change the layout, raise RECORD_VERSION, keep reading the old one, and keep the golden record of its test.
#ifndef BUURTBEL_RECORD_H
#define BUURTBEL_RECORD_H

#include "codes.h"

#include <stddef.h>
#include <stdint.h>

enum { RECORD_VERSION = 1, RECORD_HEADER_SIZE = 21 };

// Where a record stands. The table's name and the key are at most 255 bytes.
struct record_place {
    const char *table;
    const uint8_t *key;
    size_t key_size;
};

// Writes the header of `record`, whose value is in place behind it already.
void record_stamp(const struct record_place *place, uint8_t *record, size_t record_size);

// Checks a record and points into it. BB_STORE_DAMAGED; BB_STORE_NEWER when its format is one we do not know yet.
BB_CHECKED enum bb_code record_check(const struct record_place *place, const uint8_t *record, size_t record_size,
                                     const uint8_t **value, size_t *value_size);

#endif
