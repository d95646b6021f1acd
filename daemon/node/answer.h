// SPDX-License-Identifier: MPL-2.0
// Answers to queries and catch-ups: a question's frame in, an answer's frame out, on one read-only transaction.
//
// Rights are checked in the same transaction as the data. No socket or thread: the reader calls it in its thread, the
// simulation where it likes.
#ifndef BUURTBELD_ANSWER_H
#define BUURTBELD_ANSWER_H

#include "clock.h"
#include "store/keyring.h"
#include "store/store.h"
#include "watch/metrics.h"

// All borrowed.
struct answerer {
    struct clock clock;
    struct store *store;
    const struct keyring *keyring;
    struct metrics *metrics;
    const uint8_t *ids_key;
    uint32_t epoch;
    int64_t started_at_ms;
};

// `member`: whom the transport vouches for. The answer, or a refusal as a frame, lies in `arena`, which is reset first.
// Anything but BB_OK: there is nothing to send.
BB_CHECKED enum bb_code answer_make(const struct answerer *answerer, uint64_t member, const uint8_t *question,
                                    size_t question_size, struct arena *arena, uint8_t **frame, size_t *frame_size);

#endif
