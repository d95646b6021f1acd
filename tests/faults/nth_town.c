// SPDX-License-Identifier: MPL-2.0
// Stands before the turn, the queries and what a node is made of, in tests that are played in town.h's town: each call
// is made with its first allocation (or call of LMDB, with nth_store.c) failing, then its second, and so on, and only at
// last without a failure. So every story of the unit tests is one of failing memory and of a failing store too. What
// failed must say so and have changed nothing; the same call must work afterwards.
//
// $BUURTBEL_FAULTS_WALKS: how often a program walks through one kind of call (2); the first calls are walked through.
#include "nth.h"
#include "town.h"

#include "store/store_inside.h"
#include "turn/restoring.h"

#include <lmdb.h>

enum { KINDS_MAX = 256, CALLS_MAX = 100000 };
enum { WALK_QUERY = 64, WALK_SYNC = 96, WALK_TURN_CREATE, WALK_STORE, WALK_KEYRING, WALK_RESTORING, WALK_FOUND };

static unsigned walked[KINDS_MAX];

static bool walks(unsigned kind)
{
    const char *most = getenv("BUURTBEL_FAULTS_WALKS");
    return kind < KINDS_MAX && walked[kind]++ < (most ? strtoul(most, NULL, 10) : 2);
}

// Long turns and answers are made of like parts, so that beyond the first 500 calls a sample of them is enough.
static size_t after(size_t n)
{
    return n < 500 ? n + 1 : n + n / 50;
}

static size_t commits(struct store *store)
{
    MDB_envinfo info;
    assert_int_equal(mdb_env_info(store->env, &info), 0);
    return info.me_last_txnid;
}

// The journal's chain from the first entry to the head.
static void assert_whole(struct turn *turn, struct store *store)
{
    struct arena *arena = arena_create(QUERY_ARENA_SIZE_MAX);
    struct txn *txn;
    uint8_t hash[JOURNAL_HASH_SIZE] = {0};
    struct journal_head head;
    assert_non_null(arena);
    assert_int_equal(txn_begin_read(store, arena, &txn), BB_OK);
    assert_int_equal(journal_head(txn, &head), BB_OK);
    assert_int_equal(head.seq, turn_head(turn));
    for (uint64_t seq = 1; seq <= head.seq; seq++)
        assert_int_equal(journal_verify(txn, seq, hash), BB_OK);
    assert_memory_equal(head.hash, hash, sizeof hash);
    txn_abort(&txn);
    arena_destroy(&arena);
}

static void assert_told(const char *call, size_t n, enum bb_code code)
{
    if (!nth_is_told(code))
        fail_msg("call %zu of %s failed, and it said %s", n, call, bb_code_symbol(code));
}

static struct store *store_of_turn; // of the last turn_create
static struct tombstones *tombstones_of_turn;

enum bb_code __real_turn_run(struct turn *turn, const struct turn_input *inputs, size_t count, int64_t clock_ms,
                             const uint8_t random[CORE_RANDOM_SIZE], struct turn_result *out);
enum bb_code __wrap_turn_run(struct turn *turn, const struct turn_input *inputs, size_t count, int64_t clock_ms,
                             const uint8_t random[CORE_RANDOM_SIZE], struct turn_result *out);
enum bb_code __wrap_turn_run(struct turn *turn, const struct turn_input *inputs, size_t count, int64_t clock_ms,
                             const uint8_t random[CORE_RANDOM_SIZE], struct turn_result *out)
{
    bool walk = walks(inputs[0].command->what_case);
    size_t before = commits(store_of_turn);
    uint64_t head = turn_head(turn), slots = turn_slots_used(turn);
    for (size_t n = 1; walk && n < CALLS_MAX; n = after(n)) {
        nth_arm(n);
        enum bb_code code = __real_turn_run(turn, inputs, count, clock_ms, random, out);
        if (!nth_disarm()) {
            assert_whole(turn, store_of_turn);
            return code;
        }
        // Committed, and then no memory to write the tombstone: the daemon stops, and its next start writes it. It is
        // wholly done, so the story goes on as after that start.
        if (code == BB_STORE_IO && commits(store_of_turn) == before + 1) {
            uint64_t damaged;
            assert_int_equal(burial_catch_up(store_of_turn, tombstones_of_turn, head + 1, &damaged), BB_OK);
            assert_whole(turn, store_of_turn);
            return BB_OK;
        }
        assert_told("turn_run", n, code);
        assert_int_equal(commits(store_of_turn), before);
        assert_true(turn_head(turn) == head && turn_slots_used(turn) == slots);
    }
    return __real_turn_run(turn, inputs, count, clock_ms, random, out);
}

