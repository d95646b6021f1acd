// SPDX-License-Identifier: MPL-2.0
// The vocabulary's tables, each pinned to its enum of wire.proto, and the look-ups in them.
//
// Owns the words' numbers and spellings and nothing of what they mean. Called by the core (is this number known?), by
// clients (what stands on screen, what did the user type?). That no value of the wire is missing: test_words.c.
#include "words.h"

#include "wire.pb-c.h"

#include <ctype.h>

#define PIN(symbol, number, en, nl) \
    _Static_assert((int)WIRE__ROLE__##symbol == (number), "words.h and wire.proto differ: " #symbol);
BB_ROLES(PIN)
#undef PIN

#define PIN(symbol, number, en, nl) \
    _Static_assert((int)WIRE__AUDIENCE_CLASS__##symbol == (number), "words.h and wire.proto differ: " #symbol);
BB_CLASSES(PIN)
#undef PIN

#define PIN(symbol, number, en, nl) \
    _Static_assert((int)WIRE__PARTY_STATE__##symbol == (number), "words.h and wire.proto differ: " #symbol);
BB_PARTY_STATES(PIN)
#undef PIN

#define PIN(symbol, number, en, nl) \
    _Static_assert((int)WIRE__REQUEST_STATE__##symbol == (number), "words.h and wire.proto differ: " #symbol);
BB_REQUEST_STATES(PIN)
#undef PIN

#define PIN(symbol, number, en, nl) \
    _Static_assert((int)WIRE__OFFER_STATE__##symbol == (number), "words.h and wire.proto differ: " #symbol);
BB_OFFER_STATES(PIN)
#undef PIN

#define PIN(symbol, number, en, nl) \
    _Static_assert((int)WIRE__ANSWER_KIND__##symbol == (number), "words.h and wire.proto differ: " #symbol);
BB_ANSWER_KINDS(PIN)
#undef PIN

#define PIN(symbol, number, en, nl) \
    _Static_assert((int)WIRE__OFFER_KIND__##symbol == (number), "words.h and wire.proto differ: " #symbol);
BB_OFFER_KINDS(PIN)
#undef PIN

#define PIN(symbol, number, en, nl) \
    _Static_assert((int)WIRE__REQUEST_SIZE__##symbol == (number), "words.h and wire.proto differ: " #symbol);
BB_SIZES(PIN)
#undef PIN

#define PIN(symbol, number, en, nl) \
    _Static_assert((int)WIRE__WANTED__##symbol == (number), "words.h and wire.proto differ: " #symbol);
BB_WANTED(PIN)
#undef PIN

#define PIN(symbol, number, en, nl) \
    _Static_assert((int)WIRE__PRIORITY__##symbol == (number), "words.h and wire.proto differ: " #symbol);
BB_PRIORITIES(PIN)
#undef PIN

#define PIN(symbol, number, en, nl) \
    _Static_assert((int)WIRE__CLOSE_REASON__##symbol == (number), "words.h and wire.proto differ: " #symbol);
BB_CLOSE_REASONS(PIN)
#undef PIN

#define PIN(symbol, number, en, nl) \
    _Static_assert((int)WIRE__HEARD_OF__##symbol == (number), "words.h and wire.proto differ: " #symbol);
BB_HEARD_OF(PIN)
#undef PIN

#define PIN(symbol, number, en, nl) \
    _Static_assert((int)WIRE__CONTACT_CHANNEL__##symbol == (number), "words.h and wire.proto differ: " #symbol);
BB_CONTACT_CHANNELS(PIN)
#undef PIN

#define PIN(symbol, number, en, nl) \
    _Static_assert((int)WIRE__YES_NO__##symbol == (number), "words.h and wire.proto differ: " #symbol);
BB_YES_NO(PIN)
#undef PIN

#define WORD_ROW(symbol, number, en, nl) {(number), (en), (nl)},
#define WORDS(list, name) \
    static const struct bb_word name##_rows[] = {list(WORD_ROW)}; \
    const struct bb_words bb_##name = {name##_rows, sizeof name##_rows / sizeof name##_rows[0]};

WORDS(BB_ROLES, roles)
WORDS(BB_CLASSES, classes)
WORDS(BB_PARTY_STATES, party_states)
WORDS(BB_REQUEST_STATES, request_states)
WORDS(BB_OFFER_STATES, offer_states)
WORDS(BB_ANSWER_KINDS, answer_kinds)
WORDS(BB_OFFER_KINDS, offer_kinds)
WORDS(BB_SIZES, sizes)
WORDS(BB_WANTED, wanted)
WORDS(BB_PRIORITIES, priorities)
WORDS(BB_CLOSE_REASONS, close_reasons)
WORDS(BB_HEARD_OF, heard_of)
WORDS(BB_CONTACT_CHANNELS, contact_channels)
WORDS(BB_YES_NO, yes_no)

static const struct bb_word *find(const struct bb_words *words, uint32_t value)
{
    for (size_t i = 0; i < words->count; i++)
        if (words->words[i].value == value)
            return &words->words[i];
    return NULL;
}

const char *bb_word(const struct bb_words *words, uint32_t value, enum bb_language language)
{
    const struct bb_word *word = find(words, value);
    if (!word)
        return "?";
    return language == BB_DUTCH ? word->nl : word->en;
}

bool bb_word_known(const struct bb_words *words, uint32_t value)
{
    return find(words, value) != NULL;
}

static char fold(char c)
{
    return c == '-' || c == ' ' ? '_' : (char)tolower((unsigned char)c);
}

static bool same(const char *a, const char *b)
{
    while (*a && fold(*a) == fold(*b)) {
        a++;
        b++;
    }
    return !*a && !*b;
}

bool bb_word_value(const struct bb_words *words, const char *word, uint32_t *out)
{
    for (size_t i = 0; i < words->count; i++) {
        if (same(words->words[i].en, word) || same(words->words[i].nl, word)) {
            *out = words->words[i].value;
            return true;
        }
    }
    return false;
}
