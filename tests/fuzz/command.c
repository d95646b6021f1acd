// SPDX-License-Identifier: MPL-2.0
// Frames that clients send, through all of the daemon that has no socket: the node with its turn, its reader's answers,
// its sessions and its publisher, on a small town. Whatever arrives is answered or dropped, and the rules hold after it.
//
// Input: steps (steps.h) of a head of two bytes: who sends it and what happens beside it, then the frame. In a frame that
// is NAMED an id is a place in the list of ids_of_town, and a command's number of one byte becomes a whole one.
#include "fuzz.h"
#include "mutate.h"
#include "rules.h"
#include "steps.h"

#include "door/token_bucket.h"
#include "message/command_id.h"
#include "message/frame.h"
#include "node/answer.h"
#include "node/node.h"

enum { HEAD_SIZE = 2, VERSION_SIZE = 1, STEPS_MAX = 24 };
enum beside { TURN_NOW = 1, CANNOT_BE_SENT = 2, TIME_PASSES = 4, SUBSCRIBES = 8, PARTS = 16, SWEEP = 32, NAMED = 64 };

static struct {
    struct town *town;
    struct node *node;
    struct answerer answerer;
    struct arena *answers, *reading;
    struct metrics metrics;
    int64_t steady_us;
    bool lost; // what is sent does not arrive
} it;

// ---------------------------------------------------------------- the outside

static int64_t wall_ms(void)
{
    return it.town->now_ms;
}

static int64_t steady_us(void)
{
    return it.steady_us;
}

static void draw(void *context, void *bytes, size_t size)
{
    (void)context;
    memset(bytes, ++it.town->made_ids & 0xFF, size);
}

// Whatever the daemon says can be read by a client.
static bool send_frame(void *context, const struct routing_id *route, const uint8_t *frame, size_t frame_size)
{
    Wire__FromBroker *message = NULL;
    (void)context;
    (void)route;
    arena_reset(it.reading);
    insist(frame_unpack(frame, frame_size, BROKER_FRAME_SIZE_MAX, &wire__from_broker__descriptor, it.reading,
                        &message) == BB_OK);
    insist(message->body_case != WIRE__FROM_BROKER__BODY__NOT_SET);
    return !it.lost;
}

static void publish_frame(void *context, const char *topic, const uint8_t *frame, size_t frame_size)
{
    Wire__Published *published = NULL;
    (void)context;
    insist(strncmp(topic, "meppel/", 7) == 0);
    arena_reset(it.reading);
    insist(frame_unpack(frame, frame_size, BROKER_FRAME_SIZE_MAX, &wire__published__descriptor, it.reading,
                        &published) == BB_OK);
    insist(published->head >= published->first);
}

static enum bb_code ask_reader(void *context, const struct routing_id *route, uint64_t member, const uint8_t *frame,
                               size_t frame_size)
{
    uint8_t *answer;
    size_t answer_size;
    (void)context;
    if (answer_make(&it.answerer, member, frame, frame_size, it.answers, &answer, &answer_size) == BB_OK)
        node_send(it.node, route, answer, answer_size);
    return BB_OK;
}

static enum bb_code admit_key(void *context, const uint8_t key[CURVE_KEY_SIZE], const char *user_id)
{
    (void)context;
    insist(key != NULL && (!user_id || strchr(user_id, ':')));
    return BB_OK;
}

// ---------------------------------------------------------------- one daemon

enum bb_code __real_bucket_table_create(const struct token_limit *limit, size_t buckets_max,
                                        const uint8_t key[BUCKET_TABLE_KEY_SIZE], struct bucket_table **out);
enum bb_code __wrap_bucket_table_create(const struct token_limit *limit, size_t buckets_max,
                                        const uint8_t key[BUCKET_TABLE_KEY_SIZE], struct bucket_table **out);

// A table for a town: clearing one for 65,536 members would take most of an input's time.
enum bb_code __wrap_bucket_table_create(const struct token_limit *limit, size_t buckets_max,
                                        const uint8_t key[BUCKET_TABLE_KEY_SIZE], struct bucket_table **out)
{
    (void)buckets_max;
    return __real_bucket_table_create(limit, 256, key, out);
}

static void open_node(void)
{
    static const struct clock clock = {wall_ms, steady_us};
    const struct outside outside = {.clock = clock,
                                    .random = draw,
                                    .send = send_frame,
                                    .publish = publish_frame,
                                    .ask = ask_reader,
                                    .admit = admit_key};
    const char *problem;
    it.town = town_anew();
    it.steady_us = 1000000;
    it.lost = false;
    memset((void *)&it.metrics, 0, sizeof it.metrics);
    if (!it.answers) {
        it.answers = arena_create(QUERY_ARENA_SIZE_MAX);
        it.reading = arena_create(MESSAGE_ARENA_SIZE_MAX * 4);
    }
    const struct node_options options = {.store = it.town->scratch->store,
                                         .keyring = it.town->keyring,
                                         .metrics = &it.metrics,
                                         .sessions_max = 8,
                                         .commands_per_second = 1000,
                                         .commands_burst = 1000};
    insist(node_create(&options, &outside, &it.node, &problem) == BB_OK);
    insist(node_load(it.node) == BB_OK);
    it.answerer = (struct answerer){.clock = clock,
                                    .store = options.store,
                                    .keyring = options.keyring,
                                    .metrics = &it.metrics,
                                    .ids_key = node_ids_key(it.node),
                                    .epoch = node_epoch(it.node)};
}

