// SPDX-License-Identifier: MPL-2.0
// Decisions on askers and their requests: register, publish, close, open what was referred.
#include "coded_fields.h"
#include "decide.h"
#include "text/text_check.h"
#include "texts.h"

// A reference that was used before names what came of it, so that a file can be sent twice. 0: not used yet.
static enum bb_code find_ref(struct core *core, char kind, const struct actor *actor, ProtobufCBinaryData ref,
                             uint64_t *number)
{
    *number = 0;
    if (ref.len == 0)
        return BB_OK;
    struct store_key key = ref_key(core, kind, actor->party->party, ref);
    Stored__Counter *known;
    enum bb_code code = store_get(core->txn, TABLE_REF, &key, &known);
    if (code == BB_OK)
        *number = known->value;
    return code == BB_NOT_FOUND ? BB_OK : code;
}

static enum bb_code copy_ref(struct core *core, char kind, const struct actor *actor, ProtobufCBinaryData ref,
                             ProtobufCBinaryData *hash)
{
    *hash = (ProtobufCBinaryData){0, NULL};
    if (ref.len == 0)
        return BB_OK;
    struct store_key key = ref_key(core, kind, actor->party->party, ref);
    hash->data = arena_copy(txn_arena(core->txn), key.bytes, key.size);
    hash->len = key.size;
    return hash->data ? BB_OK : BB_NO_MEMORY;
}

// ---------------------------------------------------------------- askers

static enum bb_code check_contact(const Wire__SealedContact *contact)
{
    if (contact == NULL || contact->n_keys == 0 || contact->box_bytes.len == 0)
        return BB_MISSING;
    if (contact->box_bytes.len > CONTACT_BOX_SIZE_MAX || contact->n_keys > WRAPPED_KEYS_MAX)
        return BB_TOO_LARGE;
    for (size_t i = 0; i < contact->n_keys; i++) {
        if (contact->keys[i]->sealed_bytes.len != WRAPPED_KEY_SIZE)
            return BB_BAD_VALUE;
    }
    return contact->nonce_bytes.len == CONTACT_NONCE_SIZE ? BB_OK : BB_BAD_VALUE;
}

// The broker keeps the sealed contact as it came, under the asker's own key besides, so that erasing reaches it.
static enum bb_code seal_contact(struct core *core, const Wire__SealedContact *contact, uint64_t slot,
                                 Stored__SecretText **out)
{
    size_t size = wire__sealed_contact__get_packed_size(contact);
    uint8_t *packed = core_alloc(core, size);
    if (!packed)
        return BB_NO_MEMORY;
    wire__sealed_contact__pack(contact, packed);
    return text_seal(core, slot, (ProtobufCBinaryData){size, packed}, out);
}

static enum bb_code fill_asker(struct core *core, const struct actor *actor, const Wire__AddAsker *add,
                               Stored__AskerRegistered *asker)
{
    stored__asker_registered__init(asker);
    asker->community = actor->party->community;
    asker->desk = actor->party->party;
    asker->heard_of = add->heard_of;
    enum bb_code code = next_number(core, "asker", &asker->asker);
    if (code == BB_OK)
        code = next_number(core, "slot", &asker->key_slot);
    if (code == BB_OK)
        code = copy_ref(core, 'a', actor, add->ref, &asker->ref_hash_bytes);
    if (code == BB_OK)
        code = text_seal(core, asker->key_slot, add->ref, &asker->ref);
    return code == BB_OK ? seal_contact(core, add->contact, asker->key_slot, &asker->contact) : code;
}

enum bb_code decide_add_asker(struct core *core, const struct actor *actor, const Wire__Command *command,
                              struct decision *out)
{
    const Wire__AddAsker *add = command->add_asker;
    enum bb_code code = check_contact(add->contact);
    if (code == BB_OK && add->ref.len > REF_SIZE_MAX)
        code = BB_TOO_LONG;
    if (code == BB_OK && !bb_word_known(&bb_heard_of, add->heard_of))
        code = add->heard_of == 0 ? BB_MISSING : BB_BAD_VALUE;
    uint64_t known;
    if (code == BB_OK)
        code = find_ref(core, 'a', actor, add->ref, &known);
    if (code != BB_OK)
        return code;
    if (known != 0) {
        out->made = id_make(core->ids_key, ID_ASKER, known);
        return BB_OK;
    }

