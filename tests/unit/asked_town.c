// SPDX-License-Identifier: MPL-2.0
// A town that is asked everything; see asked_town.h.
#include "asked_town.h"

#include "message/frame.h"
#include "node/answer.h"
#include "node/node_inside.h"
#include "turn/accepted.h"

#include <sodium.h>

static int64_t town_ms;

static int64_t wall_ms(void)
{
    return town_ms;
}

static int64_t still_us(void)
{
    return 0;
}

static const struct clock still_clock = {wall_ms, still_us};

// ---------------------------------------------------------------- asking

static void hash_of(const void *bytes, size_t size, uint8_t out[HASH_SIZE])
{
    crypto_generichash(out, HASH_SIZE, bytes, size, NULL, 0);
}

// The code of a refusal, or of nothing.
static enum bb_code code_of(struct arena *arena, const uint8_t *frame, size_t size)
{
    Wire__FromBroker *message;
    assert_int_equal(frame_unpack(frame, size, BROKER_FRAME_SIZE_MAX, &wire__from_broker__descriptor, arena, &message),
                     BB_OK);
    return message->body_case == WIRE__FROM_BROKER__BODY_REPLY ? (enum bb_code)message->reply->code : BB_OK;
}

static struct answer ask(struct asked_town *it, const struct question *question)
{
    static struct metrics metrics;
    struct answerer answerer = {.clock = still_clock,
                                .store = it->town->scratch->store,
                                .keyring = it->town->keyring,
                                .metrics = &metrics,
                                .ids_key = turn_ids_key(it->town->turn),
                                .epoch = 1};
    struct answer answer;
    uint8_t *frame;
    size_t size;
    assert_int_equal(
        answer_make(&answerer, question->member, question->frame, question->frame_size, it->arena, &frame, &size),
        BB_OK);
    hash_of(frame, size, answer.hash);
    answer.code = code_of(it->arena, frame, size);
    return answer;
}

static void add_facts(crypto_generichash_state *state, const struct decision *decision)
{
    for (size_t i = 0; i < decision->facts_count; i++) {
        static uint8_t packed[64 * 1024];
        size_t size = stored__fact__pack(decision->facts[i], packed);
        crypto_generichash_update(state, packed, size);
    }
}

// What a turn does with a command, and then it is taken back.
static enum bb_code try_in(struct core *core, const struct turn_input *input, struct decision *decision)
{
    struct actor actor;
    struct turn_answer answer = {0};
    Stored__Entry entry = STORED__ENTRY__INIT;
    struct journal_head head;
    enum bb_code code = actor_find(core, false, input->number, &actor);
    if (code == BB_OK)
        code = accepted_find(core, input, &answer);
    if (code == BB_OK && answer.repeated) {
        decision->made = answer.made;
        return BB_OK;
    }
    if (code == BB_OK)
        code = core_decide(core, &actor, input->command, decision);
    for (size_t i = 0; code == BB_OK && i < decision->facts_count; i++)
        code = core_apply(core, decision->facts[i]);
    if (code == BB_OK)
        code = journal_head(core->txn, &head);
    if (code != BB_OK)
        return code;
    entry.seq = head.seq + 1;
    entry.n_facts = decision->facts_count;
    entry.facts = decision->facts;
    code = journal_append(core->txn, &entry);
    for (size_t i = 0; code == BB_OK && i < core->effects.notices_count; i++) {
        Stored__LogEntry *logged;
        code = get_named(core, TABLE_LOG, core->effects.notices[i].log, &logged);
    }
    return code == BB_OK ? accepted_put(core, input, &answer) : code;
}

