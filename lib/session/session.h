// SPDX-License-Identifier: MPL-2.0
// A client's session with its broker, as a pure state machine: connecting, catching up, following, the outbox, queries.
//
// No sockets, files, clock, random numbers, threads or globals: bytes, time and randomness are handed in, actions come
// out. So tests and the simulation run it in virtual time. Called by client.c, which carries the actions out.
//
// After one or more calls that hand something in, take all actions until session_take says false. Order is the promise of this
// file: a row to save is always taken before the event that depends on it, so whoever commits the rows of one run of
// SESSION_SAVE before carrying out the next other action never hands on what is not durable.
#ifndef BUURTBEL_SESSION_H
#define BUURTBEL_SESSION_H

#include "buurtbel.h"
#include "client.pb-c.h"

enum {
    SESSION_KEY_SIZE_MAX = 17,
    SESSION_KNOWN_MAX = 100000, // requests and items held; beyond it the session breaks: a request may not go unseen
    SESSION_QUERIES_MAX = 64,
    SESSION_COMMANDS_SENT_MAX = 64, // under way at once
    HELLO_AGAIN_MS = 5000,
    PING_MS = 10000,
    PING_AFTER_NOTICE_MS = 1000,
    PONG_MISSING_MS = 30000,
    SYNC_AGAIN_MS = 10000,
    SYNC_REFUSED_MS = 30000,
    COMMAND_AGAIN_MS = 5000,
    COMMAND_AGAIN_MAX_MS = 30000,
    BUSY_AGAIN_MS = 500,
    CROWD_JITTER_MS = 3000, // where the cause hits everybody
    GAP_JITTER_MS = 300,
    MARK_IDLE_MS = 1000,
    AWAY_AFTER_MS = 5000, // at the start; later it is told at once
};

struct session;

struct session_time {
    int64_t steady_ms; // more than 0, never runs back; deadlines
    int64_t wall_ms;   // since 1970 by this computer's clock
};

typedef void session_random(void *context, void *bytes, size_t size);

struct session_options {
    bool follow;
    int timeout_ms;
    const char *software; // copied
    session_random *random;
    void *random_context;
};

// The first byte of a row's key tells what it holds; the rest is the number, big-endian.
enum session_row_kind {
    ROW_ACCEPTED = 'a', // command id: AcceptedCommand
    ROW_CURSOR = 'c',   // channel: SavedCursor
    ROW_ITEM = 'i',     // kind, id: KnownItem
    ROW_COMMAND = 'o',  // command id: OutboxRow
    ROW_REQUEST = 'r',  // channel, request: KnownRequest
    ROW_STATE = 's',    // SessionState
};
struct session_row {
    const uint8_t *key;
    size_t key_size;
    const uint8_t *value;
    size_t value_size;
};

enum session_action_kind {
    SESSION_SAVE,        // key, bytes (bytes NULL: delete)
    SESSION_SEND,        // bytes: a frame for the command socket
    SESSION_SUBSCRIBE,   // bytes: a topic
    SESSION_UNSUBSCRIBE, // bytes: a topic
    SESSION_RECONNECT,   // drop the connections and make them again; the session counts as offline already
    SESSION_EVENT,       // event
    SESSION_REPLY,       // ticket, reply
    SESSION_ANSWER,      // ticket, code, answer (NULL unless code is BB_OK)
    SESSION_LOOK_BACK,   // hand in what the store holds of ROW_ACCEPTED: session_look_back
};
struct session_action {
    enum session_action_kind kind;
    enum bb_code code;
    void *ticket;
    uint8_t *bytes;
    size_t size;
    uint8_t key[SESSION_KEY_SIZE_MAX];
    size_t key_size;
    struct bb_event event;
    Wire__Reply *reply;
    Wire__Answer *answer;
    ProtobufCMessage *owned; // what event, reply or answer point to
};

// NULL when out of memory. `rows`: all that earlier runs saved; rows that make no sense are left out and deleted.
struct session *session_create(const struct session_options *options, struct session_time now,
                               const struct session_row *rows, size_t count);
void session_destroy(struct session **session);

// The next action; it belongs to the caller, who ends it with session_action_fini. An event counts as handed on once
// it was taken.
bool session_take(struct session *session, struct session_action *out);
// The same for rows alone: for who must save now, and may hand nothing on yet.
bool session_take_row(struct session *session, struct session_action *out);
void session_action_fini(struct session_action *action);

void session_online(struct session *session, struct session_time now);
// `code`: BB_AWAY or BB_REFUSED_AT_THE_DOOR.
void session_offline(struct session *session, struct session_time now, enum bb_code code);
void session_receive_command_socket(struct session *session, struct session_time now, const uint8_t *bytes,
                                    size_t size);
void session_receive_publish_socket(struct session *session, struct session_time now, const uint8_t *bytes,
                                    size_t size);
void session_tick(struct session *session, struct session_time now);
// The last saves of a run.
void session_finish(struct session *session);

// The steady time at which session_tick wants to be called.
int64_t session_deadline(const struct session *session);

// The ticket comes back once, with SESSION_REPLY or SESSION_ANSWER; it is not looked into. `ticket` may be NULL: then
// nothing comes back. BB_OUTBOX_FULL, BB_TOO_LARGE, BB_NO_MEMORY, the code of a refusal.
BB_CHECKED enum bb_code session_send_command(struct session *session, struct session_time now,
                                             const Wire__Command *command, void *ticket);
// BB_BUSY when too many are under way, BB_TOO_LARGE, BB_NO_MEMORY, the code of a refusal.
BB_CHECKED enum bb_code session_ask(struct session *session, struct session_time now, const Wire__Query *query,
                                    void *ticket);

// What the outbox rows of the store are now; other processes use it too. Takes in rows given more than COMMAND_AGAIN_MS
// ago that are not known, forgets commands without a ticket whose rows are gone.
void session_outbox_reread(struct session *session, struct session_time now, const struct session_row *rows,
                           size_t count);

// What the rows of accepted commands are now, in the order of their keys; other processes use them too. Prunes them, and
// tells of those that the history of the last welcome does not hold.
void session_look_back(struct session *session, struct session_time now, const struct session_row *rows, size_t count);

// What such a row says, for a person.
void accepted_show(const Client__AcceptedCommand *row, struct bb_lost *out);

bool session_connected(const struct session *session);
bool session_complete(const struct session *session);
const Wire__Welcome *session_welcome(const struct session *session);
int64_t session_now_ms(const struct session *session, int64_t wall_ms);
size_t session_outbox_count(const struct session *session);
uint64_t session_dropped(const struct session *session); // messages that made no sense
// Not BB_OK: it cannot go on (BB_NO_MEMORY, BB_TOO_MUCH_HELD), or the broker ended this member's access (BB_MEMBER_REVOKED).
enum bb_code session_broken(const struct session *session);

#endif