// ---------------------------------------------------------------- what is only asked, or only made

// `out` of a function that makes something is NULL when it did not.
#define MAKES(kind, name, parameters, arguments) \
    enum bb_code __real_##name parameters; \
    enum bb_code __wrap_##name parameters; \
    enum bb_code __wrap_##name parameters \
    { \
        for (size_t n = walks(kind) ? 1 : 0;; n++) { \
            nth_arm(n); \
            enum bb_code code = __real_##name arguments; \
            if (!nth_disarm()) \
                return code; \
            assert_told(#name, n, code); \
            assert_null(*out); \
        } \
    }
MAKES(WALK_STORE, store_open,
      (const struct store_options *options, const uint8_t ids_key[16], int64_t now_ms, struct store **out,
       const char **problem),
      (options, ids_key, now_ms, out, problem))
MAKES(WALK_KEYRING, keyring_open, (const char *path, struct keyring **out, const char **problem), (path, out, problem))

// An answer lies in the transaction's arena; those that failed get one of their own.
#define ASKS(kind, name, parameters, arguments) \
    enum bb_code __real_##name parameters; \
    enum bb_code __wrap_##name parameters; \
    enum bb_code __wrap_##name parameters \
    { \
        struct arena *of_txn = core->txn->arena; \
        bool failed = walks(kind); \
        for (size_t n = 1; failed; n = after(n)) { \
            struct arena *arena = core->txn->arena = arena_create(QUERY_ARENA_SIZE_MAX); \
            nth_arm(n); \
            enum bb_code code = __real_##name arguments; \
            if ((failed = nth_disarm())) \
                assert_told(#name, n, code); \
            arena_destroy(&arena); \
        } \
        core->txn->arena = of_txn; \
        return __real_##name arguments; \
    }
ASKS(WALK_QUERY + query->what_case, query_answer,
     (struct core * core, const struct actor *actor, const Wire__Query *query, Wire__Answer **out),
     (core, actor, query, out))
ASKS(WALK_SYNC, sync_answer,
     (struct core * core, const struct actor *actor, const Wire__Sync *sync, uint32_t epoch, Wire__SyncPage **out),
     (core, actor, sync, epoch, out))

enum bb_code __real_turn_create(const struct turn_options *options, struct turn **out);
enum bb_code __wrap_turn_create(const struct turn_options *options, struct turn **out);
enum bb_code __wrap_turn_create(const struct turn_options *options, struct turn **out)
{
    store_of_turn = options->store;
    tombstones_of_turn = options->tombstones;
    for (size_t n = walks(WALK_TURN_CREATE) ? 1 : 0;; n++) {
        nth_arm(n);
        enum bb_code code = __real_turn_create(options, out);
        if (!nth_disarm())
            return code;
        assert_told("turn_create", n, code);
        assert_null(*out);
    }
}

enum bb_code __real_turn_found(struct turn *turn, const Stored__CommunityFounded *community,
                               const struct founder *founder, int64_t clock_ms, const uint8_t random[CORE_RANDOM_SIZE]);
enum bb_code __wrap_turn_found(struct turn *turn, const Stored__CommunityFounded *community,
                               const struct founder *founder, int64_t clock_ms, const uint8_t random[CORE_RANDOM_SIZE]);
enum bb_code __wrap_turn_found(struct turn *turn, const Stored__CommunityFounded *community,
                               const struct founder *founder, int64_t clock_ms, const uint8_t random[CORE_RANDOM_SIZE])
{
    size_t before = commits(store_of_turn);
    for (size_t n = walks(WALK_FOUND) ? 1 : 0;; n++) {
        nth_arm(n);
        enum bb_code code = __real_turn_found(turn, community, founder, clock_ms, random);
        if (!nth_disarm())
            return code;
        assert_told("turn_found", n, code);
        assert_int_equal(commits(store_of_turn), before);
    }
}

// All or nothing: one transaction.
enum bb_code __real_restoring_run(const struct restoring *options, struct restored *out);
enum bb_code __wrap_restoring_run(const struct restoring *options, struct restored *out);
enum bb_code __wrap_restoring_run(const struct restoring *options, struct restored *out)
{
    size_t before = commits(options->store);
    for (size_t n = walks(WALK_RESTORING) ? 1 : 0;; n++) {
        nth_arm(n);
        enum bb_code code = __real_restoring_run(options, out);
        if (!nth_disarm())
            return code;
        assert_told("restoring_run", n, code);
        assert_int_equal(commits(options->store), before);
    }
}
