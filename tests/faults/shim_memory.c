// SPDX-License-Identifier: MPL-2.0
// Preloaded into a program under test: makes the n-th allocation fail that is asked for by the program itself, or by one
// of the libraries that $FAULT_MODULES names. Others get what they ask for: libzmq and czmq stop the process when they do
// not, which is theirs to mend. Not for builds with AddressSanitizer. Used by driver.py; see control.h.
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

enum { RANGES_MAX = 32 };

static struct fault_control *control;
static struct range {
    uintptr_t first, end;
} ranges[RANGES_MAX];
static size_t ranges_count;

// The program's name is empty here.
static bool is_wanted(const char *path)
{
    const char *modules = getenv("FAULT_MODULES"), *slash = strrchr(path, '/');
    char name[64];
    if (path[0] == '\0')
        return true;
    const char *file = slash ? slash + 1 : path;
    size_t size = strcspn(file, ".");
    if (!modules || size >= sizeof name)
        return false;
    memcpy(name, file, size);
    name[size] = '\0';
    return strstr(modules, name) != NULL;
}

static int add_ranges(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    for (int i = 0; is_wanted(info->dlpi_name) && i < info->dlpi_phnum && ranges_count < RANGES_MAX; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && part->p_flags & PF_X)
            ranges[ranges_count++] =
                (struct range){info->dlpi_addr + part->p_vaddr, info->dlpi_addr + part->p_vaddr + part->p_memsz};
    }
    return 0;
}

__attribute__((constructor)) static void attach(void)
{
    const char *path = getenv("FAULT_CONTROL");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    dl_iterate_phdr(add_ranges, NULL);
    void *page = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    control = page == MAP_FAILED ? NULL : page;
}

static bool fails(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    for (size_t i = 0; control && i < ranges_count; i++) {
        if (at < ranges[i].first || at >= ranges[i].end || !fault_counts(control, FAULT_MALLOC))
            continue;
        errno = ENOMEM;
        return true;
    }
    return false;
}

void *malloc(size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(memory, size);
}

char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}
