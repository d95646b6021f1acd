// SPDX-License-Identifier: MPL-2.0
// A client's store as a table in memory: rows by key, in the order of their keys. What was put counts only once it is
// committed; a crash forgets the rest. Called by client.c of the simulation.
#ifndef BUURTBEL_SIM_ROWS_H
#define BUURTBEL_SIM_ROWS_H

#include "session/session.h"

struct rows {
    struct session_row *list; // committed, sorted by key
    size_t count, capacity;
    struct session_row *pending; // value NULL: to be deleted
    size_t pending_count, pending_capacity;
};

void rows_put(struct rows *rows, const uint8_t *key, size_t key_size, const uint8_t *value, size_t value_size);
void rows_commit(struct rows *rows);
void rows_crash(struct rows *rows);
void rows_fini(struct rows *rows);

// The committed rows of one kind (0: all); they stay where they are until the next commit.
const struct session_row *rows_of(const struct rows *rows, uint8_t kind, size_t *count);

#endif
