// SPDX-License-Identifier: MPL-2.0
// Decisions on answers and offers: from a giver's first word to help that was given.
#include "decide.h"
#include "texts.h"

// ---------------------------------------------------------------- answering

static const uint8_t answer_states[] = {
    [ANSWER_OFFER] = OFFER_OFFERED,
    [ANSWER_OFFER_WITH_CONDITIONS] = OFFER_CONDITIONAL,
    [ANSWER_ASKING_INTERNALLY] = OFFER_ASKING_INTERNALLY,
    [ANSWER_CANNOT] = OFFER_CANNOT,
    [ANSWER_NOT_ALLOWED] = OFFER_NOT_ALLOWED,
};

static enum bb_code check_answer(const Wire__GiveAnswer *answer)
{
    if (!bb_word_known(&bb_answer_kinds, answer->kind))
        return answer->kind == 0 ? BB_MISSING : BB_BAD_VALUE;
    if (answer->offer_kind != 0 && !bb_word_known(&bb_offer_kinds, answer->offer_kind))
        return BB_BAD_VALUE;
    if (answer->text.len > ANSWER_TEXT_SIZE_MAX)
        return BB_TOO_LONG;
    bool says_why = answer->kind == ANSWER_OFFER_WITH_CONDITIONS || answer->kind == ANSWER_NOT_ALLOWED;
    return says_why && answer->text.len == 0 ? BB_MISSING : BB_OK;
}

// A giver answers what it was told of. What it never got does not exist for it.
static enum bb_code check_request(const struct actor *actor, const Stored__Request *request)
{
    if (!request_reaches(request, actor->party->audience_class))
        return BB_UNKNOWN_ID;
    switch ((enum bb_request_state)request->state) {
    case REQUEST_OPEN:
    case REQUEST_FILLED:
        return BB_OK;
    case REQUEST_CLOSED:
        return BB_WRONG_STATE;
    default:
        return BB_UNKNOWN_ID;
    }
}

// What the party said before on this request, NULL for its first word.
static enum bb_code find_answer(struct core *core, uint64_t request, uint64_t party, Stored__Offer **out)
{
    *out = NULL;
    struct store_key key = answer_key(request, party);
    Stored__Counter *number;
    enum bb_code code = store_get(core->txn, TABLE_ANSWER, &key, &number);
    if (code == BB_NOT_FOUND)
        return BB_OK;
    return code == BB_OK ? get_named(core, TABLE_OFFER, number->value, out) : code;
}

// A second answer takes the place of the first while that is still open (DOMAIN: rule 3). After a final state the
// party begins anew, but one that was declined stays so: the asker need not say no twice.
static enum bb_code place_of(struct core *core, const Stored__Offer *before, uint64_t *number)
{
    uint32_t ignored;
    if (before == NULL)
        return next_number(core, "offer", number);
    if (offer_next(before->state, OFFER_REPLACE, WHO_GIVER, &ignored) == BB_OK) {
        *number = before->offer;
        return BB_OK;
    }
    bool begins_anew = before->state == OFFER_WITHDRAWN || before->state == OFFER_LAPSED ||
                       before->state == OFFER_CANCELLED || before->state == OFFER_FAILED;
    if (!begins_anew)
        return BB_WRONG_STATE;
    return before->rounds < OFFERS_PER_PARTY_MAX ? next_number(core, "offer", number) : BB_OFFERED_OFTEN;
}

// Who offers when the help is arranged already is kept in case it falls through, and kindly told so.
static uint32_t first_state(const Wire__GiveAnswer *answer, const Stored__Request *request)
{
    uint32_t state = answer_states[answer->kind];
    bool offers = state == OFFER_OFFERED || state == OFFER_CONDITIONAL;
    return offers && request->state == REQUEST_FILLED ? OFFER_WAITING : state;
}

