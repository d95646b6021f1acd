// SPDX-License-Identifier: MPL-2.0
// Sealing and inviting with this member's own keys, and the pins: a key that was sealed to once must stay the same.
//
// The arithmetic is in seal.h; here is decided to whom, and whether their key is the known one (DOMAIN: Privacy). What
// the broker says of a key is believed the first time only.
#include "client_inside.h"

#include "message/message_bytes.h"
#include "message/unpack.h"
#include "seal/invitation.h"
#include "seal/seal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct keys { // empty: not told
    ProtobufCBinaryData sealing, signing;
};

static void pin_key(uint64_t member, uint8_t key[9])
{
    key[0] = ROW_PIN;
    for (size_t i = 0; i < 8; i++)
        key[1 + i] = (uint8_t)(member >> (56 - 8 * i));
}

static enum bb_code pin_read(struct bb_client *client, uint64_t member, Client__Pin **out)
{
    uint8_t key[9], *value = NULL;
    size_t size = 0;
    pin_key(member, key);
    enum bb_code code = client_store_get(client->store, key, sizeof key, &value, &size);
    *out = NULL;
    if (code == BB_OK) // a pin that cannot be read now must not count as none
        code = message_unpack(&client__pin__descriptor, value, size, out);
    free(value);
    return code == BB_NOT_FOUND ? BB_OK : code;
}

static bool differs(ProtobufCBinaryData known, ProtobufCBinaryData told)
{
    return known.len > 0 && told.len > 0 && (known.len != told.len || memcmp(known.data, told.data, told.len) != 0);
}

static enum bb_code pin_check(struct bb_client *client, uint64_t member, struct keys keys)
{
    Client__Pin *pin;
    enum bb_code code = pin_read(client, member, &pin);
    if (code == BB_OK && pin &&
        (differs(pin->sealing_key_bytes, keys.sealing) || differs(pin->signing_key_bytes, keys.signing)))
        code = BB_KEY_CHANGED;
    if (pin)
        client__pin__free_unpacked(pin, NULL);
    return code;
}

static enum bb_code pin_write(struct bb_client *client, const Client__Pin *pin)
{
    uint8_t key[9];
    pin_key(pin->member, key);
    size_t size = client__pin__get_packed_size(pin);
    uint8_t *value = malloc(size ? size : 1);
    if (!value)
        return BB_NO_MEMORY;
    client__pin__pack(pin, value);
    enum bb_code code = client_store_put(client->store, key, sizeof key, value, size);
    free(value);
    return code == BB_OK ? client_store_commit(client->store) : code;
}

// Remembers keys on first use. BB_KEY_CHANGED when they are not those of the last time.
static enum bb_code pin_keys(struct bb_client *client, uint64_t member, struct keys keys)
{
    Client__Pin *known, merged = CLIENT__PIN__INIT;
    enum bb_code code = pin_check(client, member, keys);
    if (code == BB_OK)
        code = pin_read(client, member, &known);
    if (code != BB_OK)
        return code;
    if (known)
        merged = *known;
    merged.member = member;
    bool news = false;
    if (merged.sealing_key_bytes.len == 0 && keys.sealing.len > 0) {
        merged.sealing_key_bytes = keys.sealing;
        news = true;
    }
    if (merged.signing_key_bytes.len == 0 && keys.signing.len > 0) {
        merged.signing_key_bytes = keys.signing;
        news = true;
    }
    if (news)
        code = pin_write(client, &merged);
    if (known)
        client__pin__free_unpacked(known, NULL);
    return code;
}

static void add_recipient(struct seal_recipient *recipients, size_t *count, uint64_t member, const uint8_t *key)
{
    recipients[*count].member = member;
    memcpy(recipients[*count].sealing_key, key, SEALING_KEY_SIZE);
    (*count)++;
}

