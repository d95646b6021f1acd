// SPDX-License-Identifier: MPL-2.0
// One turn; see turn.h. Rights, deduplication, decide, apply, journal, commit, in this order.
#include "turn.h"

#include "accepted.h"
#include "burial.h"
#include "core/view.h"
#include "refused.h"

#include <stdlib.h>
#include <string.h>

struct turn {
    struct turn_options options;
    struct arena *inputs; // commands, and frames on their way out
    struct arena *work;   // records, facts and notices of one attempt
    uint8_t ids_key[IDS_KEY_SIZE];
    uint32_t epoch;
    uint64_t head;       // number of the newest entry
    int64_t head_at_ms;  // its time
    uint64_t slots_used; // keyring slots that were given out
    struct refused *refused;
};

// What one attempt collects until its commit.
struct attempt {
    struct core core;
    Stored__Entry entry;
    bool changed; // something was put
    struct refused *refused;
    size_t refused_count; // remembered by this attempt
};

// ---------------------------------------------------------------- the turn's place in history

static enum bb_code read_identity(struct turn *turn, struct txn *txn)
{
    Stored__StoreIdentity *identity;
    enum bb_code code = store_identity(txn, &identity);
    if (code != BB_OK)
        return code;
    if (identity->ids_key_bytes.len != IDS_KEY_SIZE)
        return BB_STORE_DAMAGED;
    memcpy(turn->ids_key, identity->ids_key_bytes.data, IDS_KEY_SIZE);
    turn->epoch = identity->epoch;
    return BB_OK;
}

static enum bb_code read_head(struct turn *turn, struct txn *txn)
{
    struct journal_head head;
    enum bb_code code = journal_head(txn, &head);
    if (code != BB_OK || head.seq == 0)
        return code;
    Stored__Entry *newest;
    code = journal_read(txn, head.seq, &newest);
    if (code != BB_OK)
        return code;
    turn->head = head.seq;
    turn->head_at_ms = newest->made_at_ms;
    return BB_OK;
}

static enum bb_code read_place(struct turn *turn)
{
    struct txn *txn;
    enum bb_code code = txn_begin_read(turn->options.store, turn->work, &txn);
    if (code != BB_OK)
        return code;
    code = read_identity(turn, txn);
    if (code == BB_OK)
        code = read_head(turn, txn);
    if (code == BB_OK)
        code = store_counter(txn, "slot", &turn->slots_used);
    txn_abort(&txn);
    return code;
}

enum bb_code turn_create(const struct turn_options *options, struct turn **out)
{
    *out = NULL;
    struct turn *turn = calloc(1, sizeof *turn);
    if (!turn)
        return BB_NO_MEMORY;
    turn->options = *options;
    turn->inputs = arena_create(TURN_ARENA_SIZE_MAX);
    turn->work = arena_create(TURN_ARENA_SIZE_MAX);
    enum bb_code code = turn->inputs && turn->work ? refused_create(REFUSALS_REMEMBERED_MAX, &turn->refused)
                                                   : BB_NO_MEMORY;
    if (code == BB_OK)
        code = read_place(turn);
    if (code != BB_OK)
        turn_destroy(&turn);
    *out = turn;
    return code;
}

void turn_destroy(struct turn **turn)
{
    if (*turn == NULL)
        return;
    arena_destroy(&(*turn)->inputs);
    arena_destroy(&(*turn)->work);
    refused_destroy(&(*turn)->refused);
    free(*turn);
    *turn = NULL;
}

struct arena *turn_arena(struct turn *turn)
{
    return turn->inputs;
}

void turn_begin(struct turn *turn)
{
    arena_reset(turn->inputs);
}

uint64_t turn_head(const struct turn *turn)
{
    return turn->head;
}

// Time never runs back: now is the later of the clock and the last entry (DOMAIN: Time).
int64_t turn_now_ms(const struct turn *turn, int64_t clock_ms)
{
    return clock_ms > turn->head_at_ms ? clock_ms : turn->head_at_ms;
}

uint64_t turn_slots_used(const struct turn *turn)
{
    return turn->slots_used;
}

const uint8_t *turn_ids_key(const struct turn *turn)
{
    return turn->ids_key;
}

// ---------------------------------------------------------------- one command

