// SPDX-License-Identifier: MPL-2.0
// Facts into tombstones; see burial.h.
#include "burial.h"

#include "store/journal.h"

#include <string.h>

enum { COMPLETE_AFTER_ENTRIES = 10000 }; // so many were looked through without finding a tombstone: say so in the file

// ---------------------------------------------------------------- from facts

static enum bb_code add(struct core *core, struct burial *out, const struct tombstone *record)
{
    if (!core_grow(core, &out->records, out->count, sizeof *out->records))
        return BB_NO_MEMORY;
    out->records[out->count++] = *record;
    return BB_OK;
}

static enum bb_code copy_key(ProtobufCBinaryData key, uint8_t out[TOMBSTONE_KEY_SIZE])
{
    if (key.len != TOMBSTONE_KEY_SIZE)
        return BB_STORE_DAMAGED;
    memcpy(out, key.data, TOMBSTONE_KEY_SIZE);
    return BB_OK;
}

static enum bb_code bury_member(struct core *core, uint64_t number, struct tombstone *record, struct burial *out)
{
    Stored__Member *member;
    enum bb_code code = get_named(core, TABLE_MEMBER, number, &member);
    record->kind = TOMBSTONE_MEMBER_REVOKED;
    record->number = number;
    if (code == BB_OK)
        code = copy_key(member->curve_key_bytes, record->key);
    return code == BB_OK ? add(core, out, record) : code;
}

static enum bb_code bury_invitation(struct core *core, uint64_t number, struct tombstone *record, struct burial *out)
{
    Stored__Invitation *invitation;
    enum bb_code code = get_named(core, TABLE_INVITATION, number, &invitation);
    record->kind = TOMBSTONE_INVITATION_REVOKED;
    record->number = number;
    if (code == BB_OK)
        code = copy_key(invitation->admission_key_bytes, record->key);
    return code == BB_OK ? add(core, out, record) : code;
}

// The first member of a party stands at the end of its chain, and never changes: it is the party's name in each history.
static enum bb_code find_founder(struct core *core, const Stored__Party *party, uint8_t out[TOMBSTONE_KEY_SIZE])
{
    Stored__Member *member;
    uint64_t number = party->last_member;
    enum bb_code code;
    do {
        code = get_named(core, TABLE_MEMBER, number, &member);
        number = code == BB_OK ? member->previous : 0;
    } while (number != 0);
    return code == BB_OK ? copy_key(member->curve_key_bytes, out) : code;
}

// One for each of its members, so that no key of a suspended party can be enrolled again in a history without it.
static enum bb_code bury_party(struct core *core, const Stored__PartyStateChanged *changed, struct tombstone *record,
                               struct burial *out)
{
    Stored__Party *party;
    bool suspended = changed->state == PARTY_SUSPENDED;
    enum bb_code code = get_named(core, TABLE_PARTY, changed->party, &party);
    record->kind = suspended ? TOMBSTONE_PARTY_SUSPENDED : TOMBSTONE_PARTY_ACTIVE;
    record->number = changed->party;
    if (code == BB_OK)
        code = find_founder(core, party, record->founder);
    if (code != BB_OK)
        return code;
    memcpy(record->key, record->founder, sizeof record->key);
    if (!suspended)
        return add(core, out, record);
    for (uint64_t number = party->last_member; code == BB_OK && number != 0;) {
        Stored__Member *member;
        code = get_named(core, TABLE_MEMBER, number, &member);
        if (code == BB_OK)
            code = copy_key(member->curve_key_bytes, record->key);
        if (code == BB_OK)
            code = add(core, out, record);
        number = code == BB_OK ? member->previous : 0;
    }
    return code;
}

static enum bb_code bury(struct core *core, const Stored__Fact *fact, struct tombstone *record, struct burial *out)
{
    switch (fact->what_case) {
    case STORED__FACT__WHAT_MEMBER_REVOKED:
        return bury_member(core, fact->member_revoked->member, record, out);
    case STORED__FACT__WHAT_INVITATION_REVOKED:
        return bury_invitation(core, fact->invitation_revoked->invitation, record, out);
    case STORED__FACT__WHAT_PARTY_STATE_CHANGED:
        return bury_party(core, fact->party_state_changed, record, out);
    case STORED__FACT__WHAT_RESTORED:
        record->kind = TOMBSTONE_RESTORED;
        return add(core, out, record);
    default:
        return BB_OK;
    }
}

