// SPDX-License-Identifier: MPL-2.0
// Decisions of a restore; see restore.h.
#include "restore.h"

#include <string.h>

static ProtobufCBinaryData key_of(const uint8_t key[TOMBSTONE_KEY_SIZE])
{
    return (ProtobufCBinaryData){TOMBSTONE_KEY_SIZE, (uint8_t *)key};
}

static enum bb_code find_owner(struct core *core, enum table table, const uint8_t key[TOMBSTONE_KEY_SIZE],
                               uint64_t *number)
{
    struct store_key place = key_bytes(key, TOMBSTONE_KEY_SIZE);
    Stored__Counter *owner;
    enum bb_code code = store_get(core->txn, table, &place, &owner);
    if (code == BB_OK)
        *number = owner->value;
    return code;
}

static Stored__Fact *add_fact(struct core *core, struct decision *out)
{
    Stored__Fact *fact = decision_add(core, out, NULL);
    if (fact != NULL)
        fact->by_restore = true;
    return fact;
}

enum bb_code restore_begin(struct core *core, const Stored__Restored *restored, struct decision *out)
{
    *out = (struct decision){0};
    Stored__Fact *fact = add_fact(core, out);
    Stored__Restored *copy = core_alloc(core, sizeof *copy);
    if (!fact || !copy)
        return BB_NO_MEMORY;
    *copy = *restored;
    fact->what_case = STORED__FACT__WHAT_RESTORED;
    fact->restored = copy;
    return BB_OK;
}

static enum bb_code bar_key(struct core *core, const uint8_t key[TOMBSTONE_KEY_SIZE], struct decision *out)
{
    Stored__Fact *fact = add_fact(core, out);
    Stored__KeyBarred *barred = core_alloc(core, sizeof *barred);
    if (!fact || !barred)
        return BB_NO_MEMORY;
    stored__key_barred__init(barred);
    barred->key_bytes = key_of(key);
    fact->what_case = STORED__FACT__WHAT_KEY_BARRED;
    fact->key_barred = barred;
    return BB_OK;
}

static enum bb_code revoke_member(struct core *core, const struct tombstone *it, struct decision *out)
{
    uint64_t number;
    Stored__Member *member;
    enum bb_code code = find_owner(core, TABLE_MEMBER_KEY, it->key, &number);
    if (code == BB_NOT_FOUND)
        return bar_key(core, it->key, out);
    if (code != BB_OK || number == 0)
        return code; // 0: barred already
    code = get_named(core, TABLE_MEMBER, number, &member);
    if (code != BB_OK || member->revoked)
        return code;
    Stored__Fact *fact = add_fact(core, out);
    Stored__MemberRevoked *revoked = core_alloc(core, sizeof *revoked);
    if (!fact || !revoked)
        return BB_NO_MEMORY;
    stored__member_revoked__init(revoked);
    revoked->member = number;
    fact->what_case = STORED__FACT__WHAT_MEMBER_REVOKED;
    fact->member_revoked = revoked;
    return BB_OK;
}

static enum bb_code fact_invitation_revoked(struct core *core, uint64_t number, struct decision *out)
{
    Stored__Fact *fact = add_fact(core, out);
    Stored__InvitationRevoked *revoked = core_alloc(core, sizeof *revoked);
    if (!fact || !revoked)
        return BB_NO_MEMORY;
    stored__invitation_revoked__init(revoked);
    revoked->invitation = number;
    fact->what_case = STORED__FACT__WHAT_INVITATION_REVOKED;
    fact->invitation_revoked = revoked;
    return BB_OK;
}

// One that this history never had is barred as a member's key is: its maker's client may ask to make it again.
static enum bb_code revoke_invitation(struct core *core, const struct tombstone *it, struct decision *out)
{
    uint64_t number;
    Stored__Invitation *invitation;
    enum bb_code code = find_owner(core, TABLE_INVITATION_KEY, it->key, &number);
    if (code == BB_NOT_FOUND) {
        code = find_owner(core, TABLE_MEMBER_KEY, it->key, &number);
        return code == BB_NOT_FOUND ? bar_key(core, it->key, out) : code;
    }
    if (code == BB_OK)
        code = get_named(core, TABLE_INVITATION, number, &invitation);
    return code == BB_OK && !invitation->revoked ? fact_invitation_revoked(core, number, out) : code;
}