// A refusal is an answer; anything else spoils the transaction.
static bool is_refusal(enum bb_code code)
{
    switch (code) {
    case BB_NO_MEMORY:
    case BB_IO:
    case BB_STORE_NEWER:
    case BB_STORE_DAMAGED:
    case BB_STORE_FULL:
    case BB_STORE_IO:
    case BB_NOT_FOUND:
    case BB_NO_KEY_SLOT:
    case BB_ERASED:
        return false;
    default:
        return code != BB_OK;
    }
}

static enum bb_code apply_all(struct attempt *attempt, const struct decision *decision)
{
    for (size_t i = 0; i < decision->facts_count; i++) {
        if (!core_grow(&attempt->core, &attempt->entry.facts, attempt->entry.n_facts, sizeof *attempt->entry.facts))
            return BB_NO_MEMORY;
        attempt->entry.facts[attempt->entry.n_facts++] = decision->facts[i];
        enum bb_code code = core_apply(&attempt->core, decision->facts[i]);
        if (code != BB_OK)
            return code;
    }
    return BB_OK;
}

static enum bb_code accept(struct attempt *attempt, const struct turn_input *input, const struct decision *decision,
                           struct turn_answer *answer)
{
    attempt->changed = true;
    answer->entry = decision->facts_count > 0 ? attempt->entry.seq : 0;
    answer->made = decision->made;
    answer->party = decision->party;
    answer->state = decision->state;
    enum bb_code code = apply_all(attempt, decision);
    return code == BB_OK ? accepted_put(&attempt->core, input, answer) : code;
}

static enum bb_code take_command(struct attempt *attempt, const struct turn_input *input, struct turn_answer *answer)
{
    struct actor actor;
    struct decision decision;
    *answer = (struct turn_answer){0};
    txn_use_reserve(attempt->core.txn, core_uses_reserve(input->command));
    enum bb_code code = actor_find(&attempt->core, input->invitee, input->number, &actor);
    if (code == BB_OK)
        code = accepted_find(&attempt->core, input, answer);
    bool decides = code == BB_OK && !answer->repeated;
    enum bb_code before = decides ? refused_find(attempt->refused, input) : BB_OK;
    if (decides)
        code = before != BB_OK ? before : core_decide(&attempt->core, &actor, input->command, &decision);
    if (is_refusal(code)) {
        answer->code = code;
        attempt->refused_count += before == BB_OK && refused_note(attempt->refused, input, code);
        return BB_OK;
    }
    return code == BB_OK && !answer->repeated ? accept(attempt, input, &decision, answer) : code;
}

// ---------------------------------------------------------------- what goes out

static struct turn_batch *batch_of(struct attempt *attempt, struct turn_result *out, uint64_t channel)
{
    for (size_t i = out->batches_count; i-- > 0;) {
        if (out->batches[i].channel == channel)
            return &out->batches[i];
    }
    Wire__Batch *batch = core_alloc(&attempt->core, sizeof *batch);
    if (!batch || !core_grow(&attempt->core, &out->batches, out->batches_count, sizeof *out->batches))
        return NULL;
    wire__batch__init(batch);
    batch->channel = id_make(attempt->core.ids_key, ID_CHANNEL, channel);
    out->batches[out->batches_count] = (struct turn_batch){channel, batch};
    return &out->batches[out->batches_count++];
}

static enum bb_code render(struct attempt *attempt, const struct effect_notice *effect, Wire__Notice **out)
{
    Stored__LogEntry *logged;
    Stored__Party *owner = NULL;
    enum bb_code code = get_named(&attempt->core, TABLE_LOG, effect->log, &logged);
    if (code == BB_OK && !channel_is_class(effect->channel))
        code = get_named(&attempt->core, TABLE_PARTY, channel_party(effect->channel), &owner);
    return code == BB_OK ? view_notice(&attempt->core, owner, logged, out) : code;
}

// Rendered before the commit, from the transaction that will be durable; shown to nobody until it is.
static enum bb_code render_all(struct attempt *attempt, struct turn_result *out)
{
    const struct effects *effects = &attempt->core.effects;
    for (size_t i = 0; i < effects->notices_count; i++) {
        struct turn_batch *place = batch_of(attempt, out, effects->notices[i].channel);
        if (!place ||
            !core_grow(&attempt->core, &place->batch->notices, place->batch->n_notices, sizeof *place->batch->notices))
            return BB_NO_MEMORY;
        enum bb_code code = render(attempt, &effects->notices[i], &place->batch->notices[place->batch->n_notices]);
        if (code != BB_OK)
            return code;
        place->batch->n_notices++;
    }
    out->effects = *effects;
    return BB_OK;
}

