// SPDX-License-Identifier: MPL-2.0
// A library for LD_PRELOAD that writes down what a program does to files below $POWERCUT_ROOT, and when, into a log of
// its own in $POWERCUT_LOG; record.h has the format. So a program's real writes and syncs can be played back up to any
// moment. Must not change what a call does, except that syncs take $POWERCUT_SYNC_US longer, as those of a disk would.
//
// Only calls that end well are written down. What stdio writes is not seen when it happens: such a file is written down
// whole when it is synced, which fdopen announces. Memory that is mapped for writing is not seen at all: LMDB's lock
// files, which mean nothing after a power cut.
#include "record.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { FILES_MAX = 65536, STDIO_FILE_SIZE_MAX = 1 << 20, PARTS_MAX = 1024 };
enum { WATCHED = 1, THROUGH_STDIO = 2 };

static _Atomic uint8_t watched[FILES_MAX]; // by descriptor
static char root[PATH_MAX];
static size_t root_size;
static int log_fd = -1;
static useconds_t sync_us;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

// A recording that lacks something proves nothing.
static void give_up(const char *why)
{
    dprintf(2, "powercut recorder: %s\n", why);
    abort();
}

static uint64_t inode_of(int fd)
{
    struct stat stat;
    return fstat(fd, &stat) == 0 ? stat.st_ino : 0;
}

// O_APPEND and one call: the records of several threads never mix.
static void put(struct record record, const char *path, const char *other, const struct iovec *data, int count)
{
    if (count > PARTS_MAX)
        give_up("too many parts in one writev");
    int saved = errno;
    struct iovec parts[PARTS_MAX + 3];
    record.ended_ns = clock_ns();
    record.path_size = path ? (uint16_t)strlen(path) : 0;
    record.other_size = other ? (uint16_t)strlen(other) : 0;
    parts[0] = (struct iovec){&record, sizeof record};
    parts[1] = (struct iovec){(char *)path, record.path_size};
    parts[2] = (struct iovec){(char *)other, record.other_size};
    size_t size = sizeof record + record.path_size + record.other_size, left = record.data_size;
    int used = 3;
    for (int i = 0; i < count && left > 0; i++, used++) { // a write may have been cut short
        size_t part = data[i].iov_len < left ? data[i].iov_len : left;
        parts[used] = (struct iovec){data[i].iov_base, part};
        left -= part;
        size += part;
    }
    if (syscall(SYS_writev, log_fd, parts, used) != (long)size)
        give_up("the log cannot be written");
    errno = saved;
}

__attribute__((constructor)) static void begin(void)
{
    const char *folder = getenv("POWERCUT_ROOT"), *logs = getenv("POWERCUT_LOG"), *us = getenv("POWERCUT_SYNC_US");
    char path[PATH_MAX];
    struct stat stat_of_root;
    if (!folder || !logs)
        return;
    if (!realpath(folder, root) || stat(root, &stat_of_root) != 0)
        give_up("$POWERCUT_ROOT is not there");
    snprintf(path, sizeof path, "%s/%d.log", logs, (int)getpid());
    log_fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0)
        give_up("$POWERCUT_LOG cannot be written to");
    root_size = strlen(root);
    sync_us = us ? (useconds_t)atoi(us) : 0;
    put((struct record){.begun_ns = clock_ns(), .kind = RECORD_ROOT, .file = stat_of_root.st_ino}, NULL, NULL, NULL, 0);
}

// The part of `path` below the root; NULL when it is elsewhere.
static const char *below(const char *path)
{
    if (log_fd < 0 || strncmp(path, root, root_size) != 0 || path[root_size] != '/')
        return NULL;
    return path + root_size + 1;
}

static bool path_of(int fd, char out[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, out, PATH_MAX - 1);
    out[size > 0 ? size : 0] = '\0';
    return size > 0;
}

static const char *absolute(int folder, const char *path, char out[PATH_MAX])
{
    char from[PATH_MAX];
    if (path[0] == '/')
        return path;
    bool known = folder == AT_FDCWD ? getcwd(from, sizeof from) != NULL : path_of(folder, from);
    if (!known || snprintf(out, PATH_MAX, "%s/%s", from, path) >= PATH_MAX)
        give_up("a name that it cannot follow");
    return out;
}

static void opened(int fd, uint64_t begun_ns, int flags, bool was_there)
{
    char path[PATH_MAX];
    if (log_fd < 0 || fd < 0)
        return;
    if (fd >= FILES_MAX)
        give_up("more descriptors than it knows");
    int saved = errno;
    (void)path_of(fd, path);
    const char *name = below(path);
    watched[fd] = name || strcmp(path, root) == 0 ? WATCHED : 0;
    if (name && (flags & O_CREAT) && !was_there)
        put((struct record){.begun_ns = begun_ns, .kind = RECORD_CREATE, .file = inode_of(fd)}, name, NULL, NULL, 0);
    else if (name && (flags & O_TRUNC))
        put((struct record){.begun_ns = begun_ns, .kind = RECORD_SIZE, .file = inode_of(fd)}, NULL, NULL, NULL, 0);
    errno = saved;
}

