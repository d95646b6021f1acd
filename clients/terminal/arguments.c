// SPDX-License-Identifier: MPL-2.0
// Reading the values of a command line; see arguments.h. Taking the line apart is in program.c.
#include "arguments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *option_name(enum flag option)
{
    static const char *const names[] = {
        [OPTION_NONE] = "",
#define X(symbol, letter, name, argument, en, nl) [OPTION_##symbol] = name,
#include "options.def"
#undef X
    };
    return names[option];
}

const char *argument_next(const struct arguments *arguments, enum flag option, int *at)
{
    while (*at < arguments->options) {
        int index = (*at)++;
        if (arguments->given[index].option == option) {
            return arguments->given[index].value;
        }
    }
    return NULL;
}

const char *argument_value(const struct arguments *arguments, enum flag option)
{
    const char *last = NULL;
    int at = 0;
    for (const char *value; (value = argument_next(arguments, option, &at)) != NULL;) {
        last = value;
    }
    return last;
}

bool argument_given(const struct arguments *arguments, enum flag option)
{
    return argument_value(arguments, option) != NULL;
}

int read_id(const struct ui *ui, const char *text, uint64_t *id)
{
    if (bb_id_parse(text, id)) {
        return STATUS_DONE;
    }
    complain(ui,
             tr(ui, "\"%s\" is no number of Buurtbel. They have 13 letters and digits; copy it from a list.",
                "\"%s\" is geen nummer van Buurtbel. Die hebben 13 letters en cijfers; kopieer het uit een lijst."),
             text);
    return STATUS_USAGE;
}

int read_word(const struct ui *ui, const struct bb_words *words, const char *text, uint32_t *value)
{
    if (bb_word_value(words, text, value)) {
        return STATUS_DONE;
    }
    char possible[512] = "";
    size_t used = 0;
    for (size_t i = 0; i < words->count && used < sizeof possible; i++) {
        const char *word = ui->language == BB_DUTCH ? words->words[i].nl : words->words[i].en;
        used += (size_t)snprintf(possible + used, sizeof possible - used, "%s%s", i == 0 ? "" : ", ", word);
    }
    complain(ui,
             tr(ui, "\"%s\" cannot be chosen here. Choose one of: %s.",
                "\"%s\" kan hier niet gekozen worden. Kies uit: %s."),
             text, possible);
    return STATUS_USAGE;
}

int read_number(const struct ui *ui, const char *text, uint32_t least, uint32_t most, uint32_t *value)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && number >= least && number <= most) {
        *value = (uint32_t)number;
        return STATUS_DONE;
    }
    complain(ui,
             tr(ui, "\"%s\" is not possible here. Give a number from %u to %u.",
                "\"%s\" kan hier niet. Geef een getal van %u tot en met %u."),
             text, least, most);
    return STATUS_USAGE;
}

int option_id(const struct ui *ui, const struct arguments *arguments, enum flag option, uint64_t *id)
{
    const char *text = argument_value(arguments, option);
    return text == NULL ? STATUS_DONE : read_id(ui, text, id);
}

int option_word(const struct ui *ui, const struct arguments *arguments, enum flag option, const struct bb_words *words,
                uint32_t *value)
{
    const char *text = argument_value(arguments, option);
    return text == NULL ? STATUS_DONE : read_word(ui, words, text, value);
}

int option_number(const struct ui *ui, const struct arguments *arguments, enum flag option, uint32_t least,
                  uint32_t most, uint32_t *value)
{
    const char *text = argument_value(arguments, option);
    return text == NULL ? STATUS_DONE : read_number(ui, text, least, most, value);
}

int option_needed(const struct ui *ui, const struct arguments *arguments, enum flag option)
{
    if (argument_given(arguments, option)) {
        return STATUS_DONE;
    }
    complain(ui,
             tr(ui, "--%s is needed here. Run this with --help to see what it takes.",
                "--%s is hier nodig. Vraag met --help wat erbij hoort."),
             option_name(option));
    return STATUS_USAGE;
}

int asker_agreed(const struct ui *ui, const struct arguments *arguments)
{
    return argument_given(arguments, OPTION_ASKER_AGREED) ? STATUS_DONE : complain_code(ui, BB_ASKER_MUST_AGREE);
}
