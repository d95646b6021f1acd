// SPDX-License-Identifier: MPL-2.0
// Putting a backup back; see maintenance.h. In this order:
//   1. take the store's lock, so that no daemon runs and none starts;
//   2. copy the backup into the folder `restoring` inside the store's, and check each record of the copy;
//   3. on the copy, in one transaction: a new epoch, numbers never given, and all that the tombstones say
//      (turn/restoring.h); check it once more;
//   4. give the present data.mdb a second, dated name, and rename the copy over it: the one step that counts;
//   5. append the new epoch, and what the backup's journal had, to the tombstones. If this is cut short, the next start
//      of the daemon does it.
// The keyring and the tombstones are the present ones: older copies would bring back what was erased or revoked.
#include "maintenance.h"

#include "clock.h"
#include "file/file.h"
#include "store/keyring.h"
#include "store/tombstones.h"
#include "turn/burial.h"
#include "turn/restoring.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct restore {
    const struct config *config;
    const char *backup;
    char folder[PATH_MAX]; // where the copy is made
    char kept[PATH_MAX];   // the second name of what was there; "" when nothing was
    int lock_fd;
    struct store *store; // the copy
    struct keyring *keyring;
    struct tombstones *tombstones;
    uint64_t slots_needed;
    uint8_t mark[TOMBSTONES_MARK_SIZE];
    struct restored restored;
};

