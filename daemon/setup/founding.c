// SPDX-License-Identifier: MPL-2.0
// Reads founding.zpl by a table of its values; the categories, whose keys are the community's own, are walked apart.
#include "founding.h"

#include "file/zpl.h"
#include "problems.h"

#include <stdlib.h>
#include <string.h>

// LABEL: small letters, digits, - and _, as it stands in topics and commands.
enum value_kind { VALUE_LABEL, VALUE_TEXT, VALUE_KEY, VALUE_SWITCH };

struct value {
    const char *path;
    enum value_kind kind;
    size_t offset;
    size_t size;          // of the field, with its NUL
    const char *fallback; // NULL: it must be there
};

#define FIELD(type, field) offsetof(struct type, field), sizeof((struct type *)NULL)->field
static const struct value founding_values[] = {
    {"community/key", VALUE_LABEL, FIELD(founding, community_key), NULL},
    {"community/name", VALUE_TEXT, FIELD(founding, community_name), NULL},
    {"community/recovery-key", VALUE_KEY, FIELD(founding, recovery_key), NULL},
    {"community/emergency-line", VALUE_TEXT, FIELD(founding, emergency_line), NULL},
    {"community/tips-confirmed-at-once", VALUE_SWITCH, FIELD(founding, tips_confirmed_at_once), "0"},
    {"operator/party-name", VALUE_TEXT, FIELD(founding, party_name), NULL},
    {"operator/member-name", VALUE_TEXT, FIELD(founding, member_name), NULL},
    {"operator/curve-key", VALUE_KEY, FIELD(founding, curve_key), NULL},
    {"operator/sealing-key", VALUE_KEY, FIELD(founding, sealing_key), NULL},
    {"operator/signing-key", VALUE_KEY, FIELD(founding, signing_key), NULL},
};
static const struct value category_values[] = {
    {"name", VALUE_TEXT, FIELD(founding_category, name), NULL},
    {"icon", VALUE_LABEL, FIELD(founding_category, icon), ""},
    {"coordinators-only", VALUE_SWITCH, FIELD(founding_category, coordinators_only), "0"},
};
enum {
    FOUNDING_VALUES_COUNT = sizeof founding_values / sizeof *founding_values,
    CATEGORY_VALUES_COUNT = sizeof category_values / sizeof *category_values,
};
static const char categories_path[] = "community/categories";

static bool is_label(const char *text)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    return text[0] >= 'a' && text[0] <= 'z' && text[strspn(text, characters)] == '\0';
}

static bool fits(const struct value *value, const char *text)
{
    return strlen(text) < value->size;
}

// Fills the field; false when the text is not of its kind.
static bool set(void *structure, const struct value *value, const char *text)
{
    char *field = (char *)structure + value->offset;
    switch (value->kind) {
    case VALUE_LABEL:
        if (!is_label(text) || !fits(value, text))
            return false;
        memcpy(field, text, strlen(text) + 1);
        return true;
    case VALUE_TEXT:
        if (text[0] == '\0' || strchr(text, '\t') || !fits(value, text))
            return false;
        memcpy(field, text, strlen(text) + 1);
        return true;
    case VALUE_KEY:
        return key_from_z85(text, (uint8_t *)field);
    case VALUE_SWITCH:
        *(bool *)field = text[0] == '1';
        return strcmp(text, "0") == 0 || strcmp(text, "1") == 0;
    }
    return false;
}

static void add_bad(struct problems *problems, const struct value *value, const char *path, const struct zpl *node)
{
    size_t size_max = value->size - 1;
    if (value->kind == VALUE_LABEL)
        problem_add(problems, node->line, path,
                    "expected a letter and then small letters, digits, - or _, at most %zu, found \"%s\"", size_max,
                    node->value);
    else if (value->kind == VALUE_TEXT)
        problem_add(problems, node->line, path, "expected a text of 1 to %zu bytes without tabs, found \"%s\"",
                    size_max, node->value);
    else if (value->kind == VALUE_KEY)
        problem_add(problems, node->line, path, "expected a public key, 40 characters of Z85, found \"%s\"",
                    node->value);
    else
        problem_add(problems, node->line, path, "expected 0 or 1, found \"%s\"", node->value);
}

// Fills `structure` from what stands below `parent`, whose path is `prefix`.
static void take_values(struct problems *problems, void *structure, const struct value *values, size_t count,
                        const struct zpl *parent, const char *prefix)
{
    for (size_t i = 0; i < count; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s%s", prefix, values[i].path);
        const struct zpl *node = zpl_find(parent, values[i].path);
        if (node && !set(structure, &values[i], node->value))
            add_bad(problems, &values[i], path, node);
        else if (!node && !values[i].fallback)
            problem_add(problems, parent->line, path, "is needed, and is not there");
        else if (!node && values[i].fallback[0] != '\0')
            (void)set(structure, &values[i], values[i].fallback);
    }
}