enum bb_code burial_of_entry(struct core *core, uint32_t epoch, const Stored__Entry *entry, struct burial *out)
{
    enum bb_code code = BB_OK;
    for (size_t i = 0; code == BB_OK && i < entry->n_facts; i++) {
        struct tombstone record = {.epoch = epoch, .entry = entry->seq, .at_ms = entry->made_at_ms};
        code = bury(core, entry->facts[i], &record, out);
    }
    return code;
}

// ---------------------------------------------------------------- keeping step

static uint32_t epoch_of(const Stored__StoreIdentity *identity, uint64_t entry)
{
    for (size_t i = 0; i < identity->n_past_epochs; i++) {
        if (entry <= identity->past_epochs[i]->last_entry)
            return identity->past_epochs[i]->epoch;
    }
    return identity->epoch;
}

static bool holds(const struct tombstones *tombstones, const struct tombstone *record)
{
    size_t count;
    const struct tombstone *all = tombstones_all(tombstones, &count);
    for (size_t i = count; i-- > 0;) {
        if (all[i].entry == record->entry && all[i].epoch == record->epoch && all[i].kind == record->kind &&
            memcmp(all[i].key, record->key, sizeof record->key) == 0)
            return true;
    }
    return false;
}

static enum bb_code append_lacking(struct core *core, struct tombstones *tombstones, uint32_t epoch, uint64_t seq,
                                   size_t *appended)
{
    Stored__Entry *entry;
    struct burial burial = {0};
    enum bb_code code = journal_read(core->txn, seq, &entry);
    if (code == BB_OK)
        code = burial_of_entry(core, epoch, entry, &burial);
    size_t lacking = 0;
    for (size_t i = 0; code == BB_OK && i < burial.count; i++) {
        if (!holds(tombstones, &burial.records[i]))
            burial.records[lacking++] = burial.records[i];
    }
    *appended += lacking;
    return code == BB_OK ? tombstones_append(tombstones, burial.records, lacking) : code;
}

// The epochs that ended, copied out of the arena, which is used anew for each entry.
struct past {
    Stored__StoreIdentity identity;
    Stored__PastEpoch epochs[PAST_EPOCHS_MAX], *list[PAST_EPOCHS_MAX];
};

static void copy_past(const Stored__StoreIdentity *identity, struct past *out)
{
    size_t count = identity->n_past_epochs;
    size_t skipped = count > PAST_EPOCHS_MAX ? count - PAST_EPOCHS_MAX : 0;
    out->identity = *identity;
    out->identity.past_epochs = out->list;
    out->identity.n_past_epochs = count - skipped;
    for (size_t i = skipped; i < count; i++) {
        out->epochs[i - skipped] = *identity->past_epochs[i];
        out->list[i - skipped] = &out->epochs[i - skipped];
    }
}

static enum bb_code catch_up(struct core *core, struct arena *arena, struct tombstones *tombstones, uint64_t from,
                             uint64_t *damaged)
{
    Stored__StoreIdentity *identity;
    struct journal_head head;
    struct past past;
    size_t appended = 0;
    enum bb_code code = store_identity(core->txn, &identity);
    if (code == BB_OK)
        code = journal_head(core->txn, &head);
    if (code != BB_OK)
        return code;
    copy_past(identity, &past);
    for (uint64_t seq = from; code == BB_OK && seq <= head.seq; seq++) {
        arena_reset(arena);
        code = append_lacking(core, tombstones, epoch_of(&past.identity, seq), seq, &appended);
        if (code == BB_STORE_DAMAGED || code == BB_NOT_FOUND) {
            *damaged = *damaged ? *damaged : seq;
            code = BB_OK;
        }
    }
    if (code != BB_OK || appended > 0 || *damaged != 0 || head.seq < from + COMPLETE_AFTER_ENTRIES)
        return code;
    const struct tombstone complete = {
        .kind = TOMBSTONE_COMPLETE, .epoch = past.identity.epoch, .entry = head.seq, .at_ms = core->now_ms};
    return tombstones_append(tombstones, &complete, 1);
}