static void remove_copy(const char *folder)
{
    static const char *const names[] = {"data.mdb", "lock.mdb", "daemon.lock"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        path_join(path, folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

static enum bb_code lock(struct restore *it)
{
    const char *problem;
    enum bb_code code = store_lock(it->config->store_folder, &it->lock_fd, &problem);
    return code == BB_OK ? BB_OK : fail(code, problem, "%s", it->config->store_folder);
}

static bool is_the_store_itself(const struct restore *it)
{
    char ours[PATH_MAX], theirs[PATH_MAX];
    struct stat a, b;
    path_join(ours, it->config->store_folder, "data.mdb");
    path_join(theirs, it->backup, "data.mdb");
    return stat(ours, &a) == 0 && stat(theirs, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static enum bb_code copy(struct restore *it)
{
    struct store *backup;
    const char *problem;
    if (is_the_store_itself(it))
        return fail(BB_IO, "This is the store itself. Name the folder of a backup.", "%s", it->backup);
    enum bb_code code = store_open_to_read(it->backup, &backup, &problem);
    if (code != BB_OK)
        return fail(code, problem, "%s", it->backup);
    remove_copy(it->folder); // left by a restore that was cut short
    if (mkdir(it->folder, 0700) != 0)
        code = fail(BB_IO, strerrordesc_np(errno), "%s", it->folder);
    else if ((code = store_copy(backup, it->folder)) != BB_OK)
        fail(code, NULL, "%s", it->folder);
    store_close(&backup);
    return code;
}

static enum bb_code check(struct restore *it)
{
    uint64_t checked;
    enum bb_code code = check_store(it->store, &checked);
    return code == BB_OK
               ? BB_OK
               : fail(code, "The backup is damaged. Take another one; nothing was changed.", "%s", it->backup);
}

static enum bb_code read_needs(struct restore *it)
{
    struct txn *txn = NULL;
    Stored__StoreIdentity *identity;
    struct arena *arena = arena_create(MESSAGE_ARENA_SIZE_MAX);
    enum bb_code code = arena ? txn_begin_read(it->store, arena, &txn) : BB_NO_MEMORY;
    if (code == BB_OK)
        code = store_identity(txn, &identity);
    if (code == BB_OK) {
        tombstones_mark(identity->ids_key_bytes.data, it->mark);
        code = store_counter(txn, "slot", &it->slots_needed);
    }
    txn_abort(&txn);
    arena_destroy(&arena);
    return code;
}

static enum bb_code open_copy(struct restore *it)
{
    static const uint8_t no_key[16]; // the copy has its own
    const struct store_options options = {.folder = it->folder, .map_size = it->config->store_map_size};
    const char *problem;
    enum bb_code code = store_open(&options, no_key, clock_wall_ms(), &it->store, &problem);
    if (code == BB_OK)
        code = read_needs(it);
    return code == BB_OK ? BB_OK : fail(code, problem, "%s", it->backup);
}

static enum bb_code open_keyring(struct restore *it)
{
    const char *path = it->config->keyring_path, *problem;
    if (access(path, F_OK) != 0)
        return fail(BB_NOT_FOUND, "The keyring is not there. Put it back before the store.", "%s", path);
    enum bb_code code = keyring_open(path, &it->keyring, &problem);
    if (code != BB_OK)
        return fail(code, problem, "%s", path);
    if (keyring_last(it->keyring) < it->slots_needed)
        return fail(BB_STORE_DAMAGED, "The keyring lacks keys that the backup uses. Put a newer copy of it back first.",
                    "%s", path);
    return BB_OK;
}

static enum bb_code open_tombstones(struct restore *it)
{
    const char *path = it->config->tombstones_path, *problem;
    enum bb_code code = tombstones_open(path, it->mark, false, &it->tombstones, &problem);
    if (code == BB_NOT_FOUND)
        problem =
            "The file of tombstones is not there, so nobody knows what was revoked after the backup. If it is lost, "
            "put the newest copy of it in this place; backups hold one.";
    return code == BB_OK ? BB_OK : fail(code, problem, "%s", path);
}

// What was erased stays so, also where an older copy of the keyring was put back.
static enum bb_code erase_again(struct restore *it)
{
    size_t count;
    const struct tombstone *all = tombstones_all(it->tombstones, &count);
    enum bb_code code = BB_OK;
    for (size_t i = 0; code == BB_OK && i < count; i++) {
        if (all[i].kind == TOMBSTONE_SLOT_ERASED && all[i].number <= keyring_last(it->keyring))
            code = keyring_erase(it->keyring, all[i].number);
    }
    return code == BB_OK ? BB_OK : fail(code, NULL, "%s", it->config->keyring_path);
}

static enum bb_code go_on(struct restore *it)
{
    struct restoring options = {
        .store = it->store, .keyring_last = keyring_last(it->keyring), .clock_ms = clock_wall_ms(), .node = 1};
    options.tombstones = tombstones_all(it->tombstones, &options.tombstones_count);
    enum bb_code code = restoring_run(&options, &it->restored);
    if (code != BB_OK)
        return fail(code, NULL, "%s", it->backup);
    code = check(it);
    store_close(&it->store);
    return code;
}

// A hard link: at no moment is there no store.
static enum bb_code keep_present(struct restore *it, const char *present)
{
    char day[32];
    time_t now = time(NULL);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(day, sizeof day, "%Y%m%dT%H%M%SZ", &tm);
    for (int i = 1; i < 100; i++) {
        int size = i == 1 ? snprintf(it->kept, sizeof it->kept, "%s.until-%s", present, day)
                          : snprintf(it->kept, sizeof it->kept, "%s.until-%s-%d", present, day, i);
        if (size >= (int)sizeof it->kept)
            return BB_IO;
        if (link(present, it->kept) == 0)
            return BB_OK;
        if (errno == ENOENT) {
            it->kept[0] = '\0';
            return BB_OK;
        }
        if (errno != EEXIST)
            return BB_IO;
    }
    return BB_IO;
}

static enum bb_code switch_over(struct restore *it)
{
    char present[PATH_MAX], made[PATH_MAX], lock_path[PATH_MAX];
    path_join(lock_path, it->config->store_folder, "lock.mdb");
    path_join(present, it->config->store_folder, "data.mdb");
    path_join(made, it->folder, "data.mdb");
    enum bb_code code = keep_present(it, present);
    if (code == BB_OK)
        code = file_sync_folder(present);
    if (code == BB_OK && rename(made, present) != 0)
        code = BB_IO;
    if (code == BB_OK) {
        (void)unlink(lock_path); // of LMDB; whoever still reads the old store counts transactions of another file in it
        code = file_sync_folder(present);
    }
    if (code != BB_OK)
        return fail(code, errno ? strerrordesc_np(errno) : NULL, "%s", present);
    remove_copy(it->folder);
    return BB_OK;
}

static enum bb_code tell_tombstones(struct restore *it)
{
    struct store *store;
    const char *problem;
    enum bb_code code = store_open_to_read(it->config->store_folder, &store, &problem);
    if (code == BB_OK) {
        uint64_t damaged; // none: it was verified
        code = burial_catch_up(store, it->tombstones, 1, &damaged);
        store_close(&store);
    }
    return code == BB_OK ? BB_OK : fail(code, problem, "%s", it->config->tombstones_path);
}

static void report(const struct restore *it)
{
    const struct restored *done = &it->restored;
    printf("The backup is in place. History goes on after entry %" PRIu64 ", as epoch %" PRIu32 ".\n", done->last_entry,
           done->epoch);
    printf("From the tombstones: members revoked %" PRIu64 ", parties suspended or reinstated %" PRIu64
           ", keys barred that the backup does not know %" PRIu64 ".\n",
           done->members_revoked, done->parties_changed, done->keys_barred);
    printf("Invitations revoked: %" PRIu64 ", among them all personal ones that were open, for nobody knows which were "
           "used since. Make new ones where they are needed.\n",
           done->invitations_revoked);
    if (it->kept[0] != '\0')
        printf("What was there is kept as %s; it holds what the backup does not, so remove it as soon as you can.\n",
               it->kept);
    puts("Start the daemon, run buurtbel-ctl verify, and make a backup now.");
    if (!done->operators_left)
        fputs("buurtbeld: no operator of this backup may still come in. A newer backup may know one.\n", stderr);
}

enum bb_code maintenance_restore(const struct config *config, const char *backup)
{
    static enum bb_code (*const steps[])(struct restore *) = {
        lock, copy, open_copy, check, open_keyring, open_tombstones, erase_again, go_on, switch_over, tell_tombstones,
    };
    struct restore it = {.config = config, .backup = backup, .lock_fd = -1};
    path_join(it.folder, config->store_folder, "restoring");
    enum bb_code code = BB_OK;
    for (size_t i = 0; code == BB_OK && i < sizeof steps / sizeof *steps; i++)
        code = steps[i](&it);
    store_close(&it.store);
    if (code == BB_OK)
        report(&it);
    else if (it.lock_fd >= 0)
        remove_copy(it.folder);
    keyring_close(&it.keyring);
    tombstones_close(&it.tombstones);
    if (it.lock_fd >= 0)
        close(it.lock_fd);
    return code;
}
