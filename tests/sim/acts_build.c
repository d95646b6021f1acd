// SPDX-License-Identifier: MPL-2.0
// How each act is made into a command, from what its person has on its screen; see acts.h.
#include "acts.h"

#include <inttypes.h>

#define COMMAND(doing, NAME, name, Type) \
    Wire__##Type *message = make(doing, sizeof *message); \
    wire__##name##__init(message); \
    (doing)->command.what_case = WIRE__COMMAND__WHAT_##NAME; \
    (doing)->command.name = message

static const uint32_t classes[] = {CLASS_RESIDENT, CLASS_INSTITUTION, CLASS_MEDIA};

static bool now_and_then(struct doing *doing)
{
    return dice_percent(&doing->dice, 4);
}

static ProtobufCBinaryData noise(struct doing *doing, size_t size)
{
    ProtobufCBinaryData bytes = {size, make(doing, size)};
    dice_bytes(&doing->dice, bytes.data, size);
    return bytes;
}

// ---------------------------------------------------------------- who takes part

static Wire__MakeInvitation *invitation(struct doing *doing)
{
    COMMAND(doing, MAKE_INVITATION, make_invitation, MakeInvitation);
    message->uses = 1;
    message->expires_at_ms = world_wall_ms(doing->world) + dice_between(&doing->dice, 60000, 3 * 86400000LL);
    message->admission_key_bytes = noise(doing, CURVE_KEY_SIZE);
    return message;
}

bool invite_giver(struct doing *doing)
{
    Wire__MakeInvitation *message = invitation(doing);
    message->role = WIRE__ROLE__ROLE_GIVER;
    message->audience_class = (Wire__AudienceClass)classes[dice_below(&doing->dice, 3)];
    message->standing = dice_percent(&doing->dice, 50);
    message->uses = message->standing ? 1 + dice_below(&doing->dice, 3) : 1;
    return doing->world->clients_count + 4 < CLIENTS_MAX;
}

bool invite_colleague(struct doing *doing)
{
    Wire__MakeInvitation *message = invitation(doing);
    message->role = (Wire__Role)doing->client->role;
    message->party = doing->client->party;
    return doing->world->clients_count + 4 < CLIENTS_MAX;
}

bool invite_staff(struct doing *doing)
{
    static const Wire__Role roles[] = {WIRE__ROLE__ROLE_DESK, WIRE__ROLE__ROLE_COORDINATOR, WIRE__ROLE__ROLE_DESK,
                                       WIRE__ROLE__ROLE_OPERATOR};
    invitation(doing)->role = roles[dice_below(&doing->dice, 4)];
    return doing->world->clients_count + 4 < CLIENTS_MAX;
}

bool revoke_invitation(struct doing *doing)
{
    COMMAND(doing, REVOKE_INVITATION, revoke_invitation, RevokeInvitation);
    message->invitation = choose_made(doing, WIRE__COMMAND__WHAT_MAKE_INVITATION, false);
    return message->invitation != 0;
}

// A coordinator knows parties from the list; the simulation takes that list from everybody who came in.
static uint64_t choose_party(struct doing *doing, enum bb_role role, uint64_t *member)
{
    uint64_t chosen = 0;
    uint32_t seen = 0;
    for (int i = 0; i < doing->world->clients_count; i++) {
        const struct client *it = &doing->world->clients[i];
        if (!it->enrolled || (it->role != role && !now_and_then(doing)) || dice_below(&doing->dice, ++seen) != 0)
            continue;
        chosen = it->party;
        *member = it->member;
    }
    return chosen;
}

bool approve(struct doing *doing)
{
    COMMAND(doing, APPROVE_PARTY, approve_party, ApproveParty);
    const struct shown *waits = choose_shown(doing, WIRE__MAILBOX_ITEM__WHAT_PARTY, IN(PARTY_WAITING));
    if (!waits)
        return false;
    message->party = waits->id;
    if (dice_percent(&doing->dice, 30))
        message->audience_class = (Wire__AudienceClass)classes[dice_below(&doing->dice, 3)];
    return true;
}

bool suspend(struct doing *doing)
{
    COMMAND(doing, SUSPEND_PARTY, suspend_party, SuspendParty);
    uint64_t member;
    message->party = choose_party(doing, ROLE_GIVER, &member);
    message->reason = words(doing, "Wij willen eerst even praten.");
    return message->party != 0;
}

bool reinstate(struct doing *doing)
{
    COMMAND(doing, REINSTATE_PARTY, reinstate_party, ReinstateParty);
    uint64_t member;
    message->party = choose_party(doing, ROLE_GIVER, &member);
    return message->party != 0;
}

