// SPDX-License-Identifier: MPL-2.0
// Commands and queries of the villagers; see acts.h.
#include "acts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 30000 };

static ProtobufCBinaryData text_of(const char *text)
{
    return (ProtobufCBinaryData){.len = strlen(text), .data = (uint8_t *)(uintptr_t)text};
}

static void note_reply(void *context, const Wire__Reply *reply)
{
    struct act *act = context;
    act->answered = true;
    act->code = (enum bb_code)reply->code;
    act->made = reply->made;
    act->state = reply->state;
    act->answered_at_ms = village_clock_ms();
}

static void give_up(struct act *act, enum bb_code code)
{
    *act = (struct act){.answered = true, .code = code};
}

static void give(struct villager *villager, Wire__Command *command, struct act *act)
{
    *act = (struct act){.given_at_ms = village_clock_ms()};
    enum bb_code code = bb_client_send(villager->client, command, note_reply, act);
    if (code != BB_OK) {
        give_up(act, code);
    }
}

void act_publish(struct villager *desk, const struct publishing *publishing, struct act *act)
{
    Wire__PublishRequest publish = WIRE__PUBLISH_REQUEST__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    publish.ref = text_of(publishing->ref);
    publish.asker = publishing->asker;
    publish.asker_agreed = true;
    publish.category = text_of(publishing->words->category);
    publish.text = text_of(publishing->words->text);
    publish.size = (Wire__RequestSize)publishing->words->size;
    publish.wanted = (Wire__Wanted)publishing->words->wanted;
    publish.needed = 1;
    publish.n_excluded_classes = publishing->excluded_count;
    publish.excluded_classes = (Wire__AudienceClass *)(uintptr_t)publishing->excluded;
    command.what_case = WIRE__COMMAND__WHAT_PUBLISH_REQUEST;
    command.publish_request = &publish;
    give(desk, &command, act);
}

void act_answer(struct villager *giver, uint64_t request, enum bb_answer_kind kind, enum bb_offer_kind offer_kind,
                const char *text, struct act *act)
{
    Wire__GiveAnswer answer = WIRE__GIVE_ANSWER__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    answer.request = request;
    answer.kind = (Wire__AnswerKind)kind;
    answer.offer_kind = (Wire__OfferKind)offer_kind;
    answer.text = text_of(text);
    command.what_case = WIRE__COMMAND__WHAT_GIVE_ANSWER;
    command.give_answer = &answer;
    give(giver, &command, act);
}

void act_choose(struct villager *desk, uint64_t offer, struct act *act)
{
    Wire__ChooseOffer choose = WIRE__CHOOSE_OFFER__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    choose.offer = offer;
    choose.asker_agreed = true;
    command.what_case = WIRE__COMMAND__WHAT_CHOOSE_OFFER;
    command.choose_offer = &choose;
    give(desk, &command, act);
}

void act_report_done(struct villager *giver, uint64_t offer, struct act *act)
{
    Wire__ReportDone done = WIRE__REPORT_DONE__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    done.offer = offer;
    command.what_case = WIRE__COMMAND__WHAT_REPORT_DONE;
    command.report_done = &done;
    give(giver, &command, act);
}

void act_confirm_help(struct villager *desk, uint64_t offer, struct act *act)
{
    Wire__ConfirmHelp confirm = WIRE__CONFIRM_HELP__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    confirm.offer = offer;
    confirm.given = true;
    confirm.new_contact = WIRE__YES_NO__ANSWERED_YES;
    command.what_case = WIRE__COMMAND__WHAT_CONFIRM_HELP;
    command.confirm_help = &confirm;
    give(desk, &command, act);
}

void act_close(struct villager *desk, uint64_t request, enum bb_close_reason reason, struct act *act)
{
    Wire__CloseRequest close = WIRE__CLOSE_REQUEST__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    close.request = request;
    close.reason = (Wire__CloseReason)reason;
    close.asker_agreed = true;
    command.what_case = WIRE__COMMAND__WHAT_CLOSE_REQUEST;
    command.close_request = &close;
    give(desk, &command, act);
}

void act_add_asker(struct villager *desk, const char *ref, enum bb_heard_of heard_of, const struct bb_contact *contact,
                   const Wire__MemberList *members, struct act *act)
{
    Wire__AddAsker add = WIRE__ADD_ASKER__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    enum bb_code code = bb_contact_seal(desk->client, contact, members, &add.contact);
    if (code != BB_OK) {
        give_up(act, code);
        return;
    }
    add.ref = text_of(ref);
    add.heard_of = (Wire__HeardOf)heard_of;
    command.what_case = WIRE__COMMAND__WHAT_ADD_ASKER;
    command.add_asker = &add;
    give(desk, &command, act);
    wire__sealed_contact__free_unpacked(add.contact, NULL);
}

