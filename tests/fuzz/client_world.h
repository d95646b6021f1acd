// SPDX-License-Identifier: MPL-2.0
// A client's session, with its store in memory and a clock that the input turns. For the target of notices.
//
// It answers to nobody's expectations but the session's own promises: what it sends is well-formed, and who was never
// alerted of a request hears no more of it. See client_world.c.
#ifndef BUURTBEL_FUZZ_CLIENT_WORLD_H
#define BUURTBEL_FUZZ_CLIENT_WORLD_H

#include "fuzz.h"

#include "message/arena.h"
#include "session/session.h"

enum { CLIENT_ROWS_MAX = 512, ALERTED_MAX = 512, BOOT = 'b', CHANNEL_KEY = 'k' };
enum { WORLD_EPOCH = 1, WORLD_KEY_ID = 1, RESIDENTS = 7001, MAILBOX = 7002, ME = 501 };

struct client_row {
    uint8_t key[SESSION_KEY_SIZE_MAX];
    size_t key_size;
    uint8_t *value;
    size_t value_size;
};

struct client_world {
    struct session *session;
    struct session_time now;
    struct arena *arena; // what is made for one input
    uint32_t drawn;
    struct client_row rows[CLIENT_ROWS_MAX];
    size_t rows_count;
    uint64_t alerted[ALERTED_MAX]; // requests
    size_t alerted_count;
    bool blind; // rows were changed under it, or are too many: what it says is not held against what it said
    // Of what was sent last, so that an answer can fit.
    uint32_t correlations[16]; // by Wire__FromClient__BodyCase
    uint64_t asked_channel;
    ProtobufCBinaryData command_id;
};

void world_open(struct client_world *world);
void world_close(struct client_world *world);
void world_drain(struct client_world *world);

// The process ends here and now; the next one begins with what was saved.
void world_restart(struct client_world *world);
void world_pass(struct client_world *world, int64_t ms);

#endif
