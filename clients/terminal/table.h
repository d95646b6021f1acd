// SPDX-License-Identifier: MPL-2.0
// A table on screen: columns as wide as their widest cell, the last one free.
//
// Copies its cells, prints once. Cells must have passed shown.h. Used by every list that is not JSON.
#ifndef TERMINAL_TABLE_H
#define TERMINAL_TABLE_H

#include "ui.h"

struct table;

enum { TABLE_COLUMNS_MAX = 8 };

// `headings` ends with NULL; at most TABLE_COLUMNS_MAX. NULL when out of memory.
struct table *table_create(const char *const *headings);
void table_destroy(struct table **table);

// As many cells as there are headings. Out of memory: the row is left out and table_print says so.
void table_add(struct table *table, const char *const *cells);

size_t table_rows(const struct table *table);

// Prints the table, or `empty` where it has no row. BB_NO_MEMORY when rows are lacking.
BB_CHECKED enum bb_code table_print(const struct table *table, const struct ui *ui, const char *empty);

#endif
