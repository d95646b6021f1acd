// SPDX-License-Identifier: MPL-2.0
// A town as new for each input; see reset.h. The linker sends the store's calls of LMDB here (--wrap, CMakeLists.txt).
//
// One real write transaction stays open. A commit keeps what was put in it, and is seen by what begins later; an abort
// after something was put cannot be followed, so it is a finding: turns abort only when a store is full or broken.
#include "reset.h"

#include "fuzz.h"
#include "store/store_inside.h"

#include <sodium.h>

static MDB_txn *all;     // NULL: the town is being made, and LMDB does what it always does
static bool inside;      // somebody holds it
static bool may_lose_it; // an abort after written is fine: the input ends with it
static size_t written;

int __real_mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned int flags, MDB_txn **out);
int __real_mdb_txn_commit(MDB_txn *txn);
void __real_mdb_txn_abort(MDB_txn *txn);
int __real_mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data, unsigned int flags);
int __real_mdb_del(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data);
int __real_mdb_cursor_open(MDB_txn *txn, MDB_dbi dbi, MDB_cursor **out);
int __wrap_mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned int flags, MDB_txn **out);
int __wrap_mdb_txn_commit(MDB_txn *txn);
void __wrap_mdb_txn_abort(MDB_txn *txn);
int __wrap_mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data, unsigned int flags);
int __wrap_mdb_del(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data);
int __wrap_mdb_cursor_open(MDB_txn *txn, MDB_dbi dbi, MDB_cursor **out);

int __wrap_mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned int flags, MDB_txn **out)
{
    if (!all)
        return __real_mdb_txn_begin(env, parent, flags, out);
    insist(!inside && !parent);
    inside = true;
    written = 0;
    *out = all;
    return 0;
}

int __wrap_mdb_txn_commit(MDB_txn *txn)
{
    if (!all)
        return __real_mdb_txn_commit(txn);
    insist(inside && txn == all);
    inside = false;
    return 0;
}

void __wrap_mdb_txn_abort(MDB_txn *txn)
{
    if (!all) {
        __real_mdb_txn_abort(txn);
        return;
    }
    insist(inside && txn == all && (written == 0 || may_lose_it));
    inside = false;
}

int __wrap_mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data, unsigned int flags)
{
    written++;
    return __real_mdb_put(txn, dbi, key, data, flags);
}

int __wrap_mdb_del(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data)
{
    written++;
    return __real_mdb_del(txn, dbi, key, data);
}

// The list of free pages can be read in read transactions only; here it has none.
int __wrap_mdb_cursor_open(MDB_txn *txn, MDB_dbi dbi, MDB_cursor **out)
{
    return all && dbi == 0 ? MDB_NOTFOUND : __real_mdb_cursor_open(txn, dbi, out);
}

// ---------------------------------------------------------------- the town

static struct town *made;
static struct town at_first;
static struct town_story story;

static uint64_t refer(struct town *it)
{
    Wire__PublishRequest request = town_request(it, "Ik weet niet waar ik moet zijn");
    request.category = text("unknown");
    return town_publish_request(it, it->desk, request).made;
}

static void tell_story(struct town *it)
{
    story.open = town_publish_for(it, 2);
    story.offer = town_offer(it, it->anna, story.open);
    story.filled = town_publish(it, "Wie heeft een kinderfiets over?");
    story.waiting = town_offer(it, it->bert, story.filled);
    story.match = town_match(it, it->anna, story.filled);
    story.release = town_release(it, it->desk,
                                 (Wire__Release){.offer = story.match,
                                                 .recipient = it->anna.member,
                                                 .channel = CONTACT_PHONE,
                                                 .box_bytes = text("sealed"),
                                                 .asker_agreed = true})
                        .made;
    story.closed = town_publish(it, "Wie helpt met een brief?");
    insist(town_close(it, story.closed, CLOSE_NO_LONGER_NEEDED).code == BB_OK);
    story.referred = refer(it);
    story.invitation = town_make_invitation(it, it->coordinator, town_invitation(it, ROLE_GIVER, CLASS_BUSINESS)).made;
    insist(story.release && story.referred && story.invitation);
}

static void make_town(void)
{
    fuzz_random_from_start();
    town_setup((void **)&made);
    tell_story(made);
    // What is open stays; nothing is left behind when a finding ends the process.
    insist(nftw(made->scratch->folder, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
    insist(keyring_fill(made->keyring, turn_slots_used(made->turn) + 2 * KEYRING_SLOTS_AHEAD) == BB_OK);
    at_first = *made;
}

const struct town_story *town_story(void)
{
    return &story;
}

struct town *town_anew(void)
{
    if (!made)
        make_town();
    MDB_env *env = made->scratch->store->env;
    if (all)
        __real_mdb_txn_abort(all);
    all = NULL;
    insist(__real_mdb_txn_begin(env, NULL, 0, &all) == 0);
    inside = may_lose_it = false;
    fuzz_random_from_start();

    struct turn_options options = {.store = made->scratch->store, .keyring = made->keyring, .node = 1};
    struct turn *before = made->turn;
    *made = at_first;
    turn_destroy(&before);
    at_first.turn = NULL;
    insist(turn_create(&options, &made->turn) == BB_OK);
    return made;
}

// ---------------------------------------------------------------- damage

bool row_damage(struct town *town, enum table table, const struct store_key *key, const void *bytes, size_t size)
{
    MDB_val at = {key->size, (void *)(uintptr_t)key->bytes}, data = {size, (void *)(uintptr_t)bytes}, old;
    MDB_dbi dbi = town->scratch->store->dbis[table];
    may_lose_it = true; // what stands there may break a turn half-way
    return mdb_get(all, dbi, &at, &old) == 0 && __real_mdb_put(all, dbi, &at, &data, 0) == 0;
}

bool row_read(struct town *town, enum table table, const struct store_key *key, uint8_t **bytes, size_t *size)
{
    MDB_val at = {key->size, (void *)(uintptr_t)key->bytes}, found;
    if (mdb_get(all, town->scratch->store->dbis[table], &at, &found) != 0)
        return false;
    *bytes = malloc(found.mv_size + 1);
    insist(*bytes != NULL);
    memcpy(*bytes, found.mv_data, found.mv_size);
    *size = found.mv_size;
    return true;
}
