// SPDX-License-Identifier: MPL-2.0
// Takes a command line apart with argp and runs the subcommand that it names; see arguments.h.
//
// Options may stand before the subcommand too, so that `--home DIR` can be put into an alias.
#include "arguments.h"
#include "wiped.h"

#include <argp.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct option_row {
    char letter;
    const char *name, *argument, *en, *nl;
};

static const struct option_row option_rows[OPTION_COUNT] = {
#define X(symbol, letter, name, argument, en, nl) [OPTION_##symbol] = {letter, name, argument, en, nl},
#include "options.def"
#undef X
};

static const enum flag common_options[] = {OPTION_HOME, OPTION_JSON,  OPTION_LANGUAGE, OPTION_TIMEOUT,
                                           OPTION_HELP, OPTION_USAGE, OPTION_VERSION,  OPTION_NONE};

enum { KEY_BASE = 256 };

struct parse {
    struct ui *ui;
    const struct subcommand *subcommand;
    struct arguments arguments;
};

static int key_of(enum flag option)
{
    char letter = option_rows[option].letter;
    return letter != 0 ? letter : KEY_BASE + (int)option;
}

static enum flag option_of(int key)
{
    for (int i = OPTION_NONE + 1; i < OPTION_COUNT; i++) {
        if (key_of((enum flag)i) == key) {
            return (enum flag)i;
        }
    }
    return OPTION_NONE;
}

static void use_common(struct ui *ui, struct argp_state *state, enum flag option, const char *value)
{
    uint32_t seconds = 0;
    if (option == OPTION_HELP) {
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
    } else if (option == OPTION_USAGE) {
        argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
    } else if (option == OPTION_VERSION) {
        printf("%s %s\n", ui->program, bb_version());
        exit(STATUS_DONE);
    } else if (option == OPTION_HOME) {
        snprintf(ui->home, sizeof ui->home, "%s", value);
    } else if (option == OPTION_JSON) {
        ui->json = true;
    } else if (option == OPTION_LANGUAGE && strcmp(value, "nl") != 0 && strcmp(value, "en") != 0) {
        argp_error(state, "%s", tr(ui, "the languages are nl and en", "de talen zijn nl en en"));
    } else if (option == OPTION_TIMEOUT) {
        if (read_number(ui, value, 1, 3600, &seconds) != STATUS_DONE) {
            exit(STATUS_USAGE);
        }
        ui->timeout_ms = (int)seconds * 1000;
    }
}

static error_t take_argument(struct parse *parse, struct argp_state *state, const char *value)
{
    struct arguments *arguments = &parse->arguments;
    if (arguments->positionals >= parse->subcommand->most) {
        argp_error(state,
                   tr(parse->ui, "\"%s\" is too much; put a text of several words in quotes",
                      "\"%s\" is te veel; zet een tekst van meer woorden tussen aanhalingstekens"),
                   value);
    }
    arguments->positional[arguments->positionals++] = value;
    return 0;
}

static error_t take(int key, char *value, struct argp_state *state)
{
    struct parse *parse = state->input;
    struct arguments *arguments = &parse->arguments;
    if (key == ARGP_KEY_ARG) {
        return take_argument(parse, state, value);
    }
    if (key == ARGP_KEY_END && arguments->positionals < parse->subcommand->least) {
        argp_error(state, tr(parse->ui, "something is missing: %s", "er ontbreekt iets: %s"),
                   parse->subcommand->arguments);
    }
    enum flag option = option_of(key);
    if (option == OPTION_NONE) {
        return ARGP_ERR_UNKNOWN;
    }
    if (arguments->options == ARGUMENTS_MAX) {
        argp_error(state, "%s", tr(parse->ui, "too many options", "te veel opties"));
    }
    arguments->given[arguments->options].option = option;
    arguments->given[arguments->options++].value = value != NULL ? value : "";
    use_common(parse->ui, state, option, value);
    return 0;
}

static struct argp_option *list_options(const struct ui *ui, const enum flag *options, int group,
                                        struct argp_option *next)
{
    for (; options != NULL && *options != OPTION_NONE; options++) {
        const struct option_row *row = &option_rows[*options];
        *next++ = (struct argp_option){.name = row->name,
                                       .key = key_of(*options),
                                       .arg = row->argument,
                                       .doc = tr(ui, row->en, row->nl),
                                       .group = group};
    }
    return next;
}