bool revoke_member(struct doing *doing)
{
    COMMAND(doing, REVOKE_MEMBER, revoke_member, RevokeMember);
    uint64_t member = 0;
    choose_party(doing, ROLE_GIVER, &member);
    message->member = member;
    message->reason = words(doing, "De laptop is kwijt.");
    return member != 0;
}

bool pause_party(struct doing *doing)
{
    COMMAND(doing, PAUSE, pause, Pause);
    return true;
}

bool resume(struct doing *doing)
{
    COMMAND(doing, RESUME, resume, Resume);
    return true;
}

// ---------------------------------------------------------------- askers and requests

bool add_asker(struct doing *doing)
{
    COMMAND(doing, ADD_ASKER, add_asker, AddAsker);
    uint64_t party = doing->client->party_number;
    Wire__WrappedKey *key = make(doing, sizeof *key), **keys = make(doing, sizeof *keys);
    wire__wrapped_key__init(key);
    key->member = doing->client->member;
    key->sealed_bytes = noise(doing, WRAPPED_KEY_SIZE);
    keys[0] = key;
    message->contact = make(doing, sizeof *message->contact);
    wire__sealed_contact__init(message->contact);
    message->contact->nonce_bytes = noise(doing, CONTACT_NONCE_SIZE);
    message->contact->box_bytes = words(doing, "CONTACT-%" PRIu64 " sealed", party); // what nobody else may ever see
    message->contact->n_keys = 1;
    message->contact->keys = keys;
    message->heard_of = (Wire__HeardOf)(1 + dice_below(&doing->dice, 10));
    if (dice_percent(&doing->dice, 40))
        message->ref = words(doing, "REF-a%u", dice_below(&doing->dice, 40));
    return true;
}

// A row of a file: the same number is the same text.
static void from_file(struct doing *doing, Wire__PublishRequest *message, uint32_t row)
{
    message->ref = words(doing, "REF-%u", row);
    message->text = words(doing, "Wie wil een fiets opknappen, de %ue?", row);
}

bool publish(struct doing *doing)
{
    COMMAND(doing, PUBLISH_REQUEST, publish_request, PublishRequest);
    struct dice *dice = &doing->dice;
    message->asker = choose_made(doing, WIRE__COMMAND__WHAT_ADD_ASKER, !now_and_then(doing));
    if (message->asker == 0)
        return add_asker(doing);
    message->asker_agreed = !now_and_then(doing);
    message->category = words(doing, "%s", dice_percent(dice, 8) ? "unknown" : "goods");
    message->size = dice_percent(dice, 8) ? WIRE__REQUEST_SIZE__SIZE_LARGE : WIRE__REQUEST_SIZE__SIZE_UNSET;
    message->text = words(doing, "Wie helpt even met een kast van %u cm tillen?", dice_below(dice, 300));
    if (dice_percent(dice, 20))
        from_file(doing, message, dice_below(dice, 12));
    message->needed = dice_below(dice, 4);
    if (dice_percent(dice, 25)) {
        Wire__AudienceClass *excluded = make(doing, 2 * sizeof *excluded);
        excluded[0] = (Wire__AudienceClass)classes[dice_below(dice, 3)];
        excluded[1] = (Wire__AudienceClass)classes[dice_below(dice, 3)];
        message->excluded_classes = excluded;
        message->n_excluded_classes = 1 + dice_below(dice, 2);
    }
    const struct shown *earlier = choose_shown(doing, WIRE__MAILBOX_ITEM__WHAT_REQUEST, IN(REQUEST_CLOSED));
    if (earlier && dice_percent(dice, 10))
        message->earlier = earlier->id;
    return true;
}

bool close_request(struct doing *doing)
{
    COMMAND(doing, CLOSE_REQUEST, close_request, CloseRequest);
    const struct shown *it = choose_shown(doing, WIRE__MAILBOX_ITEM__WHAT_REQUEST,
                                          IN(REQUEST_OPEN) | IN(REQUEST_FILLED) | IN(REQUEST_REFERRED));
    if (!it)
        return false;
    message->request = it->id;
    message->reason = (Wire__CloseReason)(1 + dice_below(&doing->dice, 10));
    message->asker_agreed = dice_percent(&doing->dice, 80);
    return true;
}

bool open_referred(struct doing *doing)
{
    COMMAND(doing, OPEN_REFERRED, open_referred, OpenReferred);
    const struct shown *it = choose_shown(doing, WIRE__MAILBOX_ITEM__WHAT_REQUEST, IN(REQUEST_REFERRED));
    if (it)
        message->request = it->id;
    return it != NULL;
}

