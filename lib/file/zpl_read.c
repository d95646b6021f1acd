// SPDX-License-Identifier: MPL-2.0
// Reads ZPL line by line into the tree of zpl.c.
//
// The text is copied, so that a line can be ended in place; the copy is wiped. Every mistake is told with its line.
#include "bounds.h"
#include "message/utf8.h"
#include "zpl.h"
#include "zpl_grammar.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct zpl *open[ZPL_DEPTH_MAX + 1]; // open[d] takes children at depth d; open[0] is the root
    struct zpl *last[ZPL_DEPTH_MAX + 1]; // its last child, so that a long list is read in linear time
    size_t depth_max;                    // the deepest depth that the next line may have
    size_t line;
    const char *what;
};

static enum bb_code mistake(struct reader *reader, const char *what)
{
    reader->what = what;
    return BB_BAD_CONFIG;
}

static bool is_end(const char *at)
{
    at += strspn(at, " \t");
    return *at == '\0' || *at == '#';
}

// Ends the value in place; `*value` is "" when the line has none.
static enum bb_code read_value(struct reader *reader, char *at, char **value)
{
    at += strspn(at, " \t");
    *value = at;
    if (*at != '=')
        return is_end(at) ? (*at = '\0', BB_OK) : mistake(reader, "a name is followed by something else than '='");
    at += 1 + strspn(at + 1, " \t");
    if (*at == '"' || *at == '\'') {
        char *end = strchr(at + 1, *at);
        if (!end)
            return mistake(reader, "a quote is not closed");
        if (!is_end(end + 1))
            return mistake(reader, "something stands behind the closing quote");
        *end = '\0';
        *value = at + 1;
        return BB_OK;
    }
    char *end = at + strcspn(at, "#");
    while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *end = '\0';
    *value = at;
    return BB_OK;
}

static enum bb_code add_node(struct reader *reader, size_t depth, const char *name, const char *value)
{
    struct zpl *node = zpl_create(name, value);
    if (!node)
        return BB_NO_MEMORY;
    node->line = reader->line;
    if (reader->last[depth])
        reader->last[depth]->next = node;
    else
        reader->open[depth]->children = node;
    reader->last[depth] = node;
    reader->depth_max = depth;
    if (depth < ZPL_DEPTH_MAX) {
        reader->open[depth + 1] = node;
        reader->last[depth + 1] = NULL;
        reader->depth_max = depth + 1;
    }
    return BB_OK;
}

static enum bb_code read_line(struct reader *reader, char *line)
{
    if (!utf8_valid((const uint8_t *)line, strlen(line)))
        return mistake(reader, "the line is not valid UTF-8 text");
    if (is_end(line))
        return BB_OK;
    size_t indent = strspn(line, " ");
    char *name = line + indent;
    if (*name == '\t')
        return mistake(reader, "a line is indented with a tab; use 4 spaces");
    if (indent % ZPL_INDENT_SIZE != 0)
        return mistake(reader, "a line is indented by something else than a multiple of 4 spaces");
    size_t depth = indent / ZPL_INDENT_SIZE;
    if (depth >= ZPL_DEPTH_MAX)
        return mistake(reader, "a line is nested too deep");
    if (depth > reader->depth_max)
        return mistake(reader, "a line is indented further than what stands above it allows");
    size_t name_size = strspn(name, ZPL_NAME_CHARACTERS);
    if (name_size == 0 || !strchr(" \t=#", name[name_size]))
        return mistake(reader, "a name holds a character that names cannot have");
    char *value;
    enum bb_code code = read_value(reader, name + name_size, &value);
    if (code != BB_OK)
        return code;
    name[name_size] = '\0';
    return add_node(reader, depth, name, value);
}

static enum bb_code read_lines(struct reader *reader, char *text, size_t size)
{
    if (memchr(text, '\0', size)) {
        for (size_t i = 0; text[i]; i++)
            reader->line += text[i] == '\n';
        reader->line++;
        return mistake(reader, "the line holds a NUL byte");
    }
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0) // what some editors put before a text
        text += 3;
    for (char *line = text, *next; line; line = next) {
        reader->line++;
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        size_t line_size = strlen(line);
        if (line_size && line[line_size - 1] == '\r')
            line[line_size - 1] = '\0';
        enum bb_code code = read_line(reader, line);
        if (code != BB_OK)
            return code;
    }
    return BB_OK;
}

enum bb_code zpl_read(const char *text, size_t size, struct zpl **out, struct zpl_problem *problem)
{
    if (size > CONFIG_FILE_SIZE_MAX) {
        *problem = (struct zpl_problem){.what = "the text is too large"};
        return BB_TOO_LARGE;
    }
    struct reader reader = {.what = "out of memory"};
    char *copy = malloc(size + 1);
    struct zpl *root = zpl_create("", NULL);
    enum bb_code code = BB_NO_MEMORY;
    if (copy && root) {
        if (size)
            memcpy(copy, text, size);
        copy[size] = '\0';
        reader.open[0] = root;
        code = read_lines(&reader, copy, size);
        sodium_memzero(copy, size);
    }
    free(copy);
    if (code != BB_OK) {
        zpl_destroy(&root);
        *problem = (struct zpl_problem){.line = reader.line, .what = reader.what};
        return code;
    }
    *out = root;
    return BB_OK;
}
