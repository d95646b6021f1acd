// SPDX-License-Identifier: MPL-2.0
// What goes out on the publish socket: the class channels with their keys and heads, publications and beacons.
//
// Pure: no socket, clock or randomness; it yields frames for the loop to send. A channel key lives in this memory only
// and is handed out in a Welcome; renewing it is how somebody who was suspended stops receiving.
#ifndef BUURTBELD_PUBLISHER_H
#define BUURTBELD_PUBLISHER_H

#include "codes.h"
#include "seal/notice_box.h"
#include "wire.pb-c.h"

#include <stddef.h>
#include <stdint.h>

enum { TOPIC_SIZE_MAX = 64 };

struct published_channel {
    uint64_t channel; // number
    uint64_t id;      // public
    char topic[TOPIC_SIZE_MAX];
    uint64_t head;
    uint32_t key_id;
    uint8_t key[NOTICE_BOX_KEY_SIZE];
    int64_t noticed_at_ms; // when the last notice went out
    int64_t beacon_due_at_ms;
    uint32_t beacons_sent; // since the last notice
};

struct publisher;

BB_CHECKED enum bb_code publisher_create(const uint8_t boot[BOOT_ID_SIZE], uint32_t epoch, struct publisher **out);
void publisher_destroy(struct publisher **publisher); // wipes the keys

// `key`: 32 fresh random bytes. BB_TOO_LONG (topic), BB_NO_MEMORY.
BB_CHECKED enum bb_code publisher_add(struct publisher *publisher, uint64_t channel, uint64_t id, const char *topic,
                                      uint64_t head, const uint8_t key[NOTICE_BOX_KEY_SIZE], int64_t now_ms);

// NULL for a channel that was never added. Borrowed until the next add.
const struct published_channel *publisher_find(const struct publisher *publisher, uint64_t channel);

// From now on the channel's boxes are encrypted under `key`; a beacon tells of it at once.
void publisher_rekey(struct publisher *publisher, uint64_t channel, const uint8_t key[NOTICE_BOX_KEY_SIZE],
                     int64_t now_ms);

// One frame (version byte and Published) with notices first .. first + count of the batch; the loop calls it until all
// are out. `nonce`: fresh random bytes. `*taken` tells how many notices fitted. The frame lies in `arena`.
BB_CHECKED enum bb_code publisher_pack(struct publisher *publisher, uint64_t channel, const Wire__Batch *batch,
                                       size_t first, const uint8_t nonce[NOTICE_BOX_NONCE_SIZE], int64_t now_ms,
                                       struct arena *arena, uint8_t **frame, size_t *frame_size, size_t *taken);

// When the next beacon is due; INT64_MAX without channels.
int64_t publisher_deadline_ms(const struct publisher *publisher);

// The next beacon that is due at `now_ms`; NULL in `*channel` when there is none.
BB_CHECKED enum bb_code publisher_beacon(struct publisher *publisher, int64_t now_ms, struct arena *arena,
                                         const struct published_channel **channel, uint8_t **frame, size_t *frame_size);

#endif
