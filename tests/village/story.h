// SPDX-License-Identifier: MPL-2.0
// The demonstration's story: what its scenes share, and the scenes in their order.
//
// A scene gives false when the story cannot go on; a promise that was broken is told, counted, and the story goes on.
// The scenes: settling.c, asking.c, helping.c, crashing.c, reckoning.c; story.c plays them.
#ifndef VILLAGE_STORY_H
#define VILLAGE_STORY_H

#include "acts.h"
#include "broker.h"
#include "people.h"
#include "tell.h"
#include "village.h"

enum { WORKSTATIONS = 2, WAIT_MS = 40000, REF_TEXT_SIZE = 32 };

struct story_plan {
    const char *broker, *config, *operator_home, *homes;
    uint64_t seed;
    size_t givers, away, askers, requests, matches;
};

// One request as the desk knows it.
struct asked {
    struct act publish;
    const struct people_request *words;
    char ref[REF_TEXT_SIZE];
    size_t asker; // whose, its number in `askers`
    uint64_t request;
    enum bb_request_state state;
    bool broadcast;          // small, and not for coordinators only
    bool spares_authorities; // police and municipality are left out
};

struct story {
    const struct story_plan *plan;
    struct broker broker;
    char log[PATH_MAX];
    struct village village;
    struct villager founder, coordinator, desks[WORKSTATIONS]; // two workstations of one desk
    struct villager *givers;
    struct act *askers;
    struct asked *asked;
    size_t published, matched, released;
    uint64_t random; // the state of story_pick
    unsigned broken;
};

// Plays all of it. True when every promise was kept.
bool story_play(const struct story_plan *plan);

// Counts it when it was broken; gives `kept` back.
#define story_promise(story, kept, ...) story_note(story, tell_promise(kept, __VA_ARGS__))
bool story_note(struct story *story, bool kept);
// For codes without which the story cannot go on: says what failed.
bool story_needs(enum bb_code code, const char *what);
size_t story_pick(struct story *story, size_t count);

bool story_is_away(const struct story *story, size_t giver); // one of those who go away for a while
bool story_reaches(const struct villager *giver, const struct asked *asked);
// How many givers are up, and how many of these know all that the desk knows.
struct story_reach {
    size_t up, in_step;
};
struct story_reach story_count_reach(const struct story *story);
// Waits until all who are up know all.
bool story_all_in_step(struct story *story);
bool story_start_broker(struct story *story);
// Begins to publish the request with this number.
void story_publish(struct story *story, size_t index);
// Waits until all below `up_to` are acknowledged.
BB_CHECKED enum bb_code story_published(struct story *story, size_t up_to);

bool scene_founding(struct story *story);
bool scene_givers_join(struct story *story);
bool scene_askers_register(struct story *story);
bool scene_first_request(struct story *story);
bool scene_many_requests(struct story *story);
bool scene_not_allowed(struct story *story);
bool scene_two_at_once(struct story *story);
bool scene_return(struct story *story);
bool scene_release(struct story *story);
bool scene_matches(struct story *story, size_t up_to);
bool scene_kill(struct story *story);
bool scene_reckoning(struct story *story);

#endif
