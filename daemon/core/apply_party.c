// SPDX-License-Identifier: MPL-2.0
// Facts on who takes part, applied.
#include "apply.h"

#include <string.h>

static enum bb_code put_key(struct core *core, enum table table, ProtobufCBinaryData key, uint64_t number)
{
    struct store_key place = key_bytes(key.data, key.len);
    Stored__Counter owner = STORED__COUNTER__INIT;
    owner.value = number;
    return store_put(core->txn, table, &place, &owner.base);
}

enum admission admission_of(const Stored__Party *party, const Stored__Member *member)
{
    if (member->revoked)
        return ADMISSION_NONE;
    return party->role == ROLE_GIVER && party->state == PARTY_ACTIVE ? ADMISSION_GIVER : ADMISSION_MEMBER;
}

static enum bb_code add_admission(struct core *core, ProtobufCBinaryData key, enum admission kind, uint64_t number)
{
    struct effects *effects = &core->effects;
    if (!core_grow(core, &effects->admissions, effects->admissions_count, sizeof *effects->admissions))
        return BB_NO_MEMORY;
    struct effect_admission *admission = &effects->admissions[effects->admissions_count++];
    *admission = (struct effect_admission){.admission = kind, .number = number};
    memcpy(admission->key, key.data, sizeof admission->key);
    return BB_OK;
}

static enum bb_code add_rekeyed(struct core *core, uint64_t channel)
{
    struct effects *effects = &core->effects;
    if (!core_grow(core, &effects->rekeyed, effects->rekeyed_count, sizeof *effects->rekeyed))
        return BB_NO_MEMORY;
    effects->rekeyed[effects->rekeyed_count++] = channel;
    return BB_OK;
}

static enum bb_code add_departed(struct core *core, const Stored__Member *member)
{
    struct effects *effects = &core->effects;
    if (!core_grow(core, &effects->departed, effects->departed_count, sizeof *effects->departed))
        return BB_NO_MEMORY;
    effects->departed[effects->departed_count++] = (struct effect_departed){member->member, member->party};
    return BB_OK;
}

static uint64_t class_channel(const Stored__Party *party)
{
    return channel_of_class(party->community, party->audience_class);
}

// What a giver adds to the counts of its class channel.
static struct channel_change counts_of(const Stored__Party *party)
{
    return (struct channel_change){.givers = party->state == PARTY_ACTIVE && !party->paused,
                                   .waiting = party->state == PARTY_WAITING,
                                   .parties = 1};
}

enum bb_code apply_community_founded(struct core *core, const Stored__Fact *fact)
{
    const Stored__CommunityFounded *founded = fact->community_founded;
    Stored__Community community = STORED__COMMUNITY__INIT;
    community.community = founded->community;
    community.key = founded->key;
    community.name = founded->name;
    community.n_categories = founded->n_categories;
    community.categories = founded->categories;
    community.recovery_key_bytes = founded->recovery_key_bytes;
    community.emergency_line = founded->emergency_line;
    community.tips_confirmed_at_once = founded->tips_confirmed_at_once;
    enum bb_code code = take_number(core, "community", founded->community);
    return code == BB_OK ? store_put_number(core->txn, TABLE_COMMUNITY, founded->community, &community.base) : code;
}

static enum bb_code add_coordinator(struct core *core, const Stored__Party *party)
{
    Stored__Community *community;
    enum bb_code code = get_named(core, TABLE_COMMUNITY, party->community, &community);
    if (code != BB_OK)
        return code;
    size_t count = community->n_coordinators;
    uint64_t *larger = core_alloc(core, (count + 1) * sizeof *larger);
    if (!larger)
        return BB_NO_MEMORY;
    if (count > 0)
        memcpy(larger, community->coordinators, count * sizeof *larger);
    larger[count] = party->party;
    community->coordinators = larger;
    community->n_coordinators = count + 1;
    return store_put_number(core->txn, TABLE_COMMUNITY, party->community, &community->base);
}

