// SPDX-License-Identifier: MPL-2.0
// One line of a recording: what a program did to a file below the recorded folder. Written by recorder.c, one log a
// process; read by history.c, which puts the logs of all processes together. Both run on the same computer.
//
// A record is this header, then the path, the other path (without NULs), then the bytes that were written.
#ifndef POWERCUT_RECORD_H
#define POWERCUT_RECORD_H

#include <stdint.h>

enum record_kind {
    RECORD_ROOT = 1, // `file` is the recorded folder itself
    RECORD_CREATE,   // `path` came to be, and is `file`
    RECORD_MKDIR,    // likewise, a folder
    RECORD_WRITE,    // `data_size` bytes at `offset` of `file`
    RECORD_SIZE,     // `file` is now `offset` bytes long
    RECORD_GROW,     // `file` is now at least `offset` bytes long
    RECORD_SYNC,     // all of `file`, a file or a folder
    RECORD_RENAME,   // `path` to `other`
    RECORD_LINK,
    RECORD_UNLINK,
};

struct record {
    uint64_t begun_ns, ended_ns; // CLOCK_MONOTONIC, around the call
    uint64_t file;               // inode number, 0 where there is none
    uint64_t offset;
    uint32_t data_size;
    uint16_t path_size, other_size;
    uint8_t kind;
    uint8_t is_synced; // a write through a descriptor opened with O_DSYNC
    uint8_t pad[6];
};

#endif
