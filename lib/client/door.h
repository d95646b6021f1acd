// SPDX-License-Identifier: MPL-2.0
// One connection to a broker's command socket that can tell whether the door opened: for enrolment, which happens
// before there is a client.
//
// Messages in, messages out, with an end to the wait. What they mean is enrol.c's to know.
#ifndef BUURTBEL_DOOR_H
#define BUURTBEL_DOOR_H

#include "codes.h"
#include "message/arena.h"
#include "seal/identity.h"
#include "wire.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

struct door {
    void *zmq_context, *socket, *monitor;
    bool opened; // the broker let us in at least once
};

// Begins to connect; does not wait. BB_BAD_VALUE for an endpoint that is none, BB_NO_MEMORY, BB_IO.
BB_CHECKED enum bb_code door_open(struct door *door, const char *endpoint, const uint8_t server_key[KEY_SIZE],
                                  const struct key_pair *own);
void door_close(struct door *door);

int64_t door_clock_ms(void); // steady; for deadlines

// Sends `request` again and again until the answer with its correlation comes, which lies in `arena`; answers to
// earlier requests are skipped. BB_REFUSED_AT_THE_DOOR when the key is not let in; at `deadline_ms` BB_AWAY when it was
// never let in, else BB_TIMED_OUT. `*sent` counts.
BB_CHECKED enum bb_code door_ask(struct door *door, const Wire__FromClient *request, int64_t deadline_ms,
                                 struct arena *arena, Wire__FromBroker **answer, unsigned *sent);

#endif
