// SPDX-License-Identifier: MPL-2.0
// Facts, one by one: whose right each kind is, which command leads to it, which moves there are. Three tables from
// DOMAIN.md, and for each kind of fact what it does to the picture.
#include "model.h"

#include <inttypes.h>

#define ROLE(role) (1U << (role))
#define STAFF (ROLE(ROLE_DESK) | ROLE(ROLE_COORDINATOR))
#define BY(NAME) (1ULL << WIRE__COMMAND__WHAT_##NAME)

enum whose { ASKERS_SIDE = 1, COORDINATOR = 2, GIVER = 4, SYSTEM = 8 };
#define HELPERS (ASKERS_SIDE | COORDINATOR)

// ---------------------------------------------------------------- moves

struct move {
    uint32_t from, to;
    unsigned whose;
};

static const struct move request_moves[] = {
    {REQUEST_OPEN, REQUEST_FILLED, SYSTEM},        {REQUEST_FILLED, REQUEST_OPEN, SYSTEM},
    {REQUEST_REFERRED, REQUEST_OPEN, COORDINATOR}, {REQUEST_OPEN, REQUEST_CLOSED, HELPERS},
    {REQUEST_FILLED, REQUEST_CLOSED, HELPERS},     {REQUEST_REFERRED, REQUEST_CLOSED, HELPERS},
};

static const struct move offer_moves[] = {
    {OFFER_OFFERED, OFFER_CONFIRMED, HELPERS | SYSTEM}, // system: a tip, where the community says so
    {OFFER_CONDITIONAL, OFFER_CONFIRMED, HELPERS},
    {OFFER_OFFERED, OFFER_DECLINED, HELPERS},
    {OFFER_CONDITIONAL, OFFER_DECLINED, HELPERS},
    {OFFER_WAITING, OFFER_DECLINED, HELPERS},
    {OFFER_OFFERED, OFFER_WITHDRAWN, GIVER},
    {OFFER_CONDITIONAL, OFFER_WITHDRAWN, GIVER},
    {OFFER_WAITING, OFFER_WITHDRAWN, GIVER},
    {OFFER_ASKING_INTERNALLY, OFFER_WITHDRAWN, GIVER},
    {OFFER_OFFERED, OFFER_WAITING, SYSTEM},
    {OFFER_CONDITIONAL, OFFER_WAITING, SYSTEM},
    {OFFER_WAITING, OFFER_OFFERED, SYSTEM},
    {OFFER_OFFERED, OFFER_SUPERSEDED, SYSTEM},
    {OFFER_CONDITIONAL, OFFER_SUPERSEDED, SYSTEM},
    {OFFER_WAITING, OFFER_SUPERSEDED, SYSTEM},
    {OFFER_ASKING_INTERNALLY, OFFER_SUPERSEDED, SYSTEM},
    {OFFER_CONFIRMED, OFFER_CANCELLED, HELPERS | GIVER},
    {OFFER_CONFIRMED, OFFER_REPORTED_DONE, GIVER},
    {OFFER_CONFIRMED, OFFER_DONE, HELPERS},
    {OFFER_CONFIRMED, OFFER_FAILED, HELPERS},
    {OFFER_REPORTED_DONE, OFFER_DONE, HELPERS},
    {OFFER_REPORTED_DONE, OFFER_FAILED, HELPERS},
};

static const struct move party_moves[] = {
    {PARTY_WAITING, PARTY_ACTIVE, COORDINATOR},
    {PARTY_ACTIVE, PARTY_SUSPENDED, COORDINATOR},
    {PARTY_SUSPENDED, PARTY_ACTIVE, COORDINATOR},
};

static bool is_a_move(const struct move *moves, size_t count, uint32_t from, uint32_t to, unsigned whose)
{
    for (size_t i = 0; i < count; i++) {
        if (moves[i].from == from && moves[i].to == to)
            return (moves[i].whose & whose) != 0;
    }
    return false;
}
#define IS_A_MOVE(moves, from, to, whose) is_a_move(moves, sizeof(moves) / sizeof *(moves), from, to, whose)

// On which side the actor of this fact stands for a request.
static unsigned side(const struct model *model, uint64_t request, uint64_t offers_party)
{
    const Stored__Fact *fact = model->fact;
    if (fact->member == 0)
        return SYSTEM;
    enum bb_role role = model->parties[fact->party].role;
    if (role == ROLE_COORDINATOR)
        return COORDINATOR;
    if (role == ROLE_DESK && model->requests[request].desk == fact->party)
        return ASKERS_SIDE;
    return role == ROLE_GIVER && offers_party == fact->party ? GIVER : 0;
}

