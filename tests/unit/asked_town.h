// SPDX-License-Identifier: MPL-2.0
// A town with some life in it that is asked everything by everybody: the start of a node, greetings, queries, catch-ups,
// and commands that are decided, applied and then aborted. Each answer is noted, so that two rounds can be compared.
#ifndef BUURTBEL_TESTS_ASKED_TOWN_H
#define BUURTBEL_TESTS_ASKED_TOWN_H

#include "town.h"

enum { QUESTIONS_MAX = 200, COMMANDS_MAX = 20, HASH_SIZE = 16 };

struct question {
    uint64_t member;
    uint8_t *frame;
    size_t frame_size;
};

struct answer {
    enum bb_code code;
    uint8_t hash[HASH_SIZE];
};

struct asked_town {
    struct town *town;
    struct arena *arena;
    struct question questions[QUESTIONS_MAX];
    size_t questions_count;
    Wire__Command commands[COMMANDS_MAX];
    struct person givers[COMMANDS_MAX]; // of the commands
    size_t commands_count;
};

struct answers {
    struct answer of_questions[QUESTIONS_MAX], of_commands[COMMANDS_MAX], start;
    size_t damaged;
};

// For cmocka. The state is the struct asked_town.
int asked_town_setup(void **state);
int asked_town_teardown(void **state);

void asked_town_ask(struct asked_town *it, struct answers *out);

#endif