// Its own key this client knows better than the broker does.
static enum bb_code add_member(struct bb_client *client, const Wire__MemberView *member,
                               struct seal_recipient *recipients, size_t *count)
{
    if (member->revoked || member->member == 0)
        return BB_OK;
    if (*count >= WRAPPED_KEYS_MAX)
        return BB_TOO_LARGE;
    if (member->member == bb_client_welcome(client)->member) {
        add_recipient(recipients, count, member->member, client->identity.sealing.public_key);
        return BB_OK;
    }
    if (!bytes_have_size(member->sealing_key_bytes, SEALING_KEY_SIZE))
        return BB_BAD_VALUE;
    add_recipient(recipients, count, member->member, member->sealing_key_bytes.data);
    return pin_keys(client, member->member, (struct keys){.sealing = member->sealing_key_bytes});
}

enum bb_code bb_contact_seal(struct bb_client *client, const struct bb_contact *contact,
                             const Wire__MemberList *members, Wire__SealedContact **out)
{
    const Wire__Welcome *welcome = bb_client_welcome(client);
    struct seal_recipient recipients[WRAPPED_KEYS_MAX];
    size_t count = 0;
    *out = NULL;
    if (!welcome)
        return BB_AWAY;
    if (!bytes_have_size(welcome->recovery_key_bytes, SEALING_KEY_SIZE))
        return BB_MISSING;
    add_recipient(recipients, &count, 0, welcome->recovery_key_bytes.data);
    for (size_t i = 0; i < members->n_members; i++) {
        enum bb_code code = add_member(client, members->members[i], recipients, &count);
        if (code != BB_OK)
            return code;
    }
    return contact_seal(contact, recipients, count, out);
}

enum bb_code bb_contact_open(struct bb_client *client, const Wire__SealedContact *sealed, struct bb_contact *out)
{
    const Wire__Welcome *welcome = bb_client_welcome(client);
    *out = (struct bb_contact){0};
    if (!welcome)
        return BB_AWAY;
    return contact_open(sealed, welcome->member, client->identity.sealing.public_key,
                        client->identity.sealing.secret_key, out);
}

enum bb_code bb_release_seal(struct bb_client *client, const Wire__OfferView *offer, uint64_t asker,
                             const struct bb_contact *contact, enum bb_contact_channel channel, uint8_t **box,
                             size_t *box_size)
{
    const Wire__Welcome *welcome = bb_client_welcome(client);
    *box = NULL;
    *box_size = 0;
    if (!welcome)
        return BB_AWAY;
    if (offer->member == 0 || !bytes_have_size(offer->sealing_key_bytes, SEALING_KEY_SIZE))
        return BB_BAD_VALUE;
    enum bb_code code = pin_keys(client, offer->member, (struct keys){.sealing = offer->sealing_key_bytes});
    if (code != BB_OK)
        return code;
    const struct release_letter_facts facts = {.asker = asker,
                                               .request = offer->request,
                                               .offer = offer->offer,
                                               .recipient = offer->member,
                                               .sender = welcome->member,
                                               .channel = channel};
    return release_seal(&facts, contact, bb_client_now_ms(client), client->identity.signing_secret,
                        offer->sealing_key_bytes.data, box, box_size);
}

// A sender is pinned once a letter with its signature was opened, not before.
enum bb_code bb_release_open(struct bb_client *client, const Wire__ReleaseView *release, struct bb_contact *out)
{
    const Wire__Welcome *welcome = bb_client_welcome(client);
    *out = (struct bb_contact){0};
    if (!welcome)
        return BB_AWAY;
    if (release->recipient != welcome->member || !bytes_have_size(release->sender_key_bytes, SIGNING_PUBLIC_KEY_SIZE))
        return BB_CANNOT_OPEN;
    const struct keys sender = {.signing = release->sender_key_bytes};
    enum bb_code code = pin_check(client, release->sender, sender);
    if (code != BB_OK)
        return code;
    const struct release_letter_facts facts = {.asker = release->asker,
                                               .request = release->request,
                                               .offer = release->offer,
                                               .recipient = release->recipient,
                                               .sender = release->sender,
                                               .channel = (enum bb_contact_channel)release->channel};
    code = release_open(release->box_bytes.data, release->box_bytes.len, &facts, client->identity.sealing.public_key,
                        client->identity.sealing.secret_key, release->sender_key_bytes.data, out);
    if (code == BB_OK)
        code = pin_keys(client, release->sender, sender);
    if (code != BB_OK)
        bb_contact_wipe(out);
    return code;
}

