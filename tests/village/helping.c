// SPDX-License-Identifier: MPL-2.0
// Scenes: givers answer, the asker's side chooses, contact is released to the one who was chosen, help is given.
#include "story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum bb_offer_kind offer_kind(const struct asked *asked)
{
    return asked->words->wanted == WANTED_TIP ? KIND_TIP : asked->words->wanted == WANTED_GOODS ? KIND_GOODS : KIND_DO;
}

static const Wire__OfferView *find_offer(const Wire__Answer *answer, uint64_t offer)
{
    for (size_t i = 0; answer != NULL && i < answer->request->n_offers; i++) {
        if (answer->request->offers[i]->offer == offer) {
            return answer->request->offers[i];
        }
    }
    return NULL;
}

static bool sees(struct villager *viewer, uint64_t request, uint64_t offer)
{
    Wire__Answer *answer = ask_for_request(viewer, request);
    bool seen = find_offer(answer, offer) != NULL;
    if (answer != NULL) {
        wire__answer__free_unpacked(answer, NULL);
    }
    return seen;
}

bool scene_not_allowed(struct story *story)
{
    static const char rule[] = "Landelijke norm: wij geven alleen pakketten, geen losse adviezen over diëten.";
    const struct asked *asked = &story->asked[PEOPLE_FOOD];
    struct villager *food_bank = &story->givers[PEOPLE_FOOD_BANK];
    struct act act;
    tell_title("A giver is not allowed to help");
    act_answer(food_bank, asked->request, ANSWER_NOT_ALLOWED, 0, rule, &act);
    if (!story_needs(acts_done(&story->village, &act, 1), "answering")) {
        return false;
    }
    tell("%s answers “not allowed” and names the rule:", food_bank->name);
    tell_quote("„%s”", rule);
    story_promise(story, sees(&story->coordinator, asked->request, act.made), "the coordinator sees the rule");
    story_promise(story, !sees(&story->desks[0], asked->request, act.made), "the asker's side sees no refusal");
    return true;
}

static uint32_t offer_state(struct villager *viewer, uint64_t request, uint64_t offer)
{
    Wire__Answer *answer = ask_for_request(viewer, request);
    const Wire__OfferView *view = find_offer(answer, offer);
    uint32_t state = view != NULL ? (uint32_t)view->state : 0;
    if (answer != NULL) {
        wire__answer__free_unpacked(answer, NULL);
    }
    return state;
}

bool scene_two_at_once(struct story *story)
{
    struct asked *asked = &story->asked[PEOPLE_WASHING_MACHINE];
    struct villager *givers[] = {&story->givers[PEOPLE_SECOND_HAND_SHOP], &story->givers[PEOPLE_REPAIR_CAFE]};
    struct act offers[2], choices[2];
    tell_title("Two offers, and both are chosen in the same moment");
    tell_quote("„%s”", asked->words->text);
    for (size_t i = 0; i < 2; i++) {
        act_answer(givers[i], asked->request, ANSWER_OFFER, KIND_GOODS, people_offer(i + 1), &offers[i]);
    }
    if (!story_needs(acts_done(&story->village, offers, 2), "offering")) {
        return false;
    }
    for (size_t i = 0; i < 2; i++) {
        act_choose(&story->desks[i], offers[i].made, &choices[i]);
    }
    enum bb_code code = acts_done(&story->village, choices, 2);
    size_t chosen = choices[0].code == BB_OK ? 0 : 1;
    if (!story_promise(story, code == BB_SOMEBODY_WAS_FASTER && choices[chosen].code == BB_OK, "one is confirmed: %s",
                       givers[chosen]->name)) {
        return story_needs(code, "choosing");
    }
    asked->state = REQUEST_FILLED;
    story->matched++;
    uint32_t other = offer_state(&story->desks[0], asked->request, offers[1 - chosen].made);
    story_promise(story, other == OFFER_WAITING, "the other stays at hand; the second workstation reads:");
    tell_quote("%s", bb_code_sentence(BB_SOMEBODY_WAS_FASTER, BB_ENGLISH));
    return story_promise(story, story_all_in_step(story), "every giver was told that this is arranged");
}

struct found_asker {
    uint64_t asker;
    struct bb_client *client;
    enum bb_code code;
    struct bb_contact contact;
};

static void open_contact(void *context, const Wire__AskerView *asker)
{
    struct found_asker *found = context;
    if (asker->asker == found->asker) {
        found->code =
            asker->contact != NULL ? bb_contact_open(found->client, asker->contact, &found->contact) : BB_MISSING;
    }
}

struct found_releases {
    struct bb_client *owner, *client; // whose items, and who tries to open them
    size_t count, opened;
    struct bb_contact contact;
};

static void open_release(void *context, const Wire__MailboxItem *item, int64_t heard_at_ms)
{
    struct found_releases *found = context;
    (void)heard_at_ms;
    if (item->what_case == WIRE__MAILBOX_ITEM__WHAT_RELEASE) {
        found->count++;
        found->opened += bb_release_open(found->client, item->release, &found->contact) == BB_OK;
    }
}

static bool has_release(void *context)
{
    struct found_releases *found = context;
    found->count = found->opened = 0;
    return bb_client_visit_items(found->owner, open_release, found) == BB_OK && found->count > 0;
}