enum bb_code apply_party_joined(struct core *core, const Stored__Fact *fact)
{
    const Stored__PartyJoined *joined = fact->party_joined;
    Stored__Party party = STORED__PARTY__INIT;
    party.party = joined->party;
    party.community = joined->community;
    party.role = joined->role;
    party.audience_class = joined->audience_class;
    party.state = joined->state;
    party.key_slot = joined->key_slot;
    party.name = joined->name;
    party.joined_at_ms = core->now_ms;
    enum bb_code code = take_number(core, "party", party.party);
    if (code == BB_OK)
        code = take_number(core, "slot", party.key_slot);
    if (code == BB_OK)
        code = store_put_number(core->txn, TABLE_PARTY, party.party, &party.base);
    if (code == BB_OK && party.role == ROLE_GIVER)
        code = channel_count(core, class_channel(&party), counts_of(&party));
    if (code == BB_OK && party.role == ROLE_COORDINATOR)
        code = add_coordinator(core, &party);
    if (code == BB_OK && party.state == PARTY_WAITING)
        code = channel_tell_coordinators(core, party.community, SUBJECT_PARTY, party.party, 1);
    return code;
}

// An invitation that was used up stays admitted until it expires or is revoked, so that a repeated enrolment gets its
// answer again, and a second person a sentence instead of a closed door.
static enum bb_code use_invitation(struct core *core, uint64_t number)
{
    if (number == 0)
        return BB_OK;
    Stored__Invitation *invitation;
    enum bb_code code = get_named(core, TABLE_INVITATION, number, &invitation);
    if (code != BB_OK)
        return code;
    invitation->uses_left--;
    return store_put_number(core->txn, TABLE_INVITATION, number, &invitation->base);
}

enum bb_code apply_member_joined(struct core *core, const Stored__Fact *fact)
{
    const Stored__MemberJoined *joined = fact->member_joined;
    Stored__Party *party;
    enum bb_code code = get_named(core, TABLE_PARTY, joined->party, &party);
    if (code != BB_OK)
        return code;
    Stored__Member member = STORED__MEMBER__INIT;
    member.member = joined->member;
    member.party = joined->party;
    member.previous = party->last_member;
    member.name = joined->name;
    member.joined_at_ms = core->now_ms;
    member.curve_key_bytes = joined->curve_key_bytes;
    member.sealing_key_bytes = joined->sealing_key_bytes;
    member.signing_key_bytes = joined->signing_key_bytes;
    party->last_member = joined->member;
    party->members++;
    code = take_number(core, "member", member.member);
    if (code == BB_OK)
        code = use_invitation(core, joined->invitation);
    if (code == BB_OK)
        code = store_put_number(core->txn, TABLE_PARTY, party->party, &party->base);
    if (code == BB_OK)
        code = store_put_number(core->txn, TABLE_MEMBER, member.member, &member.base);
    if (code == BB_OK)
        code = put_key(core, TABLE_MEMBER_KEY, member.curve_key_bytes, member.member);
    return code == BB_OK ? add_admission(core, member.curve_key_bytes, admission_of(party, &member), member.member)
                         : code;
}

// A giver may move to another class when it is approved; its channel goes with it.
static enum bb_code recount(struct core *core, const Stored__Party *before, const Stored__Party *after)
{
    if (after->role != ROLE_GIVER)
        return BB_OK;
    struct channel_change was = counts_of(before);
    enum bb_code code =
        channel_count(core, class_channel(before), (struct channel_change){-was.givers, -was.waiting, -was.parties});
    return code == BB_OK ? channel_count(core, class_channel(after), counts_of(after)) : code;
}

static enum bb_code change_party(struct core *core, const Stored__Party *before, const Stored__Party *after)
{
    enum bb_code code = store_put_number(core->txn, TABLE_PARTY, after->party, &after->base);
    if (code == BB_OK)
        code = recount(core, before, after);
    return code == BB_OK ? channel_append(core, channel_of_party(after->party), SUBJECT_PARTY, after->party, 0) : code;
}

