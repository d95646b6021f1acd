// SPDX-License-Identifier: MPL-2.0
// Scenes: requests are published, reach everybody, and one is withdrawn, while some givers are away. They come back.
#include "story.h"

#include <stdio.h>
#include <stdlib.h>

static const Wire__AudienceClass authorities[] = {WIRE__AUDIENCE_CLASS__CLASS_POLICE,
                                                  WIRE__AUDIENCE_CLASS__CLASS_MUNICIPALITY};

static void prepare(struct story *story, size_t index)
{
    struct asked *asked = &story->asked[index];
    asked->words = people_request(index);
    asked->asker = index % story->plan->askers;
    asked->broadcast = asked->words->size == SIZE_SMALL && index != PEOPLE_DONT_KNOW;
    asked->spares_authorities = index == PEOPLE_UPBRINGING;
    snprintf(asked->ref, sizeof asked->ref, "vraag-%zu", index + 1);
}

void story_publish(struct story *story, size_t index)
{
    prepare(story, index);
    struct asked *asked = &story->asked[index];
    const struct publishing publishing = {.words = asked->words,
                                          .ref = asked->ref,
                                          .asker = story->askers[asked->asker].made,
                                          .excluded = authorities,
                                          .excluded_count = asked->spares_authorities ? 2 : 0};
    act_publish(&story->desks[0], &publishing, &asked->publish);
}

enum bb_code story_published(struct story *story, size_t up_to)
{
    enum bb_code code = BB_OK;
    for (; code == BB_OK && story->published < up_to; story->published++) {
        struct asked *asked = &story->asked[story->published];
        code = acts_done(&story->village, &asked->publish, 1);
        if (code != BB_OK) {
            break;
        }
        asked->request = asked->publish.made;
        asked->state = (enum bb_request_state)asked->publish.state;
    }
    return code;
}

static void some_go_away(struct story *story)
{
    for (size_t i = 0; i < story->plan->givers; i++) {
        if (story_is_away(story, i)) {
            villager_leave(&story->givers[i]);
        }
    }
    tell("%zu givers of all kinds switch their computers off.", story->plan->away);
}

static bool tell_audience(struct villager *desk)
{
    Wire__AskAudience ask = WIRE__ASK_AUDIENCE__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_AUDIENCE;
    query.audience = &ask;
    Wire__Answer *answer = ask_about(desk, &query);
    if (answer == NULL) {
        return false;
    }
    tell("The desk sees before it publishes: %u givers will receive this, %u of them joined this week.",
         answer->audience->total, answer->audience->joined_this_week);
    wire__answer__free_unpacked(answer, NULL);
    return true;
}

static int compare_times(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
    return (first > second) - (first < second);
}

// How long after the desk's click each giver knew.
static void tell_times(const struct story *story, const struct asked *asked)
{
    int64_t *times = calloc(story->plan->givers + 1, sizeof *times);
    size_t count = 0;
    for (size_t i = 0; times != NULL && i < story->plan->givers; i++) {
        const struct holding *holding = villager_holding(&story->givers[i], asked->request);
        if (holding != NULL && holding->alerts > 0) {
            times[count++] = holding->heard_at_ms - asked->publish.given_at_ms;
        }
    }
    if (count > 0) {
        qsort(times, count, sizeof *times, compare_times);
        tell("After the desk's click: the desk's answer came in %lld ms, half of the givers knew after %lld ms, all after "
             "%lld ms.",
             (long long)(asked->publish.answered_at_ms - asked->publish.given_at_ms), (long long)times[count / 2],
             (long long)times[count - 1]);
    }
    free(times);
}

