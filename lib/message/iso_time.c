// SPDX-License-Identifier: MPL-2.0
// Reads and writes ISO 8601 times by the proleptic Gregorian calendar, with libc's timegm and gmtime_r.
//
// Strict: the only forms are those in iso_time.h, so that what is read is what would be written.
#include "iso_time.h"

#include <stddef.h>
#include <stdio.h>
#include <time.h>

enum { DATE_SIZE = 10, SECONDS_SIZE = 20 };

bool iso_time_write(int64_t time_ms, char out[ISO_TIME_SIZE + 1])
{
    int64_t rest_ms = ((time_ms % 1000) + 1000) % 1000;
    time_t seconds = (time_t)(time_ms / 1000 - (time_ms < 0 && rest_ms > 0)); // rounded down, before 1970 too
    struct tm tm;
    if (!gmtime_r(&seconds, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
        return false;
    unsigned year = (unsigned)(tm.tm_year + 1900) % 10000;
    snprintf(out, ISO_TIME_SIZE + 1, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", year, (unsigned)(tm.tm_mon + 1) % 100,
             (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
             (unsigned)tm.tm_sec % 100, (unsigned)rest_ms % 1000);
    return true;
}

// Do the first `size` characters have the form of `form`, in which 0 stands for a digit? Returns how many do.
static size_t fits(const char *text, const char *form)
{
    size_t size = 0;
    for (; form[size]; size++) {
        bool digit = text[size] >= '0' && text[size] <= '9';
        if (form[size] == '0' ? !digit : text[size] != form[size])
            return 0;
    }
    return text[size] == '\0' ? size : 0;
}

static int number(const char *text, size_t at, size_t size)
{
    int value = 0;
    for (size_t i = at; i < at + size; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

bool iso_time_read(const char *text, int64_t *out)
{
    size_t size = fits(text, "0000-00-00T00:00:00.000Z");
    if (!size)
        size = fits(text, "0000-00-00T00:00:00Z");
    if (!size)
        size = fits(text, "0000-00-00");
    if (!size)
        return false;
    struct tm tm = {
        .tm_year = number(text, 0, 4) - 1900, .tm_mon = number(text, 5, 2) - 1, .tm_mday = number(text, 8, 2)};
    if (size > DATE_SIZE) {
        tm.tm_hour = number(text, 11, 2);
        tm.tm_min = number(text, 14, 2);
        tm.tm_sec = number(text, 17, 2);
    }
    struct tm real = tm; // timegm makes 1 March of 30 February
    time_t seconds = timegm(&real);
    if (real.tm_mon != tm.tm_mon || real.tm_mday != tm.tm_mday || real.tm_hour != tm.tm_hour ||
        real.tm_min != tm.tm_min || real.tm_sec != tm.tm_sec)
        return false;
    *out = (int64_t)seconds * 1000 + (size > SECONDS_SIZE ? number(text, 20, 3) : 0);
    return true;
}
