// SPDX-License-Identifier: MPL-2.0
// What the fuzz targets share: reading the input piece by piece, a finding, randomness that repeats, a scratch folder.
//
// A target is one file with LLVMFuzzerTestOneInput (libFuzzer calls it once an input). The same input must do the same
// each time: no clock, no real randomness, nothing left over from the input before. Included by every target.
#ifndef BUURTBEL_FUZZ_H
#define BUURTBEL_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t size_max, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t size_max); // libFuzzer's own

// A promise that this input broke. Ends the process, so that libFuzzer keeps the input.
#define insist(truth) ((truth) ? (void)0 : fuzz_finding(__FILE__, __LINE__, #truth))
_Noreturn void fuzz_finding(const char *file, int line, const char *what);

// libsodium's random bytes come from a counter from here on, and begin anew at each call. Calls sodium_init.
void fuzz_random_from_start(void);

// A folder in memory, made at the first call; tests/fuzz/run removes it. In BUURTBEL_FUZZ_FOLDER, /dev/shm without it.
const char *fuzz_folder(void);
char *fuzz_path(const char *name); // "folder/name", malloc'd
void fuzz_write(const char *path, const void *bytes, size_t size, mode_t mode);

// A copy that ends in NUL, on the heap and no larger than it must be, so that AddressSanitizer sees each step past it.
char *fuzz_text(const uint8_t *bytes, size_t size);

// The input, taken from its front. What is no longer there reads as zeros.
struct feed {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t feed_byte(struct feed *feed)
{
    if (feed->left == 0)
        return 0;
    feed->left--;
    return *feed->at++;
}

static inline uint16_t feed_u16(struct feed *feed)
{
    uint16_t high = feed_byte(feed);
    return (uint16_t)(high << 8 | feed_byte(feed));
}

// At most `size` bytes; how many there were.
static inline size_t feed_bytes(struct feed *feed, size_t size, const uint8_t **out)
{
    size_t taken = size < feed->left ? size : feed->left;
    *out = feed->at;
    feed->at += taken;
    feed->left -= taken;
    return taken;
}

#endif
