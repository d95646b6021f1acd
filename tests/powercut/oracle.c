// SPDX-License-Identifier: MPL-2.0
// Reads the oracle; see oracle.h. Lives as long as the process.
#include "oracle.h"

#include <err.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_command(const char *hex, uint8_t out[ORACLE_ID_SIZE])
{
    for (size_t i = 0; i < ORACLE_ID_SIZE; i++)
        if (sscanf(hex + 2 * i, "%2hhx", &out[i]) != 1)
            return false;
    return true;
}

// Behind kind and time.
static bool read_words(struct told *told, const char *words)
{
    char hex[2 * ORACLE_ID_SIZE + 1];
    switch (told->kind) {
    case TOLD_FOUNDED:
        return true;
    case TOLD_WHOLE:
        return sscanf(words, "%63s", told->name) == 1;
    case TOLD_ACKNOWLEDGED:
        return sscanf(words, "%32s %" SCNu64 " %" SCNx64 " %" SCNx64 " %" SCNu32, hex, &told->entry, &told->made,
                      &told->party, &told->state) == 5 &&
               read_command(hex, told->command);
    case TOLD_HANDED:
        return sscanf(words, "%63s %15s %" SCNx64 " %" SCNu32, told->name, told->event, &told->id, &told->revision) ==
               4;
    case TOLD_ITEM:
        return sscanf(words, "%63s %" SCNu32 " %" SCNx64, told->name, &told->item_kind, &told->id) == 3;
    case TOLD_KEPT:
        return sscanf(words, "%63s %32s", told->name, hex) == 2 && read_command(hex, told->command);
    }
    return false;
}

static int by_time(const void *a, const void *b)
{
    const struct told *one = a, *two = b;
    return (one->at_ns > two->at_ns) - (one->at_ns < two->at_ns);
}

static bool is_cancelled(const struct oracle *oracle, const struct told *told)
{
    for (const struct told *later = told; later < oracle->lines + oracle->count; later++)
        if (later->kind == TOLD_HANDED && later->id == told->id && strcmp(later->name, told->name) == 0 &&
            strcmp(later->event, "cancel") == 0)
            return true;
    return false;
}

void oracle_load(struct oracle *oracle, const char *folder)
{
    char path[PATH_MAX], line[512];
    *oracle = (struct oracle){0};
    snprintf(path, sizeof path, "%s/oracle.txt", folder);
    FILE *file = fopen(path, "re");
    if (!file)
        err(2, "%s", path);
    while (fgets(line, sizeof line, file)) {
        if ((oracle->count & (oracle->count - 1)) == 0)
            oracle->lines = realloc(oracle->lines, (oracle->count ? 2 * oracle->count : 1) * sizeof *oracle->lines);
        if (!oracle->lines)
            err(2, "%s", path);
        struct told *told = &oracle->lines[oracle->count++];
        *told = (struct told){.kind = (enum told_kind)line[0]};
        int used = 0;
        if (sscanf(line + 1, "%" SCNu64 "%n", &told->at_ns, &used) != 1 || !read_words(told, line + 1 + used))
            errx(2, "%s: %s", path, line);
    }
    fclose(file);
    if (oracle->count == 0)
        errx(2, "%s is empty", path);
    qsort(oracle->lines, oracle->count, sizeof *oracle->lines, by_time);
    for (size_t i = 0; i < oracle->count; i++)
        if (oracle->lines[i].kind == TOLD_HANDED)
            oracle->lines[i].cancelled = is_cancelled(oracle, &oracle->lines[i]);
}

void verdict_bad(struct verdict *verdict, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (verdict->problems++ == 0)
        vsnprintf(verdict->first, sizeof verdict->first, format, arguments);
    va_end(arguments);
}
