// SPDX-License-Identifier: MPL-2.0
// Finds e-mail addresses, also where the @ or the dot is spelled out.
//
// A sign (@, "(at)", "apenstaartje") counts only with a word before it and a domain behind it: "3 broden @ 1.50" and
// "een dier met een apenstaartje" are ordinary texts.
#include "text_fold.h"

#include <string.h>

static const char *const providers[] = {"gmail",      "hotmail", "outlook", "live",   "icloud", "ziggo",  "kpnmail",
                                        "kpnplanet",  "planet",  "xs4all",  "hetnet", "home",   "yahoo",  "proton",
                                        "protonmail", "casema",  "upcmail", "msn",    "tele2",  "freedom"};

static bool is_open(char c)
{
    return c && strchr("([{<", c);
}

static bool is_close(char c)
{
    return c && strchr(")]}>", c);
}

// Size of `word` in brackets, with blanks inside or not; 0 when it does not stand at `at`.
static size_t bracketed(const struct folded *folded, size_t at, const char *word)
{
    if (!is_open(folded->text[at]))
        return 0;
    size_t word_begin = skip_blanks(folded, at + 1);
    if (!word_at(folded, word_begin, word))
        return 0;
    size_t end = skip_blanks(folded, word_begin + strlen(word));
    return is_close(folded->text[end]) ? end + 1 - at : 0;
}

static bool provider_at(const struct folded *folded, size_t at)
{
    for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++)
        if (word_at(folded, at, providers[i]))
            return true;
    return false;
}

static size_t label_size(const struct folded *folded, size_t at)
{
    size_t size = 0;
    while (is_word(folded->text[at + size]) || (size && folded->text[at + size] == '-'))
        size++;
    return size;
}

// Size of a dot at `at`, plain or spelled out, with the blanks around it; 0 when there is none.
static size_t dot_size(const struct folded *folded, size_t at)
{
    static const char *const words[] = {"dot", "punt", "point"};
    size_t dot_at = skip_blanks(folded, at);
    if (folded->text[dot_at] == '.') {
        size_t end = skip_blanks(folded, dot_at + 1);
        bool sentence_ends = dot_at == at && end > dot_at + 1;
        return sentence_ends ? 0 : end - at;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t size = bracketed(folded, dot_at, words[i]);
        if (!size && dot_at > at && word_at(folded, dot_at, words[i]))
            size = strlen(words[i]);
        if (size)
            return skip_blanks(folded, dot_at + size) - at;
    }
    return 0;
}

// "voorbeeld.nl", "voorbeeld punt nl", or a well-known provider alone.
static bool domain_at(const struct folded *folded, size_t at)
{
    at = skip_blanks(folded, at);
    if (provider_at(folded, at))
        return true;
    size_t size = label_size(folded, at);
    size_t dot = size ? dot_size(folded, at + size) : 0;
    while (dot) {
        at += size + dot;
        if (is_letter(folded->text[at]) && is_letter(folded->text[at + 1]))
            return true;
        size = label_size(folded, at);
        dot = size ? dot_size(folded, at + size) : 0;
    }
    return false;
}

static bool word_before(const struct folded *folded, size_t at)
{
    while (at > 0 && folded->text[at - 1] == ' ')
        at--;
    return at > 0 && (is_word(folded->text[at - 1]) || strchr("._+-\"'", folded->text[at - 1]));
}

// Size of a spelled-out @ at `at`; 0 when there is none.
static size_t sign_size(const struct folded *folded, size_t at)
{
    static const char *const words[] = {"at", "apenstaart", "apenstaartje", "apestaart", "apestaartje", "@"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t size = bracketed(folded, at, words[i]);
        if (!size && i > 0 && word_at(folded, at, words[i]))
            size = strlen(words[i]);
        if (size)
            return size;
    }
    return 0;
}

static bool email_at(const struct folded *folded, size_t at)
{
    if (!word_before(folded, at))
        return false;
    if (folded->text[at] == '@') {
        bool tight = at > 0 && is_word(folded->text[at - 1]) && is_letter(folded->text[at + 1]);
        return tight || domain_at(folded, at + 1);
    }
    if (word_at(folded, at, "at")) // a plain word of English: only before a provider
        return provider_at(folded, skip_blanks(folded, at + 2));
    size_t size = sign_size(folded, at);
    return size && domain_at(folded, at + size);
}

bool folded_has_email(const struct folded *folded)
{
    for (size_t at = 0; at < folded->size; at++)
        if (email_at(folded, at))
            return true;
    return false;
}