static bool is_known(const struct value *values, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(values[i].path, path) == 0)
            return true;
    return strcmp(categories_path, path) == 0;
}

// Tells of names below `parent` that the table does not have, and of those that come twice. A name's path in the table
// is `section` and the name; people are told `prefix` and the name.
static void find_strangers(struct problems *problems, const struct value *values, size_t count,
                           const struct zpl *parent, const char *section, const char *prefix)
{
    const char *known[FOUNDING_VALUES_COUNT];
    for (size_t i = 0; i < count; i++)
        known[i] = values[i].path;
    for (const struct zpl *it = parent->children; it; it = it->next) {
        char path[160], name[160];
        snprintf(path, sizeof path, "%s%s", section, it->name);
        snprintf(name, sizeof name, "%s%s", prefix, it->name);
        if (!is_known(values, count, path))
            problem_add_unknown(problems, it->line, name, path, known, count);
        for (const struct zpl *other = parent->children; other != it; other = other->next)
            if (strcmp(other->name, it->name) == 0)
                problem_add(problems, it->line, name, "expected once, found again after line %zu", other->line);
    }
}

static void take_category(struct problems *problems, struct founding *founding, const struct zpl *node)
{
    char prefix[160];
    struct founding_category *category = &founding->categories[founding->categories_count];
    if (!is_label(node->name) || strlen(node->name) > CATEGORY_KEY_SIZE_MAX) {
        problem_add(problems, node->line, categories_path,
                    "expected a key of a letter and then small letters, digits, - or _, at most %d, found \"%s\"",
                    CATEGORY_KEY_SIZE_MAX, node->name);
        return;
    }
    founding->categories_count++;
    strcpy(category->key, node->name);
    strcpy(category->icon, node->name);
    snprintf(prefix, sizeof prefix, "%s/%s/", categories_path, node->name);
    find_strangers(problems, category_values, CATEGORY_VALUES_COUNT, node, "", prefix);
    take_values(problems, category, category_values, CATEGORY_VALUES_COUNT, node, prefix);
}

static void take_categories(struct problems *problems, struct founding *founding, const struct zpl *root)
{
    const struct zpl *parent = zpl_find(root, categories_path);
    for (const struct zpl *it = parent ? parent->children : NULL; it; it = it->next) {
        if (founding->categories_count == CATEGORIES_MAX) {
            problem_add(problems, it->line, categories_path, "expected at most %d categories", CATEGORIES_MAX);
            return;
        }
        for (const struct zpl *other = parent->children; other != it; other = other->next)
            if (strcmp(other->name, it->name) == 0)
                problem_add(problems, it->line, categories_path, "expected \"%s\" once, found it again after line %zu",
                            it->name, other->line);
        take_category(problems, founding, it);
    }
    if (!parent || !parent->children)
        problem_add(problems, parent ? parent->line : 0, categories_path, "expected at least one category, found none");
}

static void take_sections(struct problems *problems, const struct zpl *root)
{
    for (const struct zpl *it = root->children; it; it = it->next) {
        if (strcmp(it->name, "community") == 0)
            find_strangers(problems, founding_values, FOUNDING_VALUES_COUNT, it, "community/", "community/");
        else if (strcmp(it->name, "operator") == 0)
            find_strangers(problems, founding_values, FOUNDING_VALUES_COUNT, it, "operator/", "operator/");
        else
            problem_add(problems, it->line, it->name, "there is no such section; expected community or operator");
    }
}

enum bb_code founding_load(const char *path, struct founding **out, FILE *problems)
{
    struct problems found = {.out = problems, .file = path};
    struct zpl *root = problems_read_zpl(&found, path, false);
    if (!root)
        return problems_end(&found);
    struct founding *founding = calloc(1, sizeof *founding);
    if (!founding) {
        zpl_destroy(&root);
        return BB_NO_MEMORY;
    }
    take_sections(&found, root);
    take_values(&found, founding, founding_values, FOUNDING_VALUES_COUNT, root, "");
    take_categories(&found, founding, root);
    zpl_destroy(&root);

    enum bb_code code = problems_end(&found);
    if (code == BB_OK)
        *out = founding;
    else
        founding_destroy(&founding);
    return code;
}

void founding_destroy(struct founding **founding)
{
    free(*founding);
    *founding = NULL;
}
