// SPDX-License-Identifier: MPL-2.0
// Looks at the broker's part of an image with the daemon's own code: opens store and keyring, starts a node, verifies
// every record and the chain, and compares facts, state and acknowledgements. The rules: look_rules.c.
#include "look_inside.h"

#include "store/journal.h"
#include "turn/burial.h"
#include "turn/verify.h"

#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_ARENA_SIZE_MAX = 64 << 20 };
static const size_t MAP_SIZE = (size_t)16 << 20;

// ---- a start, up to the sockets

static void random_bytes(void *context, void *bytes, size_t size)
{
    (void)context;
    randombytes_buf(bytes, size);
}

static bool send_nothing(void *context, const struct routing_id *route, const uint8_t *frame, size_t frame_size)
{
    (void)context, (void)route, (void)frame, (void)frame_size;
    return false;
}

static void publish_nothing(void *context, const char *topic, const uint8_t *frame, size_t frame_size)
{
    (void)context, (void)topic, (void)frame, (void)frame_size;
}

static enum bb_code ask_nobody(void *context, const struct routing_id *route, uint64_t member, const uint8_t *frame,
                               size_t frame_size)
{
    (void)context, (void)route, (void)member, (void)frame, (void)frame_size;
    return BB_BUSY;
}

static enum bb_code admit_all(void *context, const uint8_t key[CURVE_KEY_SIZE], const char *user_id)
{
    (void)context, (void)key, (void)user_id;
    return BB_OK;
}

static enum bb_code found(struct look *look)
{
    Stored__CommunityFounded community = STORED__COMMUNITY_FOUNDED__INIT;
    struct founder founder = {.party_name = {6, (uint8_t *)"Beheer"}, .member_name = {6, (uint8_t *)"Beheer"}};
    community.key = (ProtobufCBinaryData){6, (uint8_t *)"meppel"};
    community.name = community.key;
    return node_found(look->node, &community, &founder);
}

static bool start(struct look *look, const char *image)
{
    static struct metrics metrics;
    static const struct outside outside = {.clock = {clock_wall_ms, clock_steady_us},
                                           .random = random_bytes,
                                           .send = send_nothing,
                                           .publish = publish_nothing,
                                           .ask = ask_nobody,
                                           .admit = admit_all};
    char folder[PATH_MAX], keyring[PATH_MAX];
    const char *problem = NULL;
    uint8_t ids_key[IDS_KEY_SIZE] = {1};
    snprintf(folder, sizeof folder, "%s/broker/store", image);
    snprintf(keyring, sizeof keyring, "%s/broker/keyring", image);
    struct store_options options = {.folder = folder, .map_size = MAP_SIZE};
    if (!look_is_good(look, "store_open", store_open(&options, ids_key, clock_wall_ms(), &look->store, &problem),
                      problem) ||
        !look_is_good(look, "keyring_open", keyring_open(keyring, &look->keyring, &problem), problem))
        return false;
    snprintf(folder, sizeof folder, "%s/broker/tombstones", image);
    uint64_t damaged = 0;
    if (!look_is_good(look, "burial_open", burial_open(look->store, folder, &look->tombstones, &damaged, &problem),
                      problem))
        return false;
    if (damaged != 0)
        verdict_bad(look->verdict, "burial_open: entry %" PRIu64 " is damaged", damaged);
    struct node_options node = {.store = look->store,
                                .keyring = look->keyring,
                                .tombstones = look->tombstones,
                                .metrics = &metrics,
                                .sessions_max = 16,
                                .commands_per_second = 1,
                                .commands_burst = 1};
    if (!look_is_good(look, "node_create", node_create(&node, &outside, &look->node, &problem), problem))
        return false;
    if (node_head(look->node) == 0 && !look_is_good(look, "node_found", found(look), NULL))
        return false;
    return look_is_good(look, "node_load", node_load(look->node), NULL);
}

// ---- reading

static bool read_begin(struct look *look)
{
    arena_reset(look->arena);
    look->core = (struct core){.keyring = look->keyring, .now_ms = clock_wall_ms()};
    memcpy(look->core.ids_key, node_ids_key(look->node), IDS_KEY_SIZE);
    return look_is_good(look, "txn_begin_read", txn_begin_read(look->store, look->arena, &look->core.txn), NULL);
}

