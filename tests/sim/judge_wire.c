// SPDX-License-Identifier: MPL-2.0
// The wire, watched: what leaves the broker before it is encrypted, and what reaches a client. See judge.h.
#include "judge.h"

#include "core/channel.h"
#include "message/frame.h"
#include "model.h"

#include <inttypes.h>
#include <stdio.h>

enum { BODY_WELCOME = 2, BODY_PONG, BODY_REPLY, BODY_ANSWER, BODY_PAGE, BODY_PUSH };

// Which body a frame holds, without unpacking it: version, perhaps field 1, then the body's tag.
static unsigned body_of(const uint8_t *frame, size_t size)
{
    size_t at = 1;
    if (at < size && frame[at] == 0x08) {
        while (++at < size && frame[at] >= 0x80)
            ;
        at++;
    }
    return at < size ? frame[at] >> 3 : 0;
}

bool judge_is_reply(const uint8_t *frame, size_t size)
{
    return body_of(frame, size) == BODY_REPLY;
}

static const uint8_t *find(const uint8_t *bytes, size_t size, const char *text)
{
    return memmem(bytes, size, text, strlen(text));
}

// Names and contact details of the simulation's people begin with these words.
static const char *planted(const uint8_t *bytes, size_t size)
{
    static const char *const words[] = {"Naam-", "Persoon-", "CONTACT-", "RELEASE-", "REF-"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (find(bytes, size, words[i]))
            return words[i];
    }
    return NULL;
}

void judge_logged(struct world *world, const char *line)
{
    const char *word = planted((const uint8_t *)line, strlen(line));
    if (word)
        world_fail(world, "no name in a log", "%s stands in: %.200s", word, line);
    if (strstr(line, "_not_packed"))
        world_fail(world, "what is to be said fits", "%.200s", line);
}

// ---------------------------------------------------------------- out of the broker

static struct client *owner_of(struct world *world, uint32_t route)
{
    for (int i = 0; i < world->clients_count; i++) {
        const struct link *link = &world->clients[i].links[LINK_COMMAND];
        if (link->up && link->route == route)
            return &world->clients[i];
    }
    return NULL;
}

// Each piece of sealed contact carries the number of the party that may have it.
static void check_sealed_contact(struct world *world, const struct client *client, const uint8_t *bytes, size_t size,
                                 const char *word)
{
    const uint8_t *at = bytes, *found;
    while ((found = memmem(at, size - (size_t)(at - bytes), word, strlen(word))) != NULL) {
        uint64_t party = 0;
        for (at = found + strlen(word); at < bytes + size && *at >= '0' && *at <= '9'; at++)
            party = party * 10 + (uint64_t)(*at - '0');
        if (!client || client->party_number != party)
            world_fail(world, "2 contact goes to its own only", "%s%" PRIu64 " is sent to %s", word, party,
                       client ? client->name : "nobody");
    }
}

// Nothing is seen outside that is not in the store.
static void check_reply_is_kept(struct world *world, const uint8_t *frame, size_t size)
{
    Wire__FromBroker *message = wire__from_broker__unpack(NULL, size - 1, frame + 1);
    if (message && message->reply->code == BB_OK && message->reply->entry != 0) {
        model_audit(world->model);
        if (message->reply->entry > world->model->head)
            world_fail(world, "7 committed before it is answered",
                       "entry %" PRIu64 " is told of, the journal has %" PRIu64, message->reply->entry,
                       world->model->head);
    }
    if (message)
        wire__from_broker__free_unpacked(message, NULL);
}

static void check_notices(struct world *world, uint64_t channel, Wire__Notice *const *notices, size_t count)
{
    for (size_t i = 0; i < count; i++)
        model_notice(world->model, channel, notices[i]);
}

static void check_batches(struct world *world, const uint8_t *frame, size_t size)
{
    Wire__FromBroker *message = wire__from_broker__unpack(NULL, size - 1, frame + 1);
    if (!message)
        return;
    if (message->body_case == WIRE__FROM_BROKER__BODY_PUSH)
        check_notices(world, message->push->channel, message->push->notices, message->push->n_notices);
    else if (message->body_case == WIRE__FROM_BROKER__BODY_PAGE)
        check_notices(world, message->page->channel, message->page->notices, message->page->n_notices);
    wire__from_broker__free_unpacked(message, NULL);
}

void judge_sent(struct world *world, uint32_t route, const uint8_t *frame, size_t size)
{
    const struct client *client = owner_of(world, route);
    unsigned body = body_of(frame, size);
    if (client || find(frame, size, "CONTACT-") == NULL) { // one that is gone gets nothing any more
        check_sealed_contact(world, client, frame, size, "CONTACT-");
        if (client)
            check_sealed_contact(world, client, frame, size, "RELEASE-");
    }
    if (body == BODY_REPLY)
        check_reply_is_kept(world, frame, size);
    else if (body == BODY_PUSH || body == BODY_PAGE)
        check_batches(world, frame, size);
}

void judge_sealed(struct world *world, const struct notice_box_header *header, const uint8_t *plain, size_t size)
{
    const char *word = planted(plain, size);
    if (word)
        world_fail(world, "2 no name in a broadcast", "%s stands in one", word);
    Wire__Batch *batch = wire__batch__unpack(NULL, size, plain);
    if (!batch || batch->n_notices == 0 || batch->notices[0]->seq != header->first) {
        world_fail(world, "channels", "a publication does not hold what stands on it");
    } else {
        check_notices(world, batch->channel, batch->notices, batch->n_notices);
    }
    if (batch)
        wire__batch__free_unpacked(batch, NULL);
}

