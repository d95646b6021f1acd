// SPDX-License-Identifier: MPL-2.0
// The copy is made under another name and gets its own only when it is whole and on disk; see keyring_copy.h. The header
// is read first: slots that are promised are never moved, so the copy is one of that moment or newer.
#include "keyring_copy.h"

#include "file/file.h"
#include "keyring_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BATCH_SLOTS = 128 };

static enum bb_code copy_batch(int from, int to, uint64_t first, size_t count)
{
    uint8_t blocks[BATCH_SLOTS][SLOT_SIZE];
    const uint8_t *key;
    enum bb_code code = keyring_file_read(from, first, blocks, count);
    for (size_t i = 0; code == BB_OK && i < count; i++) {
        if (slot_read(blocks[i], first + i, &key) == SLOT_DAMAGED)
            code = BB_STORE_DAMAGED;
    }
    if (code == BB_OK && to >= 0)
        code = keyring_file_write(to, first, blocks, count);
    sodium_memzero(blocks, sizeof blocks);
    return code;
}

// With `to` -1 the slots are only looked at.
static enum bb_code copy_slots(int from, int to, uint64_t last)
{
    enum bb_code code = BB_OK;
    for (uint64_t first = 1; code == BB_OK && first <= last; first += BATCH_SLOTS) {
        uint64_t left = last - first + 1;
        code = copy_batch(from, to, first, left < BATCH_SLOTS ? (size_t)left : BATCH_SLOTS);
    }
    return code;
}

static enum bb_code write_copy(int from, const char *path, uint64_t last)
{
    (void)unlink(path); // left by a copy that was cut short
    int to = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to < 0)
        return BB_IO;
    enum bb_code code = copy_slots(from, to, last);
    if (code == BB_OK)
        code = keyring_file_promise(to, last);
    if (code == BB_OK)
        code = copy_slots(to, -1, last);
    close(to);
    return code;
}

enum bb_code keyring_copy(const char *from, const char *to, uint64_t *slots, const char **problem)
{
    char path[PATH_MAX];
    int fd = -1;
    *problem = NULL;
    if (access(from, F_OK) != 0)
        return BB_NOT_FOUND;
    if (snprintf(path, sizeof path, "%s.new", to) >= (int)sizeof path)
        return BB_IO;
    enum bb_code code = keyring_file_open(from, &fd, slots, problem);
    if (code == BB_OK)
        code = write_copy(fd, path, *slots);
    if (code == BB_OK && renameat2(AT_FDCWD, path, AT_FDCWD, to, RENAME_NOREPLACE) != 0)
        code = BB_IO;
    if (code == BB_IO && *problem == NULL)
        *problem = strerrordesc_np(errno);
    if (code == BB_OK)
        code = file_sync_folder(to);
    else
        (void)unlink(path);
    if (fd >= 0)
        close(fd);
    return code;
}
