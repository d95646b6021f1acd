// SPDX-License-Identifier: MPL-2.0
// Makes images; see image.h. For each file it keeps the part of the past that is durable for good, and plays what comes
// after it anew for each image.
#include "image.h"

#include <err.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// How the unsure part of one file, or of all names, came out: disks and file systems differ, and so do their whims.
enum whim {
    WHIM_LOST,
    WHIM_MADE,
    WHIM_FIRST,
    WHIM_LAST,
    WHIM_ONE_LOST,
    WHIM_ONE_MADE,
    WHIM_ANY,
    WHIM_TORN,
    WHIMS_COUNT
};
enum fate { FATE_LOST, FATE_MADE, FATE_TORN };

struct past {
    uint8_t *bytes;
    uint64_t room, used, size; // room for `used`; what lies beyond it up to `size` is a hole
    size_t next;               // the first change that is not in it
};

struct name {
    const char *path;
    const struct file *file;
};

struct image_maker {
    const struct history *history;
    struct past *pasts; // by number of the file
    uint64_t cut_ns;
    struct name *names; // of the present image
    size_t names_count;
};

struct image_maker *image_maker_create(const struct history *history)
{
    struct image_maker *maker = calloc(1, sizeof *maker);
    if (!maker)
        err(2, "image");
    maker->history = history;
    maker->pasts = calloc(history->files_count, sizeof *maker->pasts);
    maker->names = calloc(history->namings_count + 1, sizeof *maker->names);
    if (!maker->pasts || !maker->names)
        err(2, "image");
    return maker;
}

void image_maker_destroy(struct image_maker **maker)
{
    for (size_t i = 0; i < (*maker)->history->files_count; i++)
        free((*maker)->pasts[i].bytes);
    free((*maker)->pasts);
    free((*maker)->names);
    free(*maker);
    *maker = NULL;
}

// ---- the durable past

static void past_room(struct past *past, uint64_t size)
{
    if (size <= past->room)
        return;
    uint64_t room = past->room ? past->room : 65536;
    while (room < size)
        room *= 2;
    past->bytes = realloc(past->bytes, room);
    if (!past->bytes)
        err(2, "image");
    memset(past->bytes + past->room, 0, room - past->room);
    past->room = room;
}

static void past_apply(struct past *past, const struct change *change)
{
    uint64_t end = change->offset + change->data_size;
    if (change->kind == RECORD_WRITE) {
        past_room(past, end);
        memcpy(past->bytes + change->offset, change->data, change->data_size);
        past->used = past->used > end ? past->used : end;
    } else if (change->kind == RECORD_SIZE && change->offset < past->used) {
        memset(past->bytes + change->offset, 0, past->used - change->offset);
        past->used = change->offset;
    }
    if (change->kind == RECORD_SIZE || end > past->size)
        past->size = end;
}

static void past_advance(struct past *past, const struct file *file, uint64_t cut_ns)
{
    while (past->next < file->changes_count && file->changes[past->next].durable_ns <= cut_ns)
        past_apply(past, &file->changes[past->next++]);
}

// ---- the unsure rest

struct unsure {
    enum whim whim;
    size_t count, chosen, at;
};

static struct unsure unsure_of(struct dice *dice, size_t count)
{
    return (struct unsure){
        .whim = (enum whim)dice_below(dice, WHIMS_COUNT), .count = count, .chosen = dice_below(dice, count + 1)};
}

// Of the next one in time.
static enum fate fate_of(struct unsure *unsure, struct dice *dice)
{
    size_t at = unsure->at++;
    switch (unsure->whim) {
    case WHIM_LOST:
        return FATE_LOST;
    case WHIM_MADE:
        return FATE_MADE;
    case WHIM_FIRST:
        return at < unsure->chosen ? FATE_MADE : FATE_LOST;
    case WHIM_LAST:
        return at >= unsure->chosen ? FATE_MADE : FATE_LOST;
    case WHIM_ONE_LOST:
        return at == unsure->chosen ? FATE_LOST : FATE_MADE;
    case WHIM_ONE_MADE:
        return at == unsure->chosen ? FATE_MADE : FATE_LOST;
    case WHIM_ANY:
        return dice_below(dice, 2) ? FATE_MADE : FATE_LOST;
    default:
        return (enum fate)dice_below(dice, 3);
    }
}

static void put(int fd, const void *bytes, uint64_t size, uint64_t offset)
{
    if (size > 0 && pwrite(fd, bytes, size, (off_t)offset) != (ssize_t)size)
        err(2, "image");
}

static void put_size(int fd, uint64_t size)
{
    if (ftruncate(fd, (off_t)size) != 0)
        err(2, "image");
}

static uint64_t size_of(int fd)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0)
        err(2, "image");
    return (uint64_t)stat.st_size;
}

static void put_torn(int fd, const struct change *change, struct dice *dice)
{
    uint64_t end = change->offset + change->data_size;
    for (uint64_t at = change->offset; at < end;) {
        uint64_t stop = (at / SECTOR_SIZE + 1) * SECTOR_SIZE;
        stop = stop < end ? stop : end;
        if (dice_below(dice, 2))
            put(fd, change->data + (at - change->offset), stop - at, at);
        at = stop;
    }
}