static struct answer try_command(struct asked_town *it, size_t which)
{
    struct core core = {.keyring = it->town->keyring, .now_ms = it->town->now_ms};
    struct turn_input input = {.number = it->givers[which].number, .command = &it->commands[which]};
    struct decision decision = {0};
    struct answer answer = {0};
    crypto_generichash_state state;
    memcpy(core.ids_key, turn_ids_key(it->town->turn), IDS_KEY_SIZE);
    arena_reset(it->arena);
    assert_int_equal(txn_begin_write(it->town->scratch->store, it->arena, &core.txn), BB_OK);
    answer.code = try_in(&core, &input, &decision);
    crypto_generichash_init(&state, NULL, 0, HASH_SIZE);
    crypto_generichash_update(&state, (const uint8_t *)&decision.made, sizeof decision.made);
    add_facts(&state, &decision);
    crypto_generichash_final(&state, answer.hash, HASH_SIZE);
    txn_abort(&core.txn);
    return answer;
}

// ---------------------------------------------------------------- starting

struct heard {
    crypto_generichash_state state;
    bool damage;
    struct arena *arena;
};

static void same_random(void *context, void *bytes, size_t size)
{
    (void)context;
    memset(bytes, 7, size);
}

static bool hear(void *context, const struct routing_id *route, const uint8_t *frame, size_t size)
{
    struct heard *heard = context;
    (void)route;
    arena_reset(heard->arena);
    heard->damage |= code_of(heard->arena, frame, size) == BB_STORE_DAMAGED;
    crypto_generichash_update(&heard->state, frame, size);
    return true;
}

static void publish_nothing(void *context, const char *topic, const uint8_t *frame, size_t size)
{
    (void)context, (void)topic, (void)frame, (void)size;
}

static enum bb_code ask_nobody(void *context, const struct routing_id *route, uint64_t member, const uint8_t *frame,
                               size_t size)
{
    (void)context, (void)route, (void)member, (void)frame, (void)size;
    return BB_OK;
}

static enum bb_code admit_key(void *context, const uint8_t key[CURVE_KEY_SIZE], const char *user_id)
{
    struct heard *heard = context;
    crypto_generichash_update(&heard->state, key, CURVE_KEY_SIZE);
    if (user_id != NULL)
        crypto_generichash_update(&heard->state, (const uint8_t *)user_id, strlen(user_id));
    return BB_OK;
}

static void say_hello(struct asked_town *it, struct node *node, struct person who)
{
    Wire__FromClient message = WIRE__FROM_CLIENT__INIT;
    Wire__Hello hello = WIRE__HELLO__INIT;
    struct routing_id route = {.size = 5, .bytes = "route"};
    char user_id[32];
    uint8_t *frame;
    size_t size;
    message.correlation = 1;
    message.body_case = WIRE__FROM_CLIENT__BODY_HELLO;
    message.hello = &hello;
    arena_reset(it->arena);
    assert_int_equal(frame_pack(&message.base, COMMAND_FRAME_SIZE_MAX, it->arena, &frame, &size), BB_OK);
    snprintf(user_id, sizeof user_id, "member:%llu", (unsigned long long)who.number);
    node_take(node, &route, user_id, frame, size);
}

// A daemon's start: history, all keys and channels, and a greeting of each kind of member.
static struct answer start(struct asked_town *it)
{
    static struct metrics metrics;
    struct town *town = it->town;
    struct heard heard = {.arena = arena_create(MESSAGE_ARENA_SIZE_MAX)};
    struct node_options options = {.store = town->scratch->store,
                                   .keyring = town->keyring,
                                   .metrics = &metrics,
                                   .sessions_max = 10,
                                   .commands_per_second = 1000,
                                   .commands_burst = 1000};
    struct outside outside = {.clock = still_clock,
                              .context = &heard,
                              .random = same_random,
                              .send = hear,
                              .publish = publish_nothing,
                              .ask = ask_nobody,
                              .admit = admit_key};
    struct answer answer = {0};
    struct node *node;
    const char *problem;
    const struct person people[] = {town->operator, town->coordinator, town->desk, town->anna, town->school};
    crypto_generichash_init(&heard.state, NULL, 0, HASH_SIZE);
    answer.code = node_create(&options, &outside, &node, &problem);
    if (answer.code == BB_OK)
        answer.code = node_load(node);
    for (size_t i = 0; answer.code == BB_OK && i < sizeof people / sizeof *people; i++)
        say_hello(it, node, people[i]);
    if (heard.damage)
        answer.code = BB_STORE_DAMAGED;
    crypto_generichash_final(&heard.state, answer.hash, HASH_SIZE);
    node_destroy(&node);
    arena_destroy(&heard.arena);
    return answer;
}