// Whoever acts for an asker says for whom (rule 9).
static void check_on_behalf(struct model *model, uint64_t request)
{
    const Stored__Fact *fact = model->fact;
    if (fact->member != 0 && fact->asker != model->requests[request].asker)
        model_breaks(model, "9 on whose behalf", "entry %" PRIu64 " moves request %" PRIu64 " without its asker",
                     model->entry, request);
}

// ---------------------------------------------------------------- who takes part

static void party_joined(struct model *model)
{
    const Stored__PartyJoined *joined = model->fact->party_joined;
    sim_insist(joined->party < PARTIES_MAX);
    model->parties[joined->party] = (struct m_party){
        .role = (enum bb_role)joined->role, .audience_class = joined->audience_class, .state = joined->state};
    model->parties_last = joined->party;
}

static void member_joined(struct model *model)
{
    const Stored__MemberJoined *joined = model->fact->member_joined;
    sim_insist(joined->member < MEMBERS_MAX && joined->invitation < CARDS_MAX);
    model->members[joined->member] = (struct m_member){.party = joined->party};
    model->members_last = joined->member;
    if (joined->invitation == 0)
        return; // the founder
    struct m_card *card = &model->cards[joined->invitation];
    const struct m_party *party = &model->parties[joined->party];
    if (card->uses_left == 0 || card->revoked || card->expires_at_ms <= model->entry_at_ms)
        model_breaks(model, "invitations", "member %" PRIu64 " came in by a used, revoked or old invitation",
                     joined->member);
    if (party->role != card->role || (card->party != 0 && card->party != joined->party))
        model_breaks(model, "invitations", "member %" PRIu64 " came in as somebody else than was invited",
                     joined->member);
    if (card->party == 0 && party->state != (card->standing ? PARTY_WAITING : PARTY_ACTIVE))
        model_breaks(model, "invitations", "a standing invitation leads to waiting, another to active");
    if (card->uses_left > 0)
        card->uses_left--;
}

static void party_state_changed(struct model *model)
{
    const Stored__PartyStateChanged *changed = model->fact->party_state_changed;
    struct m_party *party = &model->parties[changed->party];
    if (party->role != ROLE_GIVER || !IS_A_MOVE(party_moves, party->state, changed->state, COORDINATOR))
        model_breaks(model, "moves", "party %" PRIu64 " goes from %u to %u", changed->party, party->state,
                     changed->state);
    party->state = changed->state;
    if (changed->audience_class != 0)
        party->audience_class = changed->audience_class;
}

static void party_paused(struct model *model)
{
    const Stored__PartyPaused *paused = model->fact->party_paused;
    if (paused->party != model->fact->party)
        model_breaks(model, "rights", "party %" PRIu64 " pauses another", model->fact->party);
    model->parties[paused->party].paused = paused->paused;
    model->parties[paused->party].ever_paused = true;
}

static void member_revoked(struct model *model)
{
    struct m_member *member = &model->members[model->fact->member_revoked->member];
    bool operator= model->parties[member->party].role == ROLE_OPERATOR;
    if (member->revoked || (operator&& model->parties[model->fact->party].role != ROLE_OPERATOR))
        model_breaks(model, "rights", "a member is revoked twice, or an operator by somebody else");
    member->revoked = true;
}

static void invitation_made(struct model *model)
{
    const Stored__InvitationMade *made = model->fact->invitation_made;
    sim_insist(made->invitation < CARDS_MAX);
    enum bb_role role = model->parties[model->fact->party].role;
    bool colleague = made->party != 0 && made->party == model->fact->party;
    bool giver_or_desk = made->role == ROLE_GIVER || made->role == ROLE_DESK;
    bool may = colleague || role == ROLE_OPERATOR || (role == ROLE_COORDINATOR && giver_or_desk);
    if (made->party != 0 && !colleague && made->role == ROLE_DESK)
        may = false; // a desk's members bring in their colleagues themselves
    if (!may)
        model_breaks(model, "rights", "party %" PRIu64 " invites a %s", model->fact->party,
                     bb_word(&bb_roles, made->role, BB_ENGLISH));
    model->cards[made->invitation] = (struct m_card){.uses_left = made->uses,
                                                     .expires_at_ms = made->expires_at_ms,
                                                     .party = made->party,
                                                     .made_by = model->fact->member,
                                                     .role = (enum bb_role)made->role,
                                                     .standing = made->standing};
}

