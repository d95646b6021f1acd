// SPDX-License-Identifier: MPL-2.0
// How a program speaks to the person before it: language, colour, JSON or words, exit statuses, errors.
//
// Owns nothing but these choices and a few buffers for texts on screen (shown.h). Filled once by program_run and
// handed to every subcommand. Knows nothing about brokers or messages.
#ifndef TERMINAL_UI_H
#define TERMINAL_UI_H

#include "buurtbel.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum exit_status {
    STATUS_DONE = 0,
    STATUS_REFUSED = 1,      // the broker, or this program, said no; trying again unchanged will not help
    STATUS_USAGE = 2,        // the command line was not understood
    STATUS_UNREACHABLE = 69, // a question could not be put to the broker
    STATUS_KEPT = 75,        // not sent yet: the command stands in the outbox
};

enum { SHOWN_SLOTS = 16, SHOWN_SIZE = 3 * REQUEST_TEXT_SIZE_MAX + 1 };

struct ui {
    const char *program;
    enum bb_language language;
    bool json;
    bool terminal; // standard output is one
    bool colour;
    int timeout_ms;
    char home[PATH_MAX];
    char shown[SHOWN_SLOTS][SHOWN_SIZE]; // see shown.h
    unsigned shown_next;
};

enum paint { PAINT_PLAIN, PAINT_BOLD, PAINT_FAINT, PAINT_GREEN, PAINT_YELLOW, PAINT_BLUE };

// Chooses between the two languages of the screens. Both are checked as formats where the result is one.
__attribute__((format_arg(2), format_arg(3))) static inline const char *tr(const struct ui *ui, const char *en,
                                                                           const char *nl)
{
    return ui->language == BB_DUTCH ? nl : en;
}

// The language that --language or else the environment asks for.
enum bb_language ui_language(int argc, char **argv);

// Everything but the language and what options say.
void ui_init(struct ui *ui, const char *program, enum bb_language language);

// The escape sequence, or nothing where colours are unwanted.
const char *paint(const struct ui *ui, enum paint paint);

// A clock that never runs back, for waiting.
int64_t ui_steady_ms(void);

// One friendly sentence on standard error, after the program's name.
__attribute__((format(printf, 2, 3))) void complain(const struct ui *ui, const char *format, ...);

// Says what `code` means and gives the exit status that goes with it. For replies of the broker see broker.h.
int complain_code(const struct ui *ui, enum bb_code code);

// Asks on the terminal; true for yes. Where nobody can answer it complains and says no. `yes`: it was said beforehand.
bool ui_agrees(const struct ui *ui, bool yes, const char *question);

#endif
