// SPDX-License-Identifier: MPL-2.0
// The encryption of class channels: a batch of notices under the channel's key of the moment (XChaCha20-Poly1305).
//
// Where a notice came from and stands (boot, epoch, channel, numbers, key id) is bound as additional data, so that no
// box can be moved to another place. Who may have a key is the daemon's business. Nonces are handed in.
#ifndef BUURTBEL_NOTICE_BOX_H
#define BUURTBEL_NOTICE_BOX_H

#include "codes.h"
#include "message/arena.h"

#include <stddef.h>
#include <stdint.h>

enum { NOTICE_BOX_KEY_SIZE = 32, NOTICE_BOX_NONCE_SIZE = 24, NOTICE_BOX_OVERHEAD_SIZE = 16, BOOT_ID_SIZE = 16 };

struct notice_box_header {
    uint8_t boot[BOOT_ID_SIZE];
    uint32_t epoch;
    uint64_t channel; // public id
    uint64_t first;   // number of the first notice in the box
    uint64_t head;    // number of the channel's last notice
    uint32_t key_id;
};

// `*out` lies in the arena. A nonce must never be used twice with one key: take 24 random bytes. BB_NO_MEMORY.
BB_CHECKED enum bb_code notice_box_seal(const struct notice_box_header *header, const uint8_t key[NOTICE_BOX_KEY_SIZE],
                                        const uint8_t nonce[NOTICE_BOX_NONCE_SIZE], const uint8_t *plain,
                                        size_t plain_size, struct arena *arena, uint8_t **out, size_t *out_size);

// BB_CANNOT_OPEN for another key or header, or a box that was changed. BB_NO_MEMORY.
BB_CHECKED enum bb_code notice_box_open(const struct notice_box_header *header, const uint8_t key[NOTICE_BOX_KEY_SIZE],
                                        const uint8_t nonce[NOTICE_BOX_NONCE_SIZE], const uint8_t *box, size_t box_size,
                                        struct arena *arena, uint8_t **out, size_t *out_size);

#endif