static void invitation_revoked(struct model *model)
{
    model->cards[model->fact->invitation_revoked->invitation].revoked = true;
}

// ---------------------------------------------------------------- askers and requests

static void asker_registered(struct model *model)
{
    const Stored__AskerRegistered *asker = model->fact->asker_registered;
    sim_insist(asker->asker < ASKERS_MAX);
    if (asker->desk != model->fact->party || model->fact->asker != asker->asker)
        model_breaks(model, "9 on whose behalf", "asker %" PRIu64 " is registered for another desk", asker->asker);
    model->askers[asker->asker].desk = asker->desk;
}

static void request_entered(struct model *model)
{
    const Stored__RequestEntered *entered = model->fact->request_entered;
    const Wire__PublishRequest *publish = model->cause ? model->cause->command->publish_request : NULL;
    sim_insist(entered->request < REQUESTS_MAX);
    struct m_request *request = &model->requests[entered->request];
    if (request->state != 0)
        model_breaks(model, "history is append-only", "request %" PRIu64 " is entered twice", entered->request);
    *request = (struct m_request){.desk = entered->desk,
                                  .asker = entered->asker,
                                  .state = entered->state,
                                  .needed = entered->needed,
                                  .touched = true};
    for (size_t i = 0; i < entered->n_excluded_classes; i++)
        request->excluded |= 1U << entered->excluded_classes[i];
    model->requests_last = entered->request;
    check_on_behalf(model, entered->request);
    if (model->parties[model->fact->party].role == ROLE_DESK &&
        model->askers[entered->asker].desk != model->fact->party)
        model_breaks(model, "rights", "party %" PRIu64 " asks for an asker of another desk", model->fact->party);
    bool referred = publish && (publish->size == WIRE__REQUEST_SIZE__SIZE_LARGE || publish->category.len == 7);
    if (publish && (entered->state != (referred ? REQUEST_REFERRED : REQUEST_OPEN) || !publish->asker_agreed))
        model_breaks(model, "large and unknown requests go to coordinators", "request %" PRIu64 " begins as %u",
                     entered->request, entered->state);
}

static void request_state_changed(struct model *model)
{
    const Stored__RequestStateChanged *changed = model->fact->request_state_changed;
    struct m_request *request = &model->requests[changed->request];
    unsigned whose = side(model, changed->request, 0);
    if (request->state == REQUEST_CLOSED)
        model_breaks(model, "5 closed is final", "request %" PRIu64 " goes on to %u", changed->request, changed->state);
    if (!IS_A_MOVE(request_moves, request->state, changed->state, whose))
        model_breaks(model, "moves", "request %" PRIu64 " goes from %u to %u by side %u of party %" PRIu64,
                     changed->request, request->state, changed->state, whose, model->fact->party);
    if (changed->state == REQUEST_CLOSED) {
        bool helped = changed->reason == CLOSE_FULFILLED || changed->reason == CLOSE_PARTLY_FULFILLED;
        bool agreed = model->cause && model->cause->command->what_case == WIRE__COMMAND__WHAT_CLOSE_REQUEST &&
                      model->cause->command->close_request->asker_agreed;
        check_on_behalf(model, changed->request);
        if (changed->reason == 0 || (helped && !agreed))
            model_breaks(model, "8 fulfilled needs the asker's side", "request %" PRIu64 " is closed as %u",
                         changed->request, changed->reason);
        request->reason = changed->reason;
    }
    request->state = changed->state;
    request->touched = true;
}

// ---------------------------------------------------------------- offers

static bool reaches(const struct m_request *request, uint32_t audience_class)
{
    return (request->excluded & 1U << audience_class) == 0;
}

static void check_replaces(struct model *model, const Stored__AnswerGiven *given)
{
    for (uint64_t i = 1; i <= model->offers_last; i++) {
        const struct m_offer *other = &model->offers[i];
        if (i != given->offer && other->request == given->request && other->party == given->party &&
            offer_lives(other->state))
            model_breaks(model, "3 one live offer", "party %" PRIu64 " has two on request %" PRIu64, given->party,
                         given->request);
    }
}

