// SPDX-License-Identifier: MPL-2.0
// Decisions on who takes part: enrolment, invitations, approval, suspension, members, pausing.
#include "decide.h"
#include "texts.h"

#include <string.h>

enum { PUBLIC_KEY_SIZE = 32 };

static enum bb_code key_is_free(struct core *core, enum table table, ProtobufCBinaryData key)
{
    struct store_key place = key_bytes(key.data, key.len);
    Stored__Counter *owner;
    enum bb_code code = store_get(core->txn, table, &place, &owner);
    return code == BB_NOT_FOUND ? BB_OK : code == BB_OK ? BB_KEY_KNOWN : code;
}

// A key is a member's or an invitation's, never both, or the door could not tell who it lets in.
static enum bb_code check_new_key(struct core *core, ProtobufCBinaryData key)
{
    if (key.len != PUBLIC_KEY_SIZE)
        return BB_BAD_VALUE;
    enum bb_code code = key_is_free(core, TABLE_MEMBER_KEY, key);
    return code == BB_OK ? key_is_free(core, TABLE_INVITATION_KEY, key) : code;
}

static enum bb_code fact_party_joined(struct core *core, struct decision *out, const Stored__PartyJoined *party,
                                      ProtobufCBinaryData name)
{
    Stored__Fact *fact = decision_add(core, out, NULL);
    Stored__PartyJoined *joined = core_alloc(core, sizeof *joined);
    if (!fact || !joined)
        return BB_NO_MEMORY;
    *joined = *party;
    fact->what_case = STORED__FACT__WHAT_PARTY_JOINED;
    fact->party_joined = joined;
    fact->party = party->party;
    return text_seal(core, party->key_slot, name, &joined->name);
}

static enum bb_code fact_member_joined(struct core *core, struct decision *out, const Stored__MemberJoined *member,
                                       uint64_t slot, ProtobufCBinaryData name)
{
    Stored__Fact *fact = decision_add(core, out, NULL);
    Stored__MemberJoined *joined = core_alloc(core, sizeof *joined);
    if (!fact || !joined)
        return BB_NO_MEMORY;
    *joined = *member;
    fact->what_case = STORED__FACT__WHAT_MEMBER_JOINED;
    fact->member_joined = joined;
    fact->member = member->member;
    fact->party = member->party;
    return text_seal(core, slot, name, &joined->name);
}

static enum bb_code invitation_holds(const struct core *core, const Stored__Invitation *invitation)
{
    if (invitation->revoked)
        return BB_INVITATION_REVOKED;
    if (invitation->uses_left == 0)
        return BB_INVITATION_USED;
    return invitation->expires_at_ms <= core->now_ms ? BB_INVITATION_EXPIRED : BB_OK;
}

static enum bb_code check_enrol(struct core *core, const Wire__Enrol *enrol, bool new_party)
{
    enum bb_code code = text_within(enrol->member_name, NAME_SIZE_MAX);
    if (code == BB_OK && new_party)
        code = text_within(enrol->party_name, NAME_SIZE_MAX);
    if (code == BB_OK)
        code = check_new_key(core, enrol->curve_key_bytes);
    if (code == BB_OK &&
        (enrol->sealing_key_bytes.len != PUBLIC_KEY_SIZE || enrol->signing_key_bytes.len != PUBLIC_KEY_SIZE))
        code = BB_BAD_VALUE;
    return code;
}

// A new party of the invitation's role. Only a standing invitation lets a giver wait for a coordinator's yes.
static enum bb_code new_party(struct core *core, const Stored__Invitation *invitation, Stored__PartyJoined *party)
{
    stored__party_joined__init(party);
    party->community = invitation->community;
    party->role = invitation->role;
    party->audience_class = invitation->audience_class;
    party->state = invitation->standing ? PARTY_WAITING : PARTY_ACTIVE;
    enum bb_code code = next_number(core, "party", &party->party);
    return code == BB_OK ? next_number(core, "slot", &party->key_slot) : code;
}

static enum bb_code join_member(struct core *core, struct decision *out, const Wire__Enrol *enrol, uint64_t invitation,
                                uint64_t party, uint64_t slot)
{
    Stored__MemberJoined member = STORED__MEMBER_JOINED__INIT;
    enum bb_code code = next_number(core, "member", &member.member);
    if (code != BB_OK)
        return code;
    member.party = party;
    member.invitation = invitation;
    member.curve_key_bytes = enrol->curve_key_bytes;
    member.sealing_key_bytes = enrol->sealing_key_bytes;
    member.signing_key_bytes = enrol->signing_key_bytes;
    out->made = id_make(core->ids_key, ID_MEMBER, member.member);
    out->party = id_make(core->ids_key, ID_PARTY, party);
    return fact_member_joined(core, out, &member, slot, enrol->member_name);
}

