// SPDX-License-Identifier: MPL-2.0
// Preloaded into a program under test: makes calls on files fail as $FAULT_CONTROL says (control.h), and moves its wall
// clock. Only files below $FAULT_PATH count. Also catches what LMDB calls from its own library. Used by driver.py.
#include "control.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static struct fault_control *control;
static const char *below;

// What stands behind us: the C library, or a sanitizer's wrapper of it.
#define NEXT(name) \
    static __typeof__(&name) next; \
    if (!next) \
    *(void **)&next = dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void attach(void)
{
    const char *path = getenv("FAULT_CONTROL");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *page = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    below = getenv("FAULT_PATH");
    control = page == MAP_FAILED ? NULL : page;
}

static bool is_below(const char *path)
{
    return below && strncmp(path, below, strlen(below)) == 0;
}

static bool is_file_below(int fd)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0)
        return false;
    path[size] = '\0';
    return is_below(path);
}

// Keeps errno for a call that goes on.
static bool fails(enum fault_call call, int fd)
{
    int before = errno;
    bool fails = control && control->calls & 1u << call && is_file_below(fd) && fault_counts(control, call);
    errno = fails ? (int)control->error : before;
    return fails;
}

static bool fails_at(enum fault_call call, int folder, const char *path)
{
    bool here = path[0] == '/' ? is_below(path) : folder == AT_FDCWD || is_file_below(folder);
    if (!here || !fault_counts(control, call))
        return false;
    errno = (int)control->error;
    return true;
}

// ---------------------------------------------------------------- writing

// On a full disk what is there already can still be written over.
static bool growth_fails(enum fault_call call, int fd, size_t size, off_t offset)
{
    struct stat stat;
    if (!control || !(control->calls & 1u << call))
        return false;
    if (control->growing && (fstat(fd, &stat) != 0 || offset + (off_t)size <= stat.st_size))
        return false;
    return fails(call, fd);
}

static off_t place_of(int fd)
{
    off_t place = lseek(fd, 0, SEEK_CUR);
    return place < 0 ? 0 : place;
}

static ssize_t cut(int fd, const void *bytes, size_t size, off_t offset)
{
    NEXT(pwrite);
    return size > 1 ? next(fd, bytes, size / 2, offset) : 0;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    NEXT(pwrite);
    if (growth_fails(FAULT_WRITE, fd, size, offset))
        return control->error ? -1 : cut(fd, bytes, size, offset);
    return next(fd, bytes, size, offset);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    NEXT(write);
    if (growth_fails(FAULT_WRITE, fd, size, place_of(fd)))
        return control->error ? -1 : next(fd, bytes, size / 2);
    return next(fd, bytes, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    NEXT(writev);
    size_t size = 0;
    for (int i = 0; i < count; i++)
        size += parts[i].iov_len;
    if (growth_fails(FAULT_WRITE, fd, size, place_of(fd)))
        return control->error ? -1 : next(fd, parts, count > 1 ? count / 2 : 0);
    return next(fd, parts, count);
}

int fsync(int fd)
{
    NEXT(fsync);
    return fails(FAULT_SYNC, fd) ? -1 : next(fd);
}

int fdatasync(int fd)
{
    NEXT(fdatasync);
    return fails(FAULT_SYNC, fd) ? -1 : next(fd);
}

int ftruncate(int fd, off_t size)
{
    NEXT(ftruncate);
    return fails(FAULT_TRUNCATE, fd) ? -1 : next(fd, size);
}

int posix_fallocate(int fd, off_t offset, off_t size)
{
    NEXT(posix_fallocate);
    return growth_fails(FAULT_ALLOCATE, fd, (size_t)size, offset) ? errno : next(fd, offset, size);
}

int rename(const char *from, const char *to)
{
    NEXT(rename);
    return fails_at(FAULT_RENAME, AT_FDCWD, from) ? -1 : next(from, to);
}

// ---------------------------------------------------------------- opening and reading

static mode_t mode_of(int flags, va_list rest)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    NEXT(open);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return fails_at(FAULT_OPEN, AT_FDCWD, path) ? -1 : next(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    NEXT(openat);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return fails_at(FAULT_OPEN, folder, path) ? -1 : next(folder, path, flags, mode);
}

int mkostemp(char *pattern, int flags)
{
    NEXT(mkostemp);
    return fails_at(FAULT_OPEN, AT_FDCWD, pattern) ? -1 : next(pattern, flags);
}

ssize_t read(int fd, void *bytes, size_t size)
{
    NEXT(read);
    return fails(FAULT_READ, fd) ? -1 : next(fd, bytes, size);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t offset)
{
    NEXT(pread);
    return fails(FAULT_READ, fd) ? -1 : next(fd, bytes, size, offset);
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    NEXT(mmap);
    if (fd >= 0 && fails(FAULT_MMAP, fd))
        return MAP_FAILED;
    return next(address, size, protection, flags, fd, offset);
}

// ---------------------------------------------------------------- time

int clock_gettime(clockid_t clock, struct timespec *out)
{
    NEXT(clock_gettime);
    int rc = next(clock, out);
    if (rc == 0 && clock == CLOCK_REALTIME && control) {
        int64_t ms = out->tv_sec * 1000LL + out->tv_nsec / 1000000 + atomic_load(&control->clock_ms);
        out->tv_nsec = ms % 1000 * 1000000 + out->tv_nsec % 1000000;
        out->tv_sec = ms / 1000;
    }
    return rc;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}