static void answer_given(struct model *model)
{
    const Stored__AnswerGiven *given = model->fact->answer_given;
    sim_insist(given->offer < OFFERS_MAX);
    struct m_offer *offer = &model->offers[given->offer];
    const struct m_request *request = &model->requests[given->request];
    const struct m_party *party = &model->parties[given->party];
    if (given->party != model->fact->party || given->member != model->fact->member)
        model_breaks(model, "9 actor", "party %" PRIu64 " answers for another", model->fact->party);
    if ((request->state != REQUEST_OPEN && request->state != REQUEST_FILLED) ||
        !reaches(request, party->audience_class))
        model_breaks(model, "answers", "request %" PRIu64 " is answered in state %u, or was never sent to that party",
                     given->request, request->state);
    bool new = offer->state == 0;
    bool replaceable = offer->state == OFFER_OFFERED || offer->state == OFFER_CONDITIONAL ||
                       offer->state == OFFER_ASKING_INTERNALLY || offer->state == OFFER_CANNOT ||
                       offer->state == OFFER_NOT_ALLOWED;
    if (!new && (!replaceable || offer->party != given->party || offer->request != given->request))
        model_breaks(model, "3 one live offer", "offer %" PRIu64 " is replaced in state %u", given->offer,
                     offer->state);
    bool offers = given->state == OFFER_OFFERED || given->state == OFFER_CONDITIONAL;
    if (offers && request->state == REQUEST_FILLED)
        model_breaks(model, "offers to what is filled wait", "offer %" PRIu64 " does not", given->offer);
    check_replaces(model, given);
    *offer = (struct m_offer){.request = given->request,
                              .party = given->party,
                              .member = given->member,
                              .state = given->state,
                              .kind = given->kind,
                              .touched = true};
    if (given->offer > model->offers_last)
        model->offers_last = given->offer;
    model->requests[given->request].touched = true;
}

static void offer_state_changed(struct model *model)
{
    const Stored__OfferStateChanged *changed = model->fact->offer_state_changed;
    struct m_offer *offer = &model->offers[changed->offer];
    unsigned whose = side(model, offer->request, offer->party);
    if (!IS_A_MOVE(offer_moves, offer->state, changed->state, whose))
        model_breaks(model, "moves", "offer %" PRIu64 " goes from %u to %u by side %u of party %" PRIu64,
                     changed->offer, offer->state, changed->state, whose, model->fact->party);
    if (whose & HELPERS)
        check_on_behalf(model, offer->request);
    bool tip = offer->kind == KIND_TIP && model->world->weather.tips_confirmed_at_once;
    if (changed->state == OFFER_CONFIRMED && whose == SYSTEM && !tip)
        model_breaks(model, "the asker chooses", "offer %" PRIu64 " is confirmed by nobody", changed->offer);
    if (changed->state == OFFER_CONFIRMED && model->parties[offer->party].state != PARTY_ACTIVE)
        model_breaks(model, "who is chosen takes part", "offer %" PRIu64 " is of a suspended party", changed->offer);
    offer->state = changed->state;
    offer->touched = model->requests[offer->request].touched = true;
}

static void contact_released(struct model *model)
{
    const Stored__ContactReleased *released = model->fact->contact_released;
    const struct m_offer *offer = &model->offers[released->offer];
    check_on_behalf(model, offer->request);
    if (offer->state != OFFER_CONFIRMED || offer->kind == KIND_TIP || offer->member != released->recipient ||
        side(model, offer->request, 0) != ASKERS_SIDE || model->members[released->recipient].revoked ||
        model->parties[offer->party].state != PARTY_ACTIVE)
        model_breaks(model, "release", "contact is released for offer %" PRIu64 " in state %u", released->offer,
                     offer->state);
}

static void nothing(struct model *model)
{
    (void)model;
}

// ---------------------------------------------------------------- the table

struct fact_rule {
    uint32_t roles;        // who may, by role; 0: nobody by name (the system, or a newcomer)
    bool system;           // also without an actor
    bool while_not_active; // also for a party that waits or is suspended
    uint64_t commands;     // that lead to it
    void (*apply)(struct model *model);
};