static enum bb_code enrol_further_member(struct core *core, const Stored__Invitation *invitation,
                                         const Wire__Enrol *enrol, struct decision *out)
{
    Stored__Party *party;
    Stored__Member *colleague;
    enum bb_code code = get_named(core, TABLE_PARTY, invitation->party, &party);
    if (code == BB_OK)
        code = get_named(core, TABLE_MEMBER, invitation->made_by, &colleague);
    if (code == BB_OK && colleague->revoked)
        code = BB_INVITATION_REVOKED; // or who was revoked could come back as a colleague of its own
    if (code == BB_OK && party->state == PARTY_SUSPENDED)
        code = BB_PARTY_SUSPENDED;
    if (code == BB_OK && party->members >= MEMBERS_PER_PARTY_MAX)
        code = BB_BUSY;
    if (code != BB_OK)
        return code;
    out->state = party->state;
    return join_member(core, out, enrol, invitation->invitation, party->party, party->key_slot);
}

static enum bb_code room_for_coordinator(struct core *core, uint64_t number)
{
    Stored__Community *community;
    enum bb_code code = get_named(core, TABLE_COMMUNITY, number, &community);
    return code == BB_OK && community->n_coordinators >= COORDINATORS_MAX ? BB_BUSY : code;
}

enum bb_code decide_enrol(struct core *core, const struct actor *actor, const Wire__Command *command,
                          struct decision *out)
{
    const Stored__Invitation *invitation = actor->invitation;
    const Wire__Enrol *enrol = command->enrol;
    enum bb_code code = invitation_holds(core, invitation);
    if (code == BB_OK)
        code = check_enrol(core, enrol, invitation->party == 0);
    if (code != BB_OK)
        return code;
    if (invitation->party != 0)
        return enrol_further_member(core, invitation, enrol, out);
    if (invitation->role == ROLE_COORDINATOR)
        code = room_for_coordinator(core, invitation->community);
    if (code != BB_OK)
        return code;

    Stored__PartyJoined party;
    code = new_party(core, invitation, &party);
    if (code == BB_OK)
        code = fact_party_joined(core, out, &party, enrol->party_name);
    out->state = party.state;
    return code == BB_OK ? join_member(core, out, enrol, invitation->invitation, party.party, party.key_slot) : code;
}

enum bb_code core_found(struct core *core, const Stored__CommunityFounded *community, const struct founder *founder,
                        struct decision *out)
{
    *out = (struct decision){0};
    Stored__Fact *fact = decision_add(core, out, NULL);
    Stored__CommunityFounded *founded = core_alloc(core, sizeof *founded);
    if (!fact || !founded)
        return BB_NO_MEMORY;
    *founded = *community;
    fact->what_case = STORED__FACT__WHAT_COMMUNITY_FOUNDED;
    fact->community_founded = founded;
    enum bb_code code = next_number(core, "community", &founded->community);
    if (code != BB_OK)
        return code;

    Stored__Invitation operators = STORED__INVITATION__INIT;
    operators.community = founded->community;
    operators.role = ROLE_OPERATOR;
    Stored__PartyJoined party;
    code = new_party(core, &operators, &party);
    if (code == BB_OK)
        code = fact_party_joined(core, out, &party, founder->party_name);
    if (code != BB_OK)
        return code;
    Wire__Enrol enrol = WIRE__ENROL__INIT;
    enrol.member_name = founder->member_name;
    enrol.curve_key_bytes = (ProtobufCBinaryData){PUBLIC_KEY_SIZE, (uint8_t *)founder->curve_key};
    enrol.sealing_key_bytes = (ProtobufCBinaryData){PUBLIC_KEY_SIZE, (uint8_t *)founder->sealing_key};
    enrol.signing_key_bytes = (ProtobufCBinaryData){PUBLIC_KEY_SIZE, (uint8_t *)founder->signing_key};
    return join_member(core, out, &enrol, 0, party.party, party.key_slot);
}

