// SPDX-License-Identifier: MPL-2.0
// Scene: the broker is killed with -9 in the middle of publishing, and started again.
#include "story.h"

#include <string.h>

// Requests that were given to a broker that died: whether they were taken is in the desk's list.
static void recognise(void *context, const Wire__RequestView *view)
{
    struct story *story = context;
    for (size_t i = story->published; i < story->plan->requests; i++) {
        struct asked *asked = &story->asked[i];
        if (strlen(asked->ref) == view->ref.len && memcmp(asked->ref, view->ref.data, view->ref.len) == 0) {
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

// The answered ones first, then more that are on their way when the broker dies.
static bool publish_and_kill(struct story *story)
{
    const size_t all = story->plan->requests, answered = story->published + (all - story->published) / 2;
    for (size_t i = story->published; i < answered; i++) {
        story_publish(story, i);
    }
    if (!story_needs(story_published(story, answered), "publishing")) {
        return false;
    }
    for (size_t i = answered; i < all; i++) {
        story_publish(story, i);
    }
    village_turn(&story->village, 0);
    broker_kill9(&story->broker);
    tell("The desk publishes %zu more. %zu were acknowledged, %zu are on their way when kill -9 hits the broker.",
         all - answered + answered - (all - all / 5 > answered ? answered : all - all / 5), answered - (all - all / 5),
         all - answered);
    return true;
}

static size_t count_recognised(const struct story *story, size_t from, size_t to)
{
    size_t count = 0;
    for (size_t i = from; i < to; i++) {
        count += story->asked[i].request != 0;
    }
    return count;
}