void act_release(struct villager *desk, const Wire__OfferView *offer, uint64_t asker, const struct bb_contact *contact,
                 enum bb_contact_channel channel, struct act *act)
{
    Wire__Release release = WIRE__RELEASE__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    enum bb_code code =
        bb_release_seal(desk->client, offer, asker, contact, channel, &release.box_bytes.data, &release.box_bytes.len);
    if (code != BB_OK) {
        give_up(act, code);
        return;
    }
    release.offer = offer->offer;
    release.recipient = offer->member;
    release.channel = (Wire__ContactChannel)channel;
    release.asker_agreed = true;
    command.what_case = WIRE__COMMAND__WHAT_RELEASE;
    command.release = &release;
    give(desk, &command, act);
    free(release.box_bytes.data);
}

struct acts {
    const struct act *acts;
    size_t count;
};

static bool all_answered(void *context)
{
    const struct acts *acts = context;
    for (size_t i = 0; i < acts->count; i++) {
        if (!acts->acts[i].answered) {
            return false;
        }
    }
    return true;
}

enum bb_code acts_done(struct village *village, const struct act *acts, size_t count)
{
    struct acts all = {acts, count};
    if (!village_until(village, all_answered, &all, ANSWER_MS)) {
        return BB_TIMED_OUT;
    }
    for (size_t i = 0; i < count; i++) {
        if (acts[i].code != BB_OK) {
            return acts[i].code;
        }
    }
    return BB_OK;
}

Wire__Answer *ask_about(struct villager *villager, const Wire__Query *query)
{
    Wire__Answer *answer = NULL;
    enum bb_code code = bb_client_query(villager->client, query, &answer);
    if (code != BB_OK) {
        fprintf(stderr, "%s asked in vain: %s\n", villager->name, bb_code_sentence(code, BB_ENGLISH));
    }
    return answer;
}

Wire__Answer *ask_for_request(struct villager *villager, uint64_t request)
{
    Wire__ShowRequest show = WIRE__SHOW_REQUEST__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    show.request = request;
    query.what_case = WIRE__QUERY__WHAT_REQUEST;
    query.request = &show;
    return ask_about(villager, &query);
}

Wire__Answer *ask_for_members(struct villager *villager)
{
    Wire__ListMembers list = WIRE__LIST_MEMBERS__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_MEMBERS;
    query.members = &list;
    return ask_about(villager, &query);
}

bool visit_requests(struct villager *villager, enum bb_request_state state, request_visitor *visitor, void *context)
{
    Wire__ListRequests list = WIRE__LIST_REQUESTS__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    list.state = (Wire__RequestState)state;
    query.what_case = WIRE__QUERY__WHAT_REQUESTS;
    query.requests = &list;
    do {
        Wire__Answer *answer = ask_about(villager, &query);
        if (answer == NULL) {
            return false;
        }
        for (size_t i = 0; i < answer->requests->n_requests; i++) {
            visitor(context, answer->requests->requests[i]);
        }
        list.page_token = answer->requests->page_token;
        wire__answer__free_unpacked(answer, NULL);
    } while (list.page_token != 0);
    return true;
}

bool visit_askers(struct villager *villager, void (*visitor)(void *, const Wire__AskerView *), void *context)
{
    Wire__ListAskers list = WIRE__LIST_ASKERS__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_ASKERS;
    query.askers = &list;
    do {
        Wire__Answer *answer = ask_about(villager, &query);
        if (answer == NULL) {
            return false;
        }
        for (size_t i = 0; i < answer->askers->n_askers; i++) {
            visitor(context, answer->askers->askers[i]);
        }
        list.page_token = answer->askers->page_token;
        wire__answer__free_unpacked(answer, NULL);
    } while (list.page_token != 0);
    return true;
}

bool visit_parties(struct villager *villager, void (*visitor)(void *, const Wire__PartyView *), void *context)
{
    Wire__ListParties list = WIRE__LIST_PARTIES__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_PARTIES;
    query.parties = &list;
    do {
        Wire__Answer *answer = ask_about(villager, &query);
        if (answer == NULL) {
            return false;
        }
        for (size_t i = 0; i < answer->parties->n_parties; i++) {
            visitor(context, answer->parties->parties[i]);
        }
        list.page_token = answer->parties->page_token;
        wire__answer__free_unpacked(answer, NULL);
    } while (list.page_token != 0);
    return true;
}