    Stored__Fact *fact = decision_add(core, out, actor);
    Stored__AskerRegistered *asker = core_alloc(core, sizeof *asker);
    if (!fact || !asker)
        return BB_NO_MEMORY;
    fact->what_case = STORED__FACT__WHAT_ASKER_REGISTERED;
    fact->asker_registered = asker;
    code = fill_asker(core, actor, add, asker);
    fact->asker = asker->asker;
    out->made = id_make(core->ids_key, ID_ASKER, asker->asker);
    return code;
}

// ---------------------------------------------------------------- publishing

static enum bb_code find_own_asker(struct core *core, const struct actor *actor, uint64_t id, Stored__Asker **out)
{
    uint64_t number;
    if (!id_open(core->ids_key, ID_ASKER, id, &number))
        return id == 0 ? BB_MISSING : BB_UNKNOWN_ID;
    enum bb_code code = store_get_number(core->txn, TABLE_ASKER, number, out);
    if (code == BB_NOT_FOUND || (code == BB_OK && (*out)->community != actor->party->community))
        return BB_UNKNOWN_ID;
    if (code == BB_OK && actor->party->role == ROLE_DESK && (*out)->desk != actor->party->party)
        return BB_NOT_YOURS;
    return code;
}

static enum bb_code check_text(const Wire__PublishRequest *publish, bool *address_meant)
{
    enum bb_code code = text_within(publish->text, REQUEST_TEXT_SIZE_MAX);
    if (code == BB_OK)
        code = text_check((const char *)publish->text.data, publish->text.len);
    *address_meant = code == BB_HAS_ADDRESS && publish->address_meant;
    return *address_meant ? BB_OK : code;
}

static bool known_or_unset(const struct bb_words *words, uint32_t value)
{
    return value == 0 || bb_word_known(words, value);
}

static enum bb_code check_classes(const Wire__PublishRequest *publish)
{
    uint32_t excluded = 0;
    if (publish->n_excluded_classes > CLASSES_MAX)
        return BB_BAD_VALUE;
    for (size_t i = 0; i < publish->n_excluded_classes; i++) {
        if (!bb_word_known(&bb_classes, publish->excluded_classes[i]))
            return BB_BAD_VALUE;
        excluded |= 1U << publish->excluded_classes[i];
    }
    uint32_t all = (1U << (CLASSES_MAX + 1)) - 2;
    return excluded == all ? BB_NOBODY_LEFT : BB_OK;
}

static enum bb_code check_values(const Wire__PublishRequest *publish)
{
    if (publish->ref.len > REF_SIZE_MAX || publish->area.len > AREA_SIZE_MAX ||
        publish->language.len > LANGUAGE_SIZE_MAX)
        return BB_TOO_LONG;
    if (!known_or_unset(&bb_sizes, publish->size) || !known_or_unset(&bb_wanted, publish->wanted) ||
        !known_or_unset(&bb_priorities, publish->priority) || publish->needed > NEEDED_MAX)
        return BB_BAD_VALUE;
    if (!area_valid(publish->area) || !language_valid(publish->language))
        return BB_BAD_VALUE;
    return check_classes(publish);
}

// Asking again makes a new request that names the old one (DOMAIN: rule 5).
static enum bb_code check_earlier(struct core *core, const struct actor *actor, uint64_t id, const Stored__Asker *asker,
                                  uint64_t *number)
{
    *number = 0;
    if (id == 0)
        return BB_OK;
    Stored__Request *earlier;
    enum bb_code code = find_request(core, actor, id, &earlier);
    if (code == BB_OK && earlier->asker != asker->asker)
        code = BB_NOT_YOURS;
    if (code == BB_OK && earlier->state != REQUEST_CLOSED)
        code = BB_WRONG_STATE;
    if (code == BB_OK)
        *number = earlier->request;
    return code;
}