static void read_end(struct look *look)
{
    txn_abort(&look->core.txn);
}

// Every slot that the keyring promises can be used.
static void look_slots(struct look *look)
{
    for (uint64_t slot = 1; slot <= keyring_last(look->keyring); slot++) {
        const uint8_t *key;
        enum bb_code code = keyring_key(look->keyring, slot, &key);
        if (code != BB_OK)
            verdict_bad(look->verdict, "slot %" PRIu64 " of the keyring: %s", slot, bb_code_symbol(code));
    }
}

// A start appends the tombstones that the file lacks. Those of a command that was acknowledged it must have had.
static void look_tombstones(struct look *look, const char *image, uint64_t acknowledged)
{
    char path[PATH_MAX];
    uint8_t mark[TOMBSTONES_MARK_SIZE];
    struct tombstones *now = NULL;
    const char *problem = NULL;
    size_t before, count = 0;
    (void)tombstones_all(look->tombstones, &before);
    tombstones_mark(node_ids_key(look->node), mark);
    snprintf(path, sizeof path, "%s/broker/tombstones", image);
    if (!look_is_good(look, "tombstones_open", tombstones_open(path, mark, true, &now, &problem), problem))
        return;
    const struct tombstone *all = tombstones_all(now, &count);
    look->verdict->checked += count;
    for (size_t i = before; i < count; i++)
        if (all[i].entry <= acknowledged && all[i].kind != TOMBSTONE_COMPLETE)
            verdict_bad(look->verdict, "LOST: the tombstone of entry %" PRIu64 ", which was acknowledged",
                        all[i].entry);
    tombstones_close(&now);
}

// ---- records, chain

static int64_t ticks;
static int64_t tick(void)
{
    return ticks++; // so a slice is some thousands of records
}

static void verify(struct look *look)
{
    Wire__Verify from = WIRE__VERIFY__INIT;
    uint8_t key[STORE_KEY_SIZE_MAX], hash[JOURNAL_HASH_SIZE];
    for (bool done = false; !done;) {
        Wire__Verified *verified;
        if (!read_begin(look))
            return;
        done = true;
        if (look_is_good(look, "verify_slice", verify_slice(&look->core, &from, tick, &verified), NULL)) {
            look->verdict->checked += verified->checked;
            for (size_t i = 0; i < verified->n_problems; i++)
                verdict_bad(look->verdict, "verify: %.*s", (int)verified->problems[i].len,
                            (const char *)verified->problems[i].data);
            done = verified->done;
            from = *verified->next; // the arena is reset before the next slice
            memcpy(key, from.key_bytes.data, from.key_bytes.len);
            memcpy(hash, from.hash_bytes.data, from.hash_bytes.len);
            from.key_bytes.data = key;
            from.hash_bytes.data = hash;
        }
        read_end(look);
    }
}

// ---- accepted commands, facts, acknowledgements

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, ORACLE_ID_SIZE);
}

static bool was_accepted(const struct accepted_commands *accepted, const uint8_t *command)
{
    return bsearch(command, accepted->ids, accepted->count, ORACLE_ID_SIZE, by_id) != NULL;
}

static bool find_accepted(struct look *look, const uint8_t *command, Stored__Accepted **out)
{
    struct store_key key = key_bytes(command, ORACLE_ID_SIZE);
    enum bb_code code = store_at_or_after(look->core.txn, TABLE_ACCEPTED, &key, out);
    return code == BB_OK && memcmp(key.bytes, command, ORACLE_ID_SIZE) == 0;
}

// Every accepted command, and its facts in the entry that it names.
static void take_accepted(struct look *look, struct accepted_commands *accepted)
{
    uint64_t rows = 0;
    (void)look_is_good(look, "accepted", store_rows(look->core.txn, TABLE_ACCEPTED, &rows), NULL);
    accepted->ids = calloc(rows + 1, sizeof *accepted->ids);
    struct store_key key = key_bytes("", 0);
    Stored__Accepted *row;
    while (accepted->ids && store_at_or_after(look->core.txn, TABLE_ACCEPTED, &key, &row) == BB_OK &&
           accepted->count < rows) {
        memcpy(accepted->ids[accepted->count++], key.bytes, ORACLE_ID_SIZE);
        if (row->entry == 0 || row->entry > node_head(look->node))
            verdict_bad(look->verdict, "an accepted command names entry %" PRIu64 ", past the head", row->entry);
        key.bytes[key.size++] = 0;
    }
    if (accepted->count != rows)
        verdict_bad(look->verdict, "%zu of %" PRIu64 " accepted commands can be read", accepted->count, rows);
}