static void tell_masked(const struct bb_contact *contact)
{
    char name[NAME_SIZE_MAX + 1], phone[NAME_SIZE_MAX + 1];
    snprintf(name, sizeof name, "%s", contact->name);
    snprintf(phone, sizeof phone, "%s", contact->phone);
    for (size_t i = 0; name[i] != '\0'; i++) {
        name[i] = i > 0 && name[i] != ' ' ? '*' : name[i];
    }
    for (size_t i = 0, size = strlen(phone); i + 2 < size; i++) {
        phone[i] = i > 1 && phone[i] >= '0' && phone[i] <= '9' ? '*' : phone[i];
    }
    tell_quote("%s, telefoon %s", name, phone);
}

static bool release(struct story *story, struct villager *desk, const struct asked *asked, uint64_t offer)
{
    struct found_asker found = {
        .asker = story->askers[asked->asker].made, .client = desk->client, .code = BB_NOT_FOUND};
    Wire__Answer *answer = ask_for_request(desk, asked->request);
    const Wire__OfferView *view = find_offer(answer, offer);
    struct act act = {.code = BB_NOT_FOUND};
    if (view != NULL && visit_askers(desk, open_contact, &found) && found.code == BB_OK) {
        act_release(desk, view, found.asker, &found.contact, CONTACT_PHONE, &act);
        act.code = acts_done(&story->village, &act, 1);
    }
    bb_contact_wipe(&found.contact);
    if (answer != NULL) {
        wire__answer__free_unpacked(answer, NULL);
    }
    story->released += act.code == BB_OK;
    return story_needs(found.code, "opening the contact at the desk") && story_needs(act.code, "releasing");
}

static bool match(struct story *story, struct asked *asked, struct villager *giver, uint64_t *offer)
{
    struct act act;
    act_answer(giver, asked->request, ANSWER_OFFER, offer_kind(asked), people_offer(story->matched), &act);
    if (!story_needs(acts_done(&story->village, &act, 1), "offering")) {
        return false;
    }
    *offer = act.made;
    act_choose(&story->desks[story->matched % WORKSTATIONS], *offer, &act);
    if (!story_needs(acts_done(&story->village, &act, 1), "choosing")) {
        return false;
    }
    asked->state = REQUEST_FILLED;
    story->matched++;
    return true;
}

bool scene_release(struct story *story)
{
    struct asked *asked = &story->asked[PEOPLE_BIKE];
    struct villager *giver = &story->givers[PEOPLE_BIKE_SHOP];
    uint64_t offer;
    tell_title("Contact goes to exactly one giver");
    tell("%s offers: „%s” The asker says yes, the desk releases the telephone number.", giver->name,
         people_offer(story->matched));
    if (!match(story, asked, giver, &offer) || !release(story, &story->desks[1], asked, offer)) {
        return false;
    }
    struct found_releases found = {.owner = giver->client, .client = giver->client};
    bool came = village_until(&story->village, has_release, &found, WAIT_MS);
    struct bb_contact sent;
    people_contact(asked->asker, &sent);
    bool right = found.opened == 1 && strcmp(found.contact.phone, sent.phone) == 0 && found.contact.email[0] == '\0';
    story_promise(story, came && right, "%s opened it with its own key: name and telephone, nothing else", giver->name);
    tell_masked(&found.contact);
    size_t others = 0, stolen = 0;
    for (size_t i = 0; i < story->plan->givers; i++) {
        struct villager *other = &story->givers[i];
        if (other != giver && other->client != NULL) {
            struct found_releases own = {.owner = other->client, .client = other->client};
            struct found_releases theft = {.owner = giver->client, .client = other->client};
            others += has_release(&own);
            stolen += has_release(&theft) && theft.opened > 0;
        }
    }
    bb_contact_wipe(&found.contact);
    return story_promise(story, others == 0 && stolen == 0,
                         "no other giver got it, and given the very same bytes none can open them");
}

// Every third match is seen through to the end.
static bool see_through(struct story *story, struct asked *asked, struct villager *giver, uint64_t offer)
{
    struct villager *desk = &story->desks[0];
    struct act act;
    if (asked->words->wanted != WANTED_TIP && !release(story, desk, asked, offer)) {
        return false;
    }
    act_report_done(giver, offer, &act);
    if (!story_needs(acts_done(&story->village, &act, 1), "reporting done")) {
        return false;
    }
    act_confirm_help(desk, offer, &act);
    if (!story_needs(acts_done(&story->village, &act, 1), "confirming the help")) {
        return false;
    }
    act_close(desk, asked->request, CLOSE_FULFILLED, &act);
    if (!story_needs(acts_done(&story->village, &act, 1), "closing")) {
        return false;
    }
    asked->state = REQUEST_CLOSED;
    return true;
}

bool scene_matches(struct story *story, size_t up_to)
{
    const size_t before = story->matched;
    size_t closed = 0;
    tell_title("Askers choose, neighbours help");
    for (size_t i = PEOPLE_UPBRINGING; i < story->published && story->matched < up_to; i++) {
        struct asked *asked = &story->asked[i];
        struct villager *giver = &story->givers[PEOPLE_PARTS + story_pick(story, story->plan->givers - PEOPLE_PARTS)];
        uint64_t offer;
        if (asked->state != REQUEST_OPEN || !story_reaches(giver, asked)) {
            continue;
        }
        bool last = story->matched + 1 == up_to;
        if (!match(story, asked, giver, &offer)) {
            return false;
        }
        if (last || story->matched % 3 == 0) {
            tell_quote("„%s” – %s", asked->words->text, giver->name);
        }
        if (story->matched % 3 == 0) {
            if (!see_through(story, asked, giver, offer)) {
                return false;
            }
            closed++;
        }
    }
    story_promise(story, story->matched == up_to, "%zu more matches, %zu of them done and confirmed by the asker",
                  story->matched - before, closed);
    return story_promise(story, story_all_in_step(story), "every giver knows what is arranged and what is over");
}
