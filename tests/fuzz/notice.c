// SPDX-License-Identifier: MPL-2.0
// A client and what a broker, or whoever stands in its place, may say on both sockets: any bytes; boxes that open, with
// any batch inside; answers that fit a question, with any content; and rows of the client's own store that were changed.
//
// Input: steps (steps.h) of a head of two bytes: what it is, and a number for it.
#include "client_world.h"
#include "mutate.h"
#include "steps.h"

#include "client.pb-c.h"
#include "message/frame.h"
#include "seal/notice_box.h"

enum kind {
    SAY_COMMAND_SOCKET, // a frame
    SAY_PUBLISH_SOCKET, // a frame
    SAY_BATCH,          // a Batch, sealed under the channel's key
    SAY_FITTING,        // a FromBroker, with the correlation of what was asked last
    WELCOME,
    PASS,
    GO_ONLINE,
    GO_OFFLINE,
    RESTART,
    SEND_COMMAND,
    ASK,
    DAMAGE, // a row gets this value, and the client begins anew
    KINDS,
};
enum { HEAD_SIZE = 2, VERSION_SIZE = 1, STEPS_MAX = 40 };

static struct client_world world;

static ProtobufCBinaryData filled(uint8_t value, size_t size)
{
    uint8_t *room = arena_alloc(world.arena, size);
    insist(room != NULL);
    memset(room, value, size);
    return (ProtobufCBinaryData){size, room};
}

static void say(const Wire__FromBroker *message)
{
    uint8_t *frame;
    size_t size;
    if (frame_pack(&message->base, BROKER_FRAME_SIZE_MAX, world.arena, &frame, &size) == BB_OK)
        session_receive_command_socket(world.session, world.now, frame, size);
}

static void welcome(uint8_t head)
{
    Wire__ChannelState residents = WIRE__CHANNEL_STATE__INIT, mailbox = WIRE__CHANNEL_STATE__INIT;
    Wire__ChannelState *channels[] = {&mailbox, &residents};
    static char topic[] = "meppel/resident/";
    residents.channel = RESIDENTS;
    residents.topic = (ProtobufCBinaryData){sizeof topic - 1, (uint8_t *)topic};
    residents.head = head % 16;
    residents.key_id = WORLD_KEY_ID;
    residents.key_bytes = filled(CHANNEL_KEY, NOTICE_BOX_KEY_SIZE);
    mailbox.channel = MAILBOX;
    mailbox.head = head / 16;
    Wire__Welcome it = WIRE__WELCOME__INIT;
    it.boot_bytes = filled(BOOT, BOOT_ID_SIZE);
    it.epoch = WORLD_EPOCH;
    it.now_at_ms = world.now.wall_ms;
    it.party = ME;
    it.party_state = WIRE__PARTY_STATE__PARTY_ACTIVE;
    it.channels = channels;
    it.n_channels = 2;
    Wire__FromBroker message = WIRE__FROM_BROKER__INIT;
    message.correlation = world.correlations[WIRE__FROM_CLIENT__BODY_HELLO];
    message.body_case = WIRE__FROM_BROKER__BODY_WELCOME;
    message.welcome = &it;
    say(&message);
}

// What was asked last gets this answer; what cannot be guessed by changing bytes is filled in.
static void say_fitting(const struct step *step)
{
    Wire__FromBroker *message = wire__from_broker__unpack(arena_allocator(world.arena), step->size, step->bytes);
    if (!message)
        return;
    static const Wire__FromClient__BodyCase asked[] = {
        [WIRE__FROM_BROKER__BODY_WELCOME] = WIRE__FROM_CLIENT__BODY_HELLO,
        [WIRE__FROM_BROKER__BODY_PONG] = WIRE__FROM_CLIENT__BODY_PING,
        [WIRE__FROM_BROKER__BODY_REPLY] = WIRE__FROM_CLIENT__BODY_COMMAND,
        [WIRE__FROM_BROKER__BODY_ANSWER] = WIRE__FROM_CLIENT__BODY_QUERY,
        [WIRE__FROM_BROKER__BODY_PAGE] = WIRE__FROM_CLIENT__BODY_SYNC,
        [WIRE__FROM_BROKER__BODY_PUSH] = WIRE__FROM_CLIENT__BODY__NOT_SET,
    };
    Wire__FromClient__BodyCase to = asked[message->body_case];
    if (message->body_case == WIRE__FROM_BROKER__BODY_REPLY && step->head[1] % 4)
        to = (Wire__FromClient__BodyCase)(step->head[1] % 8); // a refusal of anything
    message->correlation = world.correlations[to];
    if (message->body_case == WIRE__FROM_BROKER__BODY_REPLY && step->head[1] & 1)
        message->reply->command_bytes = world.command_id;
    if (message->body_case == WIRE__FROM_BROKER__BODY_PAGE && step->head[1] & 1) {
        message->page->channel = world.asked_channel;
        message->page->epoch = WORLD_EPOCH;
    }
    if (message->body_case == WIRE__FROM_BROKER__BODY_PUSH && step->head[1] & 1)
        message->push->channel = MAILBOX;
    if (message->body_case == WIRE__FROM_BROKER__BODY_PONG && step->head[1] & 1)
        message->pong->boot_bytes = filled(BOOT, BOOT_ID_SIZE);
    say(message);
}