static enum bb_code fact_answer(struct core *core, const struct actor *actor, const Wire__GiveAnswer *answer,
                                const Stored__Request *request, uint64_t number, struct decision *out)
{
    Stored__Fact *fact = decision_add(core, out, actor);
    Stored__AnswerGiven *given = core_alloc(core, sizeof *given);
    if (!fact || !given)
        return BB_NO_MEMORY;
    stored__answer_given__init(given);
    given->offer = number;
    given->request = request->request;
    given->party = actor->party->party;
    given->member = actor->member->member;
    given->state = first_state(answer, request);
    given->kind = answer->offer_kind;
    fact->what_case = STORED__FACT__WHAT_ANSWER_GIVEN;
    fact->answer_given = given;
    out->made = id_make(core->ids_key, ID_OFFER, number);
    out->state = given->state;
    return text_seal(core, request->key_slot, answer->text, &given->text);
}

// ---------------------------------------------------------------- moving an offer on

// The offer, its request and the side on which the actor stands for it.
struct stand {
    Stored__Offer *offer;
    Stored__Request *request;
    enum who who;
};

static enum bb_code find_stand(struct core *core, const struct actor *actor, uint64_t id, struct stand *out)
{
    enum bb_code code = find_offer(core, actor, id, &out->offer, &out->request);
    if (code != BB_OK)
        return code;
    if (actor->party->role != ROLE_GIVER)
        return side_of(actor, out->request, &out->who);
    out->who = WHO_GIVER;
    return out->offer->party == actor->party->party ? BB_OK : BB_NOT_YOURS;
}

// Moves the offer by its table and yields the one fact; the rest follows from the caller's kind of event.
static enum bb_code move_offer(struct core *core, const struct actor *actor, const struct stand *stand,
                               enum offer_event event, struct decision *out)
{
    uint32_t next;
    enum bb_code code = offer_next(stand->offer->state, event, stand->who, &next);
    if (code != BB_OK)
        return code;
    out->made = id_make(core->ids_key, ID_OFFER, stand->offer->offer);
    out->state = next;
    code = fact_offer_state(core, actor, out, stand->offer->offer, next);
    if (code == BB_OK && stand->who != WHO_GIVER)
        out->facts[0]->asker = stand->request->asker; // on whose behalf (DOMAIN: rule 9)
    return code;
}

static Stored__OfferStateChanged *moved(const struct decision *decision)
{
    return decision->facts[0]->offer_state_changed;
}

enum bb_code decide_withdraw_offer(struct core *core, const struct actor *actor, const Wire__Command *command,
                                   struct decision *out)
{
    struct stand stand;
    enum bb_code code = find_stand(core, actor, command->withdraw_offer->offer, &stand);
    return code == BB_OK ? move_offer(core, actor, &stand, OFFER_WITHDRAW, out) : code;
}

enum bb_code decide_decline_offer(struct core *core, const struct actor *actor, const Wire__Command *command,
                                  struct decision *out)
{
    struct stand stand;
    enum bb_code code = find_stand(core, actor, command->decline_offer->offer, &stand);
    if (code == BB_OK && !command->decline_offer->asker_agreed)
        code = BB_ASKER_MUST_AGREE;
    return code == BB_OK ? move_offer(core, actor, &stand, OFFER_DECLINE, out) : code;
}

enum bb_code decide_report_done(struct core *core, const struct actor *actor, const Wire__Command *command,
                                struct decision *out)
{
    struct stand stand;
    enum bb_code code = find_stand(core, actor, command->report_done->offer, &stand);
    return code == BB_OK ? move_offer(core, actor, &stand, OFFER_REPORT, out) : code;
}

// ---------------------------------------------------------------- choosing

static enum bb_code check_choice(struct core *core, const struct stand *stand)
{
    if (stand->request->state == REQUEST_FILLED && !offer_is_taken(stand->offer->state))
        return BB_SOMEBODY_WAS_FASTER; // DOMAIN: rule 1
    if (stand->request->state != REQUEST_OPEN)
        return BB_WRONG_STATE;
    Stored__Party *giver;
    enum bb_code code = get_named(core, TABLE_PARTY, stand->offer->party, &giver);
    return code == BB_OK && giver->state != PARTY_ACTIVE ? BB_WRONG_STATE : code;
}