// Members invite colleagues to their own party; a coordinator brings in givers and desks; an operator anybody.
static enum bb_code may_invite(struct core *core, const struct actor *actor, const Wire__MakeInvitation *make,
                               uint64_t *party_number, uint32_t *role)
{
    *party_number = 0;
    *role = make->role;
    if (make->party != 0) {
        Stored__Party *party;
        enum bb_code code = find_party(core, actor, make->party, &party);
        if (code != BB_OK)
            return code;
        *party_number = party->party;
        *role = party->role;
        if (party->party == actor->party->party)
            return BB_OK;
        if (party->role == ROLE_DESK)
            return BB_NOT_ALLOWED; // its members hold the contacts' keys, so a colleague brings in a colleague
    }
    if (!bb_word_known(&bb_roles, *role))
        return BB_BAD_VALUE;
    if (actor->party->role == ROLE_OPERATOR)
        return BB_OK;
    bool bringing_in = *role == ROLE_GIVER || *role == ROLE_DESK;
    return actor->party->role == ROLE_COORDINATOR && bringing_in ? BB_OK : BB_NOT_ALLOWED;
}

static enum bb_code check_invitation(struct core *core, const Wire__MakeInvitation *make, uint32_t role)
{
    bool new_giver = role == ROLE_GIVER && make->party == 0;
    if (new_giver != bb_word_known(&bb_classes, make->audience_class))
        return BB_BAD_VALUE;
    if (make->standing && !new_giver)
        return BB_BAD_VALUE;
    if (make->uses == 0 || make->uses > (make->standing ? INVITATION_USES_MAX : 1))
        return BB_BAD_VALUE;
    if (make->expires_at_ms <= core->now_ms)
        return BB_BAD_VALUE;
    return check_new_key(core, make->admission_key_bytes);
}

enum bb_code decide_make_invitation(struct core *core, const struct actor *actor, const Wire__Command *command,
                                    struct decision *out)
{
    const Wire__MakeInvitation *make = command->make_invitation;
    uint64_t party;
    uint32_t role;
    enum bb_code code = may_invite(core, actor, make, &party, &role);
    if (code == BB_OK)
        code = check_invitation(core, make, role);
    if (code != BB_OK)
        return code;

    Stored__Fact *fact = decision_add(core, out, actor);
    Stored__InvitationMade *made = core_alloc(core, sizeof *made);
    if (!fact || !made)
        return BB_NO_MEMORY;
    stored__invitation_made__init(made);
    fact->what_case = STORED__FACT__WHAT_INVITATION_MADE;
    fact->invitation_made = made;
    made->community = actor->party->community;
    made->role = role;
    made->audience_class = make->audience_class;
    made->standing = make->standing;
    made->uses = make->uses;
    made->expires_at_ms = make->expires_at_ms;
    made->admission_key_bytes = make->admission_key_bytes;
    made->party = party;
    code = next_number(core, "invitation", &made->invitation);
    out->made = id_make(core->ids_key, ID_INVITATION, made->invitation);
    return code;
}

enum bb_code decide_revoke_invitation(struct core *core, const struct actor *actor, const Wire__Command *command,
                                      struct decision *out)
{
    uint64_t number;
    if (!id_open(core->ids_key, ID_INVITATION, command->revoke_invitation->invitation, &number))
        return BB_UNKNOWN_ID;
    Stored__Invitation *invitation;
    enum bb_code code = store_get_number(core->txn, TABLE_INVITATION, number, &invitation);
    if (code == BB_NOT_FOUND || (code == BB_OK && invitation->community != actor->party->community))
        return BB_UNKNOWN_ID;
    if (code == BB_OK && invitation->revoked)
        return BB_WRONG_STATE;
    Stored__Fact *fact = decision_add(core, out, actor);
    Stored__InvitationRevoked *revoked = core_alloc(core, sizeof *revoked);
    if (code != BB_OK || !fact || !revoked)
        return code != BB_OK ? code : BB_NO_MEMORY;
    stored__invitation_revoked__init(revoked);
    revoked->invitation = number;
    fact->what_case = STORED__FACT__WHAT_INVITATION_REVOKED;
    fact->invitation_revoked = revoked;
    out->made = command->revoke_invitation->invitation;
    return BB_OK;
}

// A giver's state moves only from the one that the command is for.
static enum bb_code change_party(struct core *core, const struct actor *actor, uint64_t id, uint32_t from, uint32_t to,
                                 uint32_t audience_class, ProtobufCBinaryData reason, struct decision *out)
{
    Stored__Party *party;
    enum bb_code code = find_party(core, actor, id, &party);
    if (code != BB_OK)
        return code;
    if (party->role != ROLE_GIVER)
        return BB_NOT_ALLOWED;
    if (party->state != from)
        return BB_WRONG_STATE;
    Stored__Fact *fact = decision_add(core, out, actor);
    Stored__PartyStateChanged *changed = core_alloc(core, sizeof *changed);
    if (!fact || !changed)
        return BB_NO_MEMORY;
    stored__party_state_changed__init(changed);
    changed->party = party->party;
    changed->state = to;
    changed->audience_class = audience_class;
    fact->what_case = STORED__FACT__WHAT_PARTY_STATE_CHANGED;
    fact->party_state_changed = changed;
    out->made = id;
    out->state = to;
    return text_seal(core, party->key_slot, reason, &changed->reason);
}