static void say_batch(const struct step *step)
{
    Wire__Batch *batch = wire__batch__unpack(arena_allocator(world.arena), step->size, step->bytes);
    if (!batch || batch->n_notices == 0)
        return;
    batch->channel = RESIDENTS;
    batch->epoch = WORLD_EPOCH;
    size_t plain_size = wire__batch__get_packed_size(batch);
    uint8_t *plain = arena_alloc(world.arena, plain_size), *box = NULL, *frame = NULL, key[NOTICE_BOX_KEY_SIZE];
    insist(plain != NULL);
    wire__batch__pack(batch, plain);
    struct notice_box_header header = {.epoch = WORLD_EPOCH,
                                       .channel = RESIDENTS,
                                       .first = batch->notices[0]->seq,
                                       .head = batch->notices[batch->n_notices - 1]->seq + step->head[1] % 3,
                                       .key_id = WORLD_KEY_ID};
    memset(header.boot, BOOT, sizeof header.boot);
    memset(key, CHANNEL_KEY, sizeof key);
    Wire__Published published = WIRE__PUBLISHED__INIT;
    published.boot_bytes = filled(BOOT, BOOT_ID_SIZE);
    published.epoch = WORLD_EPOCH;
    published.channel = RESIDENTS;
    published.first = header.first;
    published.head = header.head;
    published.key_id = WORLD_KEY_ID;
    published.nonce_bytes = filled('n', NOTICE_BOX_NONCE_SIZE);
    insist(notice_box_seal(&header, key, published.nonce_bytes.data, plain, plain_size, world.arena, &box,
                           &published.box_bytes.len) == BB_OK);
    published.box_bytes.data = box;
    if (frame_pack(&published.base, BROKER_FRAME_SIZE_MAX, world.arena, &frame, &plain_size) == BB_OK)
        session_receive_publish_socket(world.session, world.now, frame, plain_size);
}

static void send_command(uint8_t number)
{
    Wire__GiveAnswer answer = WIRE__GIVE_ANSWER__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    answer.request = number;
    answer.kind = WIRE__ANSWER_KIND__ANSWER_OFFER;
    command.what_case = WIRE__COMMAND__WHAT_GIVE_ANSWER;
    command.give_answer = &answer;
    (void)!session_send_command(world.session, world.now, &command, number % 2 ? &world : NULL);
}

static void ask(void)
{
    Wire__ListOffers offers = WIRE__LIST_OFFERS__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_OFFERS;
    query.offers = &offers;
    (void)!session_ask(world.session, world.now, &query, &world);
}

static void damage(const struct step *step)
{
    if (world.rows_count == 0)
        return;
    struct client_row *row = &world.rows[step->head[1] % world.rows_count];
    free(row->value);
    row->value = malloc(step->size + 1);
    insist(row->value != NULL);
    if (step->size > 0)
        memcpy(row->value, step->bytes, step->size);
    row->value_size = step->size;
    world.blind = true;
    world_restart(&world);
}

static void take_step(const struct step *step)
{
    switch (step->head[0] % KINDS) {
    case SAY_COMMAND_SOCKET:
        session_receive_command_socket(world.session, world.now, step->bytes, step->size);
        break;
    case SAY_PUBLISH_SOCKET:
        session_receive_publish_socket(world.session, world.now, step->bytes, step->size);
        break;
    case SAY_BATCH:
        say_batch(step);
        break;
    case SAY_FITTING:
        say_fitting(step);
        break;
    case WELCOME:
        welcome(step->head[1]);
        break;
    case PASS:
        world_pass(&world, step->head[1] * 250);
        break;
    case GO_ONLINE:
        session_online(world.session, world.now);
        break;
    case GO_OFFLINE:
        session_offline(world.session, world.now, step->head[1] % 2 ? BB_AWAY : BB_REFUSED_AT_THE_DOOR);
        break;
    case RESTART:
        world_restart(&world);
        break;
    case SEND_COMMAND:
        send_command(step->head[1]);
        break;
    case ASK:
        ask();
        break;
    case DAMAGE:
        damage(step);
        break;
    }
    world_drain(&world);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct feed feed = {bytes, size};
    struct step step;
    fuzz_random_from_start();
    world_open(&world);
    for (int i = 0; i < STEPS_MAX && feed_step(&feed, HEAD_SIZE, &step); i++)
        take_step(&step);
    session_finish(world.session);
    world_drain(&world);
    world_close(&world);
    return 0;
}

static const ProtobufCMessageDescriptor *type_of(const uint8_t *head, size_t *skip)
{
    static const ProtobufCMessageDescriptor *const rows[] = {
        &client__saved_cursor__descriptor, &client__known_request__descriptor, &client__known_item__descriptor,
        &client__outbox_row__descriptor,   &client__session_state__descriptor,
    };
    switch (head[0] % KINDS) {
    case SAY_COMMAND_SOCKET:
        *skip = VERSION_SIZE;
        return &wire__from_broker__descriptor;
    case SAY_PUBLISH_SOCKET:
        *skip = VERSION_SIZE;
        return &wire__published__descriptor;
    case SAY_BATCH:
        return &wire__batch__descriptor;
    case SAY_FITTING:
        return &wire__from_broker__descriptor;
    case DAMAGE:
        return rows[head[1] % (sizeof rows / sizeof *rows)];
    default:
        return NULL;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t size_max, unsigned int seed)
{
    static const uint64_t ids[] = {RESIDENTS, MAILBOX, ME, 11, 12, 13};
    mutate_know_ids(ids, sizeof ids / sizeof *ids);
    return mutate_steps(HEAD_SIZE, type_of, bytes, size, size_max, seed);
}
