// SPDX-License-Identifier: MPL-2.0
// What all of the core shares: memory, facts, and finding records by public id. See core.h.
#include "core.h"

#include <sodium.h>
#include <string.h>

enum { ARRAY_FIRST_CAPACITY = 4, REF_HASH_SIZE = 16 };

void *core_alloc(const struct core *core, size_t size)
{
    return arena_alloc(txn_arena(core->txn), size);
}

bool core_grow(const struct core *core, void *array, size_t count, size_t element_size)
{
    bool full = count == 0 || (count >= ARRAY_FIRST_CAPACITY && (count & (count - 1)) == 0);
    if (!full)
        return true;
    size_t capacity = count == 0 ? ARRAY_FIRST_CAPACITY : count * 2;
    void *larger = core_alloc(core, capacity * element_size);
    if (!larger)
        return false;
    void **place = array;
    if (count > 0)
        memcpy(larger, *place, count * element_size);
    *place = larger;
    return true;
}

Stored__Fact *decision_add(struct core *core, struct decision *decision, const struct actor *actor)
{
    Stored__Fact *fact = core_alloc(core, sizeof *fact);
    if (!fact || !core_grow(core, &decision->facts, decision->facts_count, sizeof *decision->facts))
        return NULL;
    stored__fact__init(fact);
    if (actor != NULL && actor->member != NULL) {
        fact->member = actor->member->member;
        fact->party = actor->party->party;
    }
    decision->facts[decision->facts_count++] = fact;
    return fact;
}

static enum bb_code find_invitee(struct core *core, uint64_t number, struct actor *out)
{
    enum bb_code code = store_get_number(core->txn, TABLE_INVITATION, number, &out->invitation);
    return code == BB_NOT_FOUND ? BB_INVITATION_REVOKED : code;
}

enum bb_code actor_find(struct core *core, bool invitee, uint64_t number, struct actor *out)
{
    *out = (struct actor){.invitee = invitee, .number = number};
    if (invitee)
        return find_invitee(core, number, out);
    enum bb_code code = store_get_number(core->txn, TABLE_MEMBER, number, &out->member);
    if (code == BB_NOT_FOUND || (code == BB_OK && out->member->revoked))
        return BB_MEMBER_REVOKED;
    if (code == BB_OK)
        code = get_named(core, TABLE_PARTY, out->member->party, &out->party);
    if (code == BB_OK && !bb_word_known(&bb_roles, out->party->role))
        return BB_STORE_DAMAGED; // what nobody knows may do nothing
    return code;
}

enum bb_code get_named(struct core *core, enum table table, uint64_t number, void *out)
{
    enum bb_code code = store_get_number(core->txn, table, number, out);
    return code == BB_NOT_FOUND ? BB_STORE_DAMAGED : code;
}

static enum bb_code get_public(struct core *core, enum id_kind kind, enum table table, uint64_t id, void *out)
{
    uint64_t number;
    if (!id_open(core->ids_key, kind, id, &number))
        return BB_UNKNOWN_ID;
    enum bb_code code = store_get_number(core->txn, table, number, out);
    return code == BB_NOT_FOUND ? BB_UNKNOWN_ID : code;
}

enum bb_code find_request(struct core *core, const struct actor *actor, uint64_t id, Stored__Request **out)
{
    enum bb_code code = get_public(core, ID_REQUEST, TABLE_REQUEST, id, out);
    if (code == BB_OK && (*out)->community != actor->party->community)
        return BB_UNKNOWN_ID;
    return code;
}

enum bb_code find_offer(struct core *core, const struct actor *actor, uint64_t id, Stored__Offer **offer,
                        Stored__Request **request)
{
    enum bb_code code = get_public(core, ID_OFFER, TABLE_OFFER, id, offer);
    if (code == BB_OK)
        code = get_named(core, TABLE_REQUEST, (*offer)->request, request);
    if (code == BB_OK && (*request)->community != actor->party->community)
        return BB_UNKNOWN_ID;
    return code;
}

enum bb_code find_party(struct core *core, const struct actor *actor, uint64_t id, Stored__Party **out)
{
    enum bb_code code = get_public(core, ID_PARTY, TABLE_PARTY, id, out);
    if (code == BB_OK && (*out)->community != actor->party->community)
        return BB_UNKNOWN_ID;
    return code;
}

enum bb_code find_member(struct core *core, const struct actor *actor, uint64_t id, Stored__Member **member,
                         Stored__Party **party)
{
    enum bb_code code = get_public(core, ID_MEMBER, TABLE_MEMBER, id, member);
    if (code == BB_OK)
        code = get_named(core, TABLE_PARTY, (*member)->party, party);
    if (code == BB_OK && (*party)->community != actor->party->community)
        return BB_UNKNOWN_ID;
    return code;
}

bool request_reaches(const Stored__Request *request, uint32_t audience_class)
{
    for (size_t i = 0; i < request->n_excluded_classes; i++) {
        if (request->excluded_classes[i] == audience_class)
            return false;
    }
    return true;
}

const Stored__Category *find_category(const Stored__Community *community, ProtobufCBinaryData key)
{
    for (size_t i = 0; i < community->n_categories; i++) {
        if (same_bytes(community->categories[i]->key, key))
            return community->categories[i];
    }
    return NULL;
}

bool same_bytes(ProtobufCBinaryData a, ProtobufCBinaryData b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

enum bb_code text_within(ProtobufCBinaryData text, size_t size_max)
{
    if (text.len == 0)
        return BB_MISSING;
    return text.len > size_max ? BB_TOO_LONG : BB_OK;
}

struct store_key ref_key(const struct core *core, char kind, uint64_t desk, ProtobufCBinaryData ref)
{
    uint8_t bytes[1 + REF_HASH_SIZE] = {(uint8_t)kind};
    crypto_generichash_state state;
    crypto_generichash_init(&state, core->ids_key, IDS_KEY_SIZE, REF_HASH_SIZE);
    crypto_generichash_update(&state, (const uint8_t *)&desk, sizeof desk);
    crypto_generichash_update(&state, ref.data, ref.len);
    crypto_generichash_final(&state, bytes + 1, REF_HASH_SIZE);
    return key_bytes(bytes, sizeof bytes);
}

struct store_key answer_key(uint64_t request, uint64_t party)
{
    struct store_key key = key_number(request), tail = key_number(party);
    memcpy(key.bytes + key.size, tail.bytes, tail.size);
    key.size += tail.size;
    return key;
}
