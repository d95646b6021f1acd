// SPDX-License-Identifier: MPL-2.0
// What people gave and were told, set against the journal; see model.h.
#include "model.h"

#include "core/channel.h"
#include "store/journal.h"
#include "turn/verify.h"

#include <inttypes.h>

static const uint64_t invitee_bit = (uint64_t)1 << 63;

struct model *model_create(struct world *world)
{
    struct model *model = calloc(1, sizeof *model);
    if (!model)
        return NULL;
    model->world = world;
    model->arena = arena_create(QUERY_ARENA_SIZE_MAX);
    model->notices = calloc(NOTICES_MAX, sizeof *model->notices);
    sim_insist(model->arena && model->notices);
    return model;
}

void model_destroy(struct model **model)
{
    struct model *it = *model;
    *model = NULL;
    if (!it)
        return;
    for (size_t i = 0; i < it->given_count; i++) {
        wire__command__free_unpacked(it->given[i]->command, NULL);
        free(it->given[i]);
    }
    arena_destroy(&it->arena);
    free(it->notices);
    free(it);
}

// ---------------------------------------------------------------- given and told

const struct given *model_find(const struct model *model, uint64_t who, const uint8_t *id)
{
    for (size_t i = model->given_count; i-- > 0;) {
        if (model->given[i]->who == who && memcmp(model->given[i]->id, id, COMMAND_ID_SIZE) == 0)
            return model->given[i];
    }
    return NULL;
}

static uint64_t opened(const struct model *model, enum id_kind kind, uint64_t id)
{
    uint64_t number = 0;
    const struct broker *broker = &model->world->broker;
    bool known = broker->node && id_open(node_ids_key(broker->node), kind, id, &number);
    return known ? number : 0;
}

static uint64_t who_is(const struct model *model, const struct client *client)
{
    return client->number ? client->number : invitee_bit | opened(model, ID_INVITATION, client->invitation);
}

void model_given(struct model *model, const struct client *client, const uint8_t *id, const Wire__Command *command)
{
    sim_insist(model->given_count < GIVEN_MAX);
    struct given *given = calloc(1, sizeof *given);
    size_t size = wire__command__get_packed_size(command);
    uint8_t *packed = malloc(size);
    sim_insist(given != NULL && packed != NULL);
    wire__command__pack(command, packed);
    given->command = wire__command__unpack(NULL, size, packed);
    free(packed);
    sim_insist(given->command != NULL);
    given->client = client->index;
    given->who = command->what_case == WIRE__COMMAND__WHAT_ENROL
                     ? invitee_bit | opened(model, ID_INVITATION, client->invitation)
                     : who_is(model, client);
    memcpy(given->id, id, COMMAND_ID_SIZE);
    model->given[model->given_count++] = given;
}

// A refusal says what happened and what to do next, in one sentence, and is none of those that are our own trouble.
static void check_refusal(struct model *model, const struct client *client, const Wire__Reply *reply)
{
    static const enum bb_code never[] = {BB_NO_MEMORY, BB_IO,     BB_NOT_FOUND,   BB_STORE_DAMAGED, BB_STORE_NEWER,
                                         BB_STORE_IO,  BB_ERASED, BB_NO_KEY_SLOT, BB_ID_REUSED};
    const char *symbol = bb_code_symbol(reply->code);
    bool sentence = reply->sentence.len > 10 && reply->sentence.data[reply->sentence.len - 1] == '.';
    if (!sentence || strcmp(symbol, "UNKNOWN") == 0)
        model_breaks(model, "10 a refusal is a sentence", "%s got code %u without one", client->name, reply->code);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        if (reply->code == never[i])
            model_breaks(model, "10 a refusal is a sentence", "%s got %s", client->name, symbol);
    }
}

static void told_yes(struct model *model, struct given *given, const Wire__Reply *reply, const char *name)
{
    if (given->told_ok && (given->entry != reply->entry || given->made != reply->made || given->party != reply->party ||
                           given->state != reply->state))
        model_breaks(model, "6 the same answer", "%s is told entry %" PRIu64 " first and then %" PRIu64, name,
                     given->entry, reply->entry);
    given->told_ok = true;
    given->entry = reply->entry;
    given->made = reply->made;
    given->party = reply->party;
    given->state = reply->state;
    if (model->world->broker.node)
        model_audit(model);
    if (given->entry != 0 && given->in_entry != given->entry)
        model_breaks(model, "7 what was acknowledged is there",
                     "%s was told entry %" PRIu64 ", the journal has %" PRIu64, name, given->entry, given->in_entry);
}