// Whether its members may come to the publish socket goes with the party's state.
static enum bb_code readmit_members(struct core *core, const Stored__Party *party)
{
    for (uint64_t number = party->last_member; number != 0;) {
        Stored__Member *member;
        enum bb_code code = get_named(core, TABLE_MEMBER, number, &member);
        if (code == BB_OK && !member->revoked)
            code = add_admission(core, member->curve_key_bytes, admission_of(party, member), number);
        if (code != BB_OK)
            return code;
        number = member->previous;
    }
    return BB_OK;
}

enum bb_code apply_party_state_changed(struct core *core, const Stored__Fact *fact)
{
    const Stored__PartyStateChanged *changed = fact->party_state_changed;
    Stored__Party *party;
    enum bb_code code = get_named(core, TABLE_PARTY, changed->party, &party);
    if (code != BB_OK)
        return code;
    Stored__Party before = *party;
    party->state = changed->state;
    if (changed->audience_class != 0)
        party->audience_class = changed->audience_class;
    if (party->state == PARTY_SUSPENDED)
        code = add_rekeyed(core, class_channel(party));
    if (code == BB_OK)
        code = readmit_members(core, party);
    return code == BB_OK ? change_party(core, &before, party) : code;
}

enum bb_code apply_party_paused(struct core *core, const Stored__Fact *fact)
{
    Stored__Party *party;
    enum bb_code code = get_named(core, TABLE_PARTY, fact->party_paused->party, &party);
    if (code != BB_OK)
        return code;
    Stored__Party before = *party;
    party->paused = fact->party_paused->paused;
    return change_party(core, &before, party);
}

enum bb_code apply_member_revoked(struct core *core, const Stored__Fact *fact)
{
    Stored__Member *member;
    Stored__Party *party;
    enum bb_code code = get_named(core, TABLE_MEMBER, fact->member_revoked->member, &member);
    if (code == BB_OK)
        code = get_named(core, TABLE_PARTY, member->party, &party);
    if (code != BB_OK)
        return code;
    member->revoked = true;
    party->members--;
    code = store_put_number(core->txn, TABLE_MEMBER, member->member, &member->base);
    if (code == BB_OK)
        code = store_put_number(core->txn, TABLE_PARTY, party->party, &party->base);
    if (code == BB_OK)
        code = add_admission(core, member->curve_key_bytes, ADMISSION_NONE, member->member);
    if (code == BB_OK)
        code = add_departed(core, member);
    if (code == BB_OK && party->role == ROLE_GIVER)
        code = add_rekeyed(core, class_channel(party));
    return code;
}

enum bb_code apply_invitation_made(struct core *core, const Stored__Fact *fact)
{
    const Stored__InvitationMade *made = fact->invitation_made;
    Stored__Invitation invitation = STORED__INVITATION__INIT;
    invitation.invitation = made->invitation;
    invitation.community = made->community;
    invitation.role = made->role;
    invitation.audience_class = made->audience_class;
    invitation.standing = made->standing;
    invitation.uses_left = made->uses;
    invitation.expires_at_ms = made->expires_at_ms;
    invitation.admission_key_bytes = made->admission_key_bytes;
    invitation.party = made->party;
    invitation.made_by = fact->member;
    enum bb_code code = take_number(core, "invitation", made->invitation);
    if (code == BB_OK)
        code = store_put_number(core->txn, TABLE_INVITATION, made->invitation, &invitation.base);
    if (code == BB_OK)
        code = put_key(core, TABLE_INVITATION_KEY, made->admission_key_bytes, made->invitation);
    return code == BB_OK ? add_admission(core, made->admission_key_bytes, ADMISSION_INVITATION, made->invitation)
                         : code;
}

enum bb_code apply_invitation_revoked(struct core *core, const Stored__Fact *fact)
{
    uint64_t number = fact->invitation_revoked->invitation;
    Stored__Invitation *invitation;
    enum bb_code code = get_named(core, TABLE_INVITATION, number, &invitation);
    if (code != BB_OK)
        return code;
    invitation->revoked = true;
    code = store_put_number(core->txn, TABLE_INVITATION, number, &invitation->base);
    return code == BB_OK ? add_admission(core, invitation->admission_key_bytes, ADMISSION_NONE, number) : code;
}