// ---------------------------------------------------------------- everything, by everybody

static void add_question(struct asked_town *it, struct person who, Wire__FromClient message)
{
    uint8_t *frame;
    assert_true(it->questions_count < QUESTIONS_MAX);
    struct question *question = &it->questions[it->questions_count++];
    message.base = (ProtobufCMessage)PROTOBUF_C_MESSAGE_INIT(&wire__from_client__descriptor);
    message.correlation = 1;
    arena_reset(it->arena);
    assert_int_equal(frame_pack(&message.base, COMMAND_FRAME_SIZE_MAX, it->arena, &frame, &question->frame_size),
                     BB_OK);
    question->member = who.number;
    question->frame = malloc(question->frame_size);
    assert_non_null(question->frame);
    memcpy(question->frame, frame, question->frame_size);
}

static void add_query(struct asked_town *it, struct person who, Wire__Query query)
{
    query.base = (ProtobufCMessage)PROTOBUF_C_MESSAGE_INIT(&wire__query__descriptor);
    add_question(it, who, (Wire__FromClient){.body_case = WIRE__FROM_CLIENT__BODY_QUERY, .query = &query});
}

static void add_sync(struct asked_town *it, struct person who, uint64_t channel, uint64_t seq, const uint8_t *hash)
{
    Wire__Sync sync = WIRE__SYNC__INIT;
    Wire__Cursor cursor = WIRE__CURSOR__INIT;
    cursor.channel = town_channel_id(it->town, channel);
    cursor.epoch = 1;
    cursor.seq = seq;
    if (hash != NULL)
        cursor.hash_bytes = (ProtobufCBinaryData){CHANNEL_HASH_SIZE, (uint8_t *)hash};
    sync.cursor = &cursor;
    add_question(it, who, (Wire__FromClient){.body_case = WIRE__FROM_CLIENT__BODY_SYNC, .sync = &sync});
}

// From nothing, and from the first notice on.
static void add_syncs(struct asked_town *it, struct person who, uint64_t channel)
{
    uint8_t hash[CHANNEL_HASH_SIZE];
    struct core core = town_read(it->town);
    struct store_key key = key_number(1);
    Stored__LogEntry *entry;
    bool found = false;
    while (!found && store_at_or_after(core.txn, TABLE_LOG, &key, &entry) == BB_OK) {
        found = entry->channel == channel && entry->seq == 1;
        if (found)
            memcpy(hash, entry->hash_bytes.data, sizeof hash);
        key = key_number(key_to_number(&key) + 1);
    }
    town_read_end(&core);
    add_sync(it, who, channel, 0, NULL);
    if (found)
        add_sync(it, who, channel, 1, hash);
}

