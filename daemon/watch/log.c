// SPDX-License-Identifier: MPL-2.0
// logfmt: builds the whole line first and writes it with one call, so that lines of two threads never mix.
#include "log.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[] = {
    [LEVEL_ERROR] = "error",
    [LEVEL_WARN] = "warn",
    [LEVEL_INFO] = "info",
    [LEVEL_DEBUG] = "debug",
};
static const char cut_mark[] = " cut=yes";
static _Atomic int level_max = LEVEL_INFO;

struct line {
    char *text;
    size_t length;
    bool cut;
};
enum { PAIRS_LENGTH_MAX = LOG_LINE_SIZE_MAX - (int)sizeof cut_mark - 2 };

static void add_char(struct line *line, char c)
{
    if (line->length < PAIRS_LENGTH_MAX)
        line->text[line->length++] = c;
    else
        line->cut = true;
}

static void add_text(struct line *line, const char *text)
{
    for (; *text; text++)
        add_char(line, *text);
}

static bool is_plain(const char *value)
{
    for (const char *c = value; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == '"' || *c == '=' || *c == '\\' || *c == 0x7f)
            return false;
    return *value != '\0';
}

static void add_quoted(struct line *line, const char *value)
{
    add_char(line, '"');
    for (const char *c = value; *c; c++) {
        char escape[5] = {*c, '\0'};
        if (*c == '"' || *c == '\\')
            snprintf(escape, sizeof escape, "\\%c", *c);
        else if (*c == '\n')
            snprintf(escape, sizeof escape, "\\n");
        else if ((unsigned char)*c < ' ' || *c == 0x7f)
            snprintf(escape, sizeof escape, "\\x%02x", (unsigned char)*c);
        add_text(line, escape);
    }
    add_char(line, '"');
}

// Leaves the line as it was when the pair does not fit whole: half a value misleads.
static void add_pair(struct line *line, const char *name, const char *value)
{
    size_t length = line->length;
    if (line->cut)
        return;
    if (length > 0)
        add_char(line, ' ');
    add_text(line, name);
    add_char(line, '=');
    if (is_plain(value))
        add_text(line, value);
    else
        add_quoted(line, value);
    if (line->cut)
        line->length = length;
}

static void add_time(struct line *line, int64_t time_ms)
{
    char text[40];
    char whole[64];
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(whole, sizeof whole, "%s.%03dZ", text, (int)(time_ms % 1000));
    add_pair(line, "time", whole);
}

size_t log_format(char *out, int64_t time_ms, enum log_level level, const char *event, va_list pairs)
{
    struct line line = {.text = out};
    add_time(&line, time_ms);
    add_pair(&line, "level", level_names[level]);
    add_pair(&line, "event", event);
    for (const char *name; (name = va_arg(pairs, const char *));) {
        const char *value = va_arg(pairs, const char *);
        if (!value)
            break;
        add_pair(&line, name, value);
    }
    int tail = snprintf(out + line.length, LOG_LINE_SIZE_MAX - line.length, "%s\n", line.cut ? cut_mark : "");
    return line.length + (size_t)tail;
}

void log_set_level(enum log_level level)
{
    atomic_store(&level_max, (int)level);
}

void log_line(enum log_level level, const char *event, ...)
{
    if ((int)level > atomic_load(&level_max))
        return;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);

    char text[LOG_LINE_SIZE_MAX];
    va_list pairs;
    va_start(pairs, event);
    size_t length = log_format(text, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, level, event, pairs);
    va_end(pairs);
    // A log that cannot be written (a closed pipe, a full disk) must not stop the daemon.
    ssize_t written = write(STDERR_FILENO, text, length);
    (void)written;
}

struct log_number log_number(uint64_t number)
{
    struct log_number out;
    snprintf(out.text, sizeof out.text, "%llu", (unsigned long long)number);
    return out;
}
