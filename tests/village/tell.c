// SPDX-License-Identifier: MPL-2.0
// Lines on standard output; see tell.h.
#include "tell.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool colours;
static unsigned titles;

void tell_begin(void)
{
    const char *no_colour = getenv("NO_COLOR");
    colours = isatty(STDOUT_FILENO) && (no_colour == NULL || *no_colour == '\0');
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
}

static const char *colour(const char *sequence)
{
    return colours ? sequence : "";
}

__attribute__((format(printf, 3, 0))) static void line(const char *before, const char *sequence, const char *format,
                                                       va_list arguments)
{
    printf("%s%s", colour(sequence), before);
    vprintf(format, arguments);
    printf("%s\n", colour("\033[0m"));
}

void tell_title(const char *format, ...)
{
    char before[16];
    va_list arguments;
    va_start(arguments, format);
    snprintf(before, sizeof before, "\n%u. ", ++titles);
    line(before, "\033[1m", format, arguments);
    va_end(arguments);
}

void tell(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    line("   ", "", format, arguments);
    va_end(arguments);
}

void tell_quote(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    line("     ", "\033[36m", format, arguments);
    va_end(arguments);
}

bool tell_promise(bool kept, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    line(kept ? "   ✓ " : "   ✗ PROMISE BROKEN: ", kept ? "\033[32m" : "\033[1;31m", format, arguments);
    va_end(arguments);
    return kept;
}