enum bb_code decide_approve_party(struct core *core, const struct actor *actor, const Wire__Command *command,
                                  struct decision *out)
{
    const Wire__ApproveParty *approve = command->approve_party;
    if (approve->audience_class != 0 && !bb_word_known(&bb_classes, approve->audience_class))
        return BB_BAD_VALUE;
    return change_party(core, actor, approve->party, PARTY_WAITING, PARTY_ACTIVE, approve->audience_class,
                        (ProtobufCBinaryData){0, NULL}, out);
}

enum bb_code decide_suspend_party(struct core *core, const struct actor *actor, const Wire__Command *command,
                                  struct decision *out)
{
    const Wire__SuspendParty *suspend = command->suspend_party;
    enum bb_code code = text_within(suspend->reason, REASON_TEXT_SIZE_MAX);
    if (code != BB_OK)
        return code;
    return change_party(core, actor, suspend->party, PARTY_ACTIVE, PARTY_SUSPENDED, 0, suspend->reason, out);
}

enum bb_code decide_reinstate_party(struct core *core, const struct actor *actor, const Wire__Command *command,
                                    struct decision *out)
{
    const Wire__ReinstateParty *reinstate = command->reinstate_party;
    if (reinstate->reason.len > REASON_TEXT_SIZE_MAX)
        return BB_TOO_LONG;
    return change_party(core, actor, reinstate->party, PARTY_SUSPENDED, PARTY_ACTIVE, 0, reinstate->reason, out);
}

// The founding party keeps at least one operator, or nobody could let anybody in again.
static enum bb_code check_revoke(const struct actor *actor, const Stored__Member *member, const Stored__Party *party)
{
    if (member->revoked)
        return BB_WRONG_STATE;
    if (party->role != ROLE_OPERATOR)
        return BB_OK;
    if (actor->party->role != ROLE_OPERATOR)
        return BB_NOT_ALLOWED;
    return party->members <= 1 && party->party == actor->party->party ? BB_LAST_MEMBER : BB_OK;
}

enum bb_code decide_revoke_member(struct core *core, const struct actor *actor, const Wire__Command *command,
                                  struct decision *out)
{
    const Wire__RevokeMember *revoke = command->revoke_member;
    Stored__Member *member;
    Stored__Party *party;
    enum bb_code code = find_member(core, actor, revoke->member, &member, &party);
    if (code == BB_OK)
        code = check_revoke(actor, member, party);
    if (code == BB_OK)
        code = text_within(revoke->reason, REASON_TEXT_SIZE_MAX);
    if (code != BB_OK)
        return code;
    Stored__Fact *fact = decision_add(core, out, actor);
    Stored__MemberRevoked *revoked = core_alloc(core, sizeof *revoked);
    if (!fact || !revoked)
        return BB_NO_MEMORY;
    stored__member_revoked__init(revoked);
    revoked->member = member->member;
    fact->what_case = STORED__FACT__WHAT_MEMBER_REVOKED;
    fact->member_revoked = revoked;
    out->made = revoke->member;
    return text_seal(core, party->key_slot, revoke->reason, &revoked->reason);
}

static enum bb_code set_paused(struct core *core, const struct actor *actor, bool paused, struct decision *out)
{
    out->made = id_make(core->ids_key, ID_PARTY, actor->party->party);
    if (actor->party->paused == paused)
        return BB_OK; // it is so already: nothing to note, and nobody to blame
    Stored__Fact *fact = decision_add(core, out, actor);
    Stored__PartyPaused *change = core_alloc(core, sizeof *change);
    if (!fact || !change)
        return BB_NO_MEMORY;
    stored__party_paused__init(change);
    change->party = actor->party->party;
    change->paused = paused;
    fact->what_case = STORED__FACT__WHAT_PARTY_PAUSED;
    fact->party_paused = change;
    return BB_OK;
}

enum bb_code decide_pause(struct core *core, const struct actor *actor, const Wire__Command *command,
                          struct decision *out)
{
    (void)command;
    return set_paused(core, actor, true, out);
}

enum bb_code decide_resume(struct core *core, const struct actor *actor, const Wire__Command *command,
                           struct decision *out)
{
    (void)command;
    return set_paused(core, actor, false, out);
}
