// SPDX-License-Identifier: MPL-2.0
// What the files of the client share. Included by client*.c only.
//
// client.c: open, close, process. client_calls.c: commands, queries and their handlers, and what the store holds.
// client_lost.c: commands that the broker lost. client_seal.c: sealing with this member's keys.
#ifndef BUURTBEL_CLIENT_INSIDE_H
#define BUURTBEL_CLIENT_INSIDE_H

#include "client.pb-c.h"
#include "client_net.h"
#include "client_store.h"
#include "session/session.h"

enum { ROW_PIN = 'p' }; // member: Pin; beside the rows of the session

// Who waits for an answer.
struct ticket {
    struct ticket *next;
    bb_reply_handler *reply;
    bb_answer_handler *answer;
    void *context;
};

struct bb_client {
    struct identity identity;
    struct client_store *store;
    struct session *session;
    struct client_net net;
    bool follow, saving; // saving: rows wait for their commit
    int follow_lock;     // -1: not held
    int timeout_ms;
    int64_t outbox_read_at_ms;
    bb_event_handler *handler;
    void *context;
    struct ticket *tickets;
    enum bb_code failed; // it cannot go on
};

struct session_time client_now(void);
// Carries out all that the session wants; the code is also kept in `failed`.
BB_CHECKED enum bb_code client_carry_out(struct bb_client *client);
// Only saves; nothing is handed on.
BB_CHECKED enum bb_code client_save(struct bb_client *client);
void client_ticket_reply(struct bb_client *client, struct ticket *ticket, const Wire__Reply *reply);
void client_ticket_answer(struct bb_client *client, struct ticket *ticket, enum bb_code code,
                          const Wire__Answer *answer);
void client_tickets_fini(struct bb_client *client);
// The rows of one kind as the session wants them; `*out` is freed by the caller and points into `rows`.
BB_CHECKED enum bb_code client_rows(struct bb_client *client, uint8_t kind, struct client_rows *rows,
                                    struct session_row **out);

#endif
