// SPDX-License-Identifier: MPL-2.0
// A table on screen; see table.h.
#include "table.h"

#include "wiped.h"

#include <stdlib.h>
#include <string.h>

struct row {
    char *cells[TABLE_COLUMNS_MAX];
};

struct table {
    size_t columns;
    size_t count, room;
    struct row *rows; // the first one holds the headings
    bool lacking;
};

// Code points, which for Dutch and its neighbours are columns.
static size_t text_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return width;
}

static void free_cells(struct row *row)
{
    for (size_t i = 0; i < TABLE_COLUMNS_MAX; i++) {
        wiped_free(row->cells[i]);
    }
}

static bool make_room(struct table *table)
{
    if (table->count < table->room) {
        return true;
    }
    size_t room = table->room == 0 ? 16 : table->room * 2;
    struct row *rows = realloc(table->rows, room * sizeof *rows);
    if (rows == NULL) {
        return false;
    }
    table->rows = rows;
    table->room = room;
    return true;
}

void table_add(struct table *table, const char *const *cells)
{
    struct row row = {{NULL}};
    bool whole = make_room(table);
    for (size_t i = 0; whole && i < table->columns; i++) {
        row.cells[i] = strdup(cells[i]);
        whole = row.cells[i] != NULL;
    }
    if (!whole) {
        free_cells(&row);
        table->lacking = true;
        return;
    }
    table->rows[table->count++] = row;
}

struct table *table_create(const char *const *headings)
{
    struct table *table = calloc(1, sizeof *table);
    if (table == NULL) {
        return NULL;
    }
    while (table->columns < TABLE_COLUMNS_MAX && headings[table->columns] != NULL) {
        table->columns++;
    }
    table_add(table, headings);
    if (table->lacking) {
        table_destroy(&table);
    }
    return table;
}

void table_destroy(struct table **table)
{
    if (*table == NULL) {
        return;
    }
    for (size_t i = 0; i < (*table)->count; i++) {
        free_cells(&(*table)->rows[i]);
    }
    free((*table)->rows);
    free(*table);
    *table = NULL;
}

size_t table_rows(const struct table *table)
{
    return table->count - 1;
}

static void print_row(const struct table *table, size_t index, const size_t *widths)
{
    const struct row *row = &table->rows[index];
    for (size_t i = 0; i + 1 < table->columns; i++) {
        size_t padding = widths[i] - text_width(row->cells[i]);
        printf("%s%*s  ", row->cells[i], (int)padding, "");
    }
    printf("%s", row->cells[table->columns - 1]);
}

enum bb_code table_print(const struct table *table, const struct ui *ui, const char *empty)
{
    if (table_rows(table) == 0 && !table->lacking) {
        printf("%s\n", empty);
        return BB_OK;
    }
    size_t widths[TABLE_COLUMNS_MAX] = {0};
    for (size_t i = 0; i < table->count; i++) {
        for (size_t column = 0; column < table->columns; column++) {
            size_t width = text_width(table->rows[i].cells[column]);
            widths[column] = width > widths[column] ? width : widths[column];
        }
    }
    for (size_t i = 0; i < table->count; i++) {
        printf("%s", i == 0 ? paint(ui, PAINT_BOLD) : "");
        print_row(table, i, widths);
        printf("%s\n", i == 0 ? paint(ui, PAINT_PLAIN) : "");
    }
    return table->lacking ? BB_NO_MEMORY : BB_OK;
}
