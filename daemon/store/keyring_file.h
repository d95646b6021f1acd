// SPDX-License-Identifier: MPL-2.0
// The keyring's file: its layout, and reading and writing it. Used by keyring.c only.
//
// A header, then slots of the same size, each within one sector of the disk. Numbers are big-endian.
//   header  "BBKEYRNG", u32 version, u32 slot size, u64 number of the last promised slot, zeros, checksum at 48
//   slot    u8 state (1 filled, 2 erased), 7 zeros, u64 its number, 32 bytes key (zeros when erased), checksum at 48
// The checksum is BLAKE2b-16 of the 48 bytes before it. Slots past the last promised one are what a cut-short fill left
// behind: nobody got them, and the next fill writes over them. A bad slot below it is damage and stays visible.
// To change the layout, raise KEYRING_VERSION and keep reading the old one.
#ifndef BUURTBEL_KEYRING_FILE_H
#define BUURTBEL_KEYRING_FILE_H

#include "codes.h"

#include <stddef.h>
#include <stdint.h>

enum { KEYRING_VERSION = 1, SLOT_SIZE = 64 };

enum slot_state { SLOT_DAMAGED, SLOT_FILLED, SLOT_ERASED };

// `key` may be NULL: zeros.
void slot_make(uint8_t block[SLOT_SIZE], uint64_t slot, enum slot_state state, const uint8_t *key);
// `*key` points into the block.
enum slot_state slot_read(const uint8_t block[SLOT_SIZE], uint64_t slot, const uint8_t **key);

// Opens or creates the file and reads its header. `*fd` is the caller's to close, also on failure when it is not -1.
BB_CHECKED enum bb_code keyring_file_open(const char *path, int *fd, uint64_t *last, const char **problem);

// `count` slots from number `first` on. What the file does not hold reads as zeros, which is a damaged slot.
BB_CHECKED enum bb_code keyring_file_read(int fd, uint64_t first, uint8_t (*blocks)[SLOT_SIZE], size_t count);
BB_CHECKED enum bb_code keyring_file_write(int fd, uint64_t first, uint8_t (*blocks)[SLOT_SIZE], size_t count);
BB_CHECKED enum bb_code keyring_file_sync(int fd);

// Syncs the slots, then writes and syncs a header that promises all up to `last`, in this order.
BB_CHECKED enum bb_code keyring_file_promise(int fd, uint64_t last);

#endif
