// SPDX-License-Identifier: MPL-2.0
// The broker's part of one image while it is looked at. Shared by look_broker.c, which opens it, and look_rules.c.
#ifndef POWERCUT_LOOK_INSIDE_H
#define POWERCUT_LOOK_INSIDE_H

#include "oracle.h"

#include "node/node.h"
#include "store/tombstones.h"

struct look {
    struct store *store;
    struct keyring *keyring;
    struct tombstones *tombstones;
    struct node *node;
    struct arena *arena;
    struct core core;
    struct verdict *verdict;
};

// BB_OK, or a problem: `what` and the code.
bool look_is_good(struct look *look, const char *what, enum bb_code code, const char *problem);

// look_rules.c: within the read transaction of `look->core`.
void look_rules(struct look *look);

#endif
