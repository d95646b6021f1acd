// SPDX-License-Identifier: MPL-2.0
// Command lines: a program is a table of subcommands, a subcommand takes options of options.def.
//
// --help of the program and of each subcommand is made from these tables. Parsing is argp's. Used by the main.c of each
// program; subcommands read what was given through the functions below.
#ifndef TERMINAL_ARGUMENTS_H
#define TERMINAL_ARGUMENTS_H

#include "ui.h"

// Not `enum option`: that tag is getopt's.
enum flag {
    OPTION_NONE,
#define X(symbol, letter, name, argument, en, nl) OPTION_##symbol,
#include "options.def"
#undef X
    OPTION_COUNT,
};

enum { ARGUMENTS_MAX = 64 };

struct arguments {
    const char *positional[ARGUMENTS_MAX];
    int positionals;
    struct {
        enum flag option;
        const char *value; // "" for an option without argument
    } given[ARGUMENTS_MAX];
    int options;
};

struct subcommand {
    const char *name;         // one word or two
    const char *arguments;    // as help shows it
    int least, most;          // how many positional ones
    const enum flag *options; // ends with OPTION_NONE; NULL for none of its own
    const char *en, *nl;
    int (*run)(struct ui *ui, const struct arguments *arguments); // gives the exit status
};

// The options of a subcommand, for its row in the table.
#define TAKES(...) ((const enum flag[]){__VA_ARGS__, OPTION_NONE})

struct program {
    const char *name;
    const char *en, *nl;
    const struct subcommand *subcommands;
    size_t count;
};

// All of main.
int program_run(const struct program *program, int argc, char **argv);

bool argument_given(const struct arguments *arguments, enum flag option);
const char *argument_value(const struct arguments *arguments, enum flag option); // the last one; NULL when not given
// The values of an option that may be repeated: start with 0; NULL after the last.
const char *argument_next(const struct arguments *arguments, enum flag option, int *at);

// Each reads one value. STATUS_DONE, or STATUS_USAGE after a complaint that names what can be said instead.
BB_CHECKED int read_id(const struct ui *ui, const char *text, uint64_t *id);
BB_CHECKED int read_word(const struct ui *ui, const struct bb_words *words, const char *text, uint32_t *value);
BB_CHECKED int read_number(const struct ui *ui, const char *text, uint32_t least, uint32_t most, uint32_t *value);

// The same for an option: *value stays as it is where the option was not given.
BB_CHECKED int option_id(const struct ui *ui, const struct arguments *arguments, enum flag option, uint64_t *id);
BB_CHECKED int option_word(const struct ui *ui, const struct arguments *arguments, enum flag option,
                           const struct bb_words *words, uint32_t *value);
BB_CHECKED int option_number(const struct ui *ui, const struct arguments *arguments, enum flag option, uint32_t least,
                             uint32_t most, uint32_t *value);
// Complains where an option that is needed was not given.
BB_CHECKED int option_needed(const struct ui *ui, const struct arguments *arguments, enum flag option);

// BB_ASKER_MUST_AGREE as exit status, unless --asker-agreed was said.
BB_CHECKED int asker_agreed(const struct ui *ui, const struct arguments *arguments);

#endif
