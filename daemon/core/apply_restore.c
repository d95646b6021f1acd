// SPDX-License-Identifier: MPL-2.0
// Facts of a restore, applied.
#include "apply.h"
#include "restore.h"

// All but communities, of which there is one, and keyring slots, which lie close together in their file.
static const char *const numbered[] = {"party", "member", "invitation", "asker", "request", "offer", "release", "log"};

static enum bb_code move_numbers_on(struct core *core, const Stored__Restored *restored)
{
    const uint64_t last_before = (uint64_t)(restored->epoch - 1) << EPOCH_NUMBERS_SHIFT;
    enum bb_code code = store_count_on(core->txn, "slot", restored->slots);
    for (size_t i = 0; code == BB_OK && i < sizeof numbered / sizeof *numbered; i++)
        code = store_count_on(core->txn, numbered[i], last_before);
    return code;
}

static enum bb_code end_epoch(struct core *core, Stored__StoreIdentity *identity, const Stored__Restored *restored)
{
    size_t count = identity->n_past_epochs;
    Stored__PastEpoch *past = core_alloc(core, sizeof *past);
    Stored__PastEpoch **longer = core_alloc(core, (count + 1) * sizeof *longer);
    if (!past || !longer)
        return BB_NO_MEMORY;
    stored__past_epoch__init(past);
    past->epoch = identity->epoch;
    past->last_entry = restored->last_entry;
    for (size_t i = 0; i < count; i++)
        longer[i] = identity->past_epochs[i];
    longer[count] = past;
    identity->past_epochs = longer;
    identity->n_past_epochs = count + 1;
    identity->epoch = restored->epoch;
    identity->has_tombstones = true;
    return store_put_identity(core->txn, identity);
}

enum bb_code apply_restored(struct core *core, const Stored__Fact *fact)
{
    Stored__StoreIdentity *identity;
    enum bb_code code = store_identity(core->txn, &identity);
    if (code == BB_OK && (fact->restored->epoch <= identity->epoch || fact->restored->epoch > EPOCHS_MAX))
        code = BB_STORE_DAMAGED;
    if (code == BB_OK)
        code = end_epoch(core, identity, fact->restored);
    return code == BB_OK ? move_numbers_on(core, fact->restored) : code;
}

// The key of nobody: whoever enrols it is told that it is known.
enum bb_code apply_key_barred(struct core *core, const Stored__Fact *fact)
{
    const ProtobufCBinaryData *key = &fact->key_barred->key_bytes;
    struct store_key place = key_bytes(key->data, key->len);
    Stored__Counter nobody = STORED__COUNTER__INIT;
    return store_put(core->txn, TABLE_MEMBER_KEY, &place, &nobody.base);
}
