// SPDX-License-Identifier: MPL-2.0
// Failing calls on files, see nth.h: each does nothing. Opening and taking room say EIO, all others `nth_file_errno`. Beside
// nth_store.c.
#include "nth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRAPPED(type, name, parameters, arguments) \
    type __real_##name parameters; \
    type __wrap_##name parameters; \
    type __wrap_##name parameters \
    { \
        if (!nth_fails()) \
            return __real_##name arguments; \
        errno = nth_file_errno; \
        return -1; \
    }
WRAPPED(ssize_t, read, (int fd, void *bytes, size_t size), (fd, bytes, size))
WRAPPED(ssize_t, pread, (int fd, void *bytes, size_t size, off_t at), (fd, bytes, size, at))
WRAPPED(ssize_t, write, (int fd, const void *bytes, size_t size), (fd, bytes, size))
WRAPPED(ssize_t, pwrite, (int fd, const void *bytes, size_t size, off_t at), (fd, bytes, size, at))
WRAPPED(int, fsync, (int fd), (fd))
WRAPPED(int, fdatasync, (int fd), (fd))
WRAPPED(int, ftruncate, (int fd, off_t size), (fd, size))
WRAPPED(int, fstat, (int fd, struct stat *out), (fd, out))
WRAPPED(int, flock, (int fd, int what), (fd, what))
WRAPPED(int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAPPED(int, mkostemp, (char *name, int flags), (name, flags))
WRAPPED(int, rename, (const char *from, const char *to), (from, to))
WRAPPED(int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))
WRAPPED(int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags), (a, from, b, to, flags))
#undef WRAPPED

int __real_posix_fallocate(int fd, off_t from, off_t size);
int __wrap_posix_fallocate(int fd, off_t from, off_t size);
int __wrap_posix_fallocate(int fd, off_t from, off_t size)
{
    return nth_fails() ? EIO : __real_posix_fallocate(fd, from, size);
}

static mode_t mode_of(int flags, va_list rest)
{
    return flags & O_CREAT ? va_arg(rest, mode_t) : 0;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    errno = EIO;
    return nth_fails() ? -1 : __real_open(path, flags, mode);
}

int __real_openat(int folder, const char *path, int flags, ...);
int __wrap_openat(int folder, const char *path, int flags, ...);
int __wrap_openat(int folder, const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    errno = EIO;
    return nth_fails() ? -1 : __real_openat(folder, path, flags, mode);
}
