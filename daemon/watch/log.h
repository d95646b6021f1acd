// SPDX-License-Identifier: MPL-2.0
// The daemon's log: one logfmt line an event on stderr. Level error = somebody must act.
//
// Never give it personal data, texts, keys or paths of clients: public ids and codes only. Any thread may call it.
#ifndef BUURTBELD_LOG_H
#define BUURTBELD_LOG_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG };
enum { LOG_LINE_SIZE_MAX = 2048 };

// What is finer than `level` is left out. LEVEL_INFO until it is set.
void log_set_level(enum log_level level);

// `event` is a word of ours; then pairs of texts, name and value, ended by NULL:
// log_line(LEVEL_INFO, "ready", "community", key, "journal", head_text, NULL). A NULL value ends the line early.
void log_line(enum log_level level, const char *event, ...) __attribute__((sentinel));

// Writes the line of log_line with its newline and NUL to `out` (at least LOG_LINE_SIZE_MAX); returns its length.
// What does not fit is left out, and the line then ends in cut=yes.
size_t log_format(char *out, int64_t time_ms, enum log_level level, const char *event, va_list pairs);

// A number as a value: log_line(LEVEL_INFO, "turn", "commands", log_number(count).text, NULL).
struct log_number {
    char text[24];
};
struct log_number log_number(uint64_t number);

#endif
