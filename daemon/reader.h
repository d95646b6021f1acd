// SPDX-License-Identifier: MPL-2.0
// The reader: answers queries and catch-ups on read-only transactions, in a thread of its own.
//
// The loop hands it whole frames with the member that the transport vouched for, and sends what comes back. Its
// queue is bounded: beyond READER_QUEUE_MAX the loop says BUSY.
#ifndef BUURTBELD_READER_H
#define BUURTBELD_READER_H

#include "node/answer.h"
#include "turn/sessions.h"

#include <czmq.h>

struct reader;

// Returns when the thread is ready. `answerer` is copied.
BB_CHECKED enum bb_code reader_create(const struct answerer *answerer, struct reader **out);
void reader_destroy(struct reader **reader);

// Hands over one frame. BB_BUSY when too many wait.
BB_CHECKED enum bb_code reader_ask(struct reader *reader, const struct routing_id *route, uint64_t member,
                                   const uint8_t *frame, size_t frame_size);

// The socket that is readable when answers are there.
zsock_t *reader_socket(struct reader *reader);

// Takes one answer, without waiting: route and a frame that the caller closes. false when there is none.
bool reader_take(struct reader *reader, struct routing_id *route, zmq_msg_t *frame);

#endif
