// SPDX-License-Identifier: MPL-2.0
// Views of offers and releases: the asker's side sees who offers, a giver sees its own.
#include "texts.h"
#include "view.h"

// Who it is that offers, with the key that a release would be sealed to.
static enum bb_code add_giver(struct core *core, const Stored__Offer *offer, Wire__OfferView *view)
{
    Stored__Party *giver;
    Stored__Member *member;
    enum bb_code code = get_named(core, TABLE_PARTY, offer->party, &giver);
    if (code == BB_OK)
        code = get_named(core, TABLE_MEMBER, offer->member, &member);
    if (code == BB_OK)
        code = text_open(core, giver->key_slot, giver->name, &view->party_name);
    if (code == BB_OK)
        code = text_open(core, giver->key_slot, member->name, &view->member_name);
    if (code != BB_OK)
        return code;
    view->audience_class = giver->audience_class;
    view->joined_at_ms = giver->joined_at_ms;
    view->sealing_key_bytes = member->sealing_key_bytes;
    return BB_OK;
}

enum bb_code view_offer(struct core *core, const Stored__Party *viewer, const Stored__Offer *offer,
                        const Stored__Request *request, Wire__OfferView **out)
{
    Wire__OfferView *view = core_alloc(core, sizeof *view);
    if (!view)
        return BB_NO_MEMORY;
    wire__offer_view__init(view);
    view->offer = id_make(core->ids_key, ID_OFFER, offer->offer);
    view->request = id_make(core->ids_key, ID_REQUEST, offer->request);
    view->revision = offer->revision;
    view->state = offer->state;
    view->kind = offer->kind;
    view->made_at_ms = offer->made_at_ms;
    view->party = id_make(core->ids_key, ID_PARTY, offer->party);
    view->member = id_make(core->ids_key, ID_MEMBER, offer->member);
    *out = view;
    enum bb_code code = text_open(core, request->key_slot, offer->text, &view->text);
    if (code == BB_OK && viewer->role != ROLE_GIVER)
        code = add_giver(core, offer, view);
    return code;
}

// The key that the recipient checks the sender's signature with, and the box for the recipient's party alone.
static enum bb_code add_box(struct core *core, const Stored__ReleaseRecord *release, Wire__ReleaseView *view)
{
    Stored__Asker *asker;
    Stored__Member *sender;
    enum bb_code code = get_named(core, TABLE_ASKER, release->asker, &asker);
    if (code == BB_OK)
        code = get_named(core, TABLE_MEMBER, release->sender, &sender);
    if (code != BB_OK)
        return code;
    view->sender_key_bytes = sender->signing_key_bytes;
    return text_open(core, asker->key_slot, release->box, &view->box_bytes);
}

enum bb_code view_release(struct core *core, const Stored__Party *viewer, const Stored__ReleaseRecord *release,
                          Wire__ReleaseView **out)
{
    Wire__ReleaseView *view = core_alloc(core, sizeof *view);
    if (!view)
        return BB_NO_MEMORY;
    wire__release_view__init(view);
    view->release = id_make(core->ids_key, ID_RELEASE, release->release);
    view->request = id_make(core->ids_key, ID_REQUEST, release->request);
    view->offer = id_make(core->ids_key, ID_OFFER, release->offer);
    view->recipient = id_make(core->ids_key, ID_MEMBER, release->recipient);
    view->sender = id_make(core->ids_key, ID_MEMBER, release->sender);
    view->asker = id_make(core->ids_key, ID_ASKER, release->asker);
    view->channel = release->channel;
    view->released_at_ms = release->released_at_ms;
    *out = view;
    return viewer->role == ROLE_GIVER ? add_box(core, release, view) : BB_OK;
}
