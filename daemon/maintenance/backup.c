// SPDX-License-Identifier: MPL-2.0
// Backing up beside a running daemon; see maintenance.h. A folder that is called TARGET is always whole: it is made under
// another name, checked record by record, synced, and renamed last.
#include "maintenance.h"

#include "file/file.h"
#include "store/keyring_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TOMBSTONES_TRIES = 10, TOMBSTONES_SIZE_MAX = 1 << 30 };

// What a backup that was cut short, or one that is not whole, left behind. Nothing else is ever removed.
static void remove_unfinished(const char *folder)
{
    static const char *const names[] = {"data.mdb", "lock.mdb", "tombstones"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        path_join(path, folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

// After the store, so that nothing that the copy has is missing in it. It grows while a daemon runs: read again then.
static enum bb_code copy_tombstones(const struct config *config, const char *folder)
{
    char path[PATH_MAX];
    uint8_t *bytes = NULL;
    size_t size;
    enum bb_code code = BB_IO;
    path_join(path, folder, "tombstones");
    for (int i = 0; i < TOMBSTONES_TRIES && code == BB_IO; i++)
        code = file_read(config->tombstones_path, TOMBSTONES_SIZE_MAX, &bytes, &size);
    if (code != BB_OK)
        return code == BB_NOT_FOUND ? BB_OK : code; // a store that no daemon of this version opened yet
    code = file_write_durably(path, bytes, size, 0600);
    free(bytes);
    return code;
}

static enum bb_code check_copy(const char *folder, uint64_t *checked)
{
    char lock[PATH_MAX];
    struct store *store;
    const char *problem;
    enum bb_code code = store_open_to_read(folder, &store, &problem);
    if (code != BB_OK)
        return fail(code, problem, "%s", folder);
    code = check_store(store, checked);
    store_close(&store);
    path_join(lock, folder, "lock.mdb"); // of LMDB; says nothing in a backup
    (void)unlink(lock);
    return code == BB_OK ? BB_OK : fail(code, NULL, "%s", folder);
}

static enum bb_code fill(const struct config *config, const char *folder, uint64_t *checked)
{
    struct store *store;
    const char *problem;
    enum bb_code code = store_open_to_read(config->store_folder, &store, &problem);
    if (code != BB_OK)
        return fail(code, problem, "%s", config->store_folder);
    code = store_copy(store, folder);
    store_close(&store);
    if (code == BB_OK)
        code = copy_tombstones(config, folder);
    if (code != BB_OK)
        return fail(code, NULL, "%s", folder);
    char path[PATH_MAX];
    path_join(path, folder, "data.mdb");
    code = check_copy(folder, checked);
    return code == BB_OK ? file_sync_folder(path) : code;
}

// "backup/" and "backup" are the same folder; the names made from it must not begin inside it.
static bool plain_path(const char *given, char out[PATH_MAX])
{
    size_t size = strlen(given);
    while (size > 1 && given[size - 1] == '/')
        size--;
    return size > 0 && size < PATH_MAX && snprintf(out, PATH_MAX, "%.*s", (int)size, given) > 0;
}

enum bb_code maintenance_backup(const struct config *config, const char *given)
{
    char target[PATH_MAX], folder[PATH_MAX];
    struct stat info;
    uint64_t checked = 0;
    if (!plain_path(given, target) || snprintf(folder, sizeof folder, "%s.new", target) >= PATH_MAX)
        return fail(BB_IO, "The name is too long.", "%s", given);
    if (lstat(target, &info) == 0)
        return fail(BB_IO, "It is there already, and nothing is ever written over. Name a new folder.", "%s", target);
    remove_unfinished(folder);
    if (mkdir(folder, 0700) != 0)
        return fail(BB_IO, strerrordesc_np(errno), "%s", folder);
    enum bb_code code = fill(config, folder, &checked);
    if (code == BB_OK && renameat2(AT_FDCWD, folder, AT_FDCWD, target, RENAME_NOREPLACE) != 0)
        code = fail(BB_IO, strerrordesc_np(errno), "%s", target);
    if (code == BB_OK && file_sync_folder(target) != BB_OK)
        return fail(BB_IO, NULL, "%s", target);
    if (code != BB_OK) {
        remove_unfinished(folder);
        return code;
    }
    printf("The store is backed up in %s; %" PRIu64 " entries and records were checked, and all are sound.\n"
           "Back up the keyring next, with --backup-keyring, and keep the two apart.\n",
           target, checked);
    return BB_OK;
}

// Whoever has both can read names and texts.
static bool lies_with_store(const char *target)
{
    char beside[PATH_MAX];
    const char *slash = strrchr(target, '/');
    int size = slash ? (int)(slash - target) + 1 : 0;
    return snprintf(beside, sizeof beside, "%.*sdata.mdb", size, target) < PATH_MAX && access(beside, F_OK) == 0;
}

enum bb_code maintenance_backup_keyring(const struct config *config, const char *target)
{
    struct stat info;
    uint64_t slots = 0;
    const char *problem;
    if (lstat(target, &info) == 0)
        return fail(BB_IO, "It is there already, and nothing is ever written over. Name a new file.", "%s", target);
    if (lies_with_store(target))
        return fail(BB_IO, "The store lies there. Keep the two apart, for whoever has both can read names and texts.",
                    "%s", target);
    enum bb_code code = keyring_copy(config->keyring_path, target, &slots, &problem);
    if (code != BB_OK)
        return fail(code, problem, "%s", target);
    printf("The keyring is backed up in %s: %" PRIu64 " slots, and all are sound.\n"
           "Keep only the newest one, and apart from the store's backup.\n",
           target, slots);
    return BB_OK;
}