// Facts and accepted commands agree, both ways.
static void look_facts(struct look *look, const struct accepted_commands *accepted)
{
    size_t commands = 0;
    for (uint64_t seq = 1; seq <= node_head(look->node); seq++) {
        Stored__Entry *entry;
        if (!look_is_good(look, "journal_read", journal_read(look->core.txn, seq, &entry), NULL))
            return;
        const uint8_t *before = NULL;
        for (size_t i = 0; i < entry->n_facts; i++) {
            ProtobufCBinaryData command = entry->facts[i]->command_bytes;
            if (command.len != ORACLE_ID_SIZE || (before && memcmp(before, command.data, ORACLE_ID_SIZE) == 0))
                continue;
            before = command.data;
            commands++;
            if (!was_accepted(accepted, command.data))
                verdict_bad(look->verdict, "entry %" PRIu64 " has facts of a command that was not accepted", seq);
        }
    }
    if (commands != accepted->count)
        verdict_bad(look->verdict, "%zu commands were accepted, %zu have facts", accepted->count, commands);
}

static void look_acknowledged(struct look *look, const struct told *told)
{
    Stored__Accepted *row;
    look->verdict->checked++;
    if (!find_accepted(look, told->command, &row))
        verdict_bad(look->verdict,
                    "LOST: a command that was acknowledged as entry %" PRIu64 "; the journal ends at %" PRIu64,
                    told->entry, node_head(look->node));
    else if (row->entry != told->entry || row->made != told->made || row->party != told->party ||
             row->state != told->state)
        verdict_bad(look->verdict, "a command that was acknowledged as entry %" PRIu64 " has another answer now",
                    told->entry);
}

static uint64_t last_acknowledged(const struct oracle *oracle, uint64_t cut_ns)
{
    uint64_t last = 0;
    for (size_t i = 0; i < oracle->count && oracle->lines[i].at_ns <= cut_ns; i++)
        if (oracle->lines[i].kind == TOLD_ACKNOWLEDGED && oracle->lines[i].entry > last)
            last = oracle->lines[i].entry;
    return last;
}

static void compare(struct look *look, const struct oracle *oracle, uint64_t cut_ns, struct accepted_commands *accepted)
{
    verify(look);
    look_slots(look);
    if (!read_begin(look))
        return;
    look_rules(look);
    take_accepted(look, accepted);
    look_facts(look, accepted);
    for (size_t i = 0; i < oracle->count && oracle->lines[i].at_ns <= cut_ns; i++)
        if (oracle->lines[i].kind == TOLD_ACKNOWLEDGED)
            look_acknowledged(look, &oracle->lines[i]);
    read_end(look);
}

static bool was_told(const struct oracle *oracle, enum told_kind kind, uint64_t cut_ns)
{
    for (size_t i = 0; i < oracle->count && oracle->lines[i].at_ns <= cut_ns; i++)
        if (oracle->lines[i].kind == kind)
            return true;
    return false;
}

void look_broker(const char *image, const struct oracle *oracle, uint64_t cut_ns, struct accepted_commands *accepted,
                 struct verdict *verdict)
{
    struct look look = {.verdict = verdict, .arena = arena_create(LOOK_ARENA_SIZE_MAX)};
    char folder[PATH_MAX];
    *accepted = (struct accepted_commands){0};
    snprintf(folder, sizeof folder, "%s/broker/store", image);
    if (access(folder, F_OK) != 0) { // before `init` ended
        if (was_told(oracle, TOLD_WHOLE, cut_ns))
            verdict_bad(verdict, "LOST: the store's folder");
    } else if (start(&look, image)) {
        look_tombstones(&look, image, last_acknowledged(oracle, cut_ns));
        compare(&look, oracle, cut_ns, accepted);
    }
    node_destroy(&look.node);
    tombstones_close(&look.tombstones);
    keyring_close(&look.keyring);
    store_close(&look.store);
    arena_destroy(&look.arena);
}

void accepted_fini(struct accepted_commands *accepted)
{
    free(accepted->ids);
    *accepted = (struct accepted_commands){0};
}
