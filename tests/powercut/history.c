// SPDX-License-Identifier: MPL-2.0
// Reads recordings; see history.h. Lives as long as the process: nothing is freed.
#include "history.h"

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct name {
    char *path;
    struct file *file;
};

struct entry {
    struct record record;
    const uint8_t *rest; // of it in the log: the paths, the bytes
};

// What is needed while reading only.
struct reading {
    struct history *history;
    struct entry *entries;
    size_t entries_count;
    struct name *names;
    size_t names_count;
};

// One more element; the array grows at powers of two.
static void *grow(void *array, size_t count, size_t size)
{
    if (count & (count - 1))
        return array;
    void *larger = realloc(array, (count ? 2 * count : 1) * size);
    if (!larger)
        err(2, "recording");
    return larger;
}

static void take_log(struct reading *reading, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat stat;
    if (fd < 0 || fstat(fd, &stat) != 0)
        err(2, "%s", path);
    const uint8_t *bytes = mmap(NULL, (size_t)stat.st_size + 1, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        err(2, "%s", path);
    close(fd);
    size_t size = (size_t)stat.st_size;
    while (size >= sizeof(struct record)) {
        struct entry entry = {.rest = bytes + sizeof entry.record};
        memcpy(&entry.record, bytes, sizeof entry.record);
        size_t whole = sizeof entry.record + entry.record.path_size + entry.record.other_size + entry.record.data_size;
        if (whole > size)
            break;
        reading->entries = grow(reading->entries, reading->entries_count, sizeof *reading->entries);
        reading->entries[reading->entries_count++] = entry;
        bytes += whole;
        size -= whole;
    }
    if (size > 0)
        errx(2, "%s was cut short", path);
}

static int by_time(const void *a, const void *b)
{
    const struct entry *one = a, *two = b;
    return (one->record.begun_ns > two->record.begun_ns) - (one->record.begun_ns < two->record.begun_ns);
}

static struct file *add_file(struct history *history, uint64_t inode, bool folder)
{
    struct file *file = calloc(1, sizeof *file);
    if (!file)
        err(2, "recording");
    *file = (struct file){.inode = inode, .path = "", .folder = folder, .live = true};
    history->files = grow(history->files, history->files_count, sizeof(struct file *));
    history->files[history->files_count++] = file;
    return file;
}

static struct file *by_inode(const struct history *history, uint64_t inode)
{
    for (size_t i = history->files_count; i-- > 0;)
        if (history->files[i]->inode == inode && history->files[i]->live)
            return history->files[i];
    return NULL;
}

static struct name *find_name(struct reading *reading, const char *path)
{
    for (size_t i = 0; i < reading->names_count; i++)
        if (strcmp(reading->names[i].path, path) == 0)
            return &reading->names[i];
    return NULL;
}

static struct file *folder_of(struct reading *reading, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return reading->history->files[0]; // the recorded folder itself
    char *folder = strndup(path, (size_t)(slash - path));
    struct name *name = find_name(reading, folder);
    if (!name)
        errx(2, "recording: %s is not known", folder);
    free(folder);
    return name->file;
}

static void set_name(struct reading *reading, const char *path, struct file *file)
{
    struct name *name = find_name(reading, path);
    if (name && name->file != file && name->file)
        name->file->live = false; // no file of ours has two names for longer than a moment
    if (!name) {
        reading->names = grow(reading->names, reading->names_count, sizeof *reading->names);
        name = &reading->names[reading->names_count++];
        name->path = strdup(path);
    }
    name->file = file;
    file->path = name->path;
}

static void drop_name(struct reading *reading, const char *path)
{
    struct name *name = find_name(reading, path);
    if (!name)
        errx(2, "recording: %s is not known", path);
    *name = reading->names[--reading->names_count];
}

static bool has_name(const struct reading *reading, const struct file *file)
{
    for (size_t i = 0; i < reading->names_count; i++)
        if (reading->names[i].file == file)
            return true;
    return false;
}

static void add_naming(struct reading *reading, const struct entry *entry)
{
    struct history *history = reading->history;
    const struct record *record = &entry->record;
    const char *at = (const char *)entry->rest;
    struct naming naming = {.begun_ns = record->begun_ns,
                            .ended_ns = record->ended_ns,
                            .kind = (enum record_kind)record->kind,
                            .path = strndup(at, record->path_size),
                            .other = strndup(at + record->path_size, record->other_size)};
    struct name *old = find_name(reading, naming.path);
    if (record->kind == RECORD_CREATE || record->kind == RECORD_MKDIR) {
        if (old && old->file->inode == record->file)
            return; // two programs created it at once
        struct file *gone = by_inode(history, record->file);
        if (gone)
            gone->live = false;
        naming.file = add_file(history, record->file, record->kind == RECORD_MKDIR);
    } else if (!old) {
        errx(2, "recording: %s is not known", naming.path);
    } else {
        naming.file = old->file;
    }
    naming.folder = folder_of(reading, naming.path);
    if (record->kind == RECORD_UNLINK || record->kind == RECORD_RENAME)
        drop_name(reading, naming.path);
    if (record->kind != RECORD_UNLINK)
        set_name(reading, record->other_size > 0 ? naming.other : naming.path, naming.file);
    naming.file->live = has_name(reading, naming.file);
    history->namings = grow(history->namings, history->namings_count, sizeof *history->namings);
    history->namings[history->namings_count++] = naming;
}

static void add_change(struct history *history, const struct entry *entry)
{
    const struct record *record = &entry->record;
    struct file *file = by_inode(history, record->file);
    if (!file)
        return; // it has no name any more
    file->changes = grow(file->changes, file->changes_count, sizeof *file->changes);
    file->changes[file->changes_count++] = (struct change){.begun_ns = record->begun_ns,
                                                           .ended_ns = record->ended_ns,
                                                           .durable_ns = record->is_synced ? record->ended_ns : NEVER,
                                                           .kind = (enum record_kind)record->kind,
                                                           .offset = record->offset,
                                                           .data = entry->rest + record->path_size + record->other_size,
                                                           .data_size = record->data_size};
}

static void add_sync(struct history *history, const struct record *record)
{
    struct file *file = by_inode(history, record->file);
    if (!file)
        return;
    file->syncs = grow(file->syncs, file->syncs_count, sizeof *file->syncs);
    file->syncs[file->syncs_count++] = (struct sync){record->begun_ns, record->ended_ns};
}

// The end of the first sync to end of those that begin at `from_ns` or later. They are in the order they began in.
static uint64_t durable_after(const struct file *file, uint64_t from_ns)
{
    size_t low = 0, high = file->syncs_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (file->syncs[middle].begun_ns < from_ns)
            low = middle + 1;
        else
            high = middle;
    }
    uint64_t durable_ns = NEVER;
    for (; low < file->syncs_count && file->syncs[low].begun_ns < durable_ns; low++)
        if (file->syncs[low].ended_ns < durable_ns)
            durable_ns = file->syncs[low].ended_ns;
    return durable_ns;
}