static void add_lists(struct asked_town *it, struct person who)
{
    Wire__ListRequests live = WIRE__LIST_REQUESTS__INIT, closed = WIRE__LIST_REQUESTS__INIT;
    Wire__ListAskers askers = WIRE__LIST_ASKERS__INIT;
    Wire__ListParties parties = WIRE__LIST_PARTIES__INIT;
    Wire__ListMembers members = WIRE__LIST_MEMBERS__INIT;
    Wire__ListOffers offers = WIRE__LIST_OFFERS__INIT;
    Wire__ListInvitations invitations = WIRE__LIST_INVITATIONS__INIT;
    Wire__ReadJournal journal = WIRE__READ_JOURNAL__INIT;
    Wire__AskAudience audience = WIRE__ASK_AUDIENCE__INIT;
    closed.state = WIRE__REQUEST_STATE__REQUEST_CLOSED;
    journal.from_entry = 1;
    journal.limit = PAGE_ITEMS_MAX;
    add_query(it, who, (Wire__Query){.what_case = WIRE__QUERY__WHAT_REQUESTS, .requests = &live});
    add_query(it, who, (Wire__Query){.what_case = WIRE__QUERY__WHAT_REQUESTS, .requests = &closed});
    add_query(it, who, (Wire__Query){.what_case = WIRE__QUERY__WHAT_ASKERS, .askers = &askers});
    add_query(it, who, (Wire__Query){.what_case = WIRE__QUERY__WHAT_PARTIES, .parties = &parties});
    add_query(it, who, (Wire__Query){.what_case = WIRE__QUERY__WHAT_MEMBERS, .members = &members});
    add_query(it, who, (Wire__Query){.what_case = WIRE__QUERY__WHAT_OFFERS, .offers = &offers});
    add_query(it, who, (Wire__Query){.what_case = WIRE__QUERY__WHAT_INVITATIONS, .invitations = &invitations});
    add_query(it, who, (Wire__Query){.what_case = WIRE__QUERY__WHAT_JOURNAL, .journal = &journal});
    add_query(it, who, (Wire__Query){.what_case = WIRE__QUERY__WHAT_AUDIENCE, .audience = &audience});
    add_syncs(it, who, channel_of_party(who.party_number));
}

static void add_show(struct asked_town *it, struct person who, uint64_t request)
{
    Wire__ShowRequest show = WIRE__SHOW_REQUEST__INIT;
    show.request = request;
    add_query(it, who, (Wire__Query){.what_case = WIRE__QUERY__WHAT_REQUEST, .request = &show});
}