void model_told(struct model *model, const struct client *client, const Wire__Reply *reply)
{
    struct given *given = NULL;
    uint64_t who = client->enrolled && client->number ? client->number : who_is(model, client);
    if (reply->code != BB_OK)
        check_refusal(model, client, reply);
    if (reply->command_bytes.len == COMMAND_ID_SIZE)
        given = (struct given *)(uintptr_t)model_find(model, who, reply->command_bytes.data);
    if (!given && reply->code == BB_OK)
        model_breaks(model, "answers are for commands", "%s is told of a command that it did not give", client->name);
    if (!given)
        return;
    if (reply->code == BB_OK) {
        told_yes(model, given, reply, client->name);
    } else if (!bb_code_retryable(reply->code)) {
        bool was_done = given->told_ok && reply->code != BB_MEMBER_REVOKED;
        if (was_done)
            model_breaks(model, "6 the same answer", "%s is told yes first and then %s", client->name,
                         bb_code_symbol(reply->code));
        given->told_no = true;
        given->no_code = reply->code;
    }
}

// ---------------------------------------------------------------- notices

void model_notice(struct model *model, uint64_t channel, const Wire__Notice *notice)
{
    uint64_t name[2] = {channel, notice->seq};
    size_t at = bytes_hash(name, sizeof name) % NOTICES_MAX;
    sim_insist(model->notices_count < NOTICES_MAX - 1);
    if (notice->hash_bytes.len != 8) {
        model_breaks(model, "channels", "a notice without its hash");
        return;
    }
    for (; model->notices[at].seq != 0; at = (at + 1) % NOTICES_MAX) {
        struct heard_notice *it = &model->notices[at];
        if (it->channel != channel || it->seq != notice->seq)
            continue;
        if (memcmp(it->hash, notice->hash_bytes.data, 8) != 0)
            model_breaks(model, "a number is used once", "number %" PRIu64 " of a channel is two notices", notice->seq);
        return;
    }
    model->notices[at] = (struct heard_notice){.channel = channel, .seq = notice->seq};
    memcpy(model->notices[at].hash, notice->hash_bytes.data, 8);
    model->notices_count++;
}

// ---------------------------------------------------------------- the journal

// Did its client keep the answer? One that died as it came still has the command in its outbox, and asks again.
static bool is_settled(const struct model *model, const struct given *given)
{
    size_t count;
    const struct session_row *rows = rows_of(&model->world->clients[given->client].rows, ROW_COMMAND, &count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].key_size == 1 + COMMAND_ID_SIZE && memcmp(rows[i].key + 1, given->id, COMMAND_ID_SIZE) == 0)
            return false;
    }
    return true;
}

// The command of a fact; commands of the same entry stand side by side.
static void find_cause(struct model *model, const Stored__Fact *fact)
{
    bool joins =
        fact->what_case == STORED__FACT__WHAT_PARTY_JOINED || fact->what_case == STORED__FACT__WHAT_MEMBER_JOINED;
    const struct given *cause = NULL;
    if (fact->command_bytes.len != COMMAND_ID_SIZE) {
        model->cause = NULL;
        if (model->entry > 1)
            model_breaks(model, "9 every fact has a command", "entry %" PRIu64 " has one without", model->entry);
        return;
    }
    for (size_t i = model->given_count; i-- > 0 && !cause;) {
        struct given *given = model->given[i];
        bool his = fact->member == 0 || joins || given->who == fact->member;
        if (!his || memcmp(given->id, fact->command_bytes.data, COMMAND_ID_SIZE) != 0)
            continue;
        if (given->in_entry != 0 && given->in_entry != model->entry)
            model_breaks(model, "6 never done twice", "a command of %s is done in entry %" PRIu64 " and in %" PRIu64,
                         model->world->clients[given->client].name, given->in_entry, model->entry);
        if (given->told_no && given->no_code != BB_MEMBER_REVOKED && is_settled(model, given))
            model_breaks(model, "what was refused is not done", "a command of %s was refused with %s",
                         model->world->clients[given->client].name, bb_code_symbol(given->no_code));
        given->in_entry = model->entry;
        cause = given;
    }
    if (!cause)
        model_breaks(model, "facts follow from commands", "entry %" PRIu64 " does what nobody asked", model->entry);
    model->cause = cause;
}