// Before anybody is served, so one long read transaction hinders no writer.
enum bb_code burial_catch_up(struct store *store, struct tombstones *tombstones, uint64_t from, uint64_t *damaged)
{
    *damaged = 0;
    struct core core = {0};
    struct arena *arena = arena_create(TURN_ARENA_SIZE_MAX);
    enum bb_code code = arena ? txn_begin_read(store, arena, &core.txn) : BB_NO_MEMORY;
    if (code == BB_OK)
        code = catch_up(&core, arena, tombstones, from > 0 ? from : 1, damaged);
    txn_abort(&core.txn);
    arena_destroy(&arena);
    return code;
}

// Where file and store stand. `from` is where the file's knowledge of this epoch ends.
static enum bb_code compare(const Stored__StoreIdentity *identity, const struct journal_head *head,
                            const struct tombstones *tombstones, uint64_t *from, const char **problem)
{
    size_t count, past = identity->n_past_epochs;
    const struct tombstone *all = tombstones_all(tombstones, &count);
    *from = past > 0 ? identity->past_epochs[past - 1]->last_entry : 0;
    for (size_t i = 0; i < count; i++) {
        if (all[i].epoch > identity->epoch) {
            *problem = "The store is older than the last restore. Put the newest backup in its place with buurtbeld "
                       "--restore, so that what was revoked and suspended stays so.";
            return BB_STORE_DAMAGED;
        }
        if (all[i].epoch == identity->epoch && all[i].entry > head->seq) {
            *problem =
                "The store is an older copy: the file of tombstones knows of later entries than it has. Put it in "
                "its place with buurtbeld --restore, so that what was revoked and suspended stays so.";
            return BB_STORE_DAMAGED;
        }
        if (all[i].epoch == identity->epoch && all[i].entry > *from)
            *from = all[i].entry;
    }
    return BB_OK;
}

static enum bb_code open_file(struct txn *txn, const char *path, struct tombstones **out, uint64_t *from,
                              const char **problem)
{
    Stored__StoreIdentity *identity;
    struct journal_head head;
    uint8_t mark[TOMBSTONES_MARK_SIZE];
    enum bb_code code = store_identity(txn, &identity);
    if (code == BB_OK)
        code = journal_head(txn, &head);
    if (code != BB_OK)
        return code;
    tombstones_mark(identity->ids_key_bytes.data, mark);
    code = tombstones_open(path, mark, false, out, problem);
    if (code == BB_NOT_FOUND && identity->has_tombstones) {
        *problem =
            "The file of tombstones (store/tombstones) is not there. Put the newest copy of it back, backups hold "
            "one: without it, what was revoked is forgotten when a backup is put back.";
        return BB_STORE_DAMAGED;
    }
    if (code == BB_NOT_FOUND) {
        code = tombstones_create(path, mark);
        if (code == BB_OK)
            code = tombstones_open(path, mark, false, out, problem);
    }
    return code == BB_OK ? compare(identity, &head, *out, from, problem) : code;
}

// Said in the store only once the file is there: a file that is missing later was lost.
static enum bb_code mark_store(struct store *store, struct arena *arena)
{
    struct txn *txn;
    Stored__StoreIdentity *identity;
    arena_reset(arena);
    enum bb_code code = txn_begin_write(store, arena, &txn);
    if (code != BB_OK)
        return code;
    code = store_identity(txn, &identity);
    if (code == BB_OK && !identity->has_tombstones) {
        identity->has_tombstones = true;
        txn_use_reserve(txn, true);
        code = store_put_identity(txn, identity);
        if (code == BB_OK)
            code = txn_commit(&txn);
    }
    txn_abort(&txn);
    return code;
}

enum bb_code burial_open(struct store *store, const char *path, struct tombstones **out, uint64_t *damaged,
                         const char **problem)
{
    uint64_t from = 1;
    struct txn *txn = NULL;
    struct arena *arena = arena_create(MESSAGE_ARENA_SIZE_MAX);
    *out = NULL;
    *problem = NULL;
    enum bb_code code = arena ? txn_begin_read(store, arena, &txn) : BB_NO_MEMORY;
    if (code == BB_OK)
        code = open_file(txn, path, out, &from, problem);
    txn_abort(&txn);
    if (code == BB_OK)
        code = mark_store(store, arena);
    if (code == BB_OK)
        code = burial_catch_up(store, *out, from, damaged);
    arena_destroy(&arena);
    if (code != BB_OK)
        tombstones_close(out);
    return code;
}