// ---------------------------------------------------------------- named frames

enum { IDS_COUNT = 22 };

static const uint64_t *ids_of_town(void)
{
    static uint64_t ids[IDS_COUNT];
    const struct town *town = it.town;
    const struct town_story *story = town_story();
    const uint64_t all[IDS_COUNT] = {
        story->open,
        story->filled,
        story->closed,
        story->referred,
        story->offer,
        story->waiting,
        story->match,
        story->release,
        story->invitation,
        town->asker,
        town->anna.member,
        town->anna.party,
        town->bert.member,
        town->bert.party,
        town->desk.member,
        town->desk.party,
        town->school.party,
        town->operator.member,
        town->operator.party,
        town_channel_id(town, channel_of_class(1, CLASS_RESIDENT)),
        town_channel_id(town, channel_of_party(town->anna.party_number)),
        town_channel_id(town, channel_of_party(town->desk.party_number)),
    };
    memcpy(ids, all, sizeof ids);
    return ids;
}

static void make_command_id(ProtobufCBinaryData *id)
{
    uint8_t random[COMMAND_ID_RANDOM_SIZE] = {0}, *whole = arena_alloc(it.reading, COMMAND_ID_SIZE);
    insist(whole != NULL);
    random[COMMAND_ID_RANDOM_SIZE - 1] = id->data[0];
    command_id_make(it.town->now_ms, random, whole);
    *id = (ProtobufCBinaryData){COMMAND_ID_SIZE, whole};
}

// False when it is no message; then the bytes are taken as they are.
static bool name_frame(struct step *step)
{
    Wire__FromClient *message = NULL;
    uint8_t *frame;
    arena_reset(it.reading);
    if (frame_unpack(step->bytes, step->size, COMMAND_FRAME_SIZE_MAX, &wire__from_client__descriptor, it.reading,
                     &message) != BB_OK)
        return false;
    message_name_ids(&message->base, ids_of_town(), IDS_COUNT);
    if (message->body_case == WIRE__FROM_CLIENT__BODY_COMMAND && message->command->id_bytes.len == 1)
        make_command_id(&message->command->id_bytes);
    if (frame_pack(&message->base, COMMAND_FRAME_SIZE_MAX, it.reading, &frame, &step->size) != BB_OK)
        return false;
    step->bytes = frame;
    return true;
}

// ---------------------------------------------------------------- steps

// As the door would name them, and as it never would.
static const char *user_id_of(uint8_t who, char out[32])
{
    const struct person people[] = {it.town->operator,
                                    it.town->coordinator,
                                    it.town->desk,
                                    it.town->other_desk,
                                    it.town->anna,
                                    it.town->bert,
                                    it.town->school,
                                    it.town->paper};
    static const char *const odd[] = {"invite:1", "giver:99999", "", "giver", ":", "member:-1", "invite:", NULL};
    size_t count = sizeof people / sizeof *people;
    if (who % 32 == 31)
        return odd[who / 32];
    if (who % 16 == 15)
        snprintf(out, 32, "invite:%llu",
                 (unsigned long long)town_number(it.town, ID_INVITATION, town_story()->invitation));
    else
        snprintf(out, 32, "%s:%llu", who % count < 4 ? "member" : "giver",
                 (unsigned long long)people[who % count].number);
    return out;
}

static void take_step(struct step *step)
{
    char room[32];
    struct routing_id route = {.bytes = {step->head[0]}, .size = 5};
    const char *user_id = user_id_of(step->head[0], room);
    uint8_t beside = step->head[1];
    it.lost = beside & CANNOT_BE_SENT;
    if (beside & TIME_PASSES) {
        it.town->now_ms += minute_ms;
        it.steady_us += minute_ms * 1000;
        node_send_beacons(it.node);
    }
    if (beside & SUBSCRIBES)
        node_subscribed(it.node, user_id);
    if (beside & SWEEP)
        node_sweep(it.node);
    uint8_t *named = NULL; // of its own, for what is sent back is read into the same arena
    if (beside & NAMED && name_frame(step)) {
        named = malloc(step->size);
        insist(named != NULL);
        step->bytes = memcpy(named, step->bytes, step->size);
    }
    if (beside & PARTS)
        node_take_parts(it.node, &route);
    else
        node_take(it.node, &route, user_id, step->bytes, step->size);
    free(named);
    if (beside & TURN_NOW || !node_has_room(it.node))
        insist(node_turn(it.node) == BB_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct feed feed = {bytes, size};
    struct step step;
    open_node();
    for (int i = 0; i < STEPS_MAX && feed_step(&feed, HEAD_SIZE, &step); i++)
        take_step(&step);
    insist(node_turn(it.node) == BB_OK);
    check_rules(it.town);
    node_destroy(&it.node);
    return 0;
}

// ---------------------------------------------------------------- changing inputs

static const ProtobufCMessageDescriptor *type_of(const uint8_t *head, size_t *skip)
{
    (void)head;
    *skip = VERSION_SIZE;
    return &wire__from_client__descriptor;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t size_max, unsigned int seed)
{
    static uint64_t places[IDS_COUNT];
    for (size_t i = 0; i < IDS_COUNT; i++)
        places[i] = i + 1;
    mutate_know_ids(places, IDS_COUNT);
    return mutate_steps(HEAD_SIZE, type_of, bytes, size, size_max, seed);
}
