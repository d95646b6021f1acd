// SPDX-License-Identifier: MPL-2.0
// What all recorded programs did to their files, in order, and from when on each change was sure to be on the disk.
//
// A change is durable when a sync of its file that began after it has ended; a name (a file that was created, renamed,
// removed) when the same holds for its folder: POSIX promises no more. Knows nothing of what stands in the files.
#ifndef POWERCUT_HISTORY_H
#define POWERCUT_HISTORY_H

#include "record.h"

#include <stdbool.h>
#include <stddef.h>

#define NEVER UINT64_MAX

struct change {
    uint64_t begun_ns, ended_ns, durable_ns;
    enum record_kind kind; // RECORD_WRITE, RECORD_SIZE or RECORD_GROW
    uint64_t offset;
    const uint8_t *data;
    uint32_t data_size;
};

struct sync {
    uint64_t begun_ns, ended_ns;
};

struct file {
    uint64_t inode;
    const char *path; // the last that it had
    bool folder;
    bool live; // until its last name is gone
    struct change *changes;
    size_t changes_count;
    struct sync *syncs;
    size_t syncs_count;
};

// A change of names in a folder.
struct naming {
    uint64_t begun_ns, ended_ns, durable_ns;
    enum record_kind kind;
    char *path, *other;
    struct file *file;
    struct file *folder;
};

struct history {
    struct file **files;
    size_t files_count;
    struct naming *namings;
    size_t namings_count;
    uint64_t begun_ns, ended_ns;
    size_t records_count;
};

// Reads FOLDER/logs/*.log. Ends the process, with a word on standard error, when they make no sense.
void history_load(struct history *history, const char *folder);

// The file that has this name in the end; NULL when there is none.
struct file *history_file(const struct history *history, const char *path);

#endif
