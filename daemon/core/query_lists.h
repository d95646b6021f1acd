// SPDX-License-Identifier: MPL-2.0
// The questions, one function each; called by query_answer alone, after the rule of the question allowed the actor.
#ifndef BUURTBEL_CORE_QUERY_LISTS_H
#define BUURTBEL_CORE_QUERY_LISTS_H

#include "query.h"

// Rows that one page may look at, so that a read transaction stays within READ_SLICE_MS.
enum { QUERY_ROWS_MAX = 1000 };

typedef enum bb_code query_function(struct core *core, const struct actor *actor, const Wire__Query *query,
                                    Wire__Answer *out);

// query.c
query_function query_audience, query_requests, query_request;
// query_people.c
query_function query_askers, query_parties, query_members, query_offers, query_invitations;
// query_journal.c
query_function query_journal;

#endif