bool scene_first_request(struct story *story)
{
    tell_title("The desk publishes a request");
    some_go_away(story);
    if (!tell_audience(&story->desks[0])) {
        return false;
    }
    story_publish(story, PEOPLE_BIKE);
    if (!story_needs(story_published(story, 1), "publishing")) {
        return false;
    }
    tell_quote("„%s”", story->asked[0].words->text);
    bool all = story_all_in_step(story);
    struct story_reach reach = story_count_reach(story);
    tell_times(story, &story->asked[0]);
    return story_promise(story, all, "%zu of the %zu givers who are up heard it", reach.in_step, reach.up);
}

static size_t count_referred(const struct story *story)
{
    size_t referred = 0;
    for (size_t i = 0; i < story->published; i++) {
        referred += story->asked[i].state == REQUEST_REFERRED;
    }
    return referred;
}

// Published and withdrawn while some are away: these must never hear of it, all others that it is over.
static bool withdraw(struct story *story)
{
    struct act act;
    struct asked *asked = &story->asked[PEOPLE_CHILDS_BED];
    act_close(&story->desks[0], asked->request, CLOSE_NO_LONGER_NEEDED, &act);
    if (!story_needs(acts_done(&story->village, &act, 1), "withdrawing")) {
        return false;
    }
    asked->state = REQUEST_CLOSED;
    tell("One household withdraws its request:");
    tell_quote("„%s”", asked->words->text);
    return story_promise(story, story_all_in_step(story), "it is gone at every giver who had been told of it");
}

bool scene_many_requests(struct story *story)
{
    const size_t count = story->plan->requests - story->plan->requests / 5;
    int64_t began_at_ms = village_clock_ms();
    tell_title("%zu more requests follow", count - story->published);
    for (size_t i = story->published; i < count; i++) {
        story_publish(story, i);
    }
    if (!story_needs(story_published(story, count), "publishing")) {
        return false;
    }
    for (size_t i = PEOPLE_ORDINARY; i < PEOPLE_ORDINARY + 3; i++) {
        tell_quote("„%s”", story->asked[i].words->text);
    }
    bool all = story_all_in_step(story);
    struct story_reach reach = story_count_reach(story);
    size_t referred = count_referred(story), expected = PEOPLE_SMOKING - PEOPLE_DONT_KNOW + 1;
    story_promise(story, all, "%zu of %zu givers hold all of them, %lld ms after the first click", reach.in_step,
                  reach.up, (long long)(village_clock_ms() - began_at_ms));
    story_promise(story, referred == expected && all,
                  "%zu large ones and “I don’t know where to go” went to the coordinator, and to no giver", referred);
    story_promise(story, all, "the one about upbringing left out police and municipality, as the asker wished");
    return withdraw(story);
}

static bool returned_are_complete(void *context)
{
    const struct story *story = context;
    for (size_t i = 0; i < story->plan->givers; i++) {
        if (story_is_away(story, i) && !bb_client_complete(story->givers[i].client)) {
            return false;
        }
    }
    return true;
}

bool scene_return(struct story *story)
{
    int64_t began_at_ms = village_clock_ms();
    tell_title("Those who were away come back");
    for (size_t i = 0; i < story->plan->givers; i++) {
        if (story_is_away(story, i) && !story_needs(villager_come(&story->givers[i], true), story->givers[i].name)) {
            return false;
        }
    }
    bool complete = village_until(&story->village, returned_are_complete, story, WAIT_MS);
    bool all = story_all_in_step(story);
    size_t told_of_withdrawn = 0;
    for (size_t i = 0; i < story->plan->givers; i++) {
        told_of_withdrawn += story_is_away(story, i) &&
                             villager_holding(&story->givers[i], story->asked[PEOPLE_CHILDS_BED].request) != NULL;
    }
    struct story_reach reach = story_count_reach(story);
    story_promise(story, complete && all, "%zu of %zu givers know all that is open, %lld ms later", reach.in_step,
                  reach.up, (long long)(village_clock_ms() - began_at_ms));
    story_promise(story, told_of_withdrawn == 0, "the request that was withdrawn meanwhile was never shown to them");
    return true;
}