// The last giver that was needed fills the request; the others' offers are kept in case it falls through.
static enum bb_code fill(struct core *core, const Stored__Request *request, uint64_t chosen, struct decision *out)
{
    uint32_t next;
    if (request->taken + 1 < request->needed)
        return BB_OK;
    enum bb_code code = request_next(request->state, REQUEST_FILL, WHO_SYSTEM, &next);
    if (code == BB_OK)
        code = fact_request_state(core, NULL, out, request->request, next, 0);
    return code == BB_OK ? move_offers(core, out, request, OFFER_SET_ASIDE, chosen) : code;
}

enum bb_code decide_choose_offer(struct core *core, const struct actor *actor, const Wire__Command *command,
                                 struct decision *out)
{
    struct stand stand;
    enum bb_code code = find_stand(core, actor, command->choose_offer->offer, &stand);
    if (code == BB_OK && !command->choose_offer->asker_agreed)
        code = BB_ASKER_MUST_AGREE;
    if (code == BB_OK)
        code = check_choice(core, &stand);
    if (code == BB_OK)
        code = move_offer(core, actor, &stand, OFFER_CHOOSE, out);
    return code == BB_OK ? fill(core, stand.request, stand.offer->offer, out) : code;
}

// ---------------------------------------------------------------- giving an answer

// Where the community says so, the first tip is confirmed at once: nobody needs to choose, and no contact is released.
static enum bb_code confirm_tip(struct core *core, const struct actor *actor, const Wire__GiveAnswer *answer,
                                const Stored__Request *request, struct decision *out)
{
    const Stored__AnswerGiven *given = out->facts[0]->answer_given;
    Stored__Community *community;
    uint32_t next;
    if (answer->offer_kind != KIND_TIP || offer_next(given->state, OFFER_CHOOSE, WHO_SYSTEM, &next) != BB_OK)
        return BB_OK;
    enum bb_code code = get_named(core, TABLE_COMMUNITY, actor->party->community, &community);
    if (code != BB_OK || !community->tips_confirmed_at_once)
        return code;
    out->state = next;
    code = fact_offer_state(core, NULL, out, given->offer, next);
    return code == BB_OK ? fill(core, request, given->offer, out) : code;
}

enum bb_code decide_give_answer(struct core *core, const struct actor *actor, const Wire__Command *command,
                                struct decision *out)
{
    const Wire__GiveAnswer *answer = command->give_answer;
    Stored__Request *request;
    Stored__Offer *before;
    uint64_t number;
    enum bb_code code = check_answer(answer);
    if (code == BB_OK)
        code = find_request(core, actor, answer->request, &request);
    if (code == BB_OK)
        code = check_request(actor, request);
    if (code == BB_OK)
        code = find_answer(core, request->request, actor->party->party, &before);
    if (code == BB_OK)
        code = place_of(core, before, &number);
    if (code == BB_OK)
        code = fact_answer(core, actor, answer, request, number, out);
    if (code == BB_OK)
        code = confirm_tip(core, actor, answer, request, out);
    return code;
}

// ---------------------------------------------------------------- a match that ends

// A match that falls through opens a filled request again, with the offers that were kept for it.
static enum bb_code fall_through(struct core *core, const struct stand *stand, struct decision *out)
{
    uint32_t next;
    if (request_next(stand->request->state, REQUEST_REOPEN, WHO_SYSTEM, &next) != BB_OK)
        return BB_OK;
    enum bb_code code = fact_request_state(core, NULL, out, stand->request->request, next, 0);
    return code == BB_OK ? move_offers(core, out, stand->request, OFFER_BRING_BACK, stand->offer->offer) : code;
}

enum bb_code decide_cancel_offer(struct core *core, const struct actor *actor, const Wire__Command *command,
                                 struct decision *out)
{
    const Wire__CancelOffer *cancel = command->cancel_offer;
    struct stand stand;
    enum bb_code code = text_within(cancel->reason, REASON_TEXT_SIZE_MAX);
    if (code == BB_OK)
        code = find_stand(core, actor, cancel->offer, &stand);
    if (code == BB_OK)
        code = move_offer(core, actor, &stand, OFFER_CANCEL, out);
    if (code == BB_OK)
        code = text_seal(core, stand.request->key_slot, cancel->reason, &moved(out)->reason);
    if (code == BB_OK)
        code = fall_through(core, &stand, out);
    return code;
}

