// SPDX-License-Identifier: MPL-2.0
// How a program speaks to the person before it; see ui.h.
#include "ui.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *asked_language(int argc, char **argv)
{
    static const char option[] = "--language";
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], option) == 0) {
            return i + 1 < argc ? argv[i + 1] : NULL;
        }
        if (strncmp(argv[i], option, sizeof option - 1) == 0 && argv[i][sizeof option - 1] == '=') {
            return argv[i] + sizeof option;
        }
    }
    return NULL;
}

enum bb_language ui_language(int argc, char **argv)
{
    static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *language = asked_language(argc, argv);
    for (size_t i = 0; language == NULL && i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        language = value != NULL && *value != '\0' ? value : NULL;
    }
    return language != NULL && strncmp(language, "nl", 2) == 0 ? BB_DUTCH : BB_ENGLISH;
}

static void find_home(struct ui *ui)
{
    const char *chosen = getenv("BUURTBEL_HOME");
    const char *data = getenv("XDG_DATA_HOME");
    const char *user = getenv("HOME");
    if (chosen != NULL && *chosen != '\0') {
        snprintf(ui->home, sizeof ui->home, "%s", chosen);
    } else if (data != NULL && *data == '/') {
        snprintf(ui->home, sizeof ui->home, "%s/buurtbel/%s", data, ui->program);
    } else if (user != NULL && *user != '\0') {
        snprintf(ui->home, sizeof ui->home, "%s/.local/share/buurtbel/%s", user, ui->program);
    }
}

void ui_init(struct ui *ui, const char *program, enum bb_language language)
{
    *ui = (struct ui){.program = program, .language = language, .timeout_ms = 10 * 1000};
    const char *kind = getenv("TERM");
    ui->terminal = isatty(STDOUT_FILENO) == 1;
    ui->colour = ui->terminal && getenv("NO_COLOR") == NULL && kind != NULL && strcmp(kind, "dumb") != 0;
    find_home(ui);
}

const char *paint(const struct ui *ui, enum paint paint)
{
    static const char *const sequences[] = {
        [PAINT_PLAIN] = "\033[0m",  [PAINT_BOLD] = "\033[1m",    [PAINT_FAINT] = "\033[2m",
        [PAINT_GREEN] = "\033[32m", [PAINT_YELLOW] = "\033[33m", [PAINT_BLUE] = "\033[34m",
    };
    return ui->colour ? sequences[paint] : "";
}

int64_t ui_steady_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void complain(const struct ui *ui, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fflush(stdout);
    fprintf(stderr, "%s: ", ui->program);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
}

int complain_code(const struct ui *ui, enum bb_code code)
{
    const char *sentence = bb_code_sentence(code, ui->language);
    complain(ui, "%s",
             sentence != NULL ? sentence
                              : tr(ui, "Something unknown happened. Update this program.",
                                   "Er gebeurde iets onbekends. Werk dit programma bij."));
    return code == BB_USAGE ? STATUS_USAGE : STATUS_REFUSED;
}

bool ui_agrees(const struct ui *ui, bool yes, const char *question)
{
    if (yes) {
        return true;
    }
    if (isatty(STDIN_FILENO) != 1) {
        complain(ui, "%s",
                 tr(ui, "Nobody is here to say yes. Read it first, then run this again with --yes.",
                    "Er is niemand die ja kan zeggen. Lees het eerst en geef het opnieuw met --yes."));
        return false;
    }
    fprintf(stderr, "%s %s ", question, tr(ui, "[yes/no]", "[ja/nee]"));
    char line[16];
    if (fgets(line, sizeof line, stdin) == NULL) {
        fputc('\n', stderr);
        return false;
    }
    bool agrees = strchr("jJyY", line[0]) != NULL && line[0] != '\0';
    if (!agrees) {
        complain(ui, "%s", tr(ui, "Nothing was sent.", "Er is niets verstuurd."));
    }
    return agrees;
}