static void count_facts_of_kind(struct model *model, const Stored__Entry *entry)
{
    // One command enters, joins, invites or answers once.
    for (size_t i = 0; i < entry->n_facts; i++) {
        for (size_t j = i + 1; j < entry->n_facts; j++) {
            const Stored__Fact *a = entry->facts[i], *b = entry->facts[j];
            bool once = a->what_case == b->what_case && a->what_case != STORED__FACT__WHAT_OFFER_STATE_CHANGED &&
                        a->command_bytes.len > 0 && a->command_bytes.len == b->command_bytes.len &&
                        a->member == b->member && memcmp(a->command_bytes.data, b->command_bytes.data, 16) == 0;
            if (once)
                model_breaks(model, "6 never done twice", "entry %" PRIu64 " does a command twice", entry->seq);
        }
    }
}

static bool read_entry(struct model *model, struct txn *txn, uint64_t seq)
{
    Stored__Entry *entry;
    if (journal_read(txn, seq, &entry) != BB_OK || journal_verify(txn, seq, model->head_hash) != BB_OK) {
        model_breaks(model, "the chain holds", "entry %" PRIu64 " does not follow from the one before", seq);
        return false;
    }
    if (entry->made_at_ms < model->head_at_ms || entry->made_at_ms == 0)
        model_breaks(model, "time never runs back", "entry %" PRIu64 " is older than the one before", seq);
    model->head = model->entry = seq;
    model->head_at_ms = model->entry_at_ms = entry->made_at_ms;
    count_facts_of_kind(model, entry);
    for (size_t i = 0; i < entry->n_facts && !model->world->failed; i++) {
        find_cause(model, entry->facts[i]);
        model_fact(model, entry->facts[i]);
    }
    model_rules(model);
    return !model->world->failed;
}

static void compare_request(struct model *model, struct txn *txn, uint64_t number)
{
    const struct m_request *request = &model->requests[number];
    Stored__Request *record;
    if (store_get_number(txn, TABLE_REQUEST, number, &record) != BB_OK || record->state != request->state ||
        record->needed != request->needed || record->taken != model_taken(model, number) ||
        record->desk != request->desk)
        model_breaks(model, "the store is what the history says", "the record of request %" PRIu64 " is not", number);
}

static void compare_touched(struct model *model, struct txn *txn)
{
    for (uint64_t i = 1; i <= model->requests_last; i++) {
        if (model->requests[i].touched)
            compare_request(model, txn, i);
        model->requests[i].touched = false;
    }
    for (uint64_t i = 1; i <= model->offers_last; i++) {
        Stored__Offer *record;
        bool touched = model->offers[i].touched;
        model->offers[i].touched = false;
        if (touched && (store_get_number(txn, TABLE_OFFER, i, &record) != BB_OK ||
                        record->state != model->offers[i].state || record->party != model->offers[i].party))
            model_breaks(model, "the store is what the history says", "the record of offer %" PRIu64 " is not", i);
    }
}

static void count_suspended(struct model *model)
{
    model->parties_suspended = 0;
    for (uint64_t i = 1; i <= model->parties_last; i++)
        model->parties_suspended += model->parties[i].state == PARTY_SUSPENDED;
    for (uint64_t i = 1; i <= model->members_last; i++)
        model->parties_suspended += model->members[i].revoked;
}

void model_audit(struct model *model)
{
    struct txn *txn;
    struct journal_head head;
    arena_reset(model->arena);
    if (txn_begin_read(model->world->broker.store, model->arena, &txn) != BB_OK) {
        model_breaks(model, "the store can be read", "no read transaction");
        return;
    }
    enum bb_code code = journal_head(txn, &head);
    if (code != BB_OK || head.seq < model->head)
        model_breaks(model, "history is append-only", "the journal's head went from %" PRIu64 " to %" PRIu64,
                     model->head, head.seq);
    bool news = head.seq > model->head;
    while (!model->world->failed && model->head < head.seq && read_entry(model, txn, model->head + 1))
        ;
    if (news && !model->world->failed) {
        compare_touched(model, txn);
        count_suspended(model);
        model->world->tally->audits++;
    }
    txn_abort(&txn);
}