// The same row of a file, sent again: the answer is what came of it the first time.
static enum bb_code repeat_request(struct core *core, uint64_t number, const Wire__PublishRequest *publish,
                                   struct decision *out)
{
    Stored__Request *request;
    ProtobufCBinaryData text;
    enum bb_code code = get_named(core, TABLE_REQUEST, number, &request);
    if (code == BB_OK)
        code = text_open(core, request->key_slot, request->text, &text);
    if (code != BB_OK)
        return code;
    if (!same_bytes(text, publish->text) || !same_bytes(request->category, publish->category))
        return BB_REF_USED;
    out->made = id_make(core->ids_key, ID_REQUEST, number);
    out->state = request->state;
    return BB_OK;
}

static void copy_values(const Wire__PublishRequest *publish, Stored__RequestEntered *entered)
{
    static const char default_language[] = "nl";
    entered->category = publish->category;
    entered->size = publish->size ? publish->size : SIZE_SMALL;
    entered->wanted = publish->wanted;
    entered->area = publish->area;
    entered->language = publish->language;
    if (entered->language.len == 0)
        entered->language = (ProtobufCBinaryData){sizeof default_language - 1, (uint8_t *)default_language};
    entered->needed = publish->needed ? publish->needed : 1;
    entered->needed_by_ms = publish->needed_by_ms;
    entered->priority = publish->priority ? publish->priority : PRIORITY_NORMAL;
    entered->n_excluded_classes = publish->n_excluded_classes;
    entered->excluded_classes = publish->excluded_classes;
}

// Large requests, and "I don't know where to go", are for the coordinators alone and are never broadcast.
static Wire__RequestState first_state(const Stored__RequestEntered *entered, const Stored__Category *category)
{
    bool referred = entered->size == SIZE_LARGE || category->coordinators_only;
    return referred ? REQUEST_REFERRED : REQUEST_OPEN;
}

static enum bb_code fill_request(struct core *core, const struct actor *actor, const Wire__PublishRequest *publish,
                                 const Stored__Asker *asker, Stored__RequestEntered *entered)
{
    stored__request_entered__init(entered);
    entered->community = actor->party->community;
    entered->desk = asker->desk;
    entered->asker = asker->asker;
    copy_values(publish, entered);
    enum bb_code code = next_number(core, "request", &entered->request);
    if (code == BB_OK)
        code = next_number(core, "slot", &entered->key_slot);
    if (code == BB_OK)
        code = copy_ref(core, 'r', actor, publish->ref, &entered->ref_hash_bytes);
    if (code == BB_OK)
        code = text_seal(core, entered->key_slot, publish->ref, &entered->ref);
    return code == BB_OK ? text_seal(core, entered->key_slot, publish->text, &entered->text) : code;
}

static enum bb_code enter_request(struct core *core, const struct actor *actor, const Wire__PublishRequest *publish,
                                  const Stored__Asker *asker, struct decision *out)
{
    Stored__Fact *fact = decision_add(core, out, actor);
    Stored__RequestEntered *entered = core_alloc(core, sizeof *entered);
    if (!fact || !entered)
        return BB_NO_MEMORY;
    fact->what_case = STORED__FACT__WHAT_REQUEST_ENTERED;
    fact->request_entered = entered;
    fact->asker = asker->asker;
    enum bb_code code = fill_request(core, actor, publish, asker, entered);
    out->made = id_make(core->ids_key, ID_REQUEST, entered->request);
    return code;
}

enum bb_code decide_publish_request(struct core *core, const struct actor *actor, const Wire__Command *command,
                                    struct decision *out)
{
    const Wire__PublishRequest *publish = command->publish_request;
    bool address_meant;
    uint64_t known, earlier;
    enum bb_code code = check_text(publish, &address_meant);
    if (code == BB_OK)
        code = check_values(publish);
    if (code == BB_OK)
        code = find_ref(core, 'r', actor, publish->ref, &known);
    if (code != BB_OK)
        return code;
    if (known != 0)
        return repeat_request(core, known, publish, out);
    if (publish->needed_by_ms != 0 && publish->needed_by_ms < core->now_ms)
        return BB_BAD_VALUE;