// The command is kept with its own messages.
#define ADD_COMMAND(it, who, name, Type, ...) \
    do { \
        static Wire__##Type message; \
        message = (Wire__##Type)__VA_ARGS__; \
        add_command(it, who, command_##name((it)->town, &message)); \
    } while (0)

static void add_command(struct asked_town *it, struct person who, Wire__Command command)
{
    static uint8_t ids[COMMANDS_MAX][COMMAND_ID_SIZE];
    assert_true(it->commands_count < COMMANDS_MAX);
    memcpy(ids[it->commands_count], command.id_bytes.data, COMMAND_ID_SIZE);
    command.id_bytes.data = ids[it->commands_count];
    it->givers[it->commands_count] = who;
    it->commands[it->commands_count++] = command;
}

static ProtobufCBinaryData key_of_anna(struct town *town)
{
    static uint8_t key[32];
    struct core core = town_read(town);
    Stored__Member *member;
    assert_int_equal(store_get_number(core.txn, TABLE_MEMBER, town->anna.number, &member), BB_OK);
    memcpy(key, member->curve_key_bytes.data, sizeof key);
    town_read_end(&core);
    return (ProtobufCBinaryData){sizeof key, key};
}

static void live_a_little(struct asked_town *it)
{
    struct town *town = it->town;
    uint64_t open = town_publish(town, "Wie repareert een fiets?");
    uint64_t matched = town_publish(town, "Wie helpt met verhuizen?");
    uint64_t closed = town_publish(town, "Wie heeft een kinderbed?");
    assert_accepted(town_close(town, closed, CLOSE_DUPLICATE));
    uint64_t offer = town_match(town, town->anna, matched);
    town_offer(town, town->bert, open);
    assert_accepted(town_release(town, town->desk,
                                 (Wire__Release){.offer = offer,
                                                 .recipient = town->anna.member,
                                                 .channel = CONTACT_PHONE,
                                                 .box_bytes = text_of_size(1072),
                                                 .asker_agreed = true}));
    Wire__PublishRequest noted = town_request(town, "Wie leest voor?");
    noted.ref = text("2026-17");
    assert_accepted(town_publish_request(town, town->desk, noted));
    Wire__MakeInvitation standing = town_invitation(town, ROLE_GIVER, CLASS_RESIDENT);
    standing.standing = true;
    assert_accepted(town_make_invitation(town, town->coordinator, standing));

    const struct person people[] = {town->operator, town->coordinator, town->desk, town->anna, town->school};
    for (size_t i = 0; i < sizeof people / sizeof *people; i++)
        add_lists(it, people[i]);
    const uint64_t requests[] = {open, matched, closed};
    for (size_t i = 0; i < 3; i++) {
        add_show(it, town->desk, requests[i]);
        add_show(it, town->coordinator, requests[i]);
        add_show(it, town->anna, requests[i]);
    }
    add_syncs(it, town->anna, channel_of_class(1, CLASS_RESIDENT));
    add_syncs(it, town->school, channel_of_class(1, CLASS_INSTITUTION));

    turn_begin(town->turn);
    Wire__PublishRequest other_words = town_request(town, "Andere woorden");
    other_words.ref = text("2026-17");
    static Wire__PublishRequest again, fresh;
    again = other_words;
    fresh = town_request(town, "Nog een vraag");
    add_command(it, town->desk, command_publish_request(town, &again));
    add_command(it, town->desk, command_publish_request(town, &fresh));
    static Wire__MakeInvitation of_member, of_invitation;
    of_member = of_invitation = town_invitation(town, ROLE_GIVER, CLASS_RESIDENT);
    of_member.admission_key_bytes = key_of_anna(town);
    of_invitation.admission_key_bytes = standing.admission_key_bytes;
    add_command(it, town->coordinator, command_make_invitation(town, &of_member));
    add_command(it, town->coordinator, command_make_invitation(town, &of_invitation));
    ADD_COMMAND(it, town->desk, close_request, CloseRequest, {.request = open, .reason = CLOSE_DUPLICATE});
    ADD_COMMAND(it, town->desk, choose_offer, ChooseOffer, {.offer = offer, .asker_agreed = true});
    ADD_COMMAND(it, town->bert, give_answer, GiveAnswer, {.request = open, .kind = ANSWER_CANNOT});
    ADD_COMMAND(it, town->anna, report_done, ReportDone, {.offer = offer});
    ADD_COMMAND(it, town->coordinator, suspend_party, SuspendParty,
                {.party = town->anna.party, .reason = {3, (uint8_t *)"Weg"}});
    ADD_COMMAND(it, town->operator, revoke_member, RevokeMember,
                {.member = town->bert.member, .reason = {3, (uint8_t *)"Weg"}});
    // One that was accepted already, given once more.
    struct turn_input input = {.number = town->desk.number};
    static Wire__PublishRequest repeated;
    repeated = town_request(town, "Een keer is genoeg");
    add_command(it, town->desk, command_publish_request(town, &repeated));
    input.command = &it->commands[it->commands_count - 1];
    town_run_together(town, &input, 1);
    assert_int_equal(town->code, BB_OK);
    assert_accepted(town->result->answers[0]);
}

int asked_town_setup(void **state)
{
    struct asked_town *it = calloc(1, sizeof *it);
    assert_non_null(it);
    town_setup((void **)&it->town);
    it->arena = arena_create(TURN_ARENA_SIZE_MAX);
    assert_non_null(it->arena);
    town_ms = it->town->now_ms;
    live_a_little(it);
    *state = it;
    return 0;
}

int asked_town_teardown(void **state)
{
    struct asked_town *it = *state;
    for (size_t i = 0; i < it->questions_count; i++)
        free(it->questions[i].frame);
    arena_destroy(&it->arena);
    int rc = town_teardown((void **)&it->town);
    free(it);
    return rc;
}

void asked_town_ask(struct asked_town *it, struct answers *out)
{
    out->start = start(it);
    for (size_t i = 0; i < it->questions_count; i++)
        out->of_questions[i] = ask(it, &it->questions[i]);
    for (size_t i = 0; i < it->commands_count; i++)
        out->of_commands[i] = try_command(it, i);
}