static int open_at(int folder, const char *path, int flags, mode_t mode)
{
    struct stat stat;
    uint64_t begun_ns = clock_ns();
    int saved = errno;
    bool was_there = !(flags & O_CREAT) || fstatat(folder, path, &stat, 0) == 0;
    errno = saved;
    int fd = (int)syscall(SYS_openat, folder, path, flags, mode);
    opened(fd, begun_ns, flags, was_there);
    return fd;
}

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) \
    { \
        va_list arguments; \
        va_start(arguments, flags); \
        mode_t mode = mode_of(flags, arguments); \
        va_end(arguments); \
        return open_at(AT_FDCWD, path, flags, mode); \
    }
#define OPENAT(name) \
    int name(int folder, const char *path, int flags, ...) \
    { \
        va_list arguments; \
        va_start(arguments, flags); \
        mode_t mode = mode_of(flags, arguments); \
        va_end(arguments); \
        return open_at(folder, path, flags, mode); \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int creat(const char *path, mode_t mode)
{
    return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int mkostemp(char *path, int flags)
{
    uint64_t begun_ns = clock_ns();
    int fd = REAL(mkostemp)(path, flags);
    opened(fd, begun_ns, O_CREAT, false);
    return fd;
}

FILE *fdopen(int fd, const char *mode)
{
    if (fd >= 0 && fd < FILES_MAX && watched[fd])
        watched[fd] |= THROUGH_STDIO;
    return REAL(fdopen)(fd, mode);
}

int close(int fd)
{
    if (fd >= 0 && fd < FILES_MAX)
        watched[fd] = 0;
    return (int)syscall(SYS_close, fd);
}

static bool is_watched(int fd)
{
    return log_fd >= 0 && fd >= 0 && fd < FILES_MAX && watched[fd];
}

#define DUPLICATE(name, declared, given) \
    int name declared \
    { \
        if (is_watched(fd)) \
            give_up("a descriptor that it watches is duplicated"); \
        return REAL(name) given; \
    }
DUPLICATE(dup, (int fd), (fd))
DUPLICATE(dup2, (int fd, int other), (fd, other))
DUPLICATE(dup3, (int fd, int other, int flags), (fd, other, flags))

static bool is_synced(int fd)
{
    return (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
}

static off_t position(int fd)
{
    return fcntl(fd, F_GETFL) & O_APPEND ? lseek(fd, 0, SEEK_END) : lseek(fd, 0, SEEK_CUR);
}

static ssize_t wrote(int fd, uint64_t begun_ns, off_t offset, const struct iovec *parts, int count, ssize_t size)
{
    if (size <= 0)
        return size;
    struct record record = {.begun_ns = begun_ns,
                            .kind = RECORD_WRITE,
                            .file = inode_of(fd),
                            .offset = (uint64_t)offset,
                            .data_size = (uint32_t)size,
                            .is_synced = is_synced(fd)};
    if (record.is_synced && sync_us)
        usleep(sync_us);
    put(record, NULL, NULL, parts, count);
    return size;
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    if (!is_watched(fd))
        return syscall(SYS_write, fd, bytes, size);
    struct iovec part = {(void *)bytes, size};
    off_t offset = position(fd);
    uint64_t begun_ns = clock_ns();
    return wrote(fd, begun_ns, offset, &part, 1, syscall(SYS_write, fd, bytes, size));
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    if (!is_watched(fd))
        return syscall(SYS_writev, fd, parts, count);
    off_t offset = position(fd);
    uint64_t begun_ns = clock_ns();
    return wrote(fd, begun_ns, offset, parts, count, syscall(SYS_writev, fd, parts, count));
}

#define PWRITE(name) \
    ssize_t name(int fd, const void *bytes, size_t size, off_t offset) \
    { \
        if (!is_watched(fd)) \
            return syscall(SYS_pwrite64, fd, bytes, size, offset); \
        struct iovec part = {(void *)bytes, size}; \
        uint64_t begun_ns = clock_ns(); \
        return wrote(fd, begun_ns, offset, &part, 1, syscall(SYS_pwrite64, fd, bytes, size, offset)); \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define PWRITEV(name) \
    ssize_t name(int fd, const struct iovec *parts, int count, off_t offset) \
    { \
        uint64_t begun_ns = clock_ns(); \
        ssize_t size = syscall(SYS_pwritev, fd, parts, count, offset, 0); \
        return is_watched(fd) ? wrote(fd, begun_ns, offset, parts, count, size) : size; \
    }
PWRITEV(pwritev)
PWRITEV(pwritev64)

static void sized(int fd, uint64_t begun_ns, enum record_kind kind, off_t size)
{
    put((struct record){.begun_ns = begun_ns, .kind = (uint8_t)kind, .file = inode_of(fd), .offset = (uint64_t)size},
        NULL, NULL, NULL, 0);
}

#define FTRUNCATE(name) \
    int name(int fd, off_t size) \
    { \
        uint64_t begun_ns = clock_ns(); \
        int rc = (int)syscall(SYS_ftruncate, fd, size); \
        if (rc == 0 && is_watched(fd)) \
            sized(fd, begun_ns, RECORD_SIZE, size); \
        return rc; \
    }
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

#define FALLOCATE(name) \
    int name(int fd, off_t offset, off_t size) \
    { \
        uint64_t begun_ns = clock_ns(); \
        int rc = REAL(name)(fd, offset, size); \
        if (rc == 0 && is_watched(fd)) \
            sized(fd, begun_ns, RECORD_GROW, offset + size); \
        return rc; \
    }
FALLOCATE(posix_fallocate)
FALLOCATE(posix_fallocate64)

static void write_down_whole(int fd)
{
    static char bytes[STDIO_FILE_SIZE_MAX];
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    ssize_t size = again >= 0 ? pread(again, bytes, sizeof bytes, 0) : -1;
    if (size < 0 || size == (ssize_t)sizeof bytes)
        give_up("a file that stdio writes cannot be read");
    syscall(SYS_close, again);
    struct iovec part = {bytes, (size_t)size};
    (void)wrote(fd, clock_ns(), 0, &part, 1, size);
}

static int sync_file(int fd, long number)
{
    if (!is_watched(fd))
        return (int)syscall(number, fd);
    if (watched[fd] & THROUGH_STDIO)
        write_down_whole(fd);
    uint64_t begun_ns = clock_ns();
    int rc = (int)syscall(number, fd);
    if (rc == 0 && sync_us)
        usleep(sync_us);
    if (rc == 0)
        put((struct record){.begun_ns = begun_ns, .kind = RECORD_SYNC, .file = inode_of(fd)}, NULL, NULL, NULL, 0);
    return rc;
}

int fsync(int fd)
{
    return sync_file(fd, SYS_fsync);
}

int fdatasync(int fd)
{
    return sync_file(fd, SYS_fdatasync);
}

static void named(uint64_t begun_ns, enum record_kind kind, const char *path, const char *other)
{
    const char *name = below(path), *other_name = other ? below(other) : NULL;
    struct stat stat_of_folder = {0};
    if (other && (name == NULL) != (other_name == NULL))
        give_up("a name goes out of the recorded folder, or into it");
    if (name && kind == RECORD_MKDIR && stat(path, &stat_of_folder) != 0)
        give_up("a folder is gone at once");
    if (name)
        put((struct record){.begun_ns = begun_ns, .kind = (uint8_t)kind, .file = stat_of_folder.st_ino}, name,
            other_name, NULL, 0);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
    char whole[PATH_MAX];
    uint64_t begun_ns = clock_ns();
    int rc = (int)syscall(SYS_mkdirat, folder, path, mode);
    if (rc == 0 && log_fd >= 0)
        named(begun_ns, RECORD_MKDIR, absolute(folder, path, whole), NULL);
    return rc;
}

int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

int renameat(int from, const char *path, int to, const char *other)
{
    char whole[PATH_MAX], other_whole[PATH_MAX];
    uint64_t begun_ns = clock_ns();
    int rc = (int)syscall(SYS_renameat2, from, path, to, other, 0);
    if (rc == 0 && log_fd >= 0)
        named(begun_ns, RECORD_RENAME, absolute(from, path, whole), absolute(to, other, other_whole));
    return rc;
}

int rename(const char *path, const char *other)
{
    return renameat(AT_FDCWD, path, AT_FDCWD, other);
}

int linkat(int from, const char *path, int to, const char *other, int flags)
{
    char whole[PATH_MAX], other_whole[PATH_MAX];
    uint64_t begun_ns = clock_ns();
    int rc = (int)syscall(SYS_linkat, from, path, to, other, flags);
    if (rc == 0 && log_fd >= 0)
        named(begun_ns, RECORD_LINK, absolute(from, path, whole), absolute(to, other, other_whole));
    return rc;
}

int link(const char *path, const char *other)
{
    return linkat(AT_FDCWD, path, AT_FDCWD, other, 0);
}

int unlinkat(int folder, const char *path, int flags)
{
    char whole[PATH_MAX];
    uint64_t begun_ns = clock_ns();
    int rc = (int)syscall(SYS_unlinkat, folder, path, flags);
    if (rc == 0 && log_fd >= 0)
        named(begun_ns, RECORD_UNLINK, absolute(folder, path, whole), NULL);
    return rc;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int fclose(FILE *file)
{
    int fd = fileno(file);
    if (fd >= 0 && fd < FILES_MAX)
        watched[fd] = 0;
    return REAL(fclose)(file);
}

// What the programs do not call today must not go by unseen.
int fallocate(int fd, int mode, off_t offset, off_t size)
{
    if (is_watched(fd))
        give_up("fallocate is not written down");
    return (int)syscall(SYS_fallocate, fd, mode, offset, size);
}

int truncate(const char *path, off_t size)
{
    char whole[PATH_MAX];
    if (log_fd >= 0 && below(absolute(AT_FDCWD, path, whole)))
        give_up("truncate is not written down");
    return (int)syscall(SYS_truncate, path, size);
}
