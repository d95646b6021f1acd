// SPDX-License-Identifier: MPL-2.0
// The file of tombstones; see tombstones.h. Knows nothing of members and parties. Called by daemon/turn/burial.c, the
// turn and the restore.
#include "tombstones.h"

#include "block.h"
#include "file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_SIZE_MAX = 1 << 30 };
static const uint8_t MAGIC[8] = {'B', 'B', 'T', 'O', 'M', 'B', 'S', 'T'};

struct tombstones {
    int fd;
    bool torn;
    struct tombstone *records; // as they were when the file was opened
    size_t records_count;
    uint64_t count; // in the file, with those appended since
    uint64_t room;  // records for which there is disk space
};

// ---------------------------------------------------------------- one record

static void write_record(const struct tombstone *record, uint64_t index, uint64_t first, uint8_t block[TOMBSTONE_SIZE])
{
    memset(block, 0, TOMBSTONE_SIZE);
    block_put_number(block, 4, record->kind);
    block_put_number(block + 4, 4, record->epoch);
    block_put_number(block + 8, 8, index);
    block_put_number(block + 16, 8, first);
    block_put_number(block + 24, 8, record->entry);
    block_put_number(block + 32, 8, (uint64_t)record->at_ms);
    block_put_number(block + 40, 8, record->number);
    memcpy(block + 48, record->key, TOMBSTONE_KEY_SIZE);
    memcpy(block + 80, record->founder, TOMBSTONE_KEY_SIZE);
    block_stamp(block, TOMBSTONE_SIZE);
}

static bool read_record(const uint8_t block[TOMBSTONE_SIZE], uint64_t index, struct tombstone *out, uint64_t *first)
{
    if (!block_is_sound(block, TOMBSTONE_SIZE) || block_get_number(block + 8, 8) != index)
        return false;
    *out = (struct tombstone){.kind = (enum tombstone_kind)block_get_number(block, 4),
                              .epoch = (uint32_t)block_get_number(block + 4, 4),
                              .entry = block_get_number(block + 24, 8),
                              .at_ms = (int64_t)block_get_number(block + 32, 8),
                              .number = block_get_number(block + 40, 8)};
    *first = block_get_number(block + 16, 8);
    memcpy(out->key, block + 48, TOMBSTONE_KEY_SIZE);
    memcpy(out->founder, block + 80, TOMBSTONE_KEY_SIZE);
    return true;
}

// ---------------------------------------------------------------- opening

static void make_header(const uint8_t mark[TOMBSTONES_MARK_SIZE], uint8_t block[TOMBSTONE_SIZE])
{
    memset(block, 0, TOMBSTONE_SIZE);
    memcpy(block, MAGIC, sizeof MAGIC);
    block_put_number(block + 8, 4, TOMBSTONES_VERSION);
    block_put_number(block + 12, 4, TOMBSTONE_SIZE);
    memcpy(block + 16, mark, TOMBSTONES_MARK_SIZE);
    block_stamp(block, TOMBSTONE_SIZE);
}

static enum bb_code check_header(const uint8_t *bytes, size_t size, const uint8_t mark[TOMBSTONES_MARK_SIZE],
                                 const char **problem)
{
    uint8_t expected[TOMBSTONE_SIZE];
    make_header(mark, expected);
    if (size >= TOMBSTONE_SIZE && memcmp(bytes, expected, TOMBSTONE_SIZE) == 0)
        return BB_OK;
    if (size >= TOMBSTONE_SIZE && memcmp(bytes, MAGIC, sizeof MAGIC) == 0 && block_is_sound(bytes, TOMBSTONE_SIZE)) {
        if (block_get_number(bytes + 8, 4) > TOMBSTONES_VERSION)
            return BB_STORE_NEWER;
        *problem = "The file of tombstones belongs to another store. Put this store's own back.";
        return BB_STORE_DAMAGED;
    }
    *problem = "The header of the file of tombstones is damaged. Put the newest copy of the file in its place; backups "
               "hold one.";
    return BB_STORE_DAMAGED;
}

// Was everything from a broken record on written together with it? `after` are the bytes behind it.
static bool is_torn_end(uint64_t broken, const uint8_t *after, uint64_t after_count)
{
    for (uint64_t i = 0; i < after_count; i++) {
        struct tombstone ignored;
        uint64_t first;
        if (read_record(after + i * TOMBSTONE_SIZE, broken + 1 + i, &ignored, &first) && first > broken)
            return false;
    }
    return true;
}

