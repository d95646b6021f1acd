// SPDX-License-Identifier: MPL-2.0
// A small town; see town.h.
#include "town.h"

#include "message/command_id.h"

#include <errno.h>
#include <sodium.h>

const int64_t minute_ms = 60 * 1000LL, hour_ms = 3600 * 1000LL, day_ms = 24 * 3600 * 1000LL;
static const int64_t start_ms = 1700000000000;
enum { SLOTS_AHEAD = 300, MAP_SIZE = 64 * 1024 * 1024, SMALL_MAP_SIZE = 2 * 1024 * 1024, EPOCH = 1 };

int town_sync_errno, town_syncs_before_failure;

// Tests wait for no disk.
int fdatasync(int fd)
{
    (void)fd;
    if (town_sync_errno == 0 || town_syncs_before_failure-- > 0)
        return 0;
    errno = town_sync_errno;
    town_sync_errno = town_syncs_before_failure = 0;
    return -1;
}

// ---------------------------------------------------------------- small things

ProtobufCBinaryData text(const char *string)
{
    return (ProtobufCBinaryData){strlen(string), (uint8_t *)string};
}

ProtobufCBinaryData text_of_size(size_t size)
{
    static uint8_t letters[4096];
    assert_true(size <= sizeof letters);
    memset(letters, 'a', sizeof letters);
    return (ProtobufCBinaryData){size, letters};
}

ProtobufCBinaryData fresh_key(struct town *town)
{
    static uint8_t keys[4096][32]; // a ring: no test holds so many at a time
    uint64_t number = ++town->made_ids;
    uint8_t *key = keys[number % 4096];
    crypto_generichash(key, 32, (const uint8_t *)&number, sizeof number, NULL, 0);
    return (ProtobufCBinaryData){32, key};
}

bool text_is(ProtobufCBinaryData bytes, const char *string)
{
    return bytes.len == strlen(string) && memcmp(bytes.data, string, bytes.len) == 0;
}

bool bytes_hold(const void *bytes, size_t size, const char *string)
{
    return memmem(bytes, size, string, strlen(string)) != NULL;
}

uint64_t town_number(const struct town *town, enum id_kind kind, uint64_t id)
{
    uint64_t number;
    assert_true(id_open(turn_ids_key(town->turn), kind, id, &number));
    return number;
}

uint64_t town_channel_id(const struct town *town, uint64_t channel)
{
    return id_make(turn_ids_key(town->turn), ID_CHANNEL, channel);
}

void town_pass(struct town *town, int64_t ms)
{
    town->now_ms += ms;
}

// ---------------------------------------------------------------- commands

static void fresh_random(struct town *town, uint8_t *out, size_t size)
{
    uint64_t number = ++town->made_ids;
    crypto_generichash(out, size, (const uint8_t *)&number, sizeof number, NULL, 0);
}

static void set_id(struct town *town, Wire__Command *command)
{
    uint8_t random[16];
    if (command->id_bytes.len > 0)
        return;
    fresh_random(town, random, sizeof random);
    command->id_bytes = (ProtobufCBinaryData){COMMAND_ID_SIZE, arena_alloc(turn_arena(town->turn), COMMAND_ID_SIZE)};
    assert_non_null(command->id_bytes.data);
    command_id_make(town->now_ms, random, command->id_bytes.data);
}

void town_run_together(struct town *town, const struct turn_input *inputs, size_t count)
{
    uint8_t random[CORE_RANDOM_SIZE];
    fresh_random(town, random, sizeof random);
    if (keyring_last(town->keyring) < turn_slots_used(town->turn) + SLOTS_AHEAD)
        assert_int_equal(keyring_fill(town->keyring, turn_slots_used(town->turn) + 4 * SLOTS_AHEAD), BB_OK);
    town->code = turn_run(town->turn, inputs, count, town->now_ms, random, town->result);
}

static struct turn_answer run_one(struct town *town, struct person who, const Wire__Command *command)
{
    struct turn_input input = {.invitee = who.invitee, .number = who.number, .command = command};
    town_run_together(town, &input, 1);
    if (town->code != BB_OK)
        town->result->answers[0].code = town->code;
    return town->result->answers[0];
}

struct turn_answer town_run(struct town *town, struct person who, Wire__Command *command)
{
    turn_begin(town->turn);
    set_id(town, command);
    return run_one(town, who, command);
}

