// SPDX-License-Identifier: MPL-2.0
// Reads and writes whole small files; see file.h for the promises.
//
// Logs nothing and keeps nothing. errno stays as the failing call left it, for the edge that tells the user.
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum bb_code failure(void)
{
    return errno == ENOENT || errno == ENOTDIR ? BB_NOT_FOUND : BB_IO;
}

static enum bb_code privacy(const struct stat *status)
{
    bool open_to_others = (status->st_mode & (S_IRWXG | S_IRWXO)) != 0;
    return open_to_others || status->st_uid != geteuid() ? BB_OPEN_PERMISSIONS : BB_OK;
}

// Reads until the end or until `room` bytes are there; -1 on an error.
static ssize_t read_up_to(int fd, uint8_t *bytes, size_t room)
{
    size_t size = 0;
    while (size < room) {
        ssize_t count = read(fd, bytes + size, room - size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        if (count == 0)
            break;
        size += (size_t)count;
    }
    return (ssize_t)size;
}

// One byte more than the limit is asked for, so that a file that grows meanwhile is not cut off in silence.
static enum bb_code read_all(int fd, size_t size_max, uint8_t **out, size_t *size)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return BB_IO;
    if ((uintmax_t)status.st_size > size_max)
        return BB_TOO_LARGE;
    size_t room = (size_t)status.st_size + 1;
    uint8_t *bytes = malloc(room + 1);
    if (!bytes)
        return BB_NO_MEMORY;
    ssize_t count = read_up_to(fd, bytes, room);
    if (count < 0 || (size_t)count == room) {
        sodium_memzero(bytes, room);
        free(bytes);
        return BB_IO;
    }
    bytes[count] = '\0';
    *out = bytes;
    *size = (size_t)count;
    return BB_OK;
}

static enum bb_code open_and_read(const char *path, bool must_be_private, size_t size_max, uint8_t **out, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); // a pipe must not make us wait
    if (fd < 0)
        return failure();
    struct stat status;
    enum bb_code code = fstat(fd, &status) == 0 ? BB_OK : BB_IO;
    if (code == BB_OK && must_be_private)
        code = privacy(&status);
    if (code == BB_OK)
        code = read_all(fd, size_max, out, size);
    close(fd);
    return code;
}

enum bb_code file_read(const char *path, size_t size_max, uint8_t **out, size_t *size)
{
    return open_and_read(path, false, size_max, out, size);
}

enum bb_code file_read_private(const char *path, size_t size_max, uint8_t **out, size_t *size)
{
    return open_and_read(path, true, size_max, out, size);
}

enum bb_code file_is_private(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return failure();
    return privacy(&status);
}

static bool write_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = write(fd, bytes, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        bytes += count;
        size -= (size_t)count;
    }
    return true;
}

enum bb_code file_sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) : 0;
    if (slash == path)
        size = 1;
    snprintf(folder, sizeof folder, "%.*s", (int)(slash ? size : 1), slash ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return BB_IO;
    bool synced = fsync(fd) == 0;
    return close(fd) == 0 && synced ? BB_OK : BB_IO;
}

// mkostemp makes the file 0600, so that secrets are never open to others, however wide `mode` is.
enum bb_code file_write_durably(const char *path, const void *bytes, size_t size, mode_t mode)
{
    char temporary[PATH_MAX];
    int path_size = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (path_size < 0 || (size_t)path_size >= sizeof temporary)
        return BB_IO;
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return BB_IO;
    bool written = write_all(fd, bytes, size) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    written = close(fd) == 0 && written;
    if (!written || rename(temporary, path) != 0) {
        int cause = errno;
        unlink(temporary);
        errno = cause;
        return BB_IO;
    }
    return file_sync_folder(path);
}
