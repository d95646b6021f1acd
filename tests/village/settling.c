// SPDX-License-Identifier: MPL-2.0
// Scenes: a community begins. The broker starts, people join, askers are registered.
#include "story.h"

#include <stdio.h>

static bool is_connected(void *context)
{
    const struct villager *villager = context;
    return bb_client_connected(villager->client);
}

static bool come(struct story *story, struct villager *villager)
{
    return story_needs(villager_come(villager, true), villager->name) &&
           (village_until(&story->village, is_connected, villager, WAIT_MS) || story_needs(BB_AWAY, villager->name));
}

static bool join_staff(struct story *story, struct villager *newcomer, struct villager *inviter, enum bb_role role,
                       uint64_t party, const char *name, const char *folder)
{
    char home[PATH_MAX];
    snprintf(home, sizeof home, "%s/%s", story->plan->homes, folder);
    villager_init(newcomer, &story->village, name, home);
    return story_needs(villager_join(newcomer, inviter, role, 0, party), name) && come(story, newcomer);
}

bool scene_founding(struct story *story)
{
    tell_title("A community begins");
    villager_init(&story->founder, &story->village, "Beheerder", story->plan->operator_home);
    if (!story_start_broker(story) || !come(story, &story->founder) ||
        !join_staff(story, &story->coordinator, &story->founder, ROLE_COORDINATOR, 0, "Kwartiermaker", "coordinator") ||
        !join_staff(story, &story->desks[0], &story->founder, ROLE_DESK, 0, "Intakebalie", "desk") ||
        !join_staff(story, &story->desks[1], &story->desks[0], ROLE_DESK, story->desks[0].party,
                    "Intakebalie, werkplek 2", "desk-2")) {
        return false;
    }
    tell("The operator started the broker and invited a coordinator and an intake desk;");
    tell("the desk invited its second workstation. Each has keys of its own that never left it.");
    return true;
}

static void tell_classes(const struct story *story)
{
    size_t counts[CLASSES_MAX + 1] = {0};
    char line[256] = "";
    for (size_t i = 0; i < story->plan->givers; i++) {
        counts[story->givers[i].audience_class]++;
    }
    for (size_t c = 1, at = 0; c <= CLASSES_MAX && at < sizeof line; c++) {
        if (counts[c] > 0) {
            at += (size_t)snprintf(line + at, sizeof line - at, "%s%zu %s", at > 0 ? ", " : "", counts[c],
                                   bb_word(&bb_classes, (uint32_t)c, BB_DUTCH));
        }
    }
    tell_quote("%s", line);
}

static bool all_complete(void *context)
{
    const struct story *story = context;
    for (size_t i = 0; i < story->plan->givers; i++) {
        if (!bb_client_complete(story->givers[i].client)) {
            return false;
        }
    }
    return true;
}

bool scene_givers_join(struct story *story)
{
    const size_t count = story->plan->givers;
    int64_t began_at_ms = village_clock_ms();
    tell_title("%zu givers join", count);
    for (size_t i = 0; i < count; i++) {
        char name[NAME_SIZE_MAX + 1], home[PATH_MAX];
        enum bb_class audience_class;
        people_giver(i, name, &audience_class);
        snprintf(home, sizeof home, "%s/giver-%03zu", story->plan->homes, i + 1);
        villager_init(&story->givers[i], &story->village, name, home);
        enum bb_code code = villager_join(&story->givers[i], &story->coordinator, ROLE_GIVER, audience_class, 0);
        if (!story_needs(code, name)) {
            return false;
        }
    }
    int64_t enrolled_at_ms = village_clock_ms();
    tell_classes(story);
    for (size_t i = 0; i < count; i++) {
        if (!story_needs(villager_come(&story->givers[i], true), story->givers[i].name)) {
            return false;
        }
    }
    bool all = village_until(&story->village, all_complete, story, WAIT_MS);
    tell("Each with a personal invitation of the coordinator; enrolling all took %.1f s.",
         (double)(enrolled_at_ms - began_at_ms) / 1000);
    return story_promise(story, all, "%zu clients are connected and in step, %.1f s later", count,
                         (double)(village_clock_ms() - enrolled_at_ms) / 1000);
}

bool scene_askers_register(struct story *story)
{
    const size_t count = story->plan->askers;
    struct villager *desk = &story->desks[0];
    Wire__Answer *members = ask_for_members(desk);
    tell_title("%zu households ask to take part", count);
    if (members == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        char ref[REF_TEXT_SIZE];
        struct bb_contact contact;
        snprintf(ref, sizeof ref, "vrager-%zu", i + 1);
        people_contact(i, &contact);
        act_add_asker(desk, ref, people_heard_of(i), &contact, members->members, &story->askers[i]);
        bb_contact_wipe(&contact);
    }
    enum bb_code code = acts_done(&story->village, story->askers, count);
    tell("No proof, no questionnaire, no approval. Name and contact were encrypted at the desk:");
    tell("for its %zu workstations and the recovery key on paper. The broker cannot read them.",
         members->members->n_members);
    wire__answer__free_unpacked(members, NULL);
    return story_needs(code, "registering the askers");
}