#define X(name, NAME, Type) \
    Wire__Command command_##name(struct town *town, Wire__##Type *message) \
    { \
        Wire__Command command = WIRE__COMMAND__INIT; \
        message->base = (ProtobufCMessage)PROTOBUF_C_MESSAGE_INIT(&wire__##name##__descriptor); \
        command.what_case = WIRE__COMMAND__WHAT_##NAME; \
        command.name = message; \
        set_id(town, &command); \
        return command; \
    } \
    struct turn_answer town_##name(struct town *town, struct person who, Wire__##Type message) \
    { \
        turn_begin(town->turn); \
        Wire__Command command = command_##name(town, &message); \
        return run_one(town, who, &command); \
    }
TOWN_COMMANDS(X)
#undef X

Wire__PublishRequest town_request(const struct town *town, const char *words)
{
    return (Wire__PublishRequest){
        .asker = town->asker, .asker_agreed = true, .category = text("goods"), .text = text(words)};
}

uint64_t town_publish(struct town *town, const char *words)
{
    struct turn_answer answer = town_publish_request(town, town->desk, town_request(town, words));
    assert_accepted(answer);
    return answer.made;
}

uint64_t town_publish_for(struct town *town, uint32_t needed)
{
    Wire__PublishRequest request = town_request(town, "Wie helpt mee met verhuizen?");
    request.needed = needed;
    struct turn_answer answer = town_publish_request(town, town->desk, request);
    assert_accepted(answer);
    return answer.made;
}

struct turn_answer town_offers(struct town *town, struct person giver, uint64_t request)
{
    return town_give_answer(town, giver,
                            (Wire__GiveAnswer){.request = request, .kind = ANSWER_OFFER, .offer_kind = KIND_DO});
}

uint64_t town_offer(struct town *town, struct person giver, uint64_t request)
{
    struct turn_answer answer = town_offers(town, giver, request);
    assert_accepted(answer);
    return answer.made;
}

struct turn_answer town_choose(struct town *town, uint64_t offer)
{
    return town_choose_offer(town, town->desk, (Wire__ChooseOffer){.offer = offer, .asker_agreed = true});
}

uint64_t town_match(struct town *town, struct person giver, uint64_t request)
{
    uint64_t offer = town_offer(town, giver, request);
    assert_accepted(town_choose(town, offer));
    return offer;
}

struct turn_answer town_close(struct town *town, uint64_t request, enum bb_close_reason reason)
{
    return town_close_request(town, town->desk,
                              (Wire__CloseRequest){.request = request, .reason = reason, .asker_agreed = true});
}

uint64_t town_add_asker_of(struct town *town, struct person desk)
{
    Wire__WrappedKey key = WIRE__WRAPPED_KEY__INIT, *keys[] = {&key};
    key.member = desk.member;
    uint8_t wrapped[WRAPPED_KEY_SIZE] = "a wrapped key";
    key.sealed_bytes = (ProtobufCBinaryData){sizeof wrapped, wrapped};
    Wire__SealedContact contact = WIRE__SEALED_CONTACT__INIT;
    contact.nonce_bytes = text("a nonce of twenty-four b");
    contact.box_bytes = text("sealed, the broker cannot read it");
    contact.n_keys = 1;
    contact.keys = keys;
    struct turn_answer answer =
        town_add_asker(town, desk, (Wire__AddAsker){.contact = &contact, .heard_of = HEARD_SCHOOL});
    assert_accepted(answer);
    return answer.made;
}

// ---------------------------------------------------------------- joining

Wire__MakeInvitation town_invitation(struct town *town, enum bb_role role, uint32_t audience_class)
{
    return (Wire__MakeInvitation){.role = (Wire__Role)role,
                                  .audience_class = audience_class,
                                  .uses = 1,
                                  .expires_at_ms = town->now_ms + day_ms,
                                  .admission_key_bytes = fresh_key(town)};
}

Wire__Enrol town_enrolment(struct town *town, const char *party_name, const char *member_name)
{
    return (Wire__Enrol){.party_name = text(party_name),
                         .member_name = text(member_name),
                         .curve_key_bytes = fresh_key(town),
                         .sealing_key_bytes = fresh_key(town),
                         .signing_key_bytes = fresh_key(town)};
}

struct person town_invitee(const struct town *town, uint64_t invitation)
{
    return (struct person){.invitee = true, .number = town_number(town, ID_INVITATION, invitation)};
}

static struct person person_of(const struct town *town, struct turn_answer answer)
{
    return (struct person){.number = town_number(town, ID_MEMBER, answer.made),
                           .member = answer.made,
                           .party = answer.party,
                           .party_number = town_number(town, ID_PARTY, answer.party)};
}

struct person town_join(struct town *town, struct person host, Wire__MakeInvitation invitation, const char *name)
{
    struct turn_answer invited = town_make_invitation(town, host, invitation);
    assert_accepted(invited);
    struct turn_answer joined = town_enrol(town, town_invitee(town, invited.made), town_enrolment(town, name, name));
    assert_accepted(joined);
    return person_of(town, joined);
}

struct person town_giver(struct town *town, uint32_t audience_class, const char *name)
{
    return town_join(town, town->coordinator, town_invitation(town, ROLE_GIVER, audience_class), name);
}

// ---------------------------------------------------------------- the town itself

static void found(struct town *town)
{
    Stored__Category goods = STORED__CATEGORY__INIT, unknown = STORED__CATEGORY__INIT;
    Stored__Category *categories[] = {&goods, &unknown};
    goods.key = text("goods");
    goods.name = text("Spullen");
    unknown.key = text("unknown");
    unknown.name = text("Ik weet niet waar ik moet zijn");
    unknown.coordinators_only = true;
    Stored__CommunityFounded community = STORED__COMMUNITY_FOUNDED__INIT;
    community.key = text("meppel");
    community.name = text("De Geweldige Wijk");
    community.n_categories = 2;
    community.categories = categories;
    struct founder founder = {.party_name = text("Beheer"), .member_name = text("Olga")};
    memcpy(founder.curve_key, fresh_key(town).data, 32);
    memcpy(founder.sealing_key, fresh_key(town).data, 32);
    memcpy(founder.signing_key, fresh_key(town).data, 32);
    uint8_t random[CORE_RANDOM_SIZE] = {1};
    assert_int_equal(turn_found(town->turn, &community, &founder, town->now_ms, random), BB_OK);
    const uint8_t *key = turn_ids_key(town->turn);
    town->operator=(struct person){
        .number = 1, .member = id_make(key, ID_MEMBER, 1), .party = id_make(key, ID_PARTY, 1), .party_number = 1};
}

static void open_turn(struct town *town)
{
    char path[128];
    const char *problem;
    uint64_t damaged;
    snprintf(path, sizeof path, "%s/tombstones", town->scratch->folder);
    assert_int_equal(burial_open(town->scratch->store, path, &town->tombstones, &damaged, &problem), BB_OK);
    struct turn_options options = {
        .store = town->scratch->store, .keyring = town->keyring, .tombstones = town->tombstones, .node = 1};
    assert_int_equal(turn_create(&options, &town->turn), BB_OK);
}

void town_restart(struct town *town)
{
    turn_destroy(&town->turn);
    tombstones_close(&town->tombstones);
    store_close(&town->scratch->store);
    scratch_open_store(town->scratch);
    open_turn(town);
}

static void set_up(void **state, size_t map_size)
{
    struct town *town = calloc(1, sizeof *town);
    assert_non_null(town);
    assert_true(sodium_init() >= 0);
    scratch_setup((void **)&town->scratch);
    town->scratch->map_size = map_size;
    scratch_open_store(town->scratch);
    town->reading = arena_create(QUERY_ARENA_SIZE_MAX);
    town->result = calloc(1, sizeof *town->result);
    assert_true(town->reading && town->result);
    town->now_ms = start_ms;
    char path[128];
    const char *problem;
    snprintf(path, sizeof path, "%s/keyring", town->scratch->folder);
    assert_int_equal(keyring_open(path, &town->keyring, &problem), BB_OK);
    assert_int_equal(keyring_fill(town->keyring, 4 * SLOTS_AHEAD), BB_OK);
    open_turn(town);
    found(town);

    town->coordinator = town_join(town, town->operator, town_invitation(town, ROLE_COORDINATOR, 0), "Kwartiermaker");
    town->desk = town_join(town, town->coordinator, town_invitation(town, ROLE_DESK, 0), "Balie");
    town->other_desk = town_join(town, town->coordinator, town_invitation(town, ROLE_DESK, 0), "Andere balie");
    town->anna = town_giver(town, CLASS_RESIDENT, "Anna Geverboom");
    town->bert = town_giver(town, CLASS_RESIDENT, "Bert Geverboom");
    town->school = town_giver(town, CLASS_INSTITUTION, "De Wiekslag");
    town->paper = town_giver(town, CLASS_MEDIA, "Krant");
    town->asker = town_add_asker_of(town, town->desk);
    *state = town;
}

int town_setup(void **state)
{
    set_up(state, MAP_SIZE);
    return 0;
}

int town_setup_small(void **state)
{
    set_up(state, SMALL_MAP_SIZE);
    return 0;
}

int town_teardown(void **state)
{
    struct town *town = *state;
    town_sync_errno = town_syncs_before_failure = 0;
    turn_destroy(&town->turn);
    tombstones_close(&town->tombstones);
    keyring_close(&town->keyring);
    arena_destroy(&town->reading);
    free(town->result);
    int rc = scratch_teardown((void **)&town->scratch);
    free(town);
    return rc;
}

// ---------------------------------------------------------------- looking

static const Wire__Batch *batch_of(const struct town *town, uint64_t channel)
{
    for (size_t i = 0; i < town->result->batches_count; i++) {
        if (town->result->batches[i].channel == channel)
            return town->result->batches[i].batch;
    }
    return NULL;
}

const Wire__Batch *town_mailbox(const struct town *town, struct person owner)
{
    return batch_of(town, channel_of_party(owner.party_number));
}

const Wire__Batch *town_class(const struct town *town, uint32_t audience_class)
{
    return batch_of(town, channel_of_class(1, audience_class));
}

const Wire__Notice *last_of(const Wire__Batch *batch)
{
    assert_non_null(batch);
    return batch->notices[batch->n_notices - 1];
}

struct core town_read(struct town *town)
{
    struct core core = {.keyring = town->keyring, .now_ms = town->now_ms};
    arena_reset(town->reading);
    memcpy(core.ids_key, turn_ids_key(town->turn), IDS_KEY_SIZE);
    assert_int_equal(txn_begin_read(town->scratch->store, town->reading, &core.txn), BB_OK);
    return core;
}

void town_confirm_tips_at_once(struct town *town)
{
    struct txn *txn;
    Stored__Community *community;
    arena_reset(town->reading);
    assert_int_equal(txn_begin_write(town->scratch->store, town->reading, &txn), BB_OK);
    assert_int_equal(store_get_number(txn, TABLE_COMMUNITY, 1, &community), BB_OK);
    community->tips_confirmed_at_once = true;
    assert_int_equal(store_put_number(txn, TABLE_COMMUNITY, 1, &community->base), BB_OK);
    assert_int_equal(txn_commit(&txn), BB_OK);
}

void town_read_end(struct core *core)
{
    txn_abort(&core->txn);
}

uint32_t town_request_state(struct town *town, uint64_t request)
{
    struct core core = town_read(town);
    Stored__Request *record;
    uint64_t number = town_number(town, ID_REQUEST, request);
    assert_int_equal(store_get_number(core.txn, TABLE_REQUEST, number, &record), BB_OK);
    town_read_end(&core);
    return record->state;
}

uint32_t town_offer_state(struct town *town, uint64_t offer)
{
    struct core core = town_read(town);
    Stored__Offer *record;
    assert_int_equal(store_get_number(core.txn, TABLE_OFFER, town_number(town, ID_OFFER, offer), &record), BB_OK);
    town_read_end(&core);
    return record->state;
}

enum bb_code town_query(struct town *town, struct person who, Wire__Query *query, Wire__Answer **out)
{
    struct core core = town_read(town);
    struct actor actor;
    enum bb_code code = actor_find(&core, who.invitee, who.number, &actor);
    if (code == BB_OK)
        code = query_answer(&core, &actor, query, out);
    town_read_end(&core);
    return code;
}

const Wire__RequestView *town_show(struct town *town, struct person who, uint64_t request)
{
    Wire__Query query = WIRE__QUERY__INIT;
    Wire__ShowRequest show = WIRE__SHOW_REQUEST__INIT;
    Wire__Answer *answer;
    show.request = request;
    query.what_case = WIRE__QUERY__WHAT_REQUEST;
    query.request = &show;
    enum bb_code code = town_query(town, who, &query, &answer);
    assert_true(code == BB_OK || code == BB_UNKNOWN_ID);
    return code == BB_OK ? answer->request : NULL;
}

enum bb_code town_sync(struct town *town, struct person who, uint64_t channel, Wire__Sync sync, Wire__Cursor cursor,
                       Wire__SyncPage **out)
{
    struct core core = town_read(town);
    struct actor actor;
    sync.base = (ProtobufCMessage)PROTOBUF_C_MESSAGE_INIT(&wire__sync__descriptor);
    cursor.base = (ProtobufCMessage)PROTOBUF_C_MESSAGE_INIT(&wire__cursor__descriptor);
    cursor.channel = town_channel_id(town, channel);
    if (cursor.epoch == 0)
        cursor.epoch = EPOCH;
    sync.cursor = &cursor;
    enum bb_code code = actor_find(&core, who.invitee, who.number, &actor);
    if (code == BB_OK)
        code = sync_answer(&core, &actor, &sync, EPOCH, out);
    town_read_end(&core);
    return code;
}
