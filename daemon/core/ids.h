// SPDX-License-Identifier: MPL-2.0
// Public ids: opaque 64-bit numbers for what the store keeps by running number.
//
// A keyed permutation (a Feistel network of SipHash rounds) hides how many requests or members there are and keeps
// writes at the right edge of the store's trees. The kind is inside, so an offer's id is never taken for a request's.
#ifndef BUURTBEL_CORE_IDS_H
#define BUURTBEL_CORE_IDS_H

#include <stdbool.h>
#include <stdint.h>

enum { IDS_KEY_SIZE = 16 };

enum id_kind {
    ID_REQUEST = 1,
    ID_OFFER,
    ID_ASKER,
    ID_PARTY,
    ID_MEMBER,
    ID_INVITATION,
    ID_RELEASE,
    ID_CHANNEL,
    ID_LOG,
};

// `number` < 2^56. Number 0 ("none") gives id 0.
uint64_t id_make(const uint8_t key[IDS_KEY_SIZE], enum id_kind kind, uint64_t number);

// False when `id` was not made by this key for this kind.
bool id_open(const uint8_t key[IDS_KEY_SIZE], enum id_kind kind, uint64_t id, uint64_t *number);

#endif