static int run_subcommand(struct ui *ui, const struct subcommand *subcommand, int argc, char **argv)
{
    static struct argp_option options[2 * OPTION_COUNT + 1];
    struct argp_option *next = list_options(ui, subcommand->options, 1, options);
    list_options(ui, common_options, 2, next);
    struct argp argp = {.options = options,
                        .parser = take,
                        .args_doc = subcommand->arguments,
                        .doc = tr(ui, subcommand->en, subcommand->nl)};
    static struct parse parse;
    parse = (struct parse){.ui = ui, .subcommand = subcommand};
    argp_err_exit_status = STATUS_USAGE;
    if (argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, &parse) != 0) {
        return complain_code(ui, BB_NO_MEMORY);
    }
    if (ui->json) {
        setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    }
    return subcommand->run(ui, &parse.arguments);
}

static void print_help(const struct ui *ui, const struct program *program, FILE *out)
{
    fprintf(out, tr(ui, "Usage: %s COMMAND [OPTION...]\n%s\n\n", "Gebruik: %s OPDRACHT [OPTIE...]\n%s\n\n"),
            program->name, tr(ui, program->en, program->nl));
    for (size_t i = 0; i < program->count; i++) {
        const struct subcommand *subcommand = &program->subcommands[i];
        int width = fprintf(out, "  %s %s", subcommand->name, subcommand->arguments);
        if (width > 40) {
            fputc('\n', out);
            width = 0;
        }
        fprintf(out, "%*s%s\n", 42 - width, "", tr(ui, subcommand->en, subcommand->nl));
    }
    fprintf(out,
            tr(ui, "\n%s COMMAND --help tells more about one of them.\n",
               "\n%s OPDRACHT --help vertelt meer over een ervan.\n"),
            program->name);
}

// Where the first word stands that is no option nor the value of one.
static int find_words(int argc, char **argv)
{
    static const char *const with_value[] = {"--home", "--language", "--timeout"};
    int at = 1;
    for (; at < argc && argv[at][0] == '-' && argv[at][1] != '\0'; at++) {
        for (size_t i = 0; i < sizeof with_value / sizeof *with_value; i++) {
            at += strcmp(argv[at], with_value[i]) == 0 && at + 1 < argc;
        }
    }
    return at < argc ? at : argc;
}

static const struct subcommand *find_subcommand(const struct program *program, int argc, char **argv, int at,
                                                int *words)
{
    for (size_t i = 0; at < argc && i < program->count; i++) {
        const char *name = program->subcommands[i].name;
        const char *space = strchr(name, ' ');
        size_t first = space != NULL ? (size_t)(space - name) : strlen(name);
        if (strlen(argv[at]) != first || strncmp(argv[at], name, first) != 0) {
            continue;
        }
        if (space == NULL || (at + 1 < argc && strcmp(argv[at + 1], space + 1) == 0)) {
            *words = space == NULL ? 1 : 2;
            return &program->subcommands[i];
        }
    }
    return NULL;
}

static int run_without_subcommand(struct ui *ui, const struct program *program, int argc, char **argv, int at)
{
    for (int i = 1; i < at; i++) {
        if (strcmp(argv[i], "--version") == 0 || strcmp(argv[i], "-V") == 0) {
            printf("%s %s\n", program->name, bb_version());
            return STATUS_DONE;
        }
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(ui, program, stdout);
            return STATUS_DONE;
        }
    }
    if (at < argc) {
        complain(ui, tr(ui, "There is no command \"%s\". These are there:", "De opdracht \"%s\" is er niet. Deze wel:"),
                 argv[at]);
    }
    print_help(ui, program, stderr);
    return STATUS_USAGE;
}

int program_run(const struct program *program, int argc, char **argv)
{
    static struct ui ui;
    bb_forbid_core_dumps();
    json_set_alloc_funcs(malloc, wiped_free);
    ui_init(&ui, program->name, ui_language(argc, argv));
    int at = find_words(argc, argv), words = 0;
    const struct subcommand *subcommand = find_subcommand(program, argc, argv, at, &words);
    if (subcommand == NULL) {
        return run_without_subcommand(&ui, program, argc, argv, at);
    }
    char name[64];
    snprintf(name, sizeof name, "%s %s", program->name, subcommand->name);
    // What stood before the words comes behind the name; the words go.
    for (int i = at - 1; i > 0; i--) {
        argv[i + words] = argv[i];
    }
    argv[words] = name;
    int status = run_subcommand(&ui, subcommand, argc - words, argv + words);
    if (fflush(stdout) != 0 && status == STATUS_DONE) {
        status = complain_code(&ui, BB_IO);
    }
    return status;
}