bool model_founded(struct model *model)
{
    model_audit(model);
    return model->head == 1 && !model->world->failed;
}

// ---------------------------------------------------------------- the whole store

static void check_acknowledged(struct model *model)
{
    for (size_t i = 0; i < model->given_count; i++) {
        const struct given *given = model->given[i];
        if (given->told_ok && given->entry != 0 && given->in_entry != given->entry)
            model_breaks(model, "7 what was acknowledged is there", "a command of %s is not in entry %" PRIu64,
                         model->world->clients[given->client].name, given->entry);
    }
}

// Each channel's numbers run 1, 2, 3 without a hole, and are what everybody heard.
static void check_log(struct model *model, struct txn *txn)
{
    enum { CHANNELS_MAX = 256 };
    static struct {
        uint64_t channel, seq;
    } seen[CHANNELS_MAX];
    size_t count = 0;
    uint64_t last;
    sim_insist(store_counter(txn, "log", &last) == BB_OK);
    for (uint64_t log = 1; log <= last && !model->world->failed; log++) {
        Stored__LogEntry *entry;
        size_t i = 0;
        if (store_get_number(txn, TABLE_LOG, log, &entry) != BB_OK) {
            model_breaks(model, "channels have no holes", "log entry %" PRIu64 " is not there", log);
            return;
        }
        while (i < count && seen[i].channel != entry->channel)
            i++;
        sim_insist(i < CHANNELS_MAX);
        if (i == count)
            seen[count++].channel = entry->channel, seen[i].seq = 0;
        if (entry->seq != ++seen[i].seq)
            model_breaks(model, "channels have no holes", "after %" PRIu64 " comes %" PRIu64, seen[i].seq - 1,
                         entry->seq);
        Wire__Notice notice = WIRE__NOTICE__INIT;
        notice.seq = entry->seq;
        notice.hash_bytes = entry->hash_bytes;
        model_notice(model, id_make(node_ids_key(model->world->broker.node), ID_CHANNEL, entry->channel), &notice);
    }
}

// One slice of the whole check; moves `from` on, whose bytes are kept in `key` and `hash`.
static bool check_slice(struct model *model, Wire__Verify *from, uint8_t key[STORE_KEY_SIZE_MAX],
                        uint8_t hash[JOURNAL_HASH_SIZE])
{
    struct core core = {.keyring = model->world->broker.keyring};
    Wire__Verified *verified = NULL;
    memcpy(core.ids_key, node_ids_key(model->world->broker.node), IDS_KEY_SIZE);
    arena_reset(model->arena);
    enum bb_code code = txn_begin_read(model->world->broker.store, model->arena, &core.txn);
    if (code == BB_OK)
        code = verify_slice(&core, from, model->world->broker.answerer.clock.steady_us, &verified);
    if (code != BB_OK || verified->n_problems > 0)
        model_breaks(model, "verify finds nothing", "%s, %zu problems", bb_code_symbol(code),
                     verified ? verified->n_problems : 0);
    else {
        *from = *verified->next;
        memcpy(key, from->key_bytes.data, from->key_bytes.len);
        memcpy(hash, from->hash_bytes.data, from->hash_bytes.len);
        from->key_bytes.data = key;
        from->hash_bytes.data = hash;
    }
    txn_abort(&core.txn);
    return code == BB_OK && !verified->done;
}

static void check_store(struct model *model)
{
    Wire__Verify from = WIRE__VERIFY__INIT;
    uint8_t key[STORE_KEY_SIZE_MAX], hash[JOURNAL_HASH_SIZE];
    while (check_slice(model, &from, key, hash) && !model->world->failed)
        ;
}

void model_audit_all(struct model *model)
{
    struct txn *txn;
    model_audit(model);
    check_acknowledged(model);
    check_store(model);
    arena_reset(model->arena);
    if (model->world->failed || txn_begin_read(model->world->broker.store, model->arena, &txn) != BB_OK)
        return;
    check_log(model, txn);
    for (uint64_t i = 1; i <= model->requests_last; i++)
        model->requests[i].touched = true;
    compare_touched(model, txn);
    txn_abort(&txn);
}