// ---------------------------------------------------------------- offers, the giver's side

bool answer(struct doing *doing)
{
    COMMAND(doing, GIVE_ANSWER, give_answer, GiveAnswer);
    static const Wire__AnswerKind kinds[] = {
        WIRE__ANSWER_KIND__ANSWER_OFFER, WIRE__ANSWER_KIND__ANSWER_OFFER_WITH_CONDITIONS,
        WIRE__ANSWER_KIND__ANSWER_OFFER, WIRE__ANSWER_KIND__ANSWER_ASKING_INTERNALLY,
        WIRE__ANSWER_KIND__ANSWER_OFFER, WIRE__ANSWER_KIND__ANSWER_CANNOT,
        WIRE__ANSWER_KIND__ANSWER_OFFER, WIRE__ANSWER_KIND__ANSWER_NOT_ALLOWED};
    const struct shown *it = choose_shown(doing, 0, IN(REQUEST_OPEN) | IN(REQUEST_FILLED));
    if (!it)
        return false;
    message->request = it->id;
    message->kind = kinds[dice_below(&doing->dice, 8)];
    message->offer_kind = (Wire__OfferKind)(1 + dice_below(&doing->dice, 4));
    message->text = words(doing, "Dat kan %s.", dice_percent(&doing->dice, 50) ? "vandaag" : "morgen");
    return true;
}

static uint64_t choose_offer(struct doing *doing, uint32_t states)
{
    const struct shown *it = choose_shown(doing, WIRE__MAILBOX_ITEM__WHAT_OFFER, states);
    return it ? it->id : 0;
}

bool withdraw(struct doing *doing)
{
    COMMAND(doing, WITHDRAW_OFFER, withdraw_offer, WithdrawOffer);
    message->offer = choose_offer(doing, IN(OFFER_OFFERED) | IN(OFFER_CONDITIONAL) | IN(OFFER_WAITING) |
                                             IN(OFFER_ASKING_INTERNALLY));
    return message->offer != 0;
}

bool report_done(struct doing *doing)
{
    COMMAND(doing, REPORT_DONE, report_done, ReportDone);
    message->offer = choose_offer(doing, IN(OFFER_CONFIRMED));
    return message->offer != 0;
}

// ---------------------------------------------------------------- offers, the asker's side

bool choose(struct doing *doing)
{
    COMMAND(doing, CHOOSE_OFFER, choose_offer, ChooseOffer);
    message->offer = choose_offer(doing, IN(OFFER_OFFERED) | IN(OFFER_CONDITIONAL));
    message->asker_agreed = !now_and_then(doing);
    return message->offer != 0;
}

bool decline(struct doing *doing)
{
    COMMAND(doing, DECLINE_OFFER, decline_offer, DeclineOffer);
    message->offer = choose_offer(doing, IN(OFFER_OFFERED) | IN(OFFER_CONDITIONAL) | IN(OFFER_WAITING));
    message->asker_agreed = !now_and_then(doing);
    return message->offer != 0;
}

static uint64_t party_number_of(const struct world *world, uint64_t party)
{
    for (int i = 0; i < world->clients_count; i++) {
        if (world->clients[i].party == party)
            return world->clients[i].party_number;
    }
    return 0;
}

bool release(struct doing *doing)
{
    COMMAND(doing, RELEASE, release, Release);
    const struct shown *it = choose_shown(doing, WIRE__MAILBOX_ITEM__WHAT_OFFER, IN(OFFER_CONFIRMED));
    if (!it)
        return false;
    message->offer = it->id;
    message->recipient = it->member;
    message->channel = (Wire__ContactChannel)(1 + dice_below(&doing->dice, 3));
    message->box_bytes = words(doing, "RELEASE-%" PRIu64 " sealed", party_number_of(doing->world, it->party));
    message->asker_agreed = !now_and_then(doing);
    return true;
}

bool confirm(struct doing *doing)
{
    COMMAND(doing, CONFIRM_HELP, confirm_help, ConfirmHelp);
    message->offer = choose_offer(doing, IN(OFFER_CONFIRMED) | IN(OFFER_REPORTED_DONE));
    message->given = dice_percent(&doing->dice, 60);
    message->new_contact = (Wire__YesNo)dice_below(&doing->dice, 4);
    return message->offer != 0;
}

bool cancel_offer(struct doing *doing)
{
    COMMAND(doing, CANCEL_OFFER, cancel_offer, CancelOffer);
    message->offer = choose_offer(doing, IN(OFFER_CONFIRMED));
    message->reason = words(doing, "Het lukt toch niet.");
    return message->offer != 0;
}
