// SPDX-License-Identifier: MPL-2.0
// Verifying a store as a whole, slice by slice with turn/verify.h; and what the files of this room share. See
// maintenance.h.
#include "maintenance.h"

#include "clock.h"
#include "core/core.h"
#include "store/keyring.h"
#include "store/tombstones.h"
#include "turn/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PROBLEMS_SHOWN = 20 };

enum bb_code fail(enum bb_code code, const char *problem, const char *format, ...)
{
    fputs("buurtbeld: ", stderr);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, ": %s\n", problem ? problem : bb_code_sentence(code, BB_ENGLISH));
    return code;
}

void path_join(char *out, const char *folder, const char *name)
{
    if (snprintf(out, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        out[0] = '\0';
}

// Where the next slice begins, kept beyond the arena of the one before.
struct place {
    Wire__Verify from;
    uint8_t key[STORE_KEY_SIZE_MAX], hash[64];
};

static void keep_place(struct place *place, const Wire__Verify *next)
{
    place->from = *next;
    if (next->key_bytes.len > 0)
        memcpy(place->key, next->key_bytes.data, next->key_bytes.len);
    if (next->hash_bytes.len > 0)
        memcpy(place->hash, next->hash_bytes.data, next->hash_bytes.len);
    place->from.key_bytes.data = place->key;
    place->from.hash_bytes.data = place->hash;
}

static enum bb_code check_slice(struct store *store, struct arena *arena, struct place *place, uint64_t *checked,
                                uint64_t *problems, bool *done)
{
    struct core core = {0};
    Wire__Verified *verified;
    arena_reset(arena);
    enum bb_code code = txn_begin_read(store, arena, &core.txn);
    if (code == BB_OK)
        code = verify_slice(&core, &place->from, clock_steady_us, &verified);
    if (code == BB_OK) {
        for (size_t i = 0; i < verified->n_problems; i++) {
            if ((*problems)++ < PROBLEMS_SHOWN)
                fprintf(stderr, "%.*s\n", (int)verified->problems[i].len, (const char *)verified->problems[i].data);
        }
        *checked += verified->checked;
        *done = verified->done;
        keep_place(place, verified->next);
    }
    txn_abort(&core.txn);
    return code;
}

enum bb_code check_store(struct store *store, uint64_t *checked)
{
    struct place place = {.from = WIRE__VERIFY__INIT};
    uint64_t problems = 0;
    bool done = false;
    struct arena *arena = arena_create(QUERY_ARENA_SIZE_MAX);
    enum bb_code code = arena ? BB_OK : BB_NO_MEMORY;
    *checked = 0;
    while (code == BB_OK && !done)
        code = check_slice(store, arena, &place, checked, &problems, &done);
    arena_destroy(&arena);
    if (problems > PROBLEMS_SHOWN)
        fprintf(stderr, "and %" PRIu64 " more\n", problems - PROBLEMS_SHOWN);
    return code == BB_OK && problems > 0 ? BB_STORE_DAMAGED : code;
}

static enum bb_code verify_opened(struct store *store, const char *folder)
{
    uint64_t checked;
    enum bb_code code = check_store(store, &checked);
    if (code != BB_OK)
        return fail(code, NULL, "%s", folder);
    printf("%s: %" PRIu64 " entries and records were checked, and all are sound.\n", folder, checked);
    return BB_OK;
}

enum bb_code maintenance_verify_folder(const char *folder)
{
    struct store *store;
    const char *problem;
    enum bb_code code = store_open_to_read(folder, &store, &problem);
    if (code != BB_OK)
        return fail(code, problem, "%s", folder);
    code = verify_opened(store, folder);
    store_close(&store);
    return code;
}

struct needs {
    uint64_t slots;
    uint8_t mark[TOMBSTONES_MARK_SIZE];
    bool tombstones;
};

static enum bb_code read_needs(struct store *store, struct needs *out)
{
    struct txn *txn = NULL;
    Stored__StoreIdentity *identity;
    struct arena *arena = arena_create(MESSAGE_ARENA_SIZE_MAX);
    enum bb_code code = arena ? txn_begin_read(store, arena, &txn) : BB_NO_MEMORY;
    if (code == BB_OK)
        code = store_identity(txn, &identity);
    if (code == BB_OK) {
        tombstones_mark(identity->ids_key_bytes.data, out->mark);
        out->tombstones = identity->has_tombstones;
        code = store_counter(txn, "slot", &out->slots);
    }
    txn_abort(&txn);
    arena_destroy(&arena);
    return code;
}

static enum bb_code verify_keyring(const struct config *config, const struct needs *needs)
{
    struct keyring *keyring;
    const char *problem;
    const uint8_t *key;
    if (access(config->keyring_path, F_OK) != 0)
        return fail(BB_NOT_FOUND, NULL, "%s", config->keyring_path);
    enum bb_code code = keyring_open(config->keyring_path, &keyring, &problem);
    if (code != BB_OK)
        return fail(code, problem, "%s", config->keyring_path);
    uint64_t last = keyring_last(keyring);
    if (last < needs->slots)
        code = fail(BB_STORE_DAMAGED, "It lacks keys that the store uses. Put the keyring of this store back.", "%s",
                    config->keyring_path);
    for (uint64_t slot = 1; code == BB_OK && slot <= last; slot++) {
        if (keyring_key(keyring, slot, &key) == BB_STORE_DAMAGED)
            code = fail(BB_STORE_DAMAGED, NULL, "%s, slot %" PRIu64, config->keyring_path, slot);
    }
    keyring_close(&keyring);
    if (code == BB_OK)
        printf("%s: %" PRIu64 " slots, and all are sound.\n", config->keyring_path, last);
    return code;
}

static enum bb_code verify_tombstones(const struct config *config, const struct needs *needs)
{
    struct tombstones *tombstones;
    const char *problem;
    size_t count;
    if (!needs->tombstones)
        return BB_OK;
    enum bb_code code = tombstones_open(config->tombstones_path, needs->mark, true, &tombstones, &problem);
    if (code != BB_OK)
        return fail(code, problem, "%s", config->tombstones_path);
    (void)tombstones_all(tombstones, &count);
    tombstones_close(&tombstones);
    printf("%s: %zu records, and all are sound.\n", config->tombstones_path, count);
    return BB_OK;
}

enum bb_code maintenance_verify(const struct config *config)
{
    struct store *store;
    struct needs needs = {0};
    const char *problem;
    enum bb_code code = store_open_to_read(config->store_folder, &store, &problem);
    if (code != BB_OK)
        return fail(code, problem, "%s", config->store_folder);
    code = verify_opened(store, config->store_folder);
    enum bb_code needs_code = read_needs(store, &needs);
    store_close(&store);
    enum bb_code others[] = {needs_code, needs_code == BB_OK ? verify_keyring(config, &needs) : BB_OK,
                             needs_code == BB_OK ? verify_tombstones(config, &needs) : BB_OK};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        code = code == BB_OK ? others[i] : code;
    return code;
}
