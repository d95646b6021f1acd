// SPDX-License-Identifier: MPL-2.0
// Facts on answers, offers and releases, applied.
#include "apply.h"
#include "states.h"

// "Cannot" is quiet, and a rule that forbids is for coordinators: neither is shown to the asker's side as a refusal.
static bool for_desk(uint32_t state)
{
    return state != OFFER_CANNOT && state != OFFER_NOT_ALLOWED;
}

// Who was told of the state before is told that it ended, too, or it would stand on a screen for ever (DOMAIN: rule 4).
// `before` is 0 for a first answer.
static enum bb_code tell(struct core *core, const Stored__Offer *offer, const Stored__Request *request, uint32_t before)
{
    bool desk = for_desk(offer->state) || (before != 0 && for_desk(before));
    bool coordinators = offer->state == OFFER_NOT_ALLOWED || before == OFFER_NOT_ALLOWED;
    enum bb_code code =
        channel_append(core, channel_of_party(offer->party), SUBJECT_OFFER, offer->offer, offer->revision);
    if (code == BB_OK && desk)
        code = channel_append(core, channel_of_party(request->desk), SUBJECT_OFFER, offer->offer, offer->revision);
    if (code == BB_OK && coordinators)
        code = channel_tell_coordinators(core, request->community, SUBJECT_OFFER, offer->offer, offer->revision);
    return code;
}

static enum bb_code put_answer(struct core *core, uint64_t request, uint64_t party, uint64_t offer)
{
    struct store_key key = answer_key(request, party);
    Stored__Counter number = STORED__COUNTER__INIT;
    number.value = offer;
    return store_put(core->txn, TABLE_ANSWER, &key, &number.base);
}

static enum bb_code count_rounds(struct core *core, const Stored__AnswerGiven *given, uint32_t *out)
{
    struct store_key key = answer_key(given->request, given->party);
    Stored__Counter *number;
    Stored__Offer *before;
    *out = 1;
    enum bb_code code = store_get(core->txn, TABLE_ANSWER, &key, &number);
    if (code != BB_OK)
        return code == BB_NOT_FOUND ? BB_OK : code;
    code = get_named(core, TABLE_OFFER, number->value, &before);
    if (code == BB_OK)
        *out = before->rounds + 1;
    return code;
}

// A first answer gets a record in the chains of its request and its party.
static enum bb_code start_offer(struct core *core, const Stored__AnswerGiven *given, Stored__Request *request,
                                Stored__Offer *offer)
{
    Stored__Party *party;
    enum bb_code code = get_named(core, TABLE_PARTY, given->party, &party);
    if (code != BB_OK)
        return code;
    stored__offer__init(offer);
    offer->offer = given->offer;
    offer->request = given->request;
    offer->party = given->party;
    offer->previous_of_request = request->last_offer;
    offer->previous_of_party = party->last_offer;
    request->last_offer = given->offer;
    party->last_offer = given->offer;
    code = count_rounds(core, given, &offer->rounds);
    if (code == BB_OK)
        code = take_number(core, "offer", given->offer);
    if (code == BB_OK)
        code = store_put_number(core->txn, TABLE_PARTY, party->party, &party->base);
    if (code == BB_OK)
        code = store_put_number(core->txn, TABLE_REQUEST, request->request, &request->base);
    return code == BB_OK ? put_answer(core, given->request, given->party, given->offer) : code;
}

static enum bb_code get_or_start(struct core *core, const Stored__AnswerGiven *given, Stored__Request *request,
                                 Stored__Offer **out)
{
    enum bb_code code = store_get_number(core->txn, TABLE_OFFER, given->offer, out);
    if (code != BB_NOT_FOUND)
        return code;
    *out = core_alloc(core, sizeof **out);
    return *out ? start_offer(core, given, request, *out) : BB_NO_MEMORY;
}

enum bb_code apply_answer_given(struct core *core, const Stored__Fact *fact)
{
    const Stored__AnswerGiven *given = fact->answer_given;
    Stored__Request *request;
    Stored__Offer *offer;
    enum bb_code code = get_named(core, TABLE_REQUEST, given->request, &request);
    if (code == BB_OK)
        code = get_or_start(core, given, request, &offer);
    if (code != BB_OK)
        return code;
    uint32_t before = offer->state; // 0 for a first answer
    offer->revision++;
    offer->member = given->member;
    offer->state = given->state;
    offer->kind = given->kind;
    offer->text = given->text;
    offer->made_at_ms = core->now_ms;
    code = store_put_number(core->txn, TABLE_OFFER, offer->offer, &offer->base);
    return code == BB_OK ? tell(core, offer, request, before) : code;
}

// Keeps `taken` and `done` of the request right; they decide whether it is filled (DOMAIN: rule 1).
static enum bb_code recount(struct core *core, Stored__Request *request, uint32_t before, uint32_t after)
{
    bool was = offer_is_taken(before), is = offer_is_taken(after);
    bool done = after == OFFER_DONE && before != OFFER_DONE;
    if (was == is && !done)
        return BB_OK;
    request->taken = request->taken + (uint32_t)is - (uint32_t)was;
    request->done += done;
    return store_put_number(core->txn, TABLE_REQUEST, request->request, &request->base);
}

enum bb_code apply_offer_state_changed(struct core *core, const Stored__Fact *fact)
{
    const Stored__OfferStateChanged *changed = fact->offer_state_changed;
    Stored__Offer *offer;
    Stored__Request *request;
    enum bb_code code = get_named(core, TABLE_OFFER, changed->offer, &offer);
    if (code == BB_OK)
        code = get_named(core, TABLE_REQUEST, offer->request, &request);
    if (code == BB_OK)
        code = recount(core, request, offer->state, changed->state);
    if (code != BB_OK)
        return code;
    uint32_t before = offer->state;
    offer->state = changed->state;
    offer->revision++;
    if (changed->reason != NULL)
        offer->reason = changed->reason;
    if (changed->new_contact != 0)
        offer->new_contact = changed->new_contact;
    if (changed->follow_up_needed != 0)
        offer->follow_up_needed = changed->follow_up_needed;
    code = store_put_number(core->txn, TABLE_OFFER, offer->offer, &offer->base);
    return code == BB_OK ? tell(core, offer, request, before) : code;
}

enum bb_code apply_contact_released(struct core *core, const Stored__Fact *fact)
{
    const Stored__ContactReleased *released = fact->contact_released;
    Stored__Offer *offer;
    Stored__Request *request;
    enum bb_code code = get_named(core, TABLE_OFFER, released->offer, &offer);
    if (code == BB_OK)
        code = get_named(core, TABLE_REQUEST, offer->request, &request);
    if (code != BB_OK)
        return code;
    Stored__ReleaseRecord record = STORED__RELEASE_RECORD__INIT;
    record.release = released->release;
    record.request = request->request;
    record.offer = offer->offer;
    record.recipient = released->recipient;
    record.sender = fact->member;
    record.asker = request->asker;
    record.channel = released->channel;
    record.box = released->box;
    record.released_at_ms = core->now_ms;
    record.previous_of_request = request->last_release;
    request->last_release = released->release;
    code = take_number(core, "release", released->release);
    if (code == BB_OK)
        code = store_put_number(core->txn, TABLE_RELEASE, record.release, &record.base);
    if (code == BB_OK)
        code = store_put_number(core->txn, TABLE_REQUEST, request->request, &request->base);
    if (code == BB_OK)
        code = channel_append(core, channel_of_party(offer->party), SUBJECT_RELEASE, record.release, 1);
    return code;
}