void bb_client_check_words(const struct bb_client *client, char out[BB_CHECK_WORDS_SIZE])
{
    bb_check_words(client->identity.sealing.public_key, out);
}

// For a further member of a party, role and class are that party's.
static enum bb_code look_up_party(struct bb_client *client, uint64_t party, Client__Invitation *invitation)
{
    Wire__ListParties list = WIRE__LIST_PARTIES__INIT;
    list.party = party;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_PARTIES;
    query.parties = &list;
    Wire__Answer *answer;
    enum bb_code code = bb_client_query(client, &query, &answer);
    if (code != BB_OK)
        return code;
    if (answer->what_case == WIRE__ANSWER__WHAT_PARTIES && answer->parties->n_parties == 1) {
        invitation->role = answer->parties->parties[0]->role;
        invitation->audience_class = answer->parties->parties[0]->audience_class;
    } else {
        code = BB_UNKNOWN_ID;
    }
    wire__answer__free_unpacked(answer, NULL);
    return code;
}

// An invitation's secret lives in this call alone, so its command may not be kept for later: nobody would hold the text.
static enum bb_code reach_broker(struct bb_client *client)
{
    Wire__ListMembers list = WIRE__LIST_MEMBERS__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_MEMBERS;
    query.members = &list;
    Wire__Answer *answer;
    enum bb_code code = bb_client_query(client, &query, &answer);
    if (answer)
        wire__answer__free_unpacked(answer, NULL);
    return code;
}

static enum bb_code set_role(struct bb_client *client, const Wire__MakeInvitation *request,
                             Client__Invitation *invitation)
{
    const Wire__Welcome *welcome = bb_client_welcome(client);
    invitation->role = request->role;
    invitation->audience_class = request->audience_class;
    if (request->party == 0)
        return BB_OK;
    if (!welcome || request->party != welcome->party)
        return look_up_party(client, request->party, invitation);
    invitation->role = welcome->role;
    invitation->audience_class = welcome->audience_class;
    return BB_OK;
}

// As the broker says that others reach it: who invites may sit beside it, and dial an address that is nobody else's.
static void set_endpoints(struct bb_client *client, Client__Invitation *invitation)
{
    const Wire__Welcome *welcome = bb_client_welcome(client);
    bool told = welcome && welcome->command_endpoint.len > 0 && welcome->publish_endpoint.len > 0;
    invitation->command_endpoint =
        told ? welcome->command_endpoint : bytes_borrow_text(client->identity.command_endpoint);
    invitation->publish_endpoint =
        told ? welcome->publish_endpoint : bytes_borrow_text(client->identity.publish_endpoint);
}

enum bb_code bb_client_invite(struct bb_client *client, const Wire__MakeInvitation *request, char **text,
                              uint64_t *invitation, Wire__Reply **reply)
{
    uint8_t public_key[KEY_SIZE], secret_key[KEY_SIZE];
    Client__Invitation made = CLIENT__INVITATION__INIT;
    *text = NULL;
    *reply = NULL;
    *invitation = 0;
    enum bb_code code = reach_broker(client);
    if (code == BB_OK)
        code = set_role(client, request, &made);
    if (code != BB_OK)
        return code;
    crypto_box_keypair(public_key, secret_key);
    Wire__MakeInvitation with_key = *request;
    with_key.admission_key_bytes = bytes_borrow(public_key, sizeof public_key);
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_MAKE_INVITATION;
    command.make_invitation = &with_key;
    code = bb_client_command(client, &command, reply);
    if (code == BB_OK) {
        *invitation = (*reply)->made;
        set_endpoints(client, &made);
        made.server_key_bytes = bytes_borrow(client->identity.server_key, KEY_SIZE);
        made.admission_public_bytes = bytes_borrow(public_key, sizeof public_key);
        made.admission_secret_bytes = bytes_borrow(secret_key, sizeof secret_key);
        made.community = bytes_borrow_text(client->identity.community);
        made.expires_at_ms = request->expires_at_ms;
        code = invitation_to_text(&made, text);
    }
    sodium_memzero(secret_key, sizeof secret_key);
    return code;
}
