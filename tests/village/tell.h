// SPDX-License-Identifier: MPL-2.0
// What the watcher of the demonstration reads, on standard output; with colours on a terminal only.
#ifndef VILLAGE_TELL_H
#define VILLAGE_TELL_H

#include <stdbool.h>

void tell_begin(void);
__attribute__((format(printf, 1, 2))) void tell_title(const char *format, ...);
__attribute__((format(printf, 1, 2))) void tell(const char *format, ...);
// Something in the village's own words.
__attribute__((format(printf, 1, 2))) void tell_quote(const char *format, ...);
// A line with its verdict; gives `kept` back.
__attribute__((format(printf, 2, 3))) bool tell_promise(bool kept, const char *format, ...);

#endif
