// SPDX-License-Identifier: MPL-2.0
// Plays the scenes in their order, and what they share; see story.h.
#include "story.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { TURN_MS = 20, START_MS = 20000 };

bool story_note(struct story *story, bool kept)
{
    story->broken += !kept;
    return kept;
}

bool story_needs(enum bb_code code, const char *what)
{
    if (code != BB_OK) {
        const char *sentence = bb_code_sentence(code, BB_ENGLISH);
        tell_promise(false, "%s: %s (%s)", what, sentence != NULL ? sentence : "", bb_code_symbol(code));
    }
    return code == BB_OK;
}

// SplitMix64: the same seed tells the same story.
size_t story_pick(struct story *story, size_t count)
{
    uint64_t mixed = story->random += 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    return (size_t)((mixed ^ (mixed >> 31)) % count);
}

// Spread over all kinds of givers, but none of those with a part of their own.
bool story_is_away(const struct story *story, size_t giver)
{
    const struct story_plan *plan = story->plan;
    size_t stride = plan->away > 0 ? plan->givers / plan->away : plan->givers + 1;
    return giver % stride == PEOPLE_PARTS && giver / stride < plan->away;
}

bool story_reaches(const struct villager *giver, const struct asked *asked)
{
    bool authority = giver->audience_class == CLASS_POLICE || giver->audience_class == CLASS_MUNICIPALITY;
    return asked->broadcast && !(asked->spares_authorities && authority);
}

static bool knows(const struct villager *giver, const struct asked *asked)
{
    const struct holding *holding = villager_holding(giver, asked->request);
    if (!story_reaches(giver, asked)) {
        return holding == NULL;
    }
    if (asked->state == REQUEST_OPEN) {
        return holding != NULL && holding->state == REQUEST_OPEN;
    }
    // Filled or closed: nothing, where it was away all the time that the request was open.
    return holding == NULL || holding->state == asked->state;
}

struct story_reach story_count_reach(const struct story *story)
{
    struct story_reach reach = {0, 0};
    for (size_t i = 0; i < story->plan->givers; i++) {
        const struct villager *giver = &story->givers[i];
        size_t known = 0;
        for (size_t r = 0; giver->client != NULL && r < story->published; r++) {
            known += knows(giver, &story->asked[r]);
        }
        reach.up += giver->client != NULL;
        reach.in_step += giver->client != NULL && known == story->published;
    }
    return reach;
}

static bool all_in_step(void *context)
{
    struct story_reach reach = story_count_reach(context);
    return reach.in_step == reach.up;
}

bool story_all_in_step(struct story *story)
{
    return village_until(&story->village, all_in_step, story, WAIT_MS);
}

// The clients go on meanwhile, as they would.
bool story_start_broker(struct story *story)
{
    int64_t deadline_ms = village_clock_ms() + START_MS;
    if (!broker_start(&story->broker)) {
        return story_needs(BB_IO, "the broker could not be started");
    }
    while (!broker_ready(&story->broker)) {
        if (!broker_alive(&story->broker) || village_clock_ms() > deadline_ms) {
            tell_promise(false, "the broker did not come up; its log is %s", story->log);
            return false;
        }
        village_turn(&story->village, TURN_MS);
    }
    return true;
}

static bool prepare(struct story *story)
{
    const struct story_plan *plan = story->plan;
    if ((size_t)snprintf(story->log, sizeof story->log, "%s/buurtbeld.log", plan->homes) >= sizeof story->log) {
        return story_needs(BB_TOO_LONG, "the path of the homes");
    }
    story->random = plan->seed;
    story->givers = calloc(plan->givers, sizeof *story->givers);
    story->askers = calloc(plan->askers, sizeof *story->askers);
    story->asked = calloc(plan->requests, sizeof *story->asked);
    if (story->givers == NULL || story->askers == NULL || story->asked == NULL) {
        return story_needs(BB_NO_MEMORY, "preparing");
    }
    return (mkdir(plan->homes, 0700) == 0 || story_needs(BB_IO, plan->homes)) &&
           broker_init(&story->broker, plan->broker, plan->config, story->log) &&
           story_needs(village_init(&story->village), "preparing");
}

static bool play(struct story *story)
{
    const size_t half = story->plan->matches * 2 / 3;
    return scene_founding(story) && scene_givers_join(story) && scene_askers_register(story) &&
           scene_first_request(story) && scene_many_requests(story) && scene_not_allowed(story) &&
           scene_two_at_once(story) && scene_release(story) && scene_return(story) && scene_matches(story, half) &&
           scene_kill(story) && scene_matches(story, story->plan->matches) && scene_reckoning(story);
}

static void clear(struct story *story)
{
    for (size_t i = 0; story->givers != NULL && i < story->plan->givers; i++) {
        villager_fini(&story->givers[i]);
    }
    for (size_t i = 0; i < WORKSTATIONS; i++) {
        villager_fini(&story->desks[i]);
    }
    villager_fini(&story->coordinator);
    villager_fini(&story->founder);
    village_fini(&story->village);
    free(story->givers);
    free(story->askers);
    free(story->asked);
}

bool story_play(const struct story_plan *plan)
{
    static struct story story;
    story = (struct story){.plan = plan, .village.epoll = -1};
    bool ended = prepare(&story) && play(&story);
    clear(&story);
    if (story.broker.pid > 0 && !broker_stop(&story.broker)) {
        story_promise(&story, false, "the broker did not end well on SIGTERM; its log is %s", story.log);
    }
    return ended && story.broken == 0;
}
