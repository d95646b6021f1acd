// SPDX-License-Identifier: MPL-2.0
// The last scene: what the store holds, what every client holds, and whether both are the same.
#include "story.h"

#include <stdlib.h>
#include <string.h>

struct stored {
    struct story *story;
    size_t requests, open, unknown, wrong;
};

// The desk's list against what the desk was told, request by request.
static void count_stored(void *context, const Wire__RequestView *view)
{
    struct stored *stored = context;
    struct story *story = stored->story;
    stored->requests++;
    stored->open += (uint32_t)view->state == REQUEST_OPEN;
    for (size_t i = 0; i < story->published; i++) {
        if (story->asked[i].request == view->request) {
            stored->wrong += story->asked[i].state != (enum bb_request_state)view->state;
            return;
        }
    }
    stored->unknown++;
}

static void count_asker(void *context, const Wire__AskerView *asker)
{
    (void)asker;
    ++*(size_t *)context;
}

static void count_giver(void *context, const Wire__PartyView *party)
{
    *(size_t *)context += (uint32_t)party->role == ROLE_GIVER && (uint32_t)party->state == PARTY_ACTIVE;
}

static bool is_match(const Wire__OfferView *offer)
{
    uint32_t state = (uint32_t)offer->state;
    return state == OFFER_CONFIRMED || state == OFFER_REPORTED_DONE || state == OFFER_DONE;
}

// Matches in all of the store; `over`: requests with more than they need (DOMAIN: rule 1).
static bool count_matches(struct story *story, size_t *matches, size_t *over)
{
    for (size_t i = 0; i < story->published; i++) {
        Wire__Answer *answer = ask_for_request(&story->desks[0], story->asked[i].request);
        if (answer == NULL) {
            return false;
        }
        size_t taken = 0;
        for (size_t o = 0; o < answer->request->n_offers; o++) {
            taken += is_match(answer->request->offers[o]);
        }
        *matches += taken;
        *over += taken > answer->request->needed;
        wire__answer__free_unpacked(answer, NULL);
    }
    return true;
}

struct held {
    const struct story *story;
    const struct villager *giver;
    size_t right, wrong;
};

static void count_held(void *context, const Wire__PublicRequest *request, int64_t heard_at_ms)
{
    struct held *held = context;
    (void)heard_at_ms;
    if ((uint32_t)request->state != REQUEST_OPEN) {
        return;
    }
    for (size_t i = 0; i < held->story->published; i++) {
        const struct asked *asked = &held->story->asked[i];
        if (asked->request == request->request) {
            bool right = asked->state == REQUEST_OPEN && story_reaches(held->giver, asked) &&
                         strlen(asked->words->text) == request->text.len &&
                         memcmp(asked->words->text, request->text.data, request->text.len) == 0;
            held->right += right;
            held->wrong += !right;
            return;
        }
    }
    held->wrong++;
}

// The same requests, with the same texts, as the store has open for this giver.
static bool holds_what_is_open(const struct story *story, const struct villager *giver)
{
    struct held held = {.story = story, .giver = giver};
    size_t expected = 0;
    for (size_t i = 0; i < story->published; i++) {
        expected += story->asked[i].state == REQUEST_OPEN && story_reaches(giver, &story->asked[i]);
    }
    return bb_client_visit_requests(giver->client, count_held, &held) == BB_OK && held.wrong == 0 &&
           held.right == expected;
}

// Each alert once and ended (DOMAIN: rule 4); who was up all the time was told of everything.
static bool was_told_once(const struct story *story, size_t index)
{
    const struct villager *giver = &story->givers[index];
    for (size_t i = 0; i < story->published; i++) {
        const struct asked *asked = &story->asked[i];
        const struct holding *holding = villager_holding(giver, asked->request);
        bool needed = story_reaches(giver, asked) && (asked->state == REQUEST_OPEN || !story_is_away(story, index));
        if (holding == NULL && !needed) {
            continue;
        }
        if (holding == NULL || !story_reaches(giver, asked) || holding->alerts != 1 ||
            holding->cancels != (asked->state == REQUEST_CLOSED) ||
            (asked->state == REQUEST_FILLED && holding->updates == 0)) {
            return false;
        }
    }
    return true;
}

static void reckon_givers(struct story *story)
{
    const size_t count = story->plan->givers;
    size_t same = 0, once = 0;
    for (size_t i = 0; i < count; i++) {
        same += holds_what_is_open(story, &story->givers[i]);
        once += was_told_once(story, i);
    }
    story_promise(story, same == count, "%zu of %zu clients hold exactly the open requests of the store", same, count);
    story_promise(story, once == count, "%zu of %zu were alerted to each request once, and told of every end", once,
                  count);
}

bool scene_reckoning(struct story *story)
{
    struct villager *desk = &story->desks[0];
    const struct story_plan *plan = story->plan;
    struct stored stored = {.story = story};
    size_t askers = 0, givers = 0, matches = 0, over = 0;
    tell_title("The reckoning");
    if (!visit_requests(desk, 0, count_stored, &stored) ||
        !visit_requests(desk, REQUEST_CLOSED, count_stored, &stored) || !visit_askers(desk, count_asker, &askers) ||
        !visit_parties(&story->coordinator, count_giver, &givers) || !count_matches(story, &matches, &over)) {
        return false;
    }
    bool right = givers == plan->givers && askers == plan->askers && stored.requests == plan->requests &&
                 matches == plan->matches;
    story_promise(story, right, "the store has %zu givers, %zu askers, %zu requests and %zu matches", givers, askers,
                  stored.requests, matches);
    story_promise(story, stored.unknown == 0 && stored.wrong == 0,
                  "every request stands as the desk was told (%zu are open)", stored.open);
    story_promise(story, over == 0, "no request has more helpers than it needs");
    reckon_givers(story);
    tell("Contact details were released %zu times, each time to one giver, sealed.", story->released);
    return true;
}
