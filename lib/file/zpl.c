// SPDX-License-Identifier: MPL-2.0
// The tree of properties: making it, finding in it, writing it out.
//
// Owns names and values as heap copies that are wiped when destroyed, since identity files hold secret keys. Reading
// is in zpl_read.c.
#include "zpl.h"

#include "message/utf8.h"
#include "zpl_grammar.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct zpl *zpl_create(const char *name, const char *value)
{
    struct zpl *node = calloc(1, sizeof *node);
    if (!node)
        return NULL;
    node->name = strdup(name);
    node->value = strdup(value ? value : "");
    if (!node->name || !node->value)
        zpl_destroy(&node);
    return node;
}

struct zpl *zpl_add(struct zpl *parent, const char *name, const char *value)
{
    struct zpl *node = zpl_create(name, value);
    if (!node)
        return NULL;
    struct zpl **link = &parent->children;
    while (*link)
        link = &(*link)->next;
    *link = node;
    return node;
}

static void wipe(const char *text)
{
    char *memory = (char *)(uintptr_t)text;
    if (memory)
        sodium_memzero(memory, strlen(memory));
    free(memory);
}

void zpl_destroy(struct zpl **node)
{
    if (!*node)
        return;
    for (struct zpl *child = (*node)->children, *next; child; child = next) {
        next = child->next;
        zpl_destroy(&child); // as deep as ZPL_DEPTH_MAX, or as its maker made it
    }
    wipe((*node)->name);
    wipe((*node)->value);
    free(*node);
    *node = NULL;
}

const struct zpl *zpl_find(const struct zpl *node, const char *path)
{
    while (node && *path) {
        size_t size = strcspn(path, "/");
        const struct zpl *child = node->children;
        while (child && (strlen(child->name) != size || memcmp(child->name, path, size) != 0))
            child = child->next;
        node = child;
        path += size + (path[size] == '/');
    }
    return node;
}

const char *zpl_get(const struct zpl *node, const char *path)
{
    const struct zpl *found = zpl_find(node, path);
    return found ? found->value : NULL;
}

// A text that grows; old copies are wiped. Once out of memory it stays so.
struct growing {
    char *text;
    size_t size, room;
    bool failed;
};

static bool make_room(struct growing *growing, size_t size)
{
    if (growing->failed || growing->room - growing->size > size)
        return !growing->failed;
    size_t room = (growing->size + size + 1) * 2;
    char *text = malloc(room);
    if (!text) {
        growing->failed = true;
        return false;
    }
    if (growing->text) {
        memcpy(text, growing->text, growing->size);
        sodium_memzero(growing->text, growing->size);
        free(growing->text);
    }
    growing->text = text;
    growing->room = room;
    return true;
}

static void add_text(struct growing *growing, const char *text)
{
    size_t size = strlen(text);
    if (!make_room(growing, size))
        return;
    memcpy(growing->text + growing->size, text, size + 1);
    growing->size += size;
}

static const char *quote_for(const char *value)
{
    return strchr(value, '"') ? "'" : "\"";
}

static bool can_write(const struct zpl *node)
{
    const char *value = node->value;
    if (!*node->name || node->name[strspn(node->name, ZPL_NAME_CHARACTERS)])
        return false;
    return !strchr(value, '\n') && !(strchr(value, '"') && strchr(value, '\'')) &&
           utf8_valid((const uint8_t *)value, strlen(value));
}

static enum bb_code add_children(struct growing *growing, const struct zpl *node, int depth)
{
    if (node->children && depth >= ZPL_DEPTH_MAX)
        return BB_BAD_VALUE;
    for (const struct zpl *child = node->children; child; child = child->next) {
        if (!can_write(child))
            return BB_BAD_VALUE;
        for (int i = 0; i < depth; i++)
            add_text(growing, "    ");
        add_text(growing, child->name);
        if (*child->value) {
            add_text(growing, " = ");
            add_text(growing, quote_for(child->value));
            add_text(growing, child->value);
            add_text(growing, quote_for(child->value));
        }
        add_text(growing, "\n");
        enum bb_code code = add_children(growing, child, depth + 1);
        if (code != BB_OK)
            return code;
    }
    return BB_OK;
}

enum bb_code zpl_write(const struct zpl *node, char **out, size_t *out_size)
{
    struct growing growing = {.text = NULL};
    add_text(&growing, "");
    enum bb_code code = add_children(&growing, node, 0);
    if (code == BB_OK && growing.failed)
        code = BB_NO_MEMORY;
    if (code != BB_OK) {
        if (growing.text)
            sodium_memzero(growing.text, growing.size);
        free(growing.text);
        return code;
    }
    *out = growing.text;
    *out_size = growing.size;
    return BB_OK;
}
