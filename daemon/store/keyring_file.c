// SPDX-License-Identifier: MPL-2.0
// Bytes of the keyring's file, see keyring_file.h. Keeps no key longer than its caller's blocks do.
#include "keyring_file.h"

#include "block.h"
#include "file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_SIZE = 32 };
static const uint8_t MAGIC[8] = {'B', 'B', 'K', 'E', 'Y', 'R', 'N', 'G'};

static void make_header(uint8_t block[SLOT_SIZE], uint64_t last)
{
    memset(block, 0, SLOT_SIZE);
    memcpy(block, MAGIC, sizeof MAGIC);
    block_put_number(block + 8, 4, KEYRING_VERSION);
    block_put_number(block + 12, 4, SLOT_SIZE);
    block_put_number(block + 16, 8, last);
    block_stamp(block, SLOT_SIZE);
}

void slot_make(uint8_t block[SLOT_SIZE], uint64_t slot, enum slot_state state, const uint8_t *key)
{
    memset(block, 0, SLOT_SIZE);
    block[0] = (uint8_t)state;
    block_put_number(block + 8, 8, slot);
    if (key)
        memcpy(block + 16, key, KEY_SIZE);
    block_stamp(block, SLOT_SIZE);
}

enum slot_state slot_read(const uint8_t block[SLOT_SIZE], uint64_t slot, const uint8_t **key)
{
    *key = block + 16;
    if (!block_is_sound(block, SLOT_SIZE) || block_get_number(block + 8, 8) != slot)
        return SLOT_DAMAGED;
    return block[0] == SLOT_FILLED || block[0] == SLOT_ERASED ? (enum slot_state)block[0] : SLOT_DAMAGED;
}

static off_t offset_of(uint64_t slot)
{
    return (off_t)(slot * SLOT_SIZE); // the header takes the place of slot 0
}

static enum bb_code write_all(int fd, const uint8_t *bytes, size_t size, off_t offset)
{
    while (size > 0) {
        ssize_t done = pwrite(fd, bytes, size, offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done < 0 && errno == ENOSPC ? BB_STORE_FULL : BB_STORE_IO;
        bytes += done;
        size -= (size_t)done;
        offset += done;
    }
    return BB_OK;
}

static enum bb_code read_all(int fd, uint8_t *bytes, size_t size, off_t offset)
{
    memset(bytes, 0, size);
    while (size > 0) {
        ssize_t done = pread(fd, bytes, size, offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return BB_STORE_IO;
        if (done == 0)
            return BB_OK;
        bytes += done;
        size -= (size_t)done;
        offset += done;
    }
    return BB_OK;
}

enum bb_code keyring_file_read(int fd, uint64_t first, uint8_t (*blocks)[SLOT_SIZE], size_t count)
{
    return read_all(fd, blocks[0], count * SLOT_SIZE, offset_of(first));
}

enum bb_code keyring_file_write(int fd, uint64_t first, uint8_t (*blocks)[SLOT_SIZE], size_t count)
{
    return write_all(fd, blocks[0], count * SLOT_SIZE, offset_of(first));
}

enum bb_code keyring_file_sync(int fd)
{
    return fdatasync(fd) == 0 ? BB_OK : BB_STORE_IO;
}

enum bb_code keyring_file_promise(int fd, uint64_t last)
{
    enum bb_code code = keyring_file_sync(fd);
    uint8_t header[SLOT_SIZE];
    make_header(header, last);
    if (code == BB_OK)
        code = write_all(fd, header, sizeof header, 0);
    return code == BB_OK ? keyring_file_sync(fd) : code;
}

// The header is written under another name first, so that a file that exists always has one.
static enum bb_code create_file(const char *path, const char **problem)
{
    char new_path[PATH_MAX];
    if (snprintf(new_path, sizeof new_path, "%s.new", path) >= (int)sizeof new_path)
        return BB_IO;
    (void)unlink(new_path); // left by a start that was cut short
    int fd = open(new_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        *problem = strerrordesc_np(errno);
        return BB_IO;
    }
    uint8_t header[SLOT_SIZE];
    make_header(header, 0);
    enum bb_code code = write_all(fd, header, sizeof header, 0);
    if (code == BB_OK)
        code = keyring_file_sync(fd);
    close(fd);
    if (code == BB_OK && rename(new_path, path) != 0) {
        *problem = strerrordesc_np(errno);
        code = BB_IO;
    }
    return code;
}

static enum bb_code open_file(const char *path, int *fd, const char **problem)
{
    *fd = open(path, O_RDWR | O_CLOEXEC);
    if (*fd < 0 && errno == ENOENT) {
        enum bb_code code = create_file(path, problem);
        if (code == BB_OK)
            code = file_sync_folder(path);
        if (code != BB_OK)
            return code;
        *fd = open(path, O_RDWR | O_CLOEXEC);
    }
    struct stat stat;
    if (*fd < 0 || fstat(*fd, &stat) != 0) {
        *problem = strerrordesc_np(errno);
        return BB_IO;
    }
    if (!S_ISREG(stat.st_mode)) {
        *problem = "the keyring is not a regular file";
        return BB_IO;
    }
    return (stat.st_mode & (S_IRWXG | S_IRWXO)) == 0 ? BB_OK : BB_OPEN_PERMISSIONS;
}

static enum bb_code read_header(int fd, uint64_t *last, const char **problem)
{
    uint8_t header[SLOT_SIZE];
    enum bb_code code = read_all(fd, header, sizeof header, 0);
    if (code != BB_OK)
        return code;
    if (memcmp(header, MAGIC, sizeof MAGIC) == 0 && block_get_number(header + 8, 4) > KEYRING_VERSION)
        return BB_STORE_NEWER;
    if (memcmp(header, MAGIC, sizeof MAGIC) != 0 || !block_is_sound(header, SLOT_SIZE) ||
        block_get_number(header + 12, 4) != SLOT_SIZE) {
        *problem = "the keyring's header is damaged";
        return BB_STORE_DAMAGED;
    }
    *last = block_get_number(header + 16, 8);
    return BB_OK;
}

enum bb_code keyring_file_open(const char *path, int *fd, uint64_t *last, const char **problem)
{
    enum bb_code code = open_file(path, fd, problem);
    return code == BB_OK ? read_header(*fd, last, problem) : code;
}