static void find_durable(struct history *history)
{
    for (size_t i = 0; i < history->files_count; i++) {
        struct file *file = history->files[i];
        for (size_t j = 0; j < file->changes_count; j++)
            if (file->changes[j].durable_ns == NEVER)
                file->changes[j].durable_ns = durable_after(file, file->changes[j].ended_ns);
    }
    for (size_t i = 0; i < history->namings_count; i++)
        history->namings[i].durable_ns = durable_after(history->namings[i].folder, history->namings[i].ended_ns);
}

static void take_entry(struct reading *reading, const struct entry *entry)
{
    struct history *history = reading->history;
    const struct record *record = &entry->record;
    if (history->ended_ns < record->ended_ns)
        history->ended_ns = record->ended_ns;
    switch ((enum record_kind)record->kind) {
    case RECORD_ROOT:
        if (history->files_count == 0)
            add_file(history, record->file, true);
        break;
    case RECORD_CREATE:
    case RECORD_MKDIR:
    case RECORD_RENAME:
    case RECORD_LINK:
    case RECORD_UNLINK:
        add_naming(reading, entry);
        break;
    case RECORD_WRITE:
    case RECORD_SIZE:
    case RECORD_GROW:
        add_change(history, entry);
        break;
    case RECORD_SYNC:
        add_sync(history, record);
        break;
    default:
        errx(2, "recording: a record of kind %d", record->kind);
    }
}

static void take_logs(struct reading *reading, const char *folder)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/logs", folder);
    DIR *logs = opendir(path);
    if (!logs)
        err(2, "%s", path);
    for (struct dirent *entry; (entry = readdir(logs)) != NULL;) {
        snprintf(path, sizeof path, "%s/logs/%s", folder, entry->d_name);
        if (strstr(entry->d_name, ".log"))
            take_log(reading, path);
    }
    closedir(logs);
}

void history_load(struct history *history, const char *folder)
{
    *history = (struct history){0};
    struct reading reading = {.history = history};
    take_logs(&reading, folder);
    if (reading.entries_count == 0)
        errx(2, "%s: nothing was recorded", folder);
    qsort(reading.entries, reading.entries_count, sizeof *reading.entries, by_time);
    if (reading.entries[0].record.kind != RECORD_ROOT)
        errx(2, "%s: the recording does not begin at its beginning", folder);
    history->begun_ns = reading.entries[0].record.begun_ns;
    history->records_count = reading.entries_count;
    for (size_t i = 0; i < reading.entries_count; i++)
        take_entry(&reading, &reading.entries[i]);
    find_durable(history);
}

struct file *history_file(const struct history *history, const char *path)
{
    struct file *found = NULL;
    for (size_t i = 0; i < history->namings_count; i++) {
        const struct naming *naming = &history->namings[i];
        const char *name = naming->other[0] ? naming->other : naming->path;
        if (strcmp(naming->path, path) == 0 && (naming->kind == RECORD_UNLINK || naming->kind == RECORD_RENAME))
            found = NULL;
        if (strcmp(name, path) == 0 && naming->kind != RECORD_UNLINK)
            found = naming->file;
    }
    return found;
}