// What is published after a suspension opens with no key that the suspended one was ever given (scenario 12).
static bool is_shut_out(const struct model *model, const struct client *client)
{
    return client->party_number != 0 &&
           (model->parties[client->party_number].state == PARTY_SUSPENDED || model->members[client->number].revoked);
}

static void try_keys(struct world *world, const struct client *client, const Wire__Published *published)
{
    struct notice_box_header header = {.epoch = published->epoch,
                                       .channel = published->channel,
                                       .first = published->first,
                                       .head = published->head,
                                       .key_id = published->key_id};
    memcpy(header.boot, published->boot_bytes.data, BOOT_ID_SIZE);
    for (size_t i = 0; i < client->keys_count; i++) {
        uint8_t *plain;
        size_t size;
        if (client->keys[i].channel == published->channel &&
            notice_box_open(&header, client->keys[i].key, published->nonce_bytes.data, published->box_bytes.data,
                            published->box_bytes.len, world->model->arena, &plain, &size) == BB_OK)
            world_fail(world, "12 who is suspended reads nothing", "%s can open a publication with a key it holds",
                       client->name);
    }
}

void judge_published(struct world *world, const uint8_t *frame, size_t size)
{
    Wire__Published *published = wire__published__unpack(NULL, size - 1, frame + 1);
    const char *word = planted(frame, size);
    if (word)
        world_fail(world, "2 no name in a broadcast", "%s stands in one", word);
    if (published && published->first != 0) {
        struct txn *txn;
        uint64_t channel = 0;
        Stored__ChannelHead *head;
        model_audit(world->model);
        struct core core = {.now_ms = 1};
        sim_insist(id_open(node_ids_key(world->broker.node), ID_CHANNEL, published->channel, &channel));
        sim_insist(txn_begin_read(world->broker.store, world->model->arena, &txn) == BB_OK);
        core.txn = txn;
        if (channel_head(&core, channel, &head) != BB_OK || head->seq < published->head)
            world_fail(world, "7 committed before it is published",
                       "number %" PRIu64 " is published, the store has %" PRIu64, published->head, head->seq);
        txn_abort(&txn);
        for (int i = 0; i < world->clients_count && world->model->parties_suspended > 0; i++) {
            if (is_shut_out(world->model, &world->clients[i]))
                try_keys(world, &world->clients[i], published);
        }
    }
    if (published)
        wire__published__free_unpacked(published, NULL);
}

// ---------------------------------------------------------------- into a client

static void keep_keys(struct client *client, const Wire__Welcome *welcome)
{
    for (size_t i = 0; i < welcome->n_channels; i++) {
        const Wire__ChannelState *state = welcome->channels[i];
        if (state->key_bytes.len != NOTICE_BOX_KEY_SIZE)
            continue;
        struct held_key *place = NULL;
        for (size_t k = 0; k < client->keys_count && !place; k++) {
            if (memcmp(client->keys[k].key, state->key_bytes.data, NOTICE_BOX_KEY_SIZE) == 0)
                place = &client->keys[k];
        }
        if (!place)
            place = &client->keys[client->keys_count < KEYS_HELD_MAX ? client->keys_count++ : KEYS_HELD_MAX - 1];
        place->channel = state->channel;
        place->key_id = state->key_id;
        memcpy(place->key, state->key_bytes.data, NOTICE_BOX_KEY_SIZE);
    }
}

static void keep_made(struct world *world, const struct client *client, const struct given *given,
                      const Wire__Reply *reply)
{
    const Wire__Command *command = given->command;
    if (world->made_count < MADE_MAX && reply->made != 0)
        world->made[world->made_count++] =
            (struct made){.what = command->what_case, .id = reply->made, .party_number = client->party_number};
    if (command->what_case == WIRE__COMMAND__WHAT_MAKE_INVITATION)
        enrol_invited(world, command->make_invitation, reply->made);
}

void judge_reply(struct world *world, struct client *client, const Wire__Reply *reply)
{
    uint64_t who = client->number;
    const struct given *given = NULL;
    if (client->enrolled && reply->command_bytes.len == COMMAND_ID_SIZE)
        given = model_find(world->model, who, reply->command_bytes.data);
    bool first = given && !given->told_ok && !given->told_no && !bb_code_retryable(reply->code);
    model_told(world->model, client, reply);
    if (!first)
        return;
    world_say(world, "%s: is told %s%s", client->name, reply->code == BB_OK ? "yes" : "no, ",
              reply->code == BB_OK ? "" : bb_code_symbol(reply->code));
    act_refused_or_accepted(world, (int)given->command->what_case, reply->code == BB_OK);
    if (reply->code == BB_OK)
        keep_made(world, client, given, reply);
}

void judge_heard(struct world *world, struct client *client, const uint8_t *frame, size_t size)
{
    unsigned body = body_of(frame, size);
    if (body != BODY_REPLY && body != BODY_WELCOME)
        return;
    Wire__FromBroker *message = wire__from_broker__unpack(NULL, size - 1, frame + 1);
    if (!message)
        return;
    if (message->body_case == WIRE__FROM_BROKER__BODY_WELCOME)
        keep_keys(client, message->welcome);
    if (message->body_case == WIRE__FROM_BROKER__BODY_REPLY)
        judge_reply(world, client, message->reply);
    wire__from_broker__free_unpacked(message, NULL);
}
