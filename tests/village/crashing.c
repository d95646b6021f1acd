// SPDX-License-Identifier: MPL-2.0
// Scene: the broker is killed with -9 in the middle of publishing, and started again.
#include "story.h"

#include <string.h>

struct roll_call {
    struct story *story;
    size_t acknowledged;      // how many requests were, before the kill
    size_t kept, late, twice; // found again; of those without an answer; found more than once
};

static void call(void *context, const Wire__RequestView *view)
{
    struct roll_call *roll = context;
    for (size_t i = 0; i < roll->story->plan->requests; i++) {
        struct asked *asked = &roll->story->asked[i];
        if (strlen(asked->ref) != view->ref.len || memcmp(asked->ref, view->ref.data, view->ref.len) != 0) {
            continue;
        }
        if (i < roll->acknowledged) {
            roll->kept += asked->request == view->request;
            roll->twice += asked->request != view->request;
        } else {
            roll->late += asked->request == 0;
            roll->twice += asked->request != 0;
            asked->request = view->request;
            asked->state = (enum bb_request_state)view->state;
        }
    }
}

static bool outbox_is_empty(void *context)
{
    const struct villager *villager = context;
    return bb_client_connected(villager->client) && bb_client_outbox_count(villager->client) == 0;
}

static bool is_away(void *context)
{
    const struct villager *villager = context;
    return !bb_client_connected(villager->client);
}

// The first half is acknowledged; the second is on its way when the broker dies.
static bool publish_and_kill(struct story *story)
{
    const size_t first = story->published, all = story->plan->requests, half = first + (all - first) / 2;
    for (size_t i = first; i < half; i++) {
        story_publish(story, i);
    }
    if (!story_needs(story_published(story, half), "publishing")) {
        return false;
    }
    for (size_t i = half; i < all; i++) {
        story_publish(story, i);
    }
    village_turn(&story->village, 0);
    broker_kill9(&story->broker);
    tell("The desk publishes %zu more. %zu are acknowledged, %zu on their way, when kill -9 hits the broker.",
         all - first, half - first, all - half);
    return true;
}

static bool in_step_again(void *context)
{
    struct story *story = context;
    for (size_t i = 0; i < story->plan->givers; i++) {
        if (!bb_client_complete(story->givers[i].client)) {
            return false;
        }
    }
    struct story_reach reach = story_count_reach(story);
    return reach.in_step == reach.up;
}

bool scene_kill(struct story *story)
{
    struct villager *desk = &story->desks[0];
    struct roll_call roll = {.story = story};
    tell_title("The broker is killed");
    if (!publish_and_kill(story) || !village_until(&story->village, is_away, desk, WAIT_MS)) {
        return false;
    }
    roll.acknowledged = story->published;
    int64_t began_at_ms = village_clock_ms();
    if (!story_start_broker(story)) {
        return false;
    }
    tell("It is started again and ready after %lld ms.", (long long)(village_clock_ms() - began_at_ms));
    bool sent = village_until(&story->village, outbox_is_empty, desk, WAIT_MS);
    if (!visit_requests(desk, 0, call, &roll) || !visit_requests(desk, REQUEST_CLOSED, call, &roll)) {
        return false;
    }
    const size_t late = story->plan->requests - roll.acknowledged;
    story_promise(story, roll.kept == roll.acknowledged, "%zu of %zu acknowledged requests are still there", roll.kept,
                  roll.acknowledged);
    story_promise(story, sent && roll.late == late && roll.twice == 0,
                  "%zu of %zu that had no answer yet were given again by the desk's client, and taken once", roll.late,
                  late);
    story->published = story->plan->requests;
    bool all = village_until(&story->village, in_step_again, story, WAIT_MS);
    struct story_reach reach = story_count_reach(story);
    return story_promise(story, all, "%zu of %zu givers are connected and in step again, %.1f s after the restart",
                         reach.in_step, reach.up, (double)(village_clock_ms() - began_at_ms) / 1000);
}
