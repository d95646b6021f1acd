// SPDX-License-Identifier: MPL-2.0
// What a person sees, event by event: an alert appears once and ends in an update or a cancel, what comes again after a
// crash says so. The screen outlives the program: whoever saw an alert still wants to hear how it ended. See judge.h.
#include "judge.h"

#include "model.h"

#include <inttypes.h>

struct shown *screen_find(struct client *client, uint32_t kind, uint64_t id)
{
    for (size_t i = 0; i < client->shown_count; i++) {
        if (client->shown[i].id == id && client->shown[i].kind == kind)
            return &client->shown[i];
    }
    return NULL;
}

static struct shown *find_or_add(struct client *client, uint32_t kind, uint64_t id)
{
    struct shown *shown = screen_find(client, kind, id);
    if (shown)
        return shown;
    sim_insist(client->shown_count < SHOWN_MAX);
    shown = &client->shown[client->shown_count++];
    *shown = (struct shown){.id = id, .kind = kind};
    return shown;
}

static uint64_t packed_hash(const ProtobufCMessage *message)
{
    uint8_t packed[8192];
    size_t size = protobuf_c_message_get_packed_size(message);
    sim_insist(size <= sizeof packed);
    protobuf_c_message_pack(message, packed);
    return bytes_hash(packed, size);
}

// ---------------------------------------------------------------- requests

static void alert(struct world *world, struct client *client, struct shown *shown, const struct bb_event *event)
{
    const Wire__PublicRequest *request = event->request;
    if (request->state != WIRE__REQUEST_STATE__REQUEST_OPEN)
        world_fail(world, "4 alerts", "%s is alerted of a request in state %d", client->name, request->state);
    bool reopened = shown->state == REQUEST_FILLED;
    if (shown->on_screen && !event->again && !reopened)
        world_fail(world, "4 alerts", "%s is alerted twice of the same request, and not told that it is again",
                   client->name);
    shown->on_screen = true;
}

static void update(struct world *world, struct client *client, const struct shown *shown, const struct bb_event *event)
{
    if (!shown->on_screen)
        world_fail(world, "4 alerts", "%s is told of a change to what it was never alerted of", client->name);
    bool reopened = shown->state == REQUEST_FILLED && event->request->state == WIRE__REQUEST_STATE__REQUEST_OPEN;
    if (reopened && !world->model->parties[client->party_number].ever_paused) // a pause is silent
        world_fail(world, "what opens again is alerted again", "%s hears of it as of any change", client->name);
    if (shown->revision == event->request->revision && shown->hash == packed_hash(&event->request->base) &&
        !event->again)
        world_fail(world, "4 alerts", "%s is told the same change twice", client->name);
}

static void cancel(struct world *world, struct client *client, struct shown *shown, const struct bb_event *event)
{
    if (!shown->on_screen && !event->again)
        world_fail(world, "4 alerts", "%s is told to take away what it does not show", client->name);
    shown->on_screen = false;
}

static void request_event(struct world *world, struct client *client, const struct bb_event *event)
{
    const Wire__PublicRequest *request = event->request;
    struct shown *shown = find_or_add(client, 0, request->request);
    if (event->kind == BB_EVENT_ALERT)
        alert(world, client, shown, event);
    else if (event->kind == BB_EVENT_UPDATE)
        update(world, client, shown, event);
    else
        cancel(world, client, shown, event);
    shown->state = request->state;
    shown->revision = request->revision;
    shown->hash = packed_hash(&request->base);
    world_say(world, "%s: %s of request %04x, revision %u%s", client->name,
              event->kind == BB_EVENT_ALERT    ? "alert"
              : event->kind == BB_EVENT_UPDATE ? "update"
                                               : "cancel",
              (unsigned)(request->request & 0xFFFF), request->revision, event->again ? ", again" : "");
}

// ---------------------------------------------------------------- the mailbox

static void show_offer(struct shown *shown, const Wire__OfferView *offer)
{
    shown->state = offer->state;
    shown->revision = offer->revision;
    shown->about = offer->request;
    shown->party = offer->party;
    shown->member = offer->member;
    shown->offer_kind = offer->kind;
}

static void item_event(struct world *world, struct client *client, const struct bb_event *event)
{
    const Wire__MailboxItem *item = event->item;
    uint64_t id = 0;
    uint32_t revision = 0;
    switch (item->what_case) {
    case WIRE__MAILBOX_ITEM__WHAT_OFFER:
        id = item->offer->offer;
        revision = item->offer->revision;
        break;
    case WIRE__MAILBOX_ITEM__WHAT_REQUEST:
        id = item->request->request;
        revision = item->request->revision;
        break;
    case WIRE__MAILBOX_ITEM__WHAT_RELEASE:
        id = item->release->release;
        break;
    case WIRE__MAILBOX_ITEM__WHAT_PARTY:
        id = item->party->party;
        break;
    default:
        world_fail(world, "mailbox", "%s got an empty item", client->name);
        return;
    }
    struct shown *shown = find_or_add(client, item->what_case, id);
    if (revision < shown->revision)
        world_fail(world, "the higher revision wins", "%s is shown revision %u after %u", client->name, revision,
                   shown->revision);
    shown->on_screen = true;
    shown->revision = revision;
    shown->hash = packed_hash(&item->base);
    if (item->what_case == WIRE__MAILBOX_ITEM__WHAT_OFFER)
        show_offer(shown, item->offer);
    else if (item->what_case == WIRE__MAILBOX_ITEM__WHAT_REQUEST)
        shown->state = item->request->state;
    else if (item->what_case == WIRE__MAILBOX_ITEM__WHAT_PARTY)
        shown->state = item->party->state, shown->paused = item->party->paused;
}

void judge_event(struct world *world, struct client *client, const struct bb_event *event)
{
    world_trace(world, event->kind, event->code);
    switch (event->kind) {
    case BB_EVENT_ALERT:
    case BB_EVENT_UPDATE:
    case BB_EVENT_CANCEL:
        request_event(world, client, event);
        break;
    case BB_EVENT_ITEM:
        item_event(world, client, event);
        break;
    case BB_EVENT_LOST:
        world_fail(world, "nothing is lost", "%s is told that a command was lost, and nothing was restored",
                   client->name);
        break;
    default:
        break;
    }
}