enum bb_code decide_confirm_help(struct core *core, const struct actor *actor, const Wire__Command *command,
                                 struct decision *out)
{
    const Wire__ConfirmHelp *confirm = command->confirm_help;
    struct stand stand;
    enum bb_code code = find_stand(core, actor, confirm->offer, &stand);
    if (code == BB_OK && !(confirm->new_contact <= ANSWERED_UNKNOWN && confirm->follow_up_needed <= ANSWERED_UNKNOWN))
        code = BB_BAD_VALUE;
    if (code == BB_OK)
        code = move_offer(core, actor, &stand, confirm->given ? OFFER_CONFIRM_GIVEN : OFFER_CONFIRM_FAILED, out);
    if (code != BB_OK)
        return code;
    moved(out)->new_contact = confirm->new_contact;
    moved(out)->follow_up_needed = confirm->follow_up_needed;
    return confirm->given ? BB_OK : fall_through(core, &stand, out);
}

// ---------------------------------------------------------------- release

// Always a desk member's act after the asker's yes, and only to the member who answered (DOMAIN: Privacy).
static enum bb_code check_release(struct core *core, const Wire__Release *release, const struct stand *stand)
{
    uint64_t recipient;
    if (!release->asker_agreed)
        return BB_ASKER_MUST_AGREE;
    if (!bb_word_known(&bb_contact_channels, release->channel))
        return release->channel == 0 ? BB_MISSING : BB_BAD_VALUE;
    if (release->box_bytes.len == 0)
        return BB_MISSING;
    if (release->box_bytes.len > RELEASE_BOX_SIZE_MAX)
        return BB_TOO_LARGE;
    if (stand->offer->kind == KIND_TIP)
        return BB_NO_RELEASE_FOR_TIPS;
    if (stand->offer->state != OFFER_CONFIRMED)
        return BB_WRONG_STATE;
    if (!id_open(core->ids_key, ID_MEMBER, release->recipient, &recipient) || recipient != stand->offer->member)
        return BB_WRONG_RECIPIENT;
    Stored__Member *member;
    Stored__Party *giver;
    enum bb_code code = get_named(core, TABLE_MEMBER, recipient, &member);
    if (code == BB_OK)
        code = get_named(core, TABLE_PARTY, stand->offer->party, &giver);
    if (code != BB_OK)
        return code;
    if (giver->state != PARTY_ACTIVE)
        return BB_WRONG_STATE;
    return member->revoked ? BB_WRONG_RECIPIENT : BB_OK;
}

enum bb_code decide_release(struct core *core, const struct actor *actor, const Wire__Command *command,
                            struct decision *out)
{
    const Wire__Release *release = command->release;
    struct stand stand;
    Stored__Asker *asker;
    enum bb_code code = find_stand(core, actor, release->offer, &stand);
    if (code == BB_OK)
        code = check_release(core, release, &stand);
    if (code == BB_OK)
        code = get_named(core, TABLE_ASKER, stand.request->asker, &asker);
    if (code != BB_OK)
        return code;
    Stored__Fact *fact = decision_add(core, out, actor);
    Stored__ContactReleased *released = core_alloc(core, sizeof *released);
    if (!fact || !released)
        return BB_NO_MEMORY;
    stored__contact_released__init(released);
    released->offer = stand.offer->offer;
    released->recipient = stand.offer->member;
    released->channel = release->channel;
    fact->what_case = STORED__FACT__WHAT_CONTACT_RELEASED;
    fact->contact_released = released;
    fact->asker = asker->asker;
    code = next_number(core, "release", &released->release);
    out->made = id_make(core->ids_key, ID_RELEASE, released->release);
    return code == BB_OK ? text_seal(core, asker->key_slot, release->box_bytes, &released->box) : code;
}
