// SPDX-License-Identifier: MPL-2.0
// What people were told, and when: the lines that load.py wrote (its head has their form). And where it is noted what an
// image lacks of that.
#ifndef POWERCUT_ORACLE_H
#define POWERCUT_ORACLE_H

#include "history.h"

#include <stddef.h>
#include <stdint.h>

enum { ORACLE_ID_SIZE = 16, ORACLE_NAME_SIZE = 64, PROBLEM_TEXT_SIZE = 400 };

enum told_kind {
    TOLD_WHOLE = 'W',
    TOLD_FOUNDED = 'F',
    TOLD_ACKNOWLEDGED = 'A',
    TOLD_HANDED = 'H',
    TOLD_ITEM = 'I',
    TOLD_KEPT = 'K',
};

struct told {
    enum told_kind kind;
    uint64_t at_ns;
    char name[ORACLE_NAME_SIZE];     // a path or a home
    char event[16];                  // of a request
    uint8_t command[ORACLE_ID_SIZE]; // of an answer
    uint64_t entry, made, party;
    uint64_t id; // of a request or an item
    uint32_t state, revision, item_kind;
    bool cancelled; // a request that this home was told the end of, then or later
};

// In the order of time.
struct oracle {
    struct told *lines;
    size_t count;
};

// Reads FOLDER/oracle.txt. Ends the process when it makes no sense.
void oracle_load(struct oracle *oracle, const char *folder);

// What an image lacks; the first of it is kept in words.
struct verdict {
    size_t problems, checked;
    char first[PROBLEM_TEXT_SIZE];
};
__attribute__((format(printf, 2, 3))) void verdict_bad(struct verdict *verdict, const char *format, ...);

// look_broker.c: the broker's part of an image, with the code that a start runs, up to the sockets. Members whose command
// `commands[i]` was accepted by the image's broker are what look_home is told.
struct accepted_commands {
    uint8_t (*ids)[ORACLE_ID_SIZE]; // sorted
    size_t count;
};
void look_broker(const char *image, const struct oracle *oracle, uint64_t cut_ns, struct accepted_commands *accepted,
                 struct verdict *verdict);
void accepted_fini(struct accepted_commands *accepted);

// look_home.c: the clients' parts.
void look_homes(const char *image, const struct oracle *oracle, uint64_t cut_ns,
                const struct accepted_commands *accepted, struct verdict *verdict);

#endif