    Stored__Asker *asker;
    Stored__Community *community;
    code = find_own_asker(core, actor, publish->asker, &asker);
    if (code == BB_OK && !publish->asker_agreed)
        code = BB_ASKER_MUST_AGREE;
    if (code == BB_OK)
        code = check_earlier(core, actor, publish->earlier, asker, &earlier);
    if (code == BB_OK)
        code = get_named(core, TABLE_COMMUNITY, actor->party->community, &community);
    if (code != BB_OK)
        return code;
    const Stored__Category *category = find_category(community, publish->category);
    if (category == NULL)
        return BB_UNKNOWN_CATEGORY;
    code = enter_request(core, actor, publish, asker, out);
    if (code != BB_OK)
        return code;
    Stored__RequestEntered *entered = out->facts[0]->request_entered;
    entered->address_meant = address_meant;
    entered->earlier = earlier;
    entered->state = first_state(entered, category);
    out->state = entered->state;
    return BB_OK;
}

// ---------------------------------------------------------------- closing and opening

// Only the asker's side can say that help was had (DOMAIN: rule 8).
static enum bb_code check_reason(const Wire__CloseRequest *close)
{
    if (!bb_word_known(&bb_close_reasons, close->reason))
        return close->reason == 0 ? BB_MISSING : BB_BAD_VALUE;
    bool had_help = close->reason == CLOSE_FULFILLED || close->reason == CLOSE_PARTLY_FULFILLED;
    return had_help && !close->asker_agreed ? BB_NEEDS_ASKERS_SIDE : BB_OK;
}

static enum bb_code settle_match(struct core *core, const struct actor *actor, const Stored__Request *request,
                                 uint64_t offer, uint32_t state, struct decision *out)
{
    enum bb_code code = fact_offer_state(core, actor, out, offer, state);
    if (code == BB_OK)
        out->facts[out->facts_count - 1]->asker = request->asker;
    return code;
}

// What becomes of matches when their request is closed: fulfilled makes them done, partly leaves them as they are
// (they can still be confirmed one by one), any other reason cancels those that were not reported done.
static enum bb_code settle_matches(struct core *core, const struct actor *actor, const Stored__Request *request,
                                   uint32_t reason, enum who who, struct decision *out)
{
    if (reason == CLOSE_PARTLY_FULFILLED)
        return BB_OK;
    enum offer_event event = reason == CLOSE_FULFILLED ? OFFER_CONFIRM_GIVEN : OFFER_CANCEL;
    for (uint64_t number = request->last_offer; number != 0;) {
        Stored__Offer *offer;
        enum bb_code code = get_named(core, TABLE_OFFER, number, &offer);
        uint32_t next;
        if (code == BB_OK && offer_next(offer->state, event, who, &next) == BB_OK)
            code = settle_match(core, actor, request, number, next, out);
        if (code != BB_OK)
            return code;
        number = offer->previous_of_request;
    }
    return BB_OK;
}

enum bb_code decide_close_request(struct core *core, const struct actor *actor, const Wire__Command *command,
                                  struct decision *out)
{
    const Wire__CloseRequest *close = command->close_request;
    Stored__Request *request;
    enum who who;
    uint32_t next;
    enum bb_code code = find_request(core, actor, close->request, &request);
    if (code == BB_OK)
        code = side_of(actor, request, &who);
    if (code == BB_OK)
        code = check_reason(close);
    if (code == BB_OK)
        code = request_next(request->state, REQUEST_CLOSE, who, &next);
    if (code == BB_OK)
        code = fact_request_state(core, actor, out, request->request, next, close->reason);
    if (code == BB_OK) {
        out->facts[0]->asker = request->asker; // on whose behalf (DOMAIN: rule 9)
        code = settle_matches(core, actor, request, close->reason, who, out);
    }
    if (code == BB_OK)
        code = move_offers(core, out, request, OFFER_SUPERSEDE, 0);
    out->made = close->request;
    out->state = REQUEST_CLOSED;
    return code;
}

enum bb_code decide_open_referred(struct core *core, const struct actor *actor, const Wire__Command *command,
                                  struct decision *out)
{
    Stored__Request *request;
    uint32_t next;
    enum bb_code code = find_request(core, actor, command->open_referred->request, &request);
    if (code == BB_OK)
        code = request_next(request->state, REQUEST_OPEN_REFERRED, WHO_COORDINATOR, &next);
    if (code != BB_OK)
        return code;
    out->made = command->open_referred->request;
    out->state = next;
    return fact_request_state(core, actor, out, request->request, next, 0);
}