// ---------------------------------------------------------------- the whole

static enum bb_code begin(struct turn *turn, int64_t clock_ms, const uint8_t random[CORE_RANDOM_SIZE],
                          struct attempt *attempt)
{
    *attempt = (struct attempt){.core = {.keyring = turn->options.keyring, .now_ms = turn_now_ms(turn, clock_ms)}};
    memcpy(attempt->core.ids_key, turn->ids_key, IDS_KEY_SIZE);
    memcpy(attempt->core.random, random, CORE_RANDOM_SIZE);
    stored__entry__init(&attempt->entry);
    attempt->entry.seq = turn->head + 1;
    attempt->entry.made_at_ms = attempt->core.now_ms;
    attempt->entry.node = turn->options.node;
    attempt->refused = turn->refused;
    arena_reset(turn->work); // an attempt that failed leaves no less room to the next one
    return txn_begin_write(turn->options.store, turn->work, &attempt->core.txn);
}

// What was revoked or suspended is committed; it must also outlive a backup before anybody hears that it is done.
static enum bb_code bury(struct turn *turn, const struct burial *burial)
{
    if (turn->options.tombstones == NULL)
        return BB_OK;
    return tombstones_append(turn->options.tombstones, burial->records, burial->count) == BB_OK ? BB_OK : BB_STORE_IO;
}

// Journal and commit, then the turn's own memory: it changes only when the store did.
static enum bb_code finish(struct turn *turn, struct attempt *attempt)
{
    struct txn *txn = attempt->core.txn;
    uint64_t slots_used;
    struct burial burial = {0};
    txn_use_reserve(txn, true); // what was taken must be written down
    enum bb_code code = accepted_prune(&attempt->core);
    if (code == BB_OK && attempt->entry.n_facts > 0)
        code = journal_append(txn, &attempt->entry);
    if (code == BB_OK)
        code = burial_of_entry(&attempt->core, turn->epoch, &attempt->entry, &burial);
    if (code == BB_OK)
        code = store_counter(txn, "slot", &slots_used);
    if (code == BB_OK)
        code = txn_commit(&attempt->core.txn);
    if (code != BB_OK)
        return code;
    turn->slots_used = slots_used;
    if (attempt->entry.n_facts > 0) {
        turn->head = attempt->entry.seq;
        turn->head_at_ms = attempt->entry.made_at_ms;
    }
    return bury(turn, &burial);
}

enum bb_code turn_run(struct turn *turn, const struct turn_input *inputs, size_t count, int64_t clock_ms,
                      const uint8_t random[CORE_RANDOM_SIZE], struct turn_result *out)
{
    struct attempt attempt;
    *out = (struct turn_result){0};
    enum bb_code code = begin(turn, clock_ms, random, &attempt);
    if (code != BB_OK)
        return code;
    for (size_t i = 0; code == BB_OK && i < count; i++)
        code = take_command(&attempt, &inputs[i], &out->answers[i]);
    if (code == BB_OK)
        code = render_all(&attempt, out);
    if (code == BB_OK && attempt.changed)
        code = finish(turn, &attempt);
    txn_abort(&attempt.core.txn);
    if (code != BB_OK)
        refused_forget(turn->refused, attempt.refused_count); // nobody is told; they are decided anew, one by one
    out->entry = turn->head;
    out->facts_count = attempt.entry.n_facts;
    return code;
}

enum bb_code turn_found(struct turn *turn, const Stored__CommunityFounded *community, const struct founder *founder,
                        int64_t clock_ms, const uint8_t random[CORE_RANDOM_SIZE])
{
    struct attempt attempt;
    struct decision decision;
    enum bb_code code = begin(turn, clock_ms, random, &attempt);
    if (code != BB_OK)
        return code;
    code = core_found(&attempt.core, community, founder, &decision);
    if (code == BB_OK)
        code = apply_all(&attempt, &decision);
    if (code == BB_OK)
        code = finish(turn, &attempt);
    txn_abort(&attempt.core.txn);
    return code;
}