// Only the last word on a party counts. Those of one moment, one for each member, say the same.
static bool is_last_word(const struct tombstone *all, size_t count, size_t which)
{
    const struct tombstone *it = &all[which];
    for (size_t i = which + 1; i < count; i++) {
        bool about_parties = all[i].kind == TOMBSTONE_PARTY_SUSPENDED || all[i].kind == TOMBSTONE_PARTY_ACTIVE;
        bool same = about_parties && memcmp(all[i].founder, it->founder, sizeof it->founder) == 0;
        if (same && (all[i].entry != it->entry || all[i].epoch != it->epoch || all[i].kind != it->kind))
            return false;
    }
    return true;
}

static enum bb_code set_party_state(struct core *core, uint64_t number, uint32_t state, struct decision *out)
{
    Stored__Fact *fact = add_fact(core, out);
    Stored__PartyStateChanged *changed = core_alloc(core, sizeof *changed);
    if (!fact || !changed)
        return BB_NO_MEMORY;
    stored__party_state_changed__init(changed);
    changed->party = number;
    changed->state = state;
    fact->what_case = STORED__FACT__WHAT_PARTY_STATE_CHANGED;
    fact->party_state_changed = changed;
    return BB_OK;
}

// BB_NOT_FOUND when this history does not know the party.
static enum bb_code find_party_of(struct core *core, const uint8_t founder[TOMBSTONE_KEY_SIZE], Stored__Party **out)
{
    uint64_t number;
    Stored__Member *member;
    enum bb_code code = find_owner(core, TABLE_MEMBER_KEY, founder, &number);
    if (code == BB_OK && number == 0)
        return BB_NOT_FOUND;
    if (code == BB_OK)
        code = get_named(core, TABLE_MEMBER, number, &member);
    return code == BB_OK ? get_named(core, TABLE_PARTY, member->party, out) : code;
}

static enum bb_code bar_if_unknown(struct core *core, const uint8_t key[TOMBSTONE_KEY_SIZE], struct decision *out)
{
    uint64_t number;
    enum bb_code code = find_owner(core, TABLE_MEMBER_KEY, key, &number);
    return code == BB_NOT_FOUND ? bar_key(core, key, out) : code;
}

// First the party, then, with the records of its other members, the keys that joined it later. Reinstating is for who
// was suspended alone: a yes that was given after the backup is for a coordinator to give again.
static enum bb_code settle_party(struct core *core, const struct tombstone *it, struct decision *out)
{
    Stored__Party *party;
    enum bb_code code = find_party_of(core, it->founder, &party);
    if (code != BB_OK && code != BB_NOT_FOUND)
        return code;
    bool known = code == BB_OK;
    if (it->kind == TOMBSTONE_PARTY_ACTIVE)
        return known && party->state == PARTY_SUSPENDED ? set_party_state(core, party->party, PARTY_ACTIVE, out)
                                                        : BB_OK;
    if (known && party->state != PARTY_SUSPENDED)
        code = set_party_state(core, party->party, PARTY_SUSPENDED, out);
    else
        code = BB_OK;
    return code == BB_OK ? bar_if_unknown(core, it->key, out) : code;
}

enum bb_code restore_tombstone(struct core *core, const struct tombstone *all, size_t count, size_t which,
                               struct decision *out)
{
    *out = (struct decision){0};
    switch (all[which].kind) {
    case TOMBSTONE_MEMBER_REVOKED:
        return revoke_member(core, &all[which], out);
    case TOMBSTONE_INVITATION_REVOKED:
        return revoke_invitation(core, &all[which], out);
    case TOMBSTONE_PARTY_SUSPENDED:
    case TOMBSTONE_PARTY_ACTIVE:
        return is_last_word(all, count, which) ? settle_party(core, &all[which], out) : BB_OK;
    default:
        return BB_OK; // of the keyring and of the file itself
    }
}

enum bb_code restore_invitation(struct core *core, uint64_t *number, struct decision *out)
{
    *out = (struct decision){0};
    struct store_key key = key_number(*number);
    for (;;) {
        Stored__Invitation *invitation;
        enum bb_code code = store_at_or_after(core->txn, TABLE_INVITATION, &key, &invitation);
        if (code != BB_OK) {
            *number = 0;
            return code == BB_NOT_FOUND ? BB_OK : code;
        }
        *number = invitation->invitation + 1;
        key = key_number(*number);
        if (!invitation->standing && !invitation->revoked && invitation->uses_left > 0 &&
            invitation->expires_at_ms > core->now_ms)
            return fact_invitation_revoked(core, invitation->invitation, out);
    }
}
