// SPDX-License-Identifier: MPL-2.0
// Talking to the broker from a subcommand: open, give a command, ask, and say how it went.
//
// Everything that fails is told to the person here, once, and becomes an exit status; callers pass the status on.
#ifndef TERMINAL_BROKER_H
#define TERMINAL_BROKER_H

#include "ui.h"

// Opens the home for commands and questions.
BB_CHECKED int broker_open(const struct ui *ui, struct bb_client **out);

// Opens it to receive notices. BB_IN_USE is for the caller to handle; nothing is told.
BB_CHECKED enum bb_code broker_follow(const struct ui *ui, bb_event_handler *handler, void *context,
                                      struct bb_client **out);

// Waits for the broker's welcome, up to the time-out. The welcome of an earlier run will do when it stays away;
// NULL, after a complaint, when there never was one.
const Wire__Welcome *broker_welcome(const struct ui *ui, struct bb_client *client);

// Gives a command. With --json the reply is printed. `reply` may be NULL; otherwise it receives the reply, which may be
// none, and is freed by the caller with wire__reply__free_unpacked.
BB_CHECKED int broker_give(const struct ui *ui, struct bb_client *client, Wire__Command *command, Wire__Reply **reply);

// The whole of a small subcommand: opens, gives, says `done`, closes.
BB_CHECKED int broker_do(const struct ui *ui, Wire__Command *command, const char *done);

// Says what a reply's code means, with the broker's own sentence where this program does not know the code, and gives
// the exit status. `reply` may be NULL.
BB_CHECKED int tell_reply(const struct ui *ui, enum bb_code code, const Wire__Reply *reply);

// Puts a question. `*out` has the kind of answer that was expected and is freed with wire__answer__free_unpacked.
BB_CHECKED int broker_ask(const struct ui *ui, struct bb_client *client, const Wire__Query *query,
                          Wire__Answer__WhatCase expected, Wire__Answer **out);

// Puts a question until its last page came. `token` is the query's own page token; `reader` gives the next one.
typedef uint64_t page_reader(void *context, const Wire__Answer *answer);
BB_CHECKED int broker_ask_pages(const struct ui *ui, struct bb_client *client, const Wire__Query *query,
                                Wire__Answer__WhatCase expected, uint64_t *token, page_reader *reader, void *context);

#endif
