// SPDX-License-Identifier: MPL-2.0
// Facts of a restore, applied and written down; see restoring.h.
#include "restoring.h"

#include "store/journal.h"

#include <string.h>

enum {
    FACTS_EACH_ENTRY = 64, // so that each entry can be read back like any other
    ARENA_SIZE_MAX = 512 * 1024 * 1024,
};

struct writing {
    const struct restoring *options;
    struct core core;
    Stored__Entry entry;
    struct restored *out;
};

static enum bb_code write_entry(struct writing *it)
{
    if (it->entry.n_facts == 0)
        return BB_OK;
    enum bb_code code = journal_append(it->core.txn, &it->entry);
    uint64_t seq = it->entry.seq + 1;
    stored__entry__init(&it->entry);
    it->entry.seq = seq;
    it->entry.made_at_ms = it->core.now_ms;
    it->entry.node = it->options->node;
    return code;
}

static void count(struct restored *out, const Stored__Fact *fact)
{
    out->members_revoked += fact->what_case == STORED__FACT__WHAT_MEMBER_REVOKED;
    out->parties_changed += fact->what_case == STORED__FACT__WHAT_PARTY_STATE_CHANGED;
    out->invitations_revoked += fact->what_case == STORED__FACT__WHAT_INVITATION_REVOKED;
    out->keys_barred += fact->what_case == STORED__FACT__WHAT_KEY_BARRED;
}

static enum bb_code take(struct writing *it, const struct decision *decision)
{
    for (size_t i = 0; i < decision->facts_count; i++) {
        Stored__Entry *entry = &it->entry;
        enum bb_code code = entry->n_facts >= FACTS_EACH_ENTRY ? write_entry(it) : BB_OK;
        if (code == BB_OK)
            code = core_apply(&it->core, decision->facts[i]);
        if (code != BB_OK)
            return code;
        if (!core_grow(&it->core, &entry->facts, entry->n_facts, sizeof *entry->facts))
            return BB_NO_MEMORY;
        entry->facts[entry->n_facts++] = decision->facts[i];
        count(it->out, decision->facts[i]);
    }
    return BB_OK;
}

// The file knows each epoch that was ever begun, also those of histories that are lost.
static uint32_t next_epoch(const struct restoring *options, uint32_t backup)
{
    uint32_t last = backup;
    for (size_t i = 0; i < options->tombstones_count; i++) {
        if (options->tombstones[i].epoch > last)
            last = options->tombstones[i].epoch;
    }
    return last + 1;
}

static uint64_t slots_given(const struct restoring *options)
{
    uint64_t last = options->keyring_last;
    for (size_t i = 0; i < options->tombstones_count; i++) {
        const struct tombstone *it = &options->tombstones[i];
        if (it->kind == TOMBSTONE_SLOT_ERASED && it->number > last)
            last = it->number;
    }
    return last;
}

static enum bb_code begin(struct writing *it)
{
    Stored__StoreIdentity *identity;
    Stored__Entry *newest;
    struct journal_head head;
    struct txn *txn = it->core.txn;
    enum bb_code code = store_identity(txn, &identity);
    if (code == BB_OK)
        code = journal_head(txn, &head);
    if (code == BB_OK && head.seq == 0)
        code = BB_STORE_DAMAGED;
    if (code == BB_OK)
        code = journal_read(txn, head.seq, &newest);
    if (code != BB_OK)
        return code;
    it->core.now_ms = newest->made_at_ms > it->options->clock_ms ? newest->made_at_ms : it->options->clock_ms;
    memcpy(it->core.ids_key, identity->ids_key_bytes.data, IDS_KEY_SIZE);
    stored__entry__init(&it->entry);
    it->entry.seq = head.seq + 1;
    it->entry.made_at_ms = it->core.now_ms;
    it->entry.node = it->options->node;

    Stored__Restored restored = STORED__RESTORED__INIT;
    struct decision decision;
    restored.epoch = it->out->epoch = next_epoch(it->options, identity->epoch);
    restored.last_entry = it->out->last_entry = head.seq;
    restored.slots = slots_given(it->options);
    if (restored.epoch > EPOCHS_MAX)
        return BB_BUSY;
    code = restore_begin(&it->core, &restored, &decision);
    return code == BB_OK ? take(it, &decision) : code;
}

static enum bb_code bury_again(struct writing *it)
{
    enum bb_code code = BB_OK;
    struct decision decision;
    for (size_t i = 0; code == BB_OK && i < it->options->tombstones_count; i++) {
        code = restore_tombstone(&it->core, it->options->tombstones, it->options->tombstones_count, i, &decision);
        if (code == BB_OK)
            code = take(it, &decision);
    }
    for (uint64_t number = 1; code == BB_OK && number != 0;) {
        code = restore_invitation(&it->core, &number, &decision);
        if (code == BB_OK)
            code = take(it, &decision);
    }
    return code == BB_OK ? write_entry(it) : code;
}

// Somebody must be able to come in and invite the others again.
static enum bb_code look_for_operators(struct writing *it)
{
    struct store_key key = key_number(1);
    for (;;) {
        Stored__Member *member;
        Stored__Party *party;
        enum bb_code code = store_at_or_after(it->core.txn, TABLE_MEMBER, &key, &member);
        if (code != BB_OK)
            return code == BB_NOT_FOUND ? BB_OK : code;
        code = get_named(&it->core, TABLE_PARTY, member->party, &party);
        if (code != BB_OK)
            return code;
        it->out->operators_left |= party->role == ROLE_OPERATOR && !member->revoked;
        if (it->out->operators_left)
            return BB_OK;
        key = key_number(member->member + 1);
    }
}

enum bb_code restoring_run(const struct restoring *options, struct restored *out)
{
    struct writing it = {.options = options, .out = out};
    struct arena *arena = arena_create(ARENA_SIZE_MAX);
    *out = (struct restored){0};
    enum bb_code code = arena ? txn_begin_write(options->store, arena, &it.core.txn) : BB_NO_MEMORY;
    if (code == BB_OK) {
        txn_use_reserve(it.core.txn, true);
        code = begin(&it);
    }
    if (code == BB_OK)
        code = bury_again(&it);
    if (code == BB_OK)
        code = look_for_operators(&it);
    if (code == BB_OK)
        code = txn_commit(&it.core.txn);
    txn_abort(&it.core.txn);
    arena_destroy(&arena);
    return code;
}
