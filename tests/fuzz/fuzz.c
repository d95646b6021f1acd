// SPDX-License-Identifier: MPL-2.0
// What the fuzz targets share; see fuzz.h.
#include "fuzz.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

_Noreturn void fuzz_finding(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: a promise was broken: %s\n", file, line, what);
    abort();
}

// ---------------------------------------------------------------- randomness

static uint64_t drawn;

static const char *name_of_source(void)
{
    return "the same each time";
}

static uint32_t draw(void)
{
    uint64_t mixed = ++drawn * 0x9E3779B97F4A7C15U; // splitmix64
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9U;
    return (uint32_t)(mixed >> 27);
}

static void draw_bytes(void *const bytes, const size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)draw();
}

void fuzz_random_from_start(void)
{
    static struct randombytes_implementation source = {
        .implementation_name = name_of_source, .random = draw, .buf = draw_bytes};
    static bool ready;
    if (!ready) {
        randombytes_set_implementation(&source);
        ready = sodium_init() >= 0;
        insist(ready);
    }
    drawn = 0;
}

// ---------------------------------------------------------------- files

const char *fuzz_folder(void)
{
    static char folder[200];
    if (folder[0] == '\0') {
        const char *parent = getenv("BUURTBEL_FUZZ_FOLDER");
        snprintf(folder, sizeof folder, "%s/buurtbel-fuzz-XXXXXX", parent ? parent : "/dev/shm");
        insist(mkdtemp(folder) != NULL);
    }
    return folder;
}

char *fuzz_path(const char *name)
{
    char *path;
    insist(asprintf(&path, "%s/%s", fuzz_folder(), name) > 0);
    return path;
}

void fuzz_write(const char *path, const void *bytes, size_t size, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    insist(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    close(fd);
}

char *fuzz_text(const uint8_t *bytes, size_t size)
{
    char *text = malloc(size + 1);
    insist(text != NULL);
    if (size > 0)
        memcpy(text, bytes, size);
    text[size] = '\0';
    return text;
}