static enum bb_code read_records(struct tombstones *it, const uint8_t *bytes, size_t size, const char **problem)
{
    uint64_t places = size / TOMBSTONE_SIZE;
    it->records = calloc(places + 1, sizeof *it->records);
    if (!it->records)
        return BB_NO_MEMORY;
    uint64_t first;
    while (it->count < places &&
           read_record(bytes + it->count * TOMBSTONE_SIZE, it->count, &it->records[it->count], &first))
        it->count++;
    it->records_count = it->count;
    const uint8_t *rest = bytes + it->count * TOMBSTONE_SIZE;
    size_t rest_size = size - it->count * TOMBSTONE_SIZE;
    it->torn = !sodium_is_zero(rest, rest_size);
    uint64_t after_count = places > it->count ? places - it->count - 1 : 0;
    if (!it->torn || is_torn_end(it->count, rest + TOMBSTONE_SIZE, after_count))
        return BB_OK;
    *problem =
        "The file of tombstones is damaged. Put the newest copy of the file in its place, backups hold one; what "
        "came after it is added from the journal.";
    return BB_STORE_DAMAGED;
}

static off_t offset_of(uint64_t index)
{
    return (off_t)((index + 1) * TOMBSTONE_SIZE); // the header comes first
}

// What a write that was cut short left behind must not look like a record once others stand behind it.
static enum bb_code cut_off(struct tombstones *it)
{
    if (ftruncate(it->fd, offset_of(it->count)) != 0 || fsync(it->fd) != 0)
        return BB_STORE_IO;
    return BB_OK;
}

// Disk space for what may come. Not to have it is no reason to stop: the disk may have room again before it is needed.
static void take_room(struct tombstones *it)
{
    if (it->room >= it->count + TOMBSTONES_AHEAD / 2)
        return;
    uint64_t wanted = it->count + TOMBSTONES_AHEAD;
    if (posix_fallocate(it->fd, 0, offset_of(wanted)) == 0)
        it->room = wanted;
}

static enum bb_code read_whole(struct tombstones *it, const char *path, const uint8_t mark[TOMBSTONES_MARK_SIZE],
                               const char **problem)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum bb_code code = file_read(path, FILE_SIZE_MAX, &bytes, &size);
    if (code != BB_OK)
        return code;
    code = check_header(bytes, size, mark, problem);
    if (code == BB_OK)
        code = read_records(it, bytes + TOMBSTONE_SIZE, size - TOMBSTONE_SIZE, problem);
    free(bytes);
    return code;
}

enum bb_code tombstones_open(const char *path, const uint8_t mark[TOMBSTONES_MARK_SIZE], bool read_only,
                             struct tombstones **out, const char **problem)
{
    *out = NULL;
    *problem = NULL;
    struct tombstones *it = calloc(1, sizeof *it);
    if (!it)
        return BB_NO_MEMORY;
    it->fd = -1;
    enum bb_code code = read_whole(it, path, mark, problem);
    if (code == BB_OK && !read_only) {
        it->fd = open(path, O_RDWR | O_CLOEXEC);
        code = it->fd < 0 ? BB_IO : it->torn ? cut_off(it) : BB_OK;
    }
    if (code == BB_OK && !read_only)
        take_room(it);
    if (code == BB_OK)
        *out = it;
    else
        tombstones_close(&it);
    return code;
}

enum bb_code tombstones_create(const char *path, const uint8_t mark[TOMBSTONES_MARK_SIZE])
{
    uint8_t header[TOMBSTONE_SIZE];
    if (access(path, F_OK) == 0)
        return BB_IO;
    make_header(mark, header);
    return file_write_durably(path, header, sizeof header, 0600);
}

void tombstones_close(struct tombstones **tombstones)
{
    struct tombstones *it = *tombstones;
    *tombstones = NULL;
    if (!it)
        return;
    if (it->fd >= 0)
        close(it->fd);
    free(it->records);
    free(it);
}

// ---------------------------------------------------------------- appending

static bool write_all(int fd, const uint8_t *bytes, size_t size, off_t offset)
{
    while (size > 0) {
        ssize_t done = pwrite(fd, bytes, size, offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        bytes += done;
        size -= (size_t)done;
        offset += done;
    }
    return true;
}

enum bb_code tombstones_append(struct tombstones *tombstones, const struct tombstone *records, size_t count)
{
    if (count == 0)
        return BB_OK;
    uint8_t *blocks = malloc(count * TOMBSTONE_SIZE);
    if (!blocks)
        return BB_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        write_record(&records[i], tombstones->count + i, tombstones->count, blocks + i * TOMBSTONE_SIZE);
    bool written = write_all(tombstones->fd, blocks, count * TOMBSTONE_SIZE, offset_of(tombstones->count)) &&
                   fdatasync(tombstones->fd) == 0;
    free(blocks);
    if (!written)
        return BB_STORE_IO;
    tombstones->count += count;
    take_room(tombstones);
    return BB_OK;
}

const struct tombstone *tombstones_all(const struct tombstones *tombstones, size_t *count)
{
    *count = tombstones->records_count;
    return tombstones->records;
}

bool tombstones_was_torn(const struct tombstones *tombstones)
{
    return tombstones->torn;
}

void tombstones_mark(const uint8_t ids_key[16], uint8_t out[TOMBSTONES_MARK_SIZE])
{
    static const uint8_t label[] = "buurtbel tombstones 1";
    crypto_generichash(out, TOMBSTONES_MARK_SIZE, label, sizeof label - 1, ids_key, 16);
}