static void play(int fd, const struct change *change, enum fate fate, struct dice *dice)
{
    uint64_t end = change->offset + change->data_size;
    if (fate == FATE_LOST) {
        // A longer file whose new bytes did not arrive.
        if (change->kind != RECORD_SIZE && end > size_of(fd) && dice_below(dice, 4) == 0)
            put_size(fd, end);
    } else if (change->kind == RECORD_SIZE || (change->kind == RECORD_GROW && end > size_of(fd))) {
        put_size(fd, end);
    } else if (change->kind == RECORD_WRITE && fate == FATE_TORN) {
        put_torn(fd, change, dice);
    } else if (change->kind == RECORD_WRITE) {
        put(fd, change->data, change->data_size, change->offset);
    }
}

static void count_fate(struct image_counts *counts, enum fate fate)
{
    counts->changes_lost += fate == FATE_LOST;
    counts->changes_made += fate == FATE_MADE;
    counts->changes_torn += fate == FATE_TORN;
}

static void make_file(struct image_maker *maker, size_t number, const char *path, struct dice *dice,
                      struct image_counts *counts)
{
    const struct file *file = maker->history->files[number];
    struct past *past = &maker->pasts[number];
    past_advance(past, file, maker->cut_ns);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        err(2, "%s", path);
    put(fd, past->bytes, past->used, 0);
    put_size(fd, past->size);

    size_t end = past->next, count = 0;
    for (; end < file->changes_count && file->changes[end].begun_ns < maker->cut_ns; end++)
        count += file->changes[end].durable_ns > maker->cut_ns;
    struct unsure unsure = unsure_of(dice, count);
    for (size_t i = past->next; i < end; i++) {
        const struct change *change = &file->changes[i];
        bool sure = change->durable_ns <= maker->cut_ns;
        enum fate fate = sure ? FATE_MADE : fate_of(&unsure, dice);
        play(fd, change, fate, dice);
        if (!sure)
            count_fate(counts, fate);
    }
    close(fd);
}

// ---- names

static void set_name(struct image_maker *maker, const char *path, const struct file *file)
{
    size_t i = 0;
    while (i < maker->names_count && strcmp(maker->names[i].path, path) != 0)
        i++;
    if (i == maker->names_count)
        maker->names_count++;
    maker->names[i] = (struct name){path, file};
}

static void drop_name(struct image_maker *maker, const char *path)
{
    size_t i = 0;
    while (i < maker->names_count && strcmp(maker->names[i].path, path) != 0)
        i++;
    if (i < maker->names_count) // else its creation was lost
        maker->names[i] = maker->names[--maker->names_count];
}

static void play_naming(struct image_maker *maker, const struct naming *naming)
{
    if (naming->kind == RECORD_UNLINK || naming->kind == RECORD_RENAME)
        drop_name(maker, naming->path);
    if (naming->kind != RECORD_UNLINK)
        set_name(maker, naming->other[0] ? naming->other : naming->path, naming->file);
}

static void play_namings(struct image_maker *maker, struct dice *dice, struct image_counts *counts)
{
    const struct history *history = maker->history;
    size_t end = 0, count = 0;
    maker->names_count = 0;
    for (; end < history->namings_count && history->namings[end].begun_ns < maker->cut_ns; end++)
        count += history->namings[end].durable_ns > maker->cut_ns;
    struct unsure unsure = unsure_of(dice, count);
    for (size_t i = 0; i < end; i++) {
        const struct naming *naming = &history->namings[i];
        bool sure = naming->durable_ns <= maker->cut_ns;
        enum fate fate = sure ? FATE_MADE : fate_of(&unsure, dice); // a name is not torn
        if (fate != FATE_LOST)
            play_naming(maker, naming);
        counts->names_lost += !sure && fate == FATE_LOST;
        counts->names_made += !sure && fate != FATE_LOST;
    }
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *at)
{
    (void)stat;
    (void)type;
    return at->level > 0 ? remove(path) : 0;
}

static size_t number_of(const struct history *history, const struct file *file)
{
    size_t number = 0;
    while (history->files[number] != file)
        number++;
    return number;
}

static int by_length(const void *a, const void *b)
{
    const struct name *one = a, *two = b;
    size_t one_size = strlen(one->path), two_size = strlen(two->path);
    return one_size != two_size ? (one_size < two_size ? -1 : 1) : strcmp(one->path, two->path);
}

void image_make(struct image_maker *maker, uint64_t cut_ns, struct dice *dice, const char *folder,
                struct image_counts *counts)
{
    if (cut_ns < maker->cut_ns)
        errx(2, "images must be made in the order of their moments");
    maker->cut_ns = cut_ns;
    if (nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        err(2, "%s", folder);
    play_namings(maker, dice, counts);
    qsort(maker->names, maker->names_count, sizeof *maker->names, by_length); // folders before what is in them

    for (size_t i = 0; i < maker->names_count; i++) {
        const struct name *name = &maker->names[i];
        char path[PATH_MAX], above[PATH_MAX];
        if (snprintf(path, sizeof path, "%s/%s", folder, name->path) >= (int)sizeof path)
            errx(2, "%s: too long", name->path);
        memcpy(above, path, sizeof above);
        *strrchr(above, '/') = '\0';
        if (access(above, F_OK) != 0)
            continue; // its folder is lost, and it with it
        if (!name->file->folder)
            make_file(maker, number_of(maker->history, name->file), path, dice, counts);
        else if (mkdir(path, 0700) != 0)
            err(2, "%s", path);
    }
}