#define ANY_ROLE (STAFF | ROLE(ROLE_GIVER) | ROLE(ROLE_REPORTER) | ROLE(ROLE_OPERATOR))
#define FACT(NAME) [STORED__FACT__WHAT_##NAME]
static const struct fact_rule rules[] = {
    FACT(COMMUNITY_FOUNDED) = {0, true, false, 0, nothing},
    FACT(PARTY_JOINED) = {0, true, false, BY(ENROL), party_joined},
    FACT(MEMBER_JOINED) = {0, true, false, BY(ENROL), member_joined},
    FACT(PARTY_STATE_CHANGED) = {ROLE(ROLE_COORDINATOR), false, false,
                                 BY(APPROVE_PARTY) | BY(SUSPEND_PARTY) | BY(REINSTATE_PARTY), party_state_changed},
    FACT(PARTY_PAUSED) = {ROLE(ROLE_GIVER), false, false, BY(PAUSE) | BY(RESUME), party_paused},
    FACT(MEMBER_REVOKED) = {ROLE(ROLE_COORDINATOR) | ROLE(ROLE_OPERATOR), false, false, BY(REVOKE_MEMBER),
                            member_revoked},
    FACT(INVITATION_MADE) = {ANY_ROLE, false, false, BY(MAKE_INVITATION), invitation_made},
    FACT(INVITATION_REVOKED) = {ROLE(ROLE_COORDINATOR) | ROLE(ROLE_OPERATOR), false, false, BY(REVOKE_INVITATION),
                                invitation_revoked},
    FACT(ASKER_REGISTERED) = {STAFF, false, false, BY(ADD_ASKER), asker_registered},
    FACT(REQUEST_ENTERED) = {STAFF, false, false, BY(PUBLISH_REQUEST), request_entered},
    FACT(REQUEST_STATE_CHANGED) = {STAFF, true, false,
                                   BY(CLOSE_REQUEST) | BY(OPEN_REFERRED) | BY(CHOOSE_OFFER) | BY(CANCEL_OFFER) |
                                       BY(CONFIRM_HELP) | BY(GIVE_ANSWER),
                                   request_state_changed},
    FACT(ANSWER_GIVEN) = {ROLE(ROLE_GIVER), false, false, BY(GIVE_ANSWER), answer_given},
    FACT(OFFER_STATE_CHANGED) = {STAFF | ROLE(ROLE_GIVER), true, true,
                                 BY(CHOOSE_OFFER) | BY(DECLINE_OFFER) | BY(WITHDRAW_OFFER) | BY(REPORT_DONE) |
                                     BY(CONFIRM_HELP) | BY(CANCEL_OFFER) | BY(CLOSE_REQUEST) | BY(GIVE_ANSWER),
                                 offer_state_changed},
    FACT(CONTACT_RELEASED) = {ROLE(ROLE_DESK), false, false, BY(RELEASE), contact_released},
};

// Who is suspended may still take its offer back, and nothing else.
static bool may_though_not_active(const struct model *model, const struct fact_rule *rule)
{
    return rule->while_not_active && model->fact->offer_state_changed->state == OFFER_WITHDRAWN;
}

static void check_actor(struct model *model, const struct fact_rule *rule)
{
    const Stored__Fact *fact = model->fact;
    bool joins = fact->what_case == STORED__FACT__WHAT_MEMBER_JOINED;
    if (fact->member == 0 || joins) {
        if (!rule->system)
            model_breaks(model, "9 actor", "a fact of kind %d in entry %" PRIu64 " has none", fact->what_case,
                         model->entry);
        return;
    }
    const struct m_member *member = &model->members[fact->member];
    const struct m_party *party = &model->parties[fact->party];
    if (member->party != fact->party || member->revoked)
        model_breaks(model, "rights",
                     "member %" PRIu64 " acts for party %" PRIu64 " after it was revoked, or is not its", fact->member,
                     fact->party);
    if (!(rule->roles & ROLE(party->role)))
        model_breaks(model, "rights", "a %s does what is not its right: fact %d in entry %" PRIu64,
                     bb_word(&bb_roles, party->role, BB_ENGLISH), fact->what_case, model->entry);
    if (party->state != PARTY_ACTIVE && !may_though_not_active(model, rule))
        model_breaks(model, "rights", "party %" PRIu64 " acts in state %u: fact %d in entry %" PRIu64, fact->party,
                     party->state, fact->what_case, model->entry);
}

void model_fact(struct model *model, const Stored__Fact *fact)
{
    size_t what = (size_t)fact->what_case;
    model->fact = fact;
    model->world->tally->facts++;
    if (what >= sizeof rules / sizeof *rules || rules[what].apply == NULL) {
        model_breaks(model, "facts are known", "kind %zu is in no table of the model", what);
        return;
    }
    sim_insist(fact->member < MEMBERS_MAX && fact->party < PARTIES_MAX);
    check_actor(model, &rules[what]);
    if (model->cause && !(rules[what].commands & 1ULL << model->cause->command->what_case))
        model_breaks(model, "facts follow from commands", "command %d leads to fact %zu",
                     model->cause->command->what_case, what);
    rules[what].apply(model);
}
