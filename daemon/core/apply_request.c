// SPDX-License-Identifier: MPL-2.0
// Facts on askers and requests, applied.
#include "apply.h"

static enum bb_code put_ref(struct core *core, ProtobufCBinaryData hash, uint64_t number)
{
    if (hash.len == 0)
        return BB_OK;
    struct store_key key = key_bytes(hash.data, hash.len);
    Stored__Counter owner = STORED__COUNTER__INIT;
    owner.value = number;
    return store_put(core->txn, TABLE_REF, &key, &owner.base);
}

enum bb_code apply_asker_registered(struct core *core, const Stored__Fact *fact)
{
    const Stored__AskerRegistered *registered = fact->asker_registered;
    Stored__Party *desk;
    enum bb_code code = get_named(core, TABLE_PARTY, registered->desk, &desk);
    if (code != BB_OK)
        return code;
    Stored__Asker asker = STORED__ASKER__INIT;
    asker.asker = registered->asker;
    asker.community = registered->community;
    asker.desk = registered->desk;
    asker.previous_of_desk = desk->last_asker;
    asker.key_slot = registered->key_slot;
    asker.ref = registered->ref;
    asker.contact = registered->contact;
    asker.heard_of = registered->heard_of;
    asker.registered_at_ms = core->now_ms;
    desk->last_asker = asker.asker;
    code = take_number(core, "asker", asker.asker);
    if (code == BB_OK)
        code = take_number(core, "slot", asker.key_slot);
    if (code == BB_OK)
        code = store_put_number(core->txn, TABLE_ASKER, asker.asker, &asker.base);
    if (code == BB_OK)
        code = store_put_number(core->txn, TABLE_PARTY, desk->party, &desk->base);
    return code == BB_OK ? put_ref(core, registered->ref_hash_bytes, asker.asker) : code;
}

static void copy_entered(const Stored__RequestEntered *entered, Stored__Request *request)
{
    stored__request__init(request);
    request->request = entered->request;
    request->community = entered->community;
    request->desk = entered->desk;
    request->asker = entered->asker;
    request->key_slot = entered->key_slot;
    request->state = entered->state;
    request->ref = entered->ref;
    request->category = entered->category;
    request->text = entered->text;
    request->size = entered->size;
    request->wanted = entered->wanted;
    request->area = entered->area;
    request->language = entered->language;
    request->needed = entered->needed;
    request->needed_by_ms = entered->needed_by_ms;
    request->priority = entered->priority;
    request->n_excluded_classes = entered->n_excluded_classes;
    request->excluded_classes = entered->excluded_classes;
    request->address_meant = entered->address_meant;
    request->earlier = entered->earlier;
}

// Givers hear of a request that is open and of each change after that; the desk that entered it, of everything.
static enum bb_code tell(struct core *core, const Stored__Request *request, bool givers, bool coordinators)
{
    enum bb_code code =
        channel_append(core, channel_of_party(request->desk), SUBJECT_REQUEST, request->request, request->revision);
    if (code == BB_OK && givers)
        code = channel_broadcast(core, request);
    if (code == BB_OK && coordinators)
        code =
            channel_tell_coordinators(core, request->community, SUBJECT_REQUEST, request->request, request->revision);
    return code;
}

static enum bb_code put_live(struct core *core, uint64_t request, uint64_t community)
{
    Stored__Counter live = STORED__COUNTER__INIT;
    live.value = community;
    return store_put_number(core->txn, TABLE_LIVE, request, &live.base);
}

enum bb_code apply_request_entered(struct core *core, const Stored__Fact *fact)
{
    const Stored__RequestEntered *entered = fact->request_entered;
    Stored__Asker *asker;
    enum bb_code code = get_named(core, TABLE_ASKER, entered->asker, &asker);
    if (code != BB_OK)
        return code;
    Stored__Request request;
    copy_entered(entered, &request);
    request.revision = 1;
    request.entered_at_ms = core->now_ms;
    request.previous_of_asker = asker->last_request;
    asker->last_request = request.request;
    asker->requests++;
    code = take_number(core, "request", request.request);
    if (code == BB_OK)
        code = take_number(core, "slot", request.key_slot);
    if (code == BB_OK)
        code = store_put_number(core->txn, TABLE_REQUEST, request.request, &request.base);
    if (code == BB_OK)
        code = store_put_number(core->txn, TABLE_ASKER, asker->asker, &asker->base);
    if (code == BB_OK)
        code = put_live(core, request.request, request.community);
    if (code == BB_OK)
        code = put_ref(core, entered->ref_hash_bytes, request.request);
    bool open = request.state == REQUEST_OPEN;
    return code == BB_OK ? tell(core, &request, open, !open || request.address_meant) : code;
}

enum bb_code change_request(struct core *core, Stored__Request *request)
{
    request->revision++;
    return store_put_number(core->txn, TABLE_REQUEST, request->request, &request->base);
}

static enum bb_code delete_live(struct core *core, uint64_t request)
{
    struct store_key key = key_number(request);
    enum bb_code code = store_delete(core->txn, TABLE_LIVE, &key);
    return code == BB_NOT_FOUND ? BB_STORE_DAMAGED : code;
}

enum bb_code apply_request_state_changed(struct core *core, const Stored__Fact *fact)
{
    const Stored__RequestStateChanged *changed = fact->request_state_changed;
    Stored__Request *request;
    enum bb_code code = get_named(core, TABLE_REQUEST, changed->request, &request);
    if (code != BB_OK)
        return code;
    bool was_referred = request->state == REQUEST_REFERRED;
    request->state = changed->state;
    bool closed = request->state == REQUEST_CLOSED;
    if (closed)
        request->close_reason = changed->reason;
    code = change_request(core, request);
    if (code == BB_OK && closed)
        code = delete_live(core, request->request);
    // What only coordinators knew of is closed for them alone; once open, it is everybody's.
    bool givers = !was_referred || request->state == REQUEST_OPEN;
    return code == BB_OK ? tell(core, request, givers, was_referred || request->address_meant) : code;
}
